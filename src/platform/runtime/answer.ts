// What a guest wrote to stdout, as an HTTP answer (RFC 3875 §6 as WAGI reads it, libraries.md §6).

import { validateHeaderName, validateHeaderValue } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Names in lower case; only `set-cookie` can stand more than once. */
  readonly headers: ReadonlyMap<string, string | string[]>;
  readonly body: Uint8Array;
}

/** Stdout that is no CGI answer; the message says what is missing. */
export class AnswerError extends Error {
  readonly code = 'INSUFFICIENT_ANSWER';
  constructor() {
    super(
      'The handler printed no header "content-type", "status" or "location": print one of them and a blank line before the body.',
    );
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

/**
 * Headers up to the first empty line, then the body. A carriage return in the headers is ignored, a header
 * with an invalid name or value is dropped, and of a name that comes twice the last value stays. `location`
 * alone means 302; a status that is no number from 200 to 999 means 502.
 * @throws AnswerError if no header says what the answer is
 */
export function parseAnswer(stdout: Uint8Array): Answer {
  const bodyStart = endOfHeaders(stdout);
  const headers =
    bodyStart === undefined ? new Map<string, string[]>() : parseHeaders(stdout.subarray(0, bodyStart));
  const status = headers.get('status')?.at(-1);
  if (status === undefined && !headers.has('content-type') && !headers.has('location'))
    throw new AnswerError();
  headers.delete('status');
  return {
    status: status === undefined ? (headers.has('location') ? 302 : 200) : parseStatus(status),
    headers: new Map(
      [...headers].map(([name, values]) => [name, name === 'set-cookie' ? values : (values.at(-1) ?? '')]),
    ),
    body: stdout.subarray(bodyStart),
  };
}

/** The index behind the first line feed that follows another, carriage returns aside. */
function endOfHeaders(stdout: Uint8Array): number | undefined {
  let last = 0;
  for (const [index, byte] of stdout.entries()) {
    if (byte === CARRIAGE_RETURN) continue;
    if (byte === LINE_FEED && last === LINE_FEED) return index + 1;
    last = byte;
  }
  return undefined;
}

/** Bytes go through as they are: Node writes header values in latin1 too. */
function parseHeaders(bytes: Uint8Array): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of Buffer.from(bytes).toString('latin1').replaceAll('\r', '').split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (isValid(name, value) && !FRAMING.has(name)) headers.set(name, [...(headers.get(name) ?? []), value]);
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

/** `404 Not Found` is 404. Interim answers (1xx) are the server's own business. */
function parseStatus(text: string): number {
  const code = /^\d{3}(?=\s|$)/.exec(text)?.[0];
  return code !== undefined && Number(code) >= 200 ? Number(code) : 502;
}
