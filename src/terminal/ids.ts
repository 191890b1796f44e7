// Bindle ids and other words of the command line that need reading.

import { nameProblem, parseId, type BindleId } from '../bindle/id.ts';
import { CommandError, EXIT } from './failure.ts';

/** @throws CommandError */
export function requireId(text: string): BindleId {
  const id = parseId(text);
  const problem = id && nameProblem(id.name);
  if (problem !== undefined)
    throw new CommandError(`"${text}" cannot be the id of a bindle: ${problem}.`, { exitCode: EXIT.usage });
  if (!id)
    throw new CommandError(`"${text}" is not a bindle id.`, {
      hint: 'An id is a name, a slash and a version, such as example.com/shop/1.2.3.',
      exitCode: EXIT.usage,
    });
  return id;
}

/** A whole number within bounds, as an option's value. @throws CommandError */
export function requireNumber(text: string, option: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max)
    throw new CommandError(`${option} takes a whole number from 0 to ${max}, not "${text}".`, {
      exitCode: EXIT.usage,
    });
  return value;
}
