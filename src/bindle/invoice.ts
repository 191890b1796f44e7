// The invoice: what a bindle is made of (Bindle spec "Invoice"; field names as peers write them).

import { isVersion, nameProblem } from './id.ts';

export type StringMap = Record<string, string>;
export type SignatureRole = 'creator' | 'proxy' | 'host' | 'approver';
export const SIGNATURE_ROLES: readonly SignatureRole[] = ['creator', 'proxy', 'host', 'approver'];

export interface Invoice {
  bindleVersion: string;
  yanked?: boolean;
  yankedSignature?: Signature[];
  bindle: BindleSpec;
  annotations?: StringMap;
  parcel?: Parcel[];
  group?: Group[];
  signature?: Signature[];
}

export interface BindleSpec {
  name: string;
  version: string;
  description?: string;
  authors?: string[];
}

export interface Parcel {
  label: Label;
  conditions?: Conditions;
}

export interface Label {
  /** 64 lower-case hex digits. */
  sha256: string;
  mediaType: string;
  name: string;
  /** Bytes. */
  size: number;
  annotations?: StringMap;
  feature?: Record<string, StringMap>;
  origin?: string;
}

export interface Conditions {
  memberOf?: string[];
  requires?: string[];
}

export interface Group {
  name: string;
  required?: boolean;
  satisfiedBy?: string;
}

export interface Signature {
  by: string;
  /** Base64 of 64 bytes. */
  signature: string;
  /** Base64 of the signer's 32-byte public key. */
  key: string;
  role: SignatureRole;
  /** Unix time in seconds; not covered by the signature. */
  at: number;
}

/** An invoice that cannot be accepted; `path` says where, as `parcel[3].label.size`. */
export class InvoiceError extends Error {
  readonly code = 'INVALID_INVOICE';
  readonly path: string;

  constructor(path: string, problem: string) {
    super(path === '' ? `The invoice ${problem}.` : `The invoice's ${path} ${problem}.`);
    this.name = 'InvoiceError';
    this.path = path;
  }
}

type Check<T> = (value: unknown, path: string) => T;
type Fields = Record<string, { check: Check<unknown>; required?: boolean }>;

const string: Check<string> = (value, path) => {
  if (typeof value !== 'string') throw new InvoiceError(path, 'must be a string');
  return value;
};

const boolean: Check<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new InvoiceError(path, 'must be true or false');
  return value;
};

const unsigned: Check<number> = (value, path) => {
  if (typeof value === 'bigint') throw new InvoiceError(path, `is larger than ${Number.MAX_SAFE_INTEGER}`);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw new InvoiceError(path, 'must be a whole number, 0 or more');
  if (!Number.isSafeInteger(value)) throw new InvoiceError(path, `is larger than ${Number.MAX_SAFE_INTEGER}`);
  return value;
};

const role: Check<SignatureRole> = (value, path) => {
  const known = SIGNATURE_ROLES.find((name) => name === value);
  if (!known) throw new InvoiceError(path, `must be one of ${SIGNATURE_ROLES.join(', ')}`);
  return known;
};

function list<T>(check: Check<T>): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new InvoiceError(path, 'must be an array');
    return value.map((item, index) => check(item, `${path}[${index}]`));
  };
}

function map<T>(check: Check<T>): Check<Record<string, T>> {
  return (value, path) => {
    const record = asRecord(value, path);
    return Object.fromEntries(
      Object.entries(record).map(([key, item]) => [key, check(item, `${path}.${key}`)]),
    );
  };
}

/** Absent, null (as JSON peers write absent options) and undefined are the same; unknown fields are refused. */
function table<T>(fields: Fields): Check<T> {
  return (value, path) => {
    const record = asRecord(value, path);
    const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
    for (const key of Object.keys(record))
      if (!Object.hasOwn(fields, key)) throw new InvoiceError(at(key), 'is not a known field');
    const result: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(fields)) {
      const item = record[key];
      if (item !== undefined && item !== null) result[key] = field.check(item, at(key));
      else if (field.required) throw new InvoiceError(at(key), 'is missing');
    }
    return result as T;
  };
}

function asRecord(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date)
    throw new InvoiceError(path, 'must be a table');
  return value as Record<string, unknown>;
}

const stringMap = map(string);

const checkSignature = table<Signature>({
  by: { check: string, required: true },
  signature: { check: string, required: true },
  key: { check: string, required: true },
  role: { check: role, required: true },
  at: { check: unsigned, required: true },
});

const checkLabel = table<Label>({
  sha256: { check: string, required: true },
  mediaType: { check: string, required: true },
  name: { check: string, required: true },
  size: { check: unsigned, required: true },
  origin: { check: string },
  annotations: { check: stringMap },
  feature: { check: map(stringMap) },
});

const checkParcel = table<Parcel>({
  label: { check: checkLabel, required: true },
  conditions: {
    check: table<Conditions>({ memberOf: { check: list(string) }, requires: { check: list(string) } }),
  },
});

const checkShape = table<Invoice>({
  bindleVersion: { check: string, required: true },
  yanked: { check: boolean },
  yankedSignature: { check: list(checkSignature) },
  bindle: {
    check: table<BindleSpec>({
      name: { check: string, required: true },
      version: { check: string, required: true },
      description: { check: string },
      authors: { check: list(string) },
    }),
    required: true,
  },
  annotations: { check: stringMap },
  parcel: { check: list(checkParcel) },
  group: {
    check: list(
      table<Group>({
        name: { check: string, required: true },
        required: { check: boolean },
        satisfiedBy: { check: string },
      }),
    ),
  },
  signature: { check: list(checkSignature) },
});

/**
 * A parsed TOML or JSON value as an invoice, in the shape that real peers demand: known fields only, of the
 * right types, the version a SemVer. Says nothing about names and digests: see `checkStorable`.
 * @throws InvoiceError
 */
export function readInvoice(value: unknown): Invoice {
  const invoice = checkShape(value, '');
  if (invoice.bindle.name === '') throw new InvoiceError('bindle.name', 'is empty');
  if (!isVersion(invoice.bindle.version))
    throw new InvoiceError('bindle.version', `"${invoice.bindle.version}" is not a SemVer version`);
  return invoice;
}

/** A label as `_r/missing` lists it. @throws InvoiceError */
export function readLabel(value: unknown, path = 'label'): Label {
  return checkLabel(value, path);
}

/**
 * Stricter than real servers, whose file store can be led astray by these (bindle.md §2): the name must be
 * one that `nameProblem` accepts, digests 64 lower-case hex digits, and one digest has one size.
 * @throws InvoiceError
 */
export function checkStorable(invoice: Invoice): void {
  const problem = nameProblem(invoice.bindle.name);
  if (problem) throw new InvoiceError('bindle.name', `cannot be used: ${problem}`);
  checkDigests(invoice);
  const sizes = new Map<string, number>();
  for (const [index, { label }] of (invoice.parcel ?? []).entries()) {
    const at = `parcel[${index}].label`;
    const size = sizes.get(label.sha256);
    if (size !== undefined && size !== label.size)
      throw new InvoiceError(`${at}.size`, `differs from the size of another parcel with the same sha256`);
    sizes.set(label.sha256, label.size);
  }
}

/** @throws InvoiceError unless every digest is 64 lower-case hex digits: they become names of files */
export function checkDigests(invoice: Invoice): void {
  for (const [index, { label }] of (invoice.parcel ?? []).entries())
    if (!isSha256(label.sha256))
      throw new InvoiceError(`parcel[${index}].label.sha256`, 'must be 64 lower-case hex digits');
}

/**
 * Why a label's name, which becomes a file's in the running app, cannot be taken over from somebody else;
 * undefined if it can.
 */
export function labelNameProblem(name: string): string | undefined {
  if (/\p{Cc}/u.test(name)) return 'it holds control characters';
  if (/^([/\\]|[A-Za-z]:)/.test(name)) return 'it is an absolute path';
  if (name.split(/[/\\]/).includes('..')) return 'it leads out of the bindle';
  return undefined;
}

export function isSha256(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
