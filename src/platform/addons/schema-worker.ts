// The thread in which parameters are held against a broker's schema: it interprets the schema and runs no code of it.

import { parentPort } from 'node:worker_threads';
import { Validator, type OutputUnit, type SchemaDraft } from '@cfworker/json-schema';
import type { JsonObject } from '../../addons/osb.ts';
import type { Problems, SchemaAnswer, SchemaQuestion } from './parameters.ts';

/** So many problems are told. */
const MAX_PROBLEMS = 50;

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
function problemsOf(errors: readonly OutputUnit[], schema: JsonObject): Problems {
  const leaves = errors.filter(
    ({ keywordLocation, instanceLocation }) =>
      !errors.some(
        (other) =>
          other.keywordLocation.startsWith(`${keywordLocation}/`) &&
          other.instanceLocation.startsWith(instanceLocation),
      ),
  );
  const problems = leaves.slice(0, MAX_PROBLEMS).map((unit) => ({
    path: unit.instanceLocation.replace(/^#/, ''),
    message: messageOf(unit, schema),
  }));
  return problems.filter(
    (one, index) =>
      problems.findIndex(({ path, message }) => path === one.path && message === one.message) === index,
  );
}

function messageOf({ keyword, keywordLocation, error }: OutputUnit, schema: JsonObject): string {
  const value = valueAt(schema, keywordLocation);
  switch (keyword) {
    case 'required': {
      const [, name] = /required property "([^"]*)"/.exec(error) ?? [];
      return name === undefined ? 'lacks something that is required' : `has to have "${name.slice(0, 100)}"`;
    }
    case 'type':
      return `has to be of type ${Array.isArray(value) ? value.join(' or ') : String(value)}`.slice(0, 200);
    case 'enum':
      return `has to be one of ${JSON.stringify(value)}`.slice(0, 300);
    case 'const':
      return `has to be ${JSON.stringify(value)}`.slice(0, 300);
    case 'minimum':
      return `has to be ${String(value)} or more`;
    case 'maximum':
      return `has to be ${String(value)} or less`;
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
