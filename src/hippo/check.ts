// Holds requests and answers against the schemas, and says what is wrong in words (hippo-api.md §2).

import type { Static, TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import { Check, Errors } from 'typebox/value';
import { parseRule, RuleError } from './rules.ts';

// Its own limit hides which of a larger body's members are wrong.
Settings.Set({ maxErrors: 100 });

/** A request that the server's rules refuse. */
export class ValidationError extends Error {
  readonly code = 'INVALID_REQUEST';
  /** Property, first letter upper case → what is wrong with it. */
  readonly errors: Record<string, string[]>;

  /** @param property in lower camel case, as it stands in the request */
  constructor(property: string, problem: string);
  constructor(errors: Record<string, string[]>);
  constructor(errors: Record<string, string[]> | string, problem = '') {
    const all = typeof errors === 'string' ? { [pascalCase(errors)]: [problem] } : errors;
    super(
      Object.entries(all)
        .map(([property, problems]) => `${property} ${problems.join(', ')}`)
        .join('; '),
    );
    this.name = 'ValidationError';
    this.errors = all;
  }
}

/** The parts of a JSON schema that are looked at here. */
interface Shape {
  type?: string;
  properties?: Record<string, Shape>;
  items?: Shape;
  anyOf?: Shape[];
  enum?: string[];
  numbers?: number[];
  description?: string;
  format?: string;
  default?: unknown;
}

/**
 * The body of a request in the form that its schema says: names of members in any case, enumerations by name in
 * any case or by number and, with `unwrap`, members as `{"value": …}`. GUIDs come out in lower case. Members
 * that the schema does not know are dropped.
 * @throws ValidationError
 */
export function readBody<T extends TSchema>(
  schema: T,
  value: unknown,
  options: { unwrap?: boolean } = {},
): Static<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError('body', 'must be a JSON object');
  const body = members(schema, value as Record<string, unknown>, options.unwrap ?? false);
  check(schema, body);
  checkRule(body);
  return body as Static<T>;
}

/**
 * The parameters of a query as their schema says: names in any case, numbers and truth values from their texts,
 * defaults where there is nothing.
 * @throws ValidationError
 */
export function readQuery<T extends TSchema>(schema: T, query: URLSearchParams): Static<T> {
  const given = new Map([...query].map(([key, value]) => [key.toLowerCase(), value]));
  const values: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries((schema as Shape).properties ?? {})) {
    const text = given.get(key.toLowerCase());
    if (text === undefined || text === '') {
      if ('default' in shape) values[key] = shape.default;
    } else values[key] = fromText(shape, text);
  }
  check(schema, values);
  return values as Static<T>;
}

/** True if a value is what its schema says. */
export function matches<T extends TSchema>(schema: T, value: unknown): value is Static<T> {
  return Check(schema, value);
}

function check(schema: TSchema, value: unknown): void {
  if (Check(schema, value)) return;
  const errors: Record<string, string[]> = {};
  for (const { keyword, instancePath, params, schemaPath } of Errors(schema, value)) {
    const path = instancePath.split('/').slice(1);
    if (keyword === 'required') {
      for (const missing of params.requiredProperties) add(errors, [...path, missing], 'is required');
      continue;
    }
    const problem = problemOf(keyword, params, shapeAt(schema, schemaPath));
    if (problem !== undefined) add(errors, path, problem);
  }
  if (Object.keys(errors).length === 0) throw new ValidationError('body', 'is not what this path takes');
  throw new ValidationError(errors);
}

function add(errors: Record<string, string[]>, path: string[], problem: string): void {
  const problems = (errors[propertyOf(path)] ??= []);
  if (!problems.includes(problem)) problems.push(problem);
}

/** `environmentVariables`, `0`, `key` is told as `EnvironmentVariables[0].Key`. */
function propertyOf(path: readonly string[]): string {
  return path.reduce(
    (text, part) =>
      /^\d+$/.test(part)
        ? `${text}[${part}]`
        : text === ''
          ? pascalCase(part)
          : `${text}.${pascalCase(part)}`,
    '',
  );
}

/** Undefined for what another error says better. */
function problemOf(keyword: string, params: Record<string, unknown>, shape: Shape): string | undefined {
  switch (keyword) {
    case 'minLength':
      return params['limit'] === 1
        ? 'is required'
        : `must have at least ${String(params['limit'])} characters`;
    case 'maxLength':
      return `must not exceed ${String(params['limit'])} characters`;
    case 'maxItems':
      return `must not have more than ${String(params['limit'])} entries`;
    case 'minimum':
      return `must be ${String(params['limit'])} or more`;
    case 'maximum':
      return `must be ${String(params['limit'])} or less`;
    case 'pattern':
      return `is not in the right form. ${shape.description ?? ''}`.trim();
    case 'format':
      return shape.format === 'uuid' ? undefined : `must be a ${shape.format ?? 'text'}`;
    case 'enum':
      return `must be ${(shape.enum ?? []).join(' or ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'type':
      // The null of a member that may be null is never what is meant.
      return shape.type === 'null' ? undefined : `must be ${withArticle(shape.type ?? 'value')}`;
    default:
      return undefined;
  }
}

function withArticle(type: string): string {
  const noun = type === 'integer' ? 'whole number' : type;
  return `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

function shapeAt(schema: TSchema, path: string): Shape {
  return path
    .split('/')
    .slice(1)
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], schema) as Shape;
}

function members(shape: Shape, body: Record<string, unknown>, unwrap: boolean): Record<string, unknown> {
  const given = new Map(Object.entries(body).map(([key, value]) => [key.toLowerCase(), value]));
  const known: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(shape.properties ?? {})) {
    const raw = Object.hasOwn(body, key) ? body[key] : given.get(key.toLowerCase());
    const value = unwrap ? unwrapped(raw) : raw;
    if (value !== undefined) known[key] = normal(member, value);
  }
  return known;
}

function unwrapped(member: unknown): unknown {
  return typeof member === 'object' && member !== null && 'value' in member ? member.value : member;
}

function normal(shape: Shape, value: unknown): unknown {
  const inner = shape.anyOf?.find(({ type }) => type !== 'null') ?? shape;
  if (inner.enum !== undefined) return enumerated(inner, value);
  if (inner.format === 'uuid' && typeof value === 'string') return value.toLowerCase();
  const { items } = inner;
  if (items?.properties !== undefined && Array.isArray(value))
    return value.map((item: unknown) =>
      typeof item === 'object' && item !== null && !Array.isArray(item)
        ? members(items, item as Record<string, unknown>, false)
        : item,
    );
  return value;
}

function enumerated({ enum: names = [], numbers = [] }: Shape, value: unknown): unknown {
  if (typeof value === 'number') return names[numbers.indexOf(value)] ?? value;
  if (typeof value !== 'string') return value;
  return names.find((name) => name.toLowerCase() === value.toLowerCase()) ?? value;
}

function fromText(shape: Shape, text: string): unknown {
  if (shape.type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (shape.type === 'boolean') return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : text;
  return normal(shape, text);
}

/** The one syntax that a schema cannot say. */
function checkRule({ rangeRule }: Record<string, unknown>): void {
  if (typeof rangeRule !== 'string') return;
  try {
    parseRule(rangeRule);
  } catch (error) {
    if (error instanceof RuleError)
      throw new ValidationError('rangeRule', `is not valid: ${error.message.replace(/\.$/, '')}`);
    throw error;
  }
}

function pascalCase(property: string): string {
  return property.charAt(0).toUpperCase() + property.slice(1);
}
