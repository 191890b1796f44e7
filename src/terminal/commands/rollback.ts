// `hippo rollback`: a channel runs an earlier revision again.

import type { Command } from 'commander';
import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { parseRule } from '../../hippo/rules.ts';
import { addressOf } from '../../session/address.ts';
import { CommandError } from '../failure.ts';
import { addChannelOptions, withHippo, type ChannelOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { say, type Screen } from '../screen.ts';
import { findRevision } from './channel.ts';

export function configure(command: Command, screen: Screen): void {
  command
    .argument('[channel]', 'name or id, as --channel')
    .argument('[revision]', 'number or id (default: the one before)');
  addOutputOption(addChannelOptions(command)).action(
    (
      named: string | undefined,
      wanted: string | undefined,
      options: ChannelOptions & { output: OutputForm },
    ) =>
      withHippo(screen, options, async (hippo) => {
        const { app, channel } = await hippo.channel(named);
        const target =
          wanted === undefined
            ? await previous(hippo.client, app, channel)
            : await findRevision(hippo.client, app, wanted);
        await hippo.client.patchChannel(channel.id, {
          revisionSelectionStrategy: 'UseSpecifiedRevision',
          activeRevisionId: target.id,
        });
        const from = channel.activeRevision?.revisionNumber ?? null;
        printResult(screen, options.output, {
          id: channel.id,
          message: `${app.name}:${channel.name} runs ${target.revisionNumber}${from ? ` instead of ${from}` : ''}\n${addressOf(channel, hippo)}`,
          json: { id: channel.id, app: app.name, channel: channel.name, from, to: target.revisionNumber },
        });
        if (options.output === 'message')
          say(
            screen,
            `It stays on it: \`hippo channel set ${channel.name} --rule "${channel.rangeRule ?? '*'}"\` lets it follow new revisions again.`,
          );
      }),
  );
}

/** What ran before: of the revisions that came earlier, the one that the channel's rule picks, else the last. */
async function previous(
  client: HippoClient,
  app: AppItem,
  { name, activeRevision, rangeRule }: ChannelItem,
): Promise<{ id: string; revisionNumber: string }> {
  const revisions = await client.revisions({ appId: app.id });
  const current = revisions.findIndex(({ id }) => id === activeRevision?.id);
  const earlier = revisions.slice(0, Math.max(0, current));
  const numbers = earlier.map(({ revisionNumber }) => revisionNumber);
  const number =
    rangeRule === null ? numbers.at(-1) : (parseRule(rangeRule).select(numbers) ?? numbers.at(-1));
  const found = earlier.find(({ revisionNumber }) => revisionNumber === number);
  if (found) return found;
  throw new CommandError(
    activeRevision
      ? `${app.name} has no revision before ${activeRevision.revisionNumber}.`
      : `${app.name}:${name} runs nothing.`,
    {
      hint: '`hippo revision list` lists the revisions; `hippo rollback CHANNEL REVISION` takes any of them.',
    },
  );
}
