// The client of Redis, a bundle of its own: it is large, and many a platform has no Redis. It has no hook for what
// comes from the server, so that its decoder is bounded here.

import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';
import { RedisFrames } from './redis-frames.ts';

export { createClient, ErrorReply, RESP_TYPES } from '@redis/client';
export { RedisReplyTooLarge } from './redis-frames.ts';

const frames = new WeakMap<Decoder, RedisFrames>();
const { prototype } = Decoder;
const methods = Object.getOwnPropertyDescriptors(prototype);
const write = methods.write.value as (chunk: Buffer) => void;
const reset = methods.reset.value as () => void;

/** What it throws becomes an error of the client. */
prototype.write = function (this: Decoder, chunk: Buffer): void {
  const known = frames.get(this) ?? new RedisFrames();
  frames.set(this, known);
  known.push(chunk);
  write.call(this, chunk);
};

prototype.reset = function (this: Decoder): void {
  frames.delete(this);
  reset.call(this);
};
