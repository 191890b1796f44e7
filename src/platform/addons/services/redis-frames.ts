// Replies of a Redis server as they come, looked at before the client reads them (RESP2, redis.io/docs/reference/
// protocol-spec): it makes room for whatever a server says that it is about to send.

import { ABI_LIMITS } from '../../../addons/host-calls.ts';

/** Bytes of one reply. */
const MAX_REPLY = 4 * ABI_LIMITS.response;
/** Bytes of an error, a number or the length of something. */
const MAX_LINE = 64 * 1024;
const MAX_ITEMS = 100_000;
const MAX_DEPTH = 8;
/** Of a line, as much as is read. */
const HEAD = 24;
const NEW_LINE = 0x0a;

/** The server does not speak Redis's protocol. */
export class RedisProtocolError extends Error {
  readonly code = 'BAD_PROTOCOL';
}

/** A reply has more than anybody here wants. */
export class RedisReplyTooLarge extends Error {
  readonly code = 'REPLY_TOO_LARGE';
}

export class RedisFrames {
  /** Of the text that is being passed on. */
  #skip = 0;
  #head = '';
  #line = 0;
  /** Bytes of this reply so far. */
  #reply = 0;
  /** Of each list that is open, how many items are to come. */
  readonly #open: number[] = [];

  /** @throws RedisProtocolError, RedisReplyTooLarge */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#skip > 0) {
        const bytes = Math.min(this.#skip, chunk.length - at);
        at += bytes;
        this.#skip -= bytes;
        this.#count(bytes);
        if (this.#skip === 0) this.#itemEnds();
        continue;
      }
      const end = chunk.indexOf(NEW_LINE, at);
      const next = end < 0 ? chunk.length : end + 1;
      this.#head += chunk.toString('latin1', at, Math.min(next, at + HEAD - this.#head.length));
      this.#line += next - at;
      if (this.#line > MAX_LINE) throw new RedisProtocolError();
      this.#count(next - at);
      at = next;
      if (end >= 0) this.#lineEnds();
    }
  }

  #lineEnds(): void {
    const head = this.#head;
    this.#head = '';
    this.#line = 0;
    const type = head.charAt(0);
    if (type !== '$' && type !== '*') return this.#itemEnds();
    const [, digits] = /^.(-?\d{1,15})\r\n$/.exec(head) ?? [];
    if (digits === undefined) throw new RedisProtocolError();
    const length = Number(digits);
    if (type === '$') {
      if (length > MAX_REPLY) throw new RedisReplyTooLarge();
      if (length < 0) return this.#itemEnds();
      this.#skip = length + 2;
    } else {
      if (length > MAX_ITEMS) throw new RedisReplyTooLarge();
      if (length <= 0) return this.#itemEnds();
      if (this.#open.push(length) > MAX_DEPTH) throw new RedisProtocolError();
    }
  }

  #itemEnds(): void {
    while (this.#open.length > 0) {
      const left = (this.#open.pop() ?? 0) - 1;
      if (left > 0) {
        this.#open.push(left);
        return;
      }
    }
    this.#reply = 0;
  }

  #count(bytes: number): void {
    this.#reply += bytes;
    if (this.#reply > MAX_REPLY) throw new RedisReplyTooLarge();
  }
}
