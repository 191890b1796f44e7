// Which revision a channel runs: choosing one, going back to the one before, following a rule. One way for every
// front door.

import type { ChannelItem, RevisionItem } from './api.ts';
import type { CallOptions, HippoClient } from './client.ts';
import { RuleError, selectRevision } from './rules.ts';

type Patcher = Pick<HippoClient, 'patchChannel'>;

/** The channel runs this revision, whatever comes. Its rule is kept for later. @throws HippoError */
export async function pinRevision(
  client: Patcher,
  channelId: string,
  revisionId: string,
  options: CallOptions = {},
): Promise<void> {
  await client.patchChannel(
    channelId,
    { revisionSelectionStrategy: 'UseSpecifiedRevision', activeRevisionId: revisionId },
    options,
  );
}

/** The channel runs what the rule picks, also of revisions to come. @throws HippoError */
export async function followRule(
  client: Patcher,
  channelId: string,
  rule: string,
  options: CallOptions = {},
): Promise<void> {
  await client.patchChannel(
    channelId,
    { revisionSelectionStrategy: 'UseRangeRule', rangeRule: rule },
    options,
  );
}

/**
 * What a channel ran before: of the revisions that came earlier, the one that its rule picks, else the last.
 * @param revisions of its app, in the order in which they were registered
 * @returns undefined if nothing came before, or nothing runs
 */
export function previousRevision<R extends Pick<RevisionItem, 'id' | 'revisionNumber'>>(
  { activeRevision, rangeRule }: Pick<ChannelItem, 'activeRevision' | 'rangeRule'>,
  revisions: readonly R[],
): R | undefined {
  const current = revisions.findIndex(({ id }) => id === activeRevision?.id);
  const earlier = revisions.slice(0, Math.max(0, current));
  const numbers = earlier.map(({ revisionNumber }) => revisionNumber);
  const number = (rangeRule === null ? undefined : picked(rangeRule, numbers)) ?? numbers.at(-1);
  return earlier.find(({ revisionNumber }) => revisionNumber === number);
}

/** A server may have taken a rule that nobody can read: it picks nothing. */
function picked(rule: string, numbers: readonly string[]): string | undefined {
  try {
    return selectRevision(rule, numbers);
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}
