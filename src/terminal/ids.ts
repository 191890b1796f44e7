// Bindle ids and other words of the command line that need reading.

import type { BindleClient } from '../bindle/client.ts';
import { BindleError } from '../bindle/http.ts';
import { formatId, nameProblem, parseId, type BindleId } from '../bindle/id.ts';
import type { Invoice } from '../bindle/invoice.ts';
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

/** @throws CommandError that names the bindle where the server has none, BindleError */
export async function requireInvoice(
  client: BindleClient,
  id: BindleId,
  options: Parameters<BindleClient['getInvoice']>[1],
): Promise<Invoice> {
  try {
    return await client.getInvoice(id, options);
  } catch (error) {
    if (!(error instanceof BindleError) || error.code !== 'NOT_FOUND') throw error;
    throw new CommandError(`${client.url.origin} has no bindle ${formatId(id)}.`, {
      hint: `\`hippo search ${id.name}\` lists what it has.`,
    });
  }
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
