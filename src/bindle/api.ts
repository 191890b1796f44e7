// Bindle's HTTP protocol: paths, requests and answers, for the client and the server (bindle.md §1).

import { formatId, type BindleId } from './id.ts';
import {
  InvoiceError,
  readInvoice,
  readLabel,
  SIGNATURE_ROLES,
  type Invoice,
  type Label,
} from './invoice.ts';
import { canonical, canonicalLabel } from './codec.ts';
import type { KeyEntry } from './signing.ts';

/** Paths below the base URL, which ends in `/v1`. Ids go literally: servers decode nothing. */
export const paths = {
  invoices: '/_i',
  invoice: (id: BindleId): string => `/_i/${formatId(id)}`,
  parcel: (id: BindleId, sha256: string): string => `/_i/${formatId(id)}@${sha256}`,
  missing: (id: BindleId): string => `/_r/missing/${formatId(id)}`,
  query: '/_q',
  keys: '/bindle-keys',
  login: '/login',
} as const;

/** Answer to POST `_i`: 201 with nothing missing, 202 with the labels that have to be sent. */
export interface CreateAnswer {
  invoice: Invoice;
  missing?: Label[];
}

export interface Query {
  /** A part of the bindle's name; everything where absent. */
  query?: string;
  /** A version, or a requirement in Rust's semver syntax. */
  version?: string;
  offset?: number;
  /** 0 to 255. */
  limit?: number;
  strict?: boolean;
  yanked?: boolean;
}

export interface Matches {
  query: string;
  strict: boolean;
  offset: number;
  limit: number;
  total: number;
  more: boolean;
  yanked: boolean;
  invoices: Invoice[];
}

export interface Keyring {
  version: string;
  key: KeyEntry[];
}

export const KEYRING_VERSION = '1.0';

/**
 * The `Server` header of our own server. It keeps nothing of an upload that was aborted, so that a client may
 * abort one; every other server is left with a parcel that blocks (bindle.md §0 trap 5).
 */
export const SERVER_NAME = 'hippo-platform';

export function readCreateAnswer(value: unknown): CreateAnswer {
  const record = asRecord(value, 'answer');
  const missing = record['missing'];
  return {
    invoice: readInvoice(record['invoice']),
    ...(missing === undefined || missing === null ? {} : { missing: readLabels(missing) }),
  };
}

/** Answer to GET `_r/missing`. */
export function readMissing(value: unknown): Label[] {
  return readLabels(asRecord(value, 'answer')['missing']);
}

export function readMatches(value: unknown): Matches {
  const record = asRecord(value, 'answer');
  const invoices = record['invoices'];
  if (!Array.isArray(invoices)) throw new InvoiceError('invoices', 'must be an array');
  const number = (key: string): number => {
    const item = record[key];
    if (typeof item !== 'number') throw new InvoiceError(key, 'must be a number');
    return item;
  };
  return {
    query: typeof record['query'] === 'string' ? record['query'] : '',
    strict: record['strict'] === true,
    offset: number('offset'),
    limit: number('limit'),
    total: number('total'),
    more: record['more'] === true,
    yanked: record['yanked'] === true,
    invoices: invoices.map(readInvoice),
  };
}

/** A keyring file or the answer to GET `bindle-keys`; unknown fields are let pass, as peers do. @throws InvoiceError */
export function readKeyring(value: unknown): Keyring {
  const record = asRecord(value, 'keyring');
  const keys = record['key'] ?? [];
  if (!Array.isArray(keys)) throw new InvoiceError('key', 'must be an array');
  return {
    version: typeof record['version'] === 'string' ? record['version'] : KEYRING_VERSION,
    key: keys.map((item: unknown, index) => readKeyEntry(item, `key[${index}]`)),
  };
}

function readKeyEntry(value: unknown, path: string): KeyEntry {
  const { label, roles, key, labelSignature } = asRecord(value, path);
  if (typeof label !== 'string') throw new InvoiceError(`${path}.label`, 'must be a string');
  if (typeof key !== 'string') throw new InvoiceError(`${path}.key`, 'must be a string');
  if (!Array.isArray(roles)) throw new InvoiceError(`${path}.roles`, 'must be an array');
  const known = SIGNATURE_ROLES.filter((role) => roles.includes(role));
  if (known.length !== roles.length)
    throw new InvoiceError(`${path}.roles`, `may only hold ${SIGNATURE_ROLES.join(', ')}`);
  return { label, roles: known, key, ...(typeof labelSignature === 'string' ? { labelSignature } : {}) };
}

/** The table that is written for each answer: fields in wire order, nothing that peers refuse. */
export const answers = {
  create: (invoice: Invoice, missing: Label[]): CreateAnswer => ({
    invoice: canonical(invoice),
    ...(missing.length > 0 ? { missing: missing.map(canonicalLabel) } : {}),
  }),
  missing: (missing: Label[]): { missing: Label[] } => ({ missing: missing.map(canonicalLabel) }),
  matches: (matches: Matches): Matches => ({ ...matches, invoices: matches.invoices.map(canonical) }),
  keyring: (keyring: Keyring): Keyring => keyring,
  message: (message: string): { message: string } => ({ message }),
  error: (error: string): { error: string } => ({ error }),
} as const;

function readLabels(value: unknown): Label[] {
  if (!Array.isArray(value)) throw new InvoiceError('missing', 'must be an array');
  return value.map((item, index) => readLabel(item, `missing[${index}]`));
}

function asRecord(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new InvoiceError(path, 'must be a table');
  return value as Record<string, unknown>;
}
