// The thread in which parameters are held against a broker's schema: it interprets the schema and runs no code of it.

import { parentPort } from 'node:worker_threads';
import { Validator, type OutputUnit, type SchemaDraft } from '@cfworker/json-schema';
import type { JsonObject } from '../../addons/osb.ts';
import type { Problems, SchemaAnswer, SchemaQuestion } from './parameters.ts';

/** So many problems are told. */
const MAX_PROBLEMS = 50;
/** So many of the library's errors are looked at. */
const MAX_ERRORS = 500;

parentPort?.on('message', (question: SchemaQuestion) => parentPort?.postMessage(answer(question)));
parentPort?.postMessage('ready');

function answer({ schema, parameters }: SchemaQuestion): SchemaAnswer {
  try {
    const { valid, errors } = new Validator(schema, draftOf(schema), false).validate(parameters);
    return { problems: valid ? [] : problemsOf(errors, schema) };
  } catch (error) {
    return { unusable: (error as Error).message };
  }
}

function draftOf({ $schema }: JsonObject): SchemaDraft {
  const [, draft] = /draft(?:-|\/)?(\d{4}-\d{2}|\d{1,2})/.exec(String($schema)) ?? [];
  switch (draft) {
    case '2020-12':
      return '2020-12';
    case '2019-09':
      return '2019-09';
    case '06':
    case '07':
      return '7';
    default:
      return '4';
  }
}

/** Of errors within errors the innermost say it; none holds the value, which may be a secret. */
function problemsOf(all: readonly OutputUnit[], schema: JsonObject): Problems {
  const errors = all.slice(0, MAX_ERRORS);
  const leaves = errors.filter((unit) => !errors.some((other) => saysMore(other, unit)));
  const problems = [...Map.groupBy(leaves, choiceOf)].flatMap(([choice, units]) => {
    const found = unique(units.map((unit) => problemOf(unit, schema)));
    if (choice === undefined || found.length === 1) return found;
    // One of several forms would do: what each of them asks for is no problem by itself.
    const paths = new Set(found.map(({ path }) => path));
    const { instanceLocation } = errors.find(({ keywordLocation }) => keywordLocation === choice)!;
    const message =
      paths.size === 1
        ? found.map((problem) => problem.message).join(' or ')
        : 'has none of the forms that this plan takes';
    return [{ path: paths.size === 1 ? found[0]!.path : pointerOf(instanceLocation), message }];
  });
  return problems.slice(0, MAX_PROBLEMS);
}

/** The other is about the same, and closer to it. */
function saysMore(other: OutputUnit, unit: OutputUnit): boolean {
  if (other === unit) return false;
  const isWithin = other.instanceLocation.startsWith(`${unit.instanceLocation}/`);
  if (unit.keyword === 'additionalProperties' || unit.keyword === 'unevaluatedProperties') return isWithin;
  // A member that is not as it should be is told of again as one that is not known.
  if (unit.keyword === 'false')
    return other.keyword !== 'false' && (isWithin || other.instanceLocation === unit.instanceLocation);
  return (
    other.keywordLocation.startsWith(`${unit.keywordLocation}/`) &&
    other.instanceLocation.startsWith(unit.instanceLocation)
  );
}

/** Where the schema gives several forms of which it is one. */
function choiceOf({ keywordLocation }: OutputUnit): string | undefined {
  return /^(.*?\/(?:anyOf|oneOf))\/\d+(?:\/|$)/.exec(keywordLocation)?.[1];
}

function unique(problems: Problems): Problems {
  return problems.filter(
    (one, index) =>
      problems.findIndex(({ path, message }) => path === one.path && message === one.message) === index,
  );
}

function problemOf(unit: OutputUnit, schema: JsonObject): Problems[number] {
  const path = pointerOf(unit.instanceLocation);
  const [, missing] =
    unit.keyword === 'required' ? (/required property "([^"]*)"/.exec(unit.error) ?? []) : [];
  if (missing === undefined) return { path, message: messageOf(unit, schema) };
  const name = missing.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1');
  return { path: `${path}/${name}`, message: 'is required' };
}

/** From the form of a fragment of an address, in which the library has it (RFC 6901 §6). */
function pointerOf(instanceLocation: string): string {
  return decodeURI(instanceLocation.replace(/^#/, ''));
}

function messageOf({ keyword, keywordLocation }: OutputUnit, schema: JsonObject): string {
  const value = valueAt(schema, keywordLocation);
  /** In draft 4 another member says so. */
  const isExclusive = (name: string): boolean =>
    valueAt(schema, keywordLocation.replace(/[^/]*$/, name)) === true;
  switch (keyword) {
    case 'required':
      return 'lacks something that is required';
    case 'type':
      return `has to be of type ${Array.isArray(value) ? value.join(' or ') : String(value)}`.slice(0, 200);
    case 'enum':
      return `has to be one of ${JSON.stringify(value)}`.slice(0, 300);
    case 'const':
      return `has to be ${JSON.stringify(value)}`.slice(0, 300);
    case 'minimum':
      return isExclusive('exclusiveMinimum')
        ? `has to be more than ${String(value)}`
        : `has to be ${String(value)} or more`;
    case 'maximum':
      return isExclusive('exclusiveMaximum')
        ? `has to be less than ${String(value)}`
        : `has to be ${String(value)} or less`;
    case 'exclusiveMinimum':
      return `has to be more than ${String(value)}`;
    case 'exclusiveMaximum':
      return `has to be less than ${String(value)}`;
    case 'multipleOf':
      return `has to be a multiple of ${String(value)}`;
    case 'minLength':
      return `has to have at least ${String(value)} characters`;
    case 'maxLength':
      return `may have at most ${String(value)} characters`;
    case 'minItems':
      return `has to have at least ${String(value)} entries`;
    case 'maxItems':
      return `may have at most ${String(value)} entries`;
    case 'uniqueItems':
      return 'must not have the same entry twice';
    case 'pattern':
      return `has to match ${String(value)}`.slice(0, 300);
    case 'format':
      return `has to be a ${String(value)}`.slice(0, 100);
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'false':
      return 'is not known to this plan';
    default:
      return `does not hold to "${keyword}" of the plan's schema`;
  }
}

/** What a keyword has as its value; references are not followed. */
function valueAt(schema: unknown, location: string): unknown {
  return location
    .replace(/^#\/?/, '')
    .split('/')
    .filter((part) => part !== '')
    .reduce<unknown>((part, key) => {
      const name = decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
      return typeof part === 'object' && part !== null && Object.hasOwn(part, name)
        ? (part as Record<string, unknown>)[name]
        : undefined;
    }, schema);
}
