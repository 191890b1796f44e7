// Reading the body of a request.

import type { IncomingMessage } from 'node:http';
import { RequestError } from './problems.ts';

const BODY_LIMIT = 1024 * 1024;
/** Milliseconds in which a body of this size must be here: whoever sends none must not hold the connection. */
const BODY_TIME = 20_000;

/** The body as JSON. @throws RequestError */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const tooLarge = new RequestError(413, `A body may have up to ${BODY_LIMIT} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > BODY_LIMIT) throw tooLarge;
  const chunks: Buffer[] = [];
  let length = 0;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    request.destroy();
  }, BODY_TIME);
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > BODY_LIMIT) throw tooLarge;
      chunks.push(chunk);
    }
  } catch (error) {
    throw late ? new RequestError(400, `The body did not come within ${BODY_TIME / 1000} seconds.`) : error;
  } finally {
    clearTimeout(timer);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))) as unknown;
  } catch {
    throw new RequestError(400, 'The body is not JSON.');
  }
}
