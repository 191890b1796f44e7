// What was put into the fields of a form as parameters, and what is wrong with it as far as a page can say: what is
// required, types, ranges, lengths and formats. A broker's patterns are never run here.

import {
  IsDate,
  IsDateTime,
  IsEmail,
  IsHostname,
  IsIPv4,
  IsIPv6,
  IsTime,
  IsUri,
  IsUuid,
} from 'typebox/format';
import { typeOf, type Entries, type Field, type Schema } from './fields.ts';

export interface Filled {
  readonly parameters: Record<string, unknown>;
  /** Pointer → a sentence. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Either a value, which is undefined where nothing is given, or what is wrong. */
type Outcome = { readonly value: unknown } | { readonly problem: string };

const FORMATS: Readonly<Record<string, readonly [(value: string) => boolean, string]>> = {
  email: [IsEmail, 'It must be an e-mail address.'],
  uri: [IsUri, 'It must be an address like https://example.com.'],
  date: [IsDate, 'It must be a date like 2026-11-20.'],
  time: [IsTime, 'It must be a time like 12:30:00Z.'],
  'date-time': [IsDateTime, 'It must be a date and a time like 2026-11-20T12:30:00Z.'],
  uuid: [IsUuid, 'It must be a UUID.'],
  ipv4: [IsIPv4, 'It must be an IPv4 address.'],
  ipv6: [IsIPv6, 'It must be an IPv6 address.'],
  hostname: [IsHostname, 'It must be a host name.'],
};

/** Nothing given is nothing sent: what the broker takes then is its own business. */
export function fill(fields: readonly Field[], entries: Entries): Filled {
  const problems = new Map<string, string>();
  const parameters = fillObject(fields, entries, problems);
  const whole = fields.length === 1 && fields[0]?.pointer === '' ? parameters[fields[0].key] : parameters;
  return { parameters: (whole ?? {}) as Record<string, unknown>, problems };
}

function fillObject(
  fields: readonly Field[],
  entries: Entries,
  problems: Map<string, string>,
): Record<string, unknown> {
  const pairs: [string, unknown][] = [];
  for (const field of fields) {
    if (field.kind === 'group') {
      const given = isGiven(field, entries);
      const inner = fillObject(
        field.fields,
        entries,
        given || field.required ? problems : new Map<string, string>(),
      );
      if (given || field.required) pairs.push([field.key, inner]);
      continue;
    }
    const outcome = valueOf(field, entries[field.pointer]);
    if ('problem' in outcome) problems.set(field.pointer, outcome.problem);
    else if (outcome.value !== undefined) pairs.push([field.key, outcome.value]);
    else if (field.required) problems.set(field.pointer, 'It is required.');
  }
  // Also a member called __proto__ is one like any other.
  return Object.fromEntries(pairs);
}

function isGiven({ fields }: Field, entries: Entries): boolean {
  return fields.some(({ pointer }) => entries[pointer] !== undefined && entries[pointer] !== '');
}

function valueOf(field: Field, entry: string | boolean | undefined): Outcome {
  const { kind, schema, choices, required } = field;
  if (kind === 'fixed') return { value: required || entry === true ? choices[0]?.value : undefined };
  if (kind === 'boolean') {
    if (typeof entry === 'boolean') return { value: entry };
    return { value: required ? schema['default'] === true : undefined };
  }
  const text = typeof entry === 'string' ? entry : '';
  if (kind === 'choice') return { value: text === '' ? undefined : choices[Number(text)]?.value };
  // An empty text is one where the schema takes it, and it was typed and taken away again: then it is left out, too.
  if (kind === 'text') return text === '' ? { value: undefined } : textValue(text, schema);
  if (text.trim() === '') return { value: undefined };
  if (kind === 'number' || kind === 'integer') return numberValue(text, schema, kind);
  return kind === 'list' ? listValue(text, schema) : jsonValue(text, field);
}

function textValue(text: string, schema: Schema): Outcome {
  const length = [...text].length;
  const [least, most] = [numberOf(schema['minLength']), numberOf(schema['maxLength'])];
  if (least !== undefined && length < least) return { problem: `It must have ${least} characters or more.` };
  if (most !== undefined && length > most)
    return { problem: `It may have ${most} characters, and has ${length}.` };
  const format = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  return format && !format[0](text) ? { problem: format[1] } : { value: text };
}

function numberValue(text: string, schema: Schema, kind: 'number' | 'integer'): Outcome {
  const value = Number(text.trim());
  if (!Number.isFinite(value)) return { problem: 'It must be a number.' };
  if (kind === 'integer' && !Number.isInteger(value)) return { problem: 'It must be a whole number.' };
  const [least, most] = [numberOf(schema['minimum']), numberOf(schema['maximum'])];
  const [above, below] = [numberOf(schema['exclusiveMinimum']), numberOf(schema['exclusiveMaximum'])];
  if (least !== undefined && value < least) return { problem: `It must be ${least} or more.` };
  if (most !== undefined && value > most) return { problem: `It must be ${most} or less.` };
  if (above !== undefined && value <= above) return { problem: `It must be more than ${above}.` };
  if (below !== undefined && value >= below) return { problem: `It must be less than ${below}.` };
  const step = numberOf(schema['multipleOf']);
  if (step !== undefined && step > 0 && !isMultiple(value, step))
    return { problem: `It must be a multiple of ${step}.` };
  return { value };
}

/** One value on each line. */
function listValue(text: string, schema: Schema): Outcome {
  const items = schema['items'] as Schema;
  const type = typeOf(items);
  const values: unknown[] = [];
  for (const line of text.split('\n').map((one) => one.trim())) {
    if (line === '') continue;
    const outcome =
      type === 'number' || type === 'integer'
        ? numberValue(line, items, type)
        : type === 'boolean'
          ? booleanValue(line)
          : textValue(line, items);
    if ('problem' in outcome) return { problem: `“${line}”: ${outcome.problem}` };
    if (Array.isArray(items['enum']) && !items['enum'].includes(outcome.value))
      return { problem: `“${line}” must be one of ${items['enum'].map(String).join(', ')}.` };
    values.push(outcome.value);
  }
  const [least, most] = [numberOf(schema['minItems']), numberOf(schema['maxItems'])];
  if (least !== undefined && values.length < least)
    return { problem: `It must have ${least} lines or more.` };
  if (most !== undefined && values.length > most) return { problem: `It may have ${most} lines.` };
  if (schema['uniqueItems'] === true && new Set(values).size < values.length)
    return { problem: 'Each line may come only once.' };
  return { value: values };
}

function booleanValue(line: string): Outcome {
  if (line === 'true' || line === 'false') return { value: line === 'true' };
  return { problem: 'It must be true or false.' };
}

function jsonValue(text: string, { pointer }: Field): Outcome {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'It must be JSON.' };
  }
  if (pointer === '' && (typeof value !== 'object' || value === null || Array.isArray(value)))
    return { problem: 'It must be a JSON object.' };
  return { value };
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** 0.3 is a multiple of 0.1 for who writes it. */
function isMultiple(value: number, step: number): boolean {
  const quotient = value / step;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9 * Math.max(1, Math.abs(quotient));
}
