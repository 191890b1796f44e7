// The log of each channel: what its handlers complain of and what became of them, kept by size and followed live.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RotatedFile } from '../store/rotated-file.ts';

/** Bytes of one generation; the older one is kept beside it. */
const LIMIT = 1024 * 1024;
/** Characters of one line; the rest is cut. */
const LONGEST_LINE = 8 * 1024;
/** Lines that wait for a reader who is slow; then the oldest are dropped. */
const BACKLOG = 1000;

export interface ChannelLogs {
  /** Appends text, a time before each line; control characters become visible. */
  append(channelId: string, text: string): void;
  /** All lines that are kept, oldest first: an ISO time (UTC), a blank and the text. */
  read(channelId: string): string[];
  /**
   * The lines that come from now on, even before the first one is asked for; so `follow` and then `read` miss
   * nothing. Ends with the signal, and when the channel is removed.
   */
  follow(channelId: string, signal: AbortSignal): AsyncIterable<string>;
  remove(channelId: string): void;
}

/** @param directory is made if needed. Channel ids are GUIDs of our own and safe as file names. */
export function openLogs(directory: string): ChannelLogs {
  mkdirSync(directory, { recursive: true });
  const files = new Map<string, RotatedFile>();
  const followers = new Map<string, Set<Follower>>();
  const fileOf = (id: string): RotatedFile => {
    const file = files.get(id) ?? new RotatedFile(join(directory, `${id}.log`), LIMIT);
    files.set(id, file);
    return file;
  };
  return {
    append(id, text) {
      const time = new Date().toISOString();
      const lines = text
        .replace(/\r?\n$/, '')
        .split(/\r?\n/)
        .map((line) => `${time} ${visible(line.slice(0, LONGEST_LINE))}`);
      for (const follower of followers.get(id) ?? []) follower.add(lines);
      fileOf(id).append(`${lines.join('\n')}\n`);
    },
    read(id) {
      return fileOf(id).lines();
    },
    follow(id, signal) {
      const follower = new Follower();
      const all = followers.get(id) ?? new Set();
      followers.set(id, all.add(follower));
      const end = (): void => {
        all.delete(follower);
        if (all.size === 0 && followers.get(id) === all) followers.delete(id);
        follower.end();
      };
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      return follower;
    },
    remove(id) {
      fileOf(id).remove();
      files.delete(id);
      for (const follower of followers.get(id) ?? []) follower.end();
      followers.delete(id);
    },
  };
}

/** What would move the cursor of a terminal, or break a line, is shown instead. */
function visible(line: string): string {
  return line.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/g, '\ufffd');
}

class Follower implements AsyncIterable<string> {
  #lines: string[] = [];
  #dropped = 0;
  #ended = false;
  #wake: () => void = () => {};

  add(lines: readonly string[]): void {
    this.#lines.push(...lines);
    const excess = this.#lines.length - BACKLOG;
    if (excess > 0) {
      this.#lines.splice(0, excess);
      this.#dropped += excess;
    }
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (;;) {
      if (this.#dropped > 0) {
        const count = this.#dropped;
        this.#dropped = 0;
        yield `${new Date().toISOString()} (${count} lines were left out: they came faster than they were read)`;
      }
      const line = this.#lines.shift();
      if (line !== undefined) yield line;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
