// Parameters of add-ons as the command line has them: `--param k=v`, of the types that the plan says, or a file of JSON.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { readInput } from './ask.ts';
import { CommandError, EXIT } from './failure.ts';
import type { Screen } from './screen.ts';

export interface ParameterOptions {
  param?: string[];
  params?: string;
}

export function addParameterOptions(command: Command): Command {
  return command
    .option(
      '--param <key=value>',
      'a parameter, of the type that the plan says; may come again. Secrets are better given by --params',
      (pair: string, pairs: string[] = []) => [...pairs, pair],
    )
    .addOption(
      new Option(
        '--params <file>',
        'parameters as a JSON object, from a file or from standard input (-)',
      ).conflicts('param'),
    );
}

/**
 * @param schema what the plan says of them, as its broker wrote it
 * @returns undefined if none were given
 * @throws CommandError
 */
export async function readParameters(
  screen: Screen,
  { param, params }: ParameterOptions,
  schema: unknown,
): Promise<Record<string, unknown> | undefined> {
  if (params !== undefined) return readJson(screen, params);
  if (param === undefined) return undefined;
  return Object.fromEntries(
    param.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new CommandError('--param takes KEY=VALUE.', { exitCode: EXIT.usage });
      const key = pair.slice(0, at);
      return [key, readValue(key, pair.slice(at + 1), typesOf(schema, key))];
    }),
  );
}

async function readJson(screen: Screen, name: string): Promise<Record<string, unknown>> {
  const text =
    name === '-'
      ? await readInput(screen)
      : await readFile(resolve(screen.cwd, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw new CommandError(`${name} cannot be read (${error.code}).`, { exitCode: EXIT.usage });
        });
  const value = parse(text);
  if (isObject(value)) return value;
  throw new CommandError(`${name === '-' ? 'Standard input' : name} holds no JSON object.`, {
    hint: 'Write parameters as {"key": "value"}.',
    exitCode: EXIT.usage,
  });
}

/** A text, unless the plan wants something else of this name. */
function readValue(key: string, text: string, types: readonly string[]): unknown {
  if (types.length === 0 || types.includes('string')) return text;
  const value = parse(text);
  if (value !== undefined) return value;
  throw new CommandError(`The parameter ${key} is to be of type ${types.join(' or ')}.`, {
    exitCode: EXIT.usage,
  });
}

/** The types that a JSON schema wants of a property; none where it does not say, or says it by other means. */
function typesOf(schema: unknown, key: string): string[] {
  const properties = isObject(schema) ? schema['properties'] : undefined;
  const property = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const type = isObject(property) ? property['type'] : undefined;
  return [type].flat().filter((one) => typeof one === 'string');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
