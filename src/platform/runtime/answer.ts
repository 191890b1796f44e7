// What a guest wrote to stdout, as an HTTP answer (RFC 3875 §6 as WAGI reads it, libraries.md §6).

import { validateHeaderName, validateHeaderValue } from 'node:http';

/** What stands before the body. */
export interface AnswerHead {
  readonly status: number;
  /** Names in lower case; only `set-cookie` can stand more than once. */
  readonly headers: ReadonlyMap<string, string | string[]>;
  /** Bytes of the body as the guest announces them; what it prints may differ. */
  readonly contentLength: number | undefined;
}

/** Stdout that is no CGI answer; the message says what is missing. */
export class AnswerError extends Error {
  readonly code = 'INSUFFICIENT_ANSWER';
  constructor(
    message = 'The handler printed no header "content-type", "status" or "location": print one of them and a blank line before the body.',
  ) {
    super(message);
    this.name = 'AnswerError';
  }
}

/** These frame the message on one connection: the server sets them, a guest cannot. */
const FRAMING = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Bytes of the headers; more is no answer. */
const HEADERS_LIMIT = 64 * 1024;

/** Takes what a guest prints piece by piece, and tells the headers from the body. */
export class AnswerReader {
  #head: AnswerHead | undefined;
  #pieces: Uint8Array[] = [];
  #length = 0;
  /** The last byte that counts, to see the second of two line feeds. */
  #last = 0;

  /** Undefined as long as the empty line that ends the headers has not come. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  /**
   * Headers go up to the first empty line, carriage returns aside.
   * @returns what of `bytes` belongs to the body
   * @throws AnswerError if the headers do not say what the answer is, or there is no end to them
   */
  push(bytes: Uint8Array): Uint8Array {
    if (this.#head !== undefined) return bytes;
    const end = this.#endOfHeaders(bytes);
    this.#pieces.push(bytes.subarray(0, end));
    this.#length += end ?? bytes.length;
    if (this.#length > HEADERS_LIMIT)
      throw new AnswerError(
        `The handler printed more than ${HEADERS_LIMIT} bytes to stdout without an empty line after its headers.`,
      );
    if (end === undefined) return bytes.subarray(bytes.length);
    this.#head = parseHead(Buffer.concat(this.#pieces));
    this.#pieces = [];
    return bytes.subarray(end);
  }

  /** The index behind the first line feed that follows another. */
  #endOfHeaders(bytes: Uint8Array): number | undefined {
    for (const [index, byte] of bytes.entries()) {
      if (byte === CARRIAGE_RETURN) continue;
      if (byte === LINE_FEED && this.#last === LINE_FEED) return index + 1;
      this.#last = byte;
    }
    return undefined;
  }
}

/**
 * A carriage return is ignored, a header with an invalid name or value is dropped, and of a name that comes
 * twice the last value stays. `location` alone means 302; a status that is no number from 200 to 999 means 502.
 */
function parseHead(bytes: Uint8Array): AnswerHead {
  const headers = parseHeaders(bytes);
  const status = headers.get('status')?.at(-1);
  if (status === undefined && !headers.has('content-type') && !headers.has('location'))
    throw new AnswerError();
  const lengths = headers.get('content-length') ?? [];
  return {
    status: status === undefined ? (headers.has('location') ? 302 : 200) : parseStatus(status),
    headers: new Map(
      [...headers]
        .filter(([name]) => name !== 'status' && !FRAMING.has(name))
        .map(([name, values]) => [name, name === 'set-cookie' ? values : (values.at(-1) ?? '')]),
    ),
    contentLength: lengths.length === 1 ? parseLength(lengths[0] ?? '') : undefined,
  };
}

/** Bytes go through as they are: Node writes header values in latin1 too. */
function parseHeaders(bytes: Uint8Array): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of Buffer.from(bytes).toString('latin1').replaceAll('\r', '').split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (isValid(name, value)) headers.set(name, [...(headers.get(name) ?? []), value]);
  }
  return headers;
}

function isValid(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function parseLength(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** `404 Not Found` is 404. Interim answers (1xx) are the server's own business. */
function parseStatus(text: string): number {
  const code = /^\d{3}(?=\s|$)/.exec(text)?.[0];
  return code !== undefined && Number(code) >= 200 ? Number(code) : 502;
}
