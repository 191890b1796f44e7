// Messages of a PostgreSQL server as they come, looked at before the client reads them (PostgreSQL 55.7): it looks for
// the end of a text without end, and would do so for ever in a message that lacks it.

const HEADER = 5;
/** Bytes of a column's description behind its name. */
const COLUMN = 18;
const SASL_MECHANISMS = 10;

/** The server does not speak PostgreSQL's protocol. */
export class ProtocolError extends Error {
  readonly code = 'BAD_PROTOCOL';
}

/** How much may come is for whoever pushes it to say. */
export class PostgresqlFrames {
  #chunks: Buffer[] = [];
  #length = 0;
  /** Bytes until the next message is whole, as far as that is known. */
  #needed = HEADER;

  /** Whole messages, if there are any now. @throws ProtocolError */
  push(chunk: Buffer): Buffer | undefined {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#needed) return undefined;
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    let at = 0;
    this.#needed = HEADER;
    while (bytes.length - at >= HEADER) {
      const size = 1 + bytes.readUInt32BE(at + 1);
      if (size < HEADER) throw new ProtocolError();
      this.#needed = size;
      if (bytes.length - at < size) break;
      check(bytes.toString('latin1', at, at + 1), bytes.subarray(at + HEADER, at + size));
      at += size;
      this.#needed = HEADER;
    }
    const rest = bytes.subarray(at);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return at > 0 ? bytes.subarray(0, at) : undefined;
  }
}

/** @throws ProtocolError */
function check(type: string, body: Buffer): void {
  const reader = new BodyReader(body);
  switch (type) {
    // ErrorResponse, NoticeResponse: a byte and a text, until the byte is zero.
    case 'E':
    case 'N':
      while (reader.byte() !== 0) reader.text();
      return;
    case 'S':
      return reader.texts(2);
    case 'A':
      reader.skip(4);
      return reader.texts(2);
    case 'C':
      return reader.texts(1);
    case 'R':
      if (reader.int32() === SASL_MECHANISMS) while (reader.text() > 0);
      return;
    case 'T':
      for (let columns = reader.int16(); columns > 0; columns--) {
        reader.text();
        reader.skip(COLUMN);
      }
      return;
    case 'D':
      for (let fields = reader.int16(); fields > 0; fields--) {
        const length = reader.int32();
        if (length > 0) reader.skip(length);
      }
      return;
    case 'K':
      return reader.skip(8);
    case 'Z':
      return reader.skip(1);
    // CopyInResponse, CopyOutResponse.
    case 'G':
    case 'H':
    case 'W':
      reader.skip(1);
      return reader.skip(2 * reader.int16());
  }
}

/** Every method throws ProtocolError where the body ends before. */
class BodyReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  skip(bytes: number): void {
    if (bytes < 0 || this.#at + bytes > this.#body.length) throw new ProtocolError();
    this.#at += bytes;
  }

  byte(): number {
    this.skip(1);
    return this.#body.readUInt8(this.#at - 1);
  }

  int16(): number {
    this.skip(2);
    return this.#body.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.skip(4);
    return this.#body.readInt32BE(this.#at - 4);
  }

  /** Its length. */
  text(): number {
    const end = this.#body.indexOf(0, this.#at);
    if (end < 0) throw new ProtocolError();
    const length = end - this.#at;
    this.#at = end + 1;
    return length;
  }

  texts(count: number): void {
    for (let left = count; left > 0; left--) this.text();
  }
}
