// The access log: a line for each request that was for an app, whoever asked and whatever came of it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { RotatedFile } from '../store/rotated-file.ts';

/** Bytes of one generation; the older one is kept beside it. */
const LIMIT = 8 * 1024 * 1024;
/** Milliseconds that lines may wait to be written together. */
const DELAY = 200;
/** Characters of a path that are kept; Node lets visible ASCII alone pass. */
const LONGEST_PATH = 1024;

export interface AccessLog {
  /**
   * Watches a request to its end and then adds a line: time (ISO, UTC), channel as `app:channel` (`-` where there
   * is none), method, path without its query, status, milliseconds, and bytes that were sent on the connection
   * for it; `cut` at the end says that the visitor did not get all.
   */
  watch(request: IncomingMessage, response: ServerResponse, channel: string): void;
  /** Writes what waits. */
  close(): void;
}

/** @param file its folder is made if needed @param report told when a line cannot be written */
export function openAccessLog(file: string, report: (error: unknown) => void): AccessLog {
  mkdirSync(dirname(file), { recursive: true });
  const log = new RotatedFile(file, LIMIT);
  let lines: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const text = lines.join('');
    lines = [];
    if (text === '') return;
    try {
      log.append(text);
    } catch (error) {
      // A full disk must not keep an app from answering.
      report(error);
    }
  };
  return {
    watch(request, response, channel) {
      const begin = performance.now();
      const { socket, method = '-', url = '-' } = request;
      const path = (url.split('?', 1)[0] ?? '-').slice(0, LONGEST_PATH);
      const before = socket.bytesWritten;
      response.once('close', () => {
        const status = response.headersSent ? response.statusCode : '-';
        const line = [
          new Date().toISOString(),
          channel,
          method,
          path,
          status,
          Math.round(performance.now() - begin),
          socket.bytesWritten - before,
        ];
        lines.push(`${line.join(' ')}${response.writableFinished ? '' : ' cut'}\n`);
        timer ??= setTimeout(flush, DELAY);
      });
    },
    close: flush,
  };
}
