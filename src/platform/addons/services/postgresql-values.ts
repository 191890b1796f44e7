// Values between host calls and PostgreSQL's text format: nothing is lost on the way, what JSON has no word for stays
// in PostgreSQL's own.

import { wholeNumber, type SqlValue } from '../../../addons/host-calls.ts';

interface Type {
  readonly name: string;
  /** From PostgreSQL's text. */
  readonly read: (text: string) => SqlValue;
}

const asText = (text: string): SqlValue => text;
const asNumber = (text: string): SqlValue => Number(text);
const asFloat = (text: string): SqlValue => {
  const number = Number(text);
  return Number.isFinite(number) ? number : { float: text };
};
const asJson = (json: string): SqlValue => ({ json });
const asDecimal = (decimal: string): SqlValue => ({ decimal });
const asInteger = (text: string): SqlValue => wholeNumber(BigInt(text));
const asBoolean = (text: string): SqlValue => text === 't';
const asBytes = (text: string): SqlValue => ({ bytes: bytes(text).toString('base64') });

/** By the ids that are the same in every server (pg_type.dat); with the id of its array. */
const SCALARS: readonly (readonly [id: number, array: number, name: string, read: Type['read']])[] = [
  [16, 1000, 'bool', asBoolean],
  [17, 1001, 'bytea', asBytes],
  [18, 1002, 'char', asText],
  [19, 1003, 'name', asText],
  [20, 1016, 'int8', asInteger],
  [21, 1005, 'int2', asNumber],
  [23, 1007, 'int4', asNumber],
  [25, 1009, 'text', asText],
  [26, 1028, 'oid', asNumber],
  [114, 199, 'json', asJson],
  [650, 651, 'cidr', asText],
  [700, 1021, 'float4', asFloat],
  [701, 1022, 'float8', asFloat],
  [790, 791, 'money', asText],
  [829, 1040, 'macaddr', asText],
  [869, 1041, 'inet', asText],
  [1042, 1014, 'bpchar', asText],
  [1043, 1015, 'varchar', asText],
  [1082, 1182, 'date', asText],
  [1083, 1183, 'time', asText],
  [1114, 1115, 'timestamp', asText],
  [1184, 1185, 'timestamptz', asText],
  [1186, 1187, 'interval', asText],
  [1266, 1270, 'timetz', asText],
  [1700, 1231, 'numeric', asDecimal],
  [2950, 2951, 'uuid', asText],
  [3802, 3807, 'jsonb', asJson],
];

const TYPES = new Map<number, Type>(
  SCALARS.flatMap(([id, array, name, read]) => [
    [id, { name, read }],
    [array, { name: `${name}[]`, read: (text) => readArray(text, read) }],
  ]),
);
/** What the text of a type that is not known here says is for the guest to read. */
const OTHER: Type = { name: '', read: asText };

export function typeOf(id: number): Type {
  return TYPES.get(id) ?? OTHER;
}

/** As a parameter; bytes go as they are. */
export function parameterOf(value: SqlValue): string | Buffer | null {
  if (value !== null && typeof value === 'object' && 'bytes' in value)
    return Buffer.from(value.bytes, 'base64');
  return textOf(value);
}

function textOf(value: SqlValue): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if ('bytes' in value) return `\\x${Buffer.from(value.bytes, 'base64').toString('hex')}`;
  if ('array' in value) return `{${value.array.map(itemOf).join(',')}}`;
  return Object.values(value).join('');
}

function itemOf(item: SqlValue): string {
  if (item !== null && typeof item === 'object' && 'array' in item) return textOf(item) ?? '';
  const text = textOf(item);
  return text === null ? 'NULL' : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}

/** PostgreSQL 8.15.6; bounds that do not begin at 1 are dropped. */
function readArray(text: string, read: Type['read']): SqlValue {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0;
  const list = (): SqlValue => {
    const items: SqlValue[] = [];
    // The opening brace.
    at++;
    while (at < text.length && text[at] !== '}') {
      if (text[at] === ',') at++;
      items.push(item());
    }
    at++;
    return { array: items };
  };
  const item = (): SqlValue => {
    if (text[at] === '{') return list();
    if (text[at] === '"') {
      let content = '';
      for (at++; at < text.length && text[at] !== '"'; at++)
        content += text[at] === '\\' ? text[++at] : text[at];
      at++;
      return read(content);
    }
    const start = at;
    while (at < text.length && text[at] !== ',' && text[at] !== '}') at++;
    const content = text.slice(start, at);
    return content === 'NULL' ? null : read(content);
  };
  return list();
}

/** Either of the two forms of a `bytea` (PostgreSQL 8.4). */
function bytes(text: string): Buffer {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex');
  const unescaped = text.replaceAll(/\\(\\|[0-3][0-7]{2})/g, (_, code: string) =>
    code === '\\' ? '\\' : String.fromCharCode(parseInt(code, 8)),
  );
  return Buffer.from(unescaped, 'latin1');
}
