// What a guest and its host say to each other in a host call: the wire format of scaffold/hostcalls/ABI.md, version 1.

import type { HostInterface } from './addons.ts';

export const ABI_VERSION = 1;

/** What a guest is held to, all of it in one run; ABI.md lists the same. */
export const ABI_LIMITS = {
  /** Bytes of a request. */
  request: 1024 * 1024,
  /** Bytes of a response. */
  response: 4 * 1024 * 1024,
  /** Responses that are not closed. */
  handles: 16,
  /** Rows of one result. */
  rows: 10_000,
  /** Parameters of one statement. */
  parameters: 1000,
  /** Bytes of a key. */
  key: 1024,
  /** Bytes of a value. */
  value: 512 * 1024,
  /** Keys that one call lists or deletes. */
  keys: 1000,
} as const;

/** What a host function returns instead of a handle or a length. */
export const STATUS = {
  /** Pointer and length are not within the guest's memory. */
  badPointer: -1,
  requestTooLarge: -2,
  /** No response is open under this handle. */
  badHandle: -3,
  tooManyHandles: -4,
  /** Nobody answers host calls here: while routes are asked for, or when the host ends. */
  unavailable: -5,
} as const;

/** Functions of each import module whose argument is a request. */
export const OPERATIONS = {
  sql: ['query', 'begin', 'commit', 'rollback'],
  kv: ['get', 'set', 'delete', 'increment', 'expire', 'list'],
} as const satisfies Record<HostInterface, readonly string[]>;

export const INTERFACES = Object.keys(OPERATIONS) as HostInterface[];

/** As the guest imports it: `hippo_sql`. */
export function importModule(name: HostInterface): string {
  return `hippo_${name}`;
}

/** What a value of SQL is in JSON: whatever JSON has no word for is an object with one member. */
export type SqlValue =
  | null
  | boolean
  | number
  | string
  /** A whole number beyond ±(2⁵³ − 1), in digits. */
  | { readonly bigint: string }
  /** A `numeric`, digit by digit. */
  | { readonly decimal: string }
  /** `NaN`, `Infinity`, `-Infinity`; in parameters any number that is to be a floating-point one. */
  | { readonly float: string }
  /** Base64. */
  | { readonly bytes: string }
  /** The text of a JSON document. */
  | { readonly json: string }
  | { readonly array: readonly SqlValue[] };

export interface SqlQuery {
  readonly addon: string;
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** Rows that it wants at most: more is an error. */
  readonly maxRows: number;
}

export interface SqlBegin {
  readonly addon: string;
  readonly readOnly: boolean;
}

export interface SqlColumn {
  readonly name: string;
  /** The service's word for it, in lower case: `int8`, `timestamptz`; empty where it has none. */
  readonly type: string;
}

export interface SqlResult {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** Rows that were inserted, updated or deleted. */
  readonly affected: number;
}

/** A value of `hippo_kv`: bytes; those that are UTF-8 stand as text. */
export type KvValue = string | { readonly bytes: string };

export type KvRequest = { readonly addon: string } & (
  | { readonly operation: 'get' | 'delete'; readonly keys: readonly string[] }
  | {
      readonly operation: 'set';
      readonly key: string;
      readonly value: Uint8Array;
      /** Milliseconds; it stays where absent. */
      readonly ttl: number | undefined;
      readonly only: 'absent' | 'present' | undefined;
    }
  | { readonly operation: 'increment'; readonly key: string; readonly by: bigint }
  /** Without `ttl` it stays from now on. */
  | { readonly operation: 'expire'; readonly key: string; readonly ttl: number | undefined }
  | {
      readonly operation: 'list';
      readonly prefix: string;
      readonly limit: number;
      readonly cursor: string | undefined;
    }
);

export const ERROR_CODES = [
  /** The request is no JSON of the form that ABI.md asks for. */
  'bad_request',
  /** No add-on of this name, and of this kind, is bound to the channel. */
  'not_bound',
  /** A statement that guests may not run. */
  'not_allowed',
  /** The service refused the statement; `sqlState` says why. */
  'sql',
  /** A key holds something else than a value, or than a number. */
  'wrong_type',
  'out_of_range',
  'response_too_large',
  /** `begin` within a transaction. */
  'transaction_open',
  /** `commit` or `rollback` without one. */
  'no_transaction',
  /** The transaction is gone, and nothing of it was kept. */
  'transaction_lost',
  /** The add-on's plan has no more room. */
  'full',
  /** Too many use the add-on at this moment. */
  'busy',
  'timeout',
  /** The service does not answer. */
  'unavailable',
  'internal',
] as const;
export type HostCallErrorCode = (typeof ERROR_CODES)[number];

/** What the guest gets as `error`. */
export class HostCallError extends Error {
  readonly code: HostCallErrorCode;
  /** The five characters of SQL's standard. */
  readonly sqlState: string | undefined;
  readonly reason: string | undefined;
  /** @param reason for the channel's log, not for the guest; without addresses and names */
  constructor(code: HostCallErrorCode, message: string, sqlState?: string, reason?: string) {
    super(message);
    this.name = 'HostCallError';
    this.code = code;
    this.sqlState = sqlState;
    this.reason = reason;
  }
}

const SCHEMES: Readonly<Record<string, readonly HostInterface[]>> = {
  'postgres:': ['sql'],
  'postgresql:': ['sql'],
  'redis:': ['kv'],
  'rediss:': ['kv'],
  'sqlite:': ['sql', 'kv'],
};

/** By which interfaces guests reach the add-on of these credentials: their `uri` says it, whoever the broker is. */
export function hostInterface(credentials: Readonly<Record<string, unknown>>): readonly HostInterface[] {
  const { uri } = credentials;
  const scheme = typeof uri === 'string' ? /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0].toLowerCase() : undefined;
  return scheme !== undefined && Object.hasOwn(SCHEMES, scheme) ? (SCHEMES[scheme] ?? []) : [];
}

/** @param bytes UTF-8 @throws HostCallError `bad_request` */
export function parseRequest(bytes: Uint8Array): RequestReader {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw bad('The request is no JSON in UTF-8.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('The request is no JSON object.');
  return new RequestReader(value as Record<string, unknown>);
}

/** Reads the members of a request, each with its bounds. Every method throws HostCallError `bad_request`. */
export class RequestReader {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(members: Readonly<Record<string, unknown>>) {
    this.#members = members;
    const version = this.#optional('version') ?? ABI_VERSION;
    if (version !== ABI_VERSION)
      throw bad(`This host speaks version ${ABI_VERSION} of the host calls, not ${JSON.stringify(version)}.`);
  }

  get addon(): string {
    return this.#text('addon', 'the name of an add-on');
  }

  sqlQuery(): SqlQuery {
    const params = this.#optional('params') ?? [];
    if (!Array.isArray(params)) throw bad('"params" has to be an array.');
    if (params.length > ABI_LIMITS.parameters)
      throw bad(`"params" has more than ${ABI_LIMITS.parameters} values.`);
    return {
      addon: this.addon,
      sql: this.#text('sql', 'a statement'),
      params: params.map((value: unknown, index) => sqlValue(value, `params[${index}]`)),
      maxRows: this.#number('maxRows', 1, ABI_LIMITS.rows) ?? ABI_LIMITS.rows,
    };
  }

  sqlBegin(): SqlBegin {
    const readOnly = this.#optional('readOnly') ?? false;
    if (typeof readOnly !== 'boolean') throw bad('"readOnly" has to be true or false.');
    return { addon: this.addon, readOnly };
  }

  kv(operation: (typeof OPERATIONS)['kv'][number]): KvRequest {
    const { addon } = this;
    switch (operation) {
      case 'get':
      case 'delete':
        return { addon, operation, keys: this.#keys() };
      case 'set': {
        const only = this.#optional('only');
        if (only !== undefined && only !== 'absent' && only !== 'present')
          throw bad('"only" has to be "absent" or "present".');
        return { addon, operation, key: this.#key(), value: this.#value(), ttl: this.#ttl(), only };
      }
      case 'increment':
        return { addon, operation, key: this.#key(), by: this.#by() };
      case 'expire':
        return { addon, operation, key: this.#key(), ttl: this.#ttl() };
      case 'list': {
        const prefix = this.#optional('prefix') ?? '';
        const cursor = this.#optional('cursor');
        if (typeof prefix !== 'string' || Buffer.byteLength(prefix) > ABI_LIMITS.key)
          throw bad(`"prefix" has to be text of at most ${ABI_LIMITS.key} bytes.`);
        if (cursor !== undefined && (typeof cursor !== 'string' || Buffer.byteLength(cursor) > MAX_CURSOR))
          throw bad('"cursor" has to be what the last call gave.');
        return {
          addon,
          operation,
          prefix: wellFormed(prefix, 'prefix'),
          limit: this.#number('limit', 1, ABI_LIMITS.keys) ?? 100,
          cursor,
        };
      }
    }
  }

  #optional(name: string): unknown {
    const value = Object.hasOwn(this.#members, name) ? this.#members[name] : undefined;
    return value === null ? undefined : value;
  }

  #text(name: string, what: string): string {
    const value = this.#optional(name);
    if (typeof value !== 'string' || value === '') throw bad(`"${name}" has to be ${what}.`);
    return sqlText(value, name);
  }

  #number(name: string, least: number, most: number): number | undefined {
    const value = this.#optional(name);
    if (value === undefined) return undefined;
    if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
      throw bad(`"${name}" has to be a whole number from ${least} to ${most}.`);
    return value as number;
  }

  #key(): string {
    return keyOf(this.#optional('key'), 'key');
  }

  /** `keys`, or the one `key`. */
  #keys(): string[] {
    const keys = this.#optional('keys');
    if (keys === undefined) return [this.#key()];
    if (!Array.isArray(keys) || keys.length > ABI_LIMITS.keys)
      throw bad(`"keys" has to be an array of at most ${ABI_LIMITS.keys} keys.`);
    return keys.map((key: unknown, index) => keyOf(key, `keys[${index}]`));
  }

  #value(): Uint8Array {
    const value = this.#optional('value');
    const bytes =
      typeof value === 'string'
        ? Buffer.from(wellFormed(value, 'value'))
        : base64(member(value, 'bytes'), 'value');
    if (bytes.length > ABI_LIMITS.value) throw bad(`"value" has more than ${ABI_LIMITS.value} bytes.`);
    return bytes;
  }

  /** Given in seconds. */
  #ttl(): number | undefined {
    const ttl = this.#optional('ttl');
    if (ttl === undefined) return undefined;
    if (typeof ttl !== 'number' || !(ttl >= 0.001 && ttl <= MAX_TTL))
      throw bad(`"ttl" has to be a number of seconds from 0.001 to ${MAX_TTL}.`);
    return Math.ceil(ttl * 1000);
  }

  #by(): bigint {
    const by = this.#optional('by') ?? 1;
    const text = typeof by === 'number' && Number.isSafeInteger(by) ? String(by) : member(by, 'bigint');
    if (text === undefined || !/^-?\d{1,19}$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
      throw bad('"by" has to be a whole number of 64 bits.');
    return BigInt(text);
  }
}

/** Seconds: a hundred years. */
const MAX_TTL = 3_155_760_000;
/** Bytes. */
const MAX_CURSOR = 2 * ABI_LIMITS.key;
/** Of arrays in arrays; PostgreSQL has no more. */
const MAX_DEPTH = 6;

function keyOf(key: unknown, name: string): string {
  if (typeof key !== 'string' || key === '' || Buffer.byteLength(key) > ABI_LIMITS.key)
    throw bad(`"${name}" has to be text of 1 to ${ABI_LIMITS.key} bytes.`);
  return wellFormed(key, name);
}

function sqlValue(value: unknown, name: string, depth = 0): SqlValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') return sqlText(value, name);
  const [bigint, decimal, float] = [
    member(value, 'bigint'),
    member(value, 'decimal'),
    member(value, 'float'),
  ];
  if (bigint !== undefined && /^-?\d{1,100}$/.test(bigint)) return { bigint };
  if (decimal !== undefined && NUMERIC.test(decimal)) return { decimal };
  if (float !== undefined && NUMERIC.test(float)) return { float };
  const bytes = member(value, 'bytes');
  if (bytes !== undefined) return { bytes: base64(bytes, name).toString('base64') };
  const json = member(value, 'json');
  if (json !== undefined) return { json: sqlText(json, name) };
  const array = soleMember(value, 'array');
  if (Array.isArray(array) && depth < MAX_DEPTH)
    return {
      array: array.map((item: unknown, index) => sqlValue(item, `${name}.array[${index}]`, depth + 1)),
    };
  throw bad(`"${name}" is no value that ABI.md knows.`);
}

const NUMERIC = /^(?:NaN|-?Infinity|[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,5})?)$/;

/** The member of an object that has no other. */
function soleMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const [[key, content] = []] = Object.entries(value);
  return key === name && Object.keys(value).length === 1 ? content : undefined;
}

function member(value: unknown, name: string): string | undefined {
  const content = soleMember(value, name);
  return typeof content === 'string' ? content : undefined;
}

function base64(text: string | undefined, name: string): Buffer {
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw bad(`"${name}" has to be text, or {"bytes": …} in base64 with its padding.`);
  return Buffer.from(text, 'base64');
}

/** JSON can spell half of a surrogate pair. */
function wellFormed(text: string, name: string): string {
  if (!text.isWellFormed()) throw bad(`"${name}" has half of a character: it is not UTF-8.`);
  return text;
}

/** A zero ends a text for the services that speak SQL. */
function sqlText(text: string, name: string): string {
  if (text.includes('\0')) throw bad(`"${name}" has a zero, which no text in SQL has.`);
  return wellFormed(text, name);
}

function bad(message: string): HostCallError {
  return new HostCallError('bad_request', message);
}

/** Bytes as a value of `hippo_kv`: text where they are UTF-8. */
export function kvValue(bytes: Uint8Array): KvValue {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { bytes: Buffer.from(bytes).toString('base64') };
  }
}

/** A whole number of any size, as numbers stand in responses. */
export function wholeNumber(value: bigint): number | { readonly bigint: string } {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : { bigint: String(value) };
}

export function encodeResponse(response: object): Uint8Array {
  return Buffer.from(JSON.stringify({ version: ABI_VERSION, ...response }));
}

export function encodeError({ code, message, sqlState }: HostCallError): Uint8Array {
  return encodeResponse({ error: { code, message, ...(sqlState === undefined ? {} : { sqlState }) } });
}
