// The variables of a channel. The API takes them as a whole, so that they are read, changed and sent back.

import type { ChannelItem, Variable } from './api.ts';
import type { CallOptions, HippoClient } from './client.ts';

type Client = Pick<HippoClient, 'channel' | 'patchChannel'>;

/**
 * Changes what is there now, whatever a front door has shown before.
 * @param edit gives the whole new set, or undefined to leave it as it is
 * @returns the names that are there afterwards
 * @throws HippoError; what `edit` throws
 */
export async function editVariables(
  client: Client,
  channelId: string,
  edit: (variables: readonly Variable[]) => readonly Variable[] | undefined,
  options: CallOptions = {},
): Promise<string[]> {
  const variables = variablesOf(await client.channel(channelId, options));
  const edited = edit(variables);
  if (edited) await client.patchChannel(channelId, { environmentVariables: [...edited] }, options);
  return (edited ?? variables).map(({ key }) => key);
}

export function variablesOf({ environmentVariables }: Pick<ChannelItem, 'environmentVariables'>): Variable[] {
  return environmentVariables.map(({ key, value }) => ({ key, value }));
}

/** Those that are given take the place of those of the same name; the others stay. */
export function withVariables(variables: readonly Variable[], given: readonly Variable[]): Variable[] {
  const merged = new Map([...variables, ...given].map(({ key, value }) => [key, value]));
  return [...merged].map(([key, value]) => ({ key, value }));
}
