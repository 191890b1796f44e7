// Reading a request's body, and what becomes of one that nobody reads.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { CodecError } from '../../bindle/codec.ts';
import { refusals } from './answer.ts';

/** A peer that goes on sending after its answer is listened to for so long … */
const DRAIN_MS = 30_000;
/** … and for so many bytes. */
const DRAIN_BYTES = 64 * 1024 * 1024;

/** The announced length of the body in bytes; undefined if it comes in chunks. */
export function announcedLength(request: IncomingMessage): number | undefined {
  const length = request.headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/** The body as it comes in. The connection stays usable if the reader stops early. */
export function contentOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

/** The whole body as text. @throws Refusal 413 above `limit` bytes; CodecError if it is not UTF-8 */
export async function textOf(content: AsyncIterable<Buffer>, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of content) {
    length += chunk.length;
    if (length > limit) throw refusals.tooLarge(limit);
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) throw new CodecError('An invoice is UTF-8 text.');
  // It drops a byte order mark, which some editors put first.
  return new TextDecoder().decode(bytes);
}

/**
 * For a request that is answered before its body was read: takes what still comes, within bounds, and forgets
 * it. Were the connection closed at once, a peer that writes first and reads then would see a broken pipe
 * instead of the answer.
 */
export function drain(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let left = DRAIN_BYTES;
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  const timer = setTimeout(() => request.destroy(), DRAIN_MS);
  request.once('close', () => clearTimeout(timer));
}
