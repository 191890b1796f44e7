// What the Bindle server answers, and in which form (bindle.md §1).

import { validateHeaderValue, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { answers, SERVER_NAME } from '../../bindle/api.ts';
import { CodecError, encode, JSON_TYPE, TOML, type WireFormat } from '../../bindle/codec.ts';
import { InvoiceError } from '../../bindle/invoice.ts';
import { SignatureError } from '../../bindle/signing.ts';
import { StoreError } from '../store/errors.ts';
import { ParcelError } from '../store/parcels.ts';

/** An answer before it is written: a table as TOML or JSON, plain text (none where empty), or a parcel. */
export type Answer =
  | { status: number; table: object; headers?: Record<string, string> }
  | { status: number; text: string; headers?: Record<string, string> }
  | ParcelAnswer;

export interface ParcelAnswer {
  size: number;
  mediaType: string;
  /** Not there for HEAD. */
  stream?: Readable;
}

/** A request that is turned down; the message is the `error` of the answer, worded as peers know it. */
export class Refusal extends Error {
  readonly code = 'REFUSED';
  readonly status: number;
  readonly headers: Record<string, string>;
  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.headers = headers;
  }
}

export const refusals = {
  invalidId: () => new Refusal(400, 'invalid ID given'),
  invalidUrl: () => new Refusal(400, 'Invalid URL. Missing Bindle ID and/or parcel SHA'),
  notListed: (sha256: string, id: string) =>
    new Refusal(400, `Parcel SHA ${sha256} does not exist in invoice ${id}`),
  sizeMismatch: () => new Refusal(400, 'parcel size does not match invoice'),
  digestMismatch: () => new Refusal(400, 'digest does not match'),
  unauthorized: () =>
    new Refusal(401, 'unauthorized', { 'www-authenticate': 'Basic realm="Bindle", charset="UTF-8"' }),
  accessDenied: () => new Refusal(403, 'access denied'),
  yanked: () => new Refusal(403, 'bindle is yanked'),
  notFound: () =>
    new Refusal(404, 'resource not found: if an item does not appear in our records, it does not exist!'),
  exists: () => new Refusal(409, 'resource already exists'),
  tooLarge: (limit: number) => new Refusal(413, `the invoice is larger than ${limit} bytes`),
  createYanked: () => new Refusal(422, 'bindle cannot be created as yanked'),
  limited: (seconds: number) =>
    new Refusal(429, 'too many attempts to sign in', { 'retry-after': String(seconds) }),
  failed: () => new Refusal(500, 'resource could not be loaded'),
  closing: () => new Refusal(503, 'the server is being stopped'),
  diskFull: () => new Refusal(507, 'the disk of the server is full, nothing was stored'),
} as const;

export const plain = {
  notFound: { status: 404, text: '' },
  badQuery: { status: 400, text: 'Invalid query string' },
  wrongMethod: (allow: string) => ({
    status: 405,
    text: 'HTTP method not allowed',
    headers: { allow },
  }),
} as const;

/** What a request is refused with after an error; undefined if the error is none of the peer's doing. */
export function refusalFor(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof InvoiceError || error instanceof CodecError || error instanceof SignatureError)
    return new Refusal(400, error.message);
  if (error instanceof ParcelError)
    return error.code === 'SIZE_MISMATCH' ? refusals.sizeMismatch() : refusals.digestMismatch();
  if (error instanceof StoreError && error.code === 'DISK_FULL') return refusals.diskFull();
  return undefined;
}

/** The first item of an Accept header that is TOML or JSON by its subtype, whatever its `q`; else TOML. */
export function formatFor(accept: string | undefined): WireFormat {
  for (const item of (accept ?? '').split(',')) {
    const subtype = /^\s*[\w!#$&^.-]+\/(toml|json)(?![\w!#$&^.-])/i.exec(item)?.[1];
    if (subtype) return subtype.toLowerCase() as WireFormat;
  }
  return 'toml';
}

/** Writes an answer; resolves when it is handed over or the peer is gone. */
export async function send(
  accept: string | undefined,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  response.setHeader('server', SERVER_NAME);
  if ('size' in answer) return sendParcel(response, answer);
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  let body = '';
  if ('table' in answer) {
    const format = formatFor(accept);
    body = encode(answer.table, format);
    response.setHeader('content-type', format === 'json' ? JSON_TYPE : TOML);
  } else if (answer.text !== '') {
    body = answer.text;
    response.setHeader('content-type', 'text/plain; charset=utf-8');
  }
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}

async function sendParcel(
  response: ServerResponse,
  { size, mediaType, stream }: ParcelAnswer,
): Promise<void> {
  response.setHeader('content-type', isHeaderValue(mediaType) ? mediaType : 'application/octet-stream');
  response.setHeader('content-length', size);
  // Anybody's HTML may be a parcel; opened in a browser it must not act in the name of this server.
  response.setHeader('content-security-policy', 'sandbox');
  response.setHeader('x-content-type-options', 'nosniff');
  if (!stream) {
    response.end();
    return;
  }
  // Either the peer has gone or, since the length was announced, it will see that the content breaks off.
  await pipeline(stream, response).catch(() => response.destroy());
}

function isHeaderValue(text: string): boolean {
  try {
    validateHeaderValue('content-type', text);
    return text !== '';
  } catch {
    return false;
  }
}

export function refuse(refusal: Refusal): Answer {
  return { status: refusal.status, table: answers.error(refusal.message), headers: refusal.headers };
}
