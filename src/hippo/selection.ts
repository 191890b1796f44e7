// Which revision a channel runs: choosing one, going back to the one before, following a rule. One way for every
// front door.

import type { ChannelItem, ChannelReplacement, RevisionItem } from './api.ts';
import type { CallOptions, HippoClient } from './client.ts';
import { RuleError, selectRevision } from './rules.ts';

type Client = Pick<HippoClient, 'channel' | 'replaceChannel'>;

/** The channel runs this revision, whatever comes. Its rule is kept for later. @throws HippoError */
export async function pinRevision(
  client: Client,
  channelId: string,
  revisionId: string,
  options: CallOptions = {},
): Promise<void> {
  await select(client, channelId, options, {
    revisionSelectionStrategy: 'UseSpecifiedRevision',
    activeRevisionId: revisionId,
  });
}

/**
 * The channel runs what the rule picks, also of revisions to come.
 * @param runs id of the revision that it runs until then on a real Hippo, which looks at a rule only when the next
 * revision comes; what it runs now if absent
 * @throws HippoError
 */
export async function followRule(
  client: Client,
  channelId: string,
  rule: string,
  { runs, ...options }: CallOptions & { runs?: string | undefined } = {},
): Promise<void> {
  await select(client, channelId, options, {
    revisionSelectionStrategy: 'UseRangeRule',
    rangeRule: rule,
    ...(runs === undefined ? {} : { activeRevisionId: runs }),
  });
}

/**
 * Replaces the channel as it is by now. The smaller change, PATCH, is not known to Hippos before 0.18, and later ones
 * start nothing anew on it (hippo-api.md §4).
 */
async function select(
  client: Client,
  channelId: string,
  options: CallOptions,
  change: Pick<ChannelReplacement, 'revisionSelectionStrategy' | 'rangeRule' | 'activeRevisionId'>,
): Promise<void> {
  const { id, name, domain, certificate, rangeRule, activeRevision } = await client.channel(
    channelId,
    options,
  );
  await client.replaceChannel(
    {
      id,
      name,
      domain,
      certificateId: certificate?.id ?? null,
      rangeRule,
      // Left out, it would run nothing on real servers until the next revision.
      activeRevisionId: activeRevision?.id ?? null,
      ...change,
    },
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
