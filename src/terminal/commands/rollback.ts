// `hippo rollback`: a channel runs an earlier revision again.

import type { Command } from 'commander';
import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { pinRevision, previousRevision } from '../../hippo/selection.ts';
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
        await pinRevision(hippo.client, channel.id, target.id);
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

/** @throws CommandError if nothing ran before */
async function previous(
  client: HippoClient,
  app: AppItem,
  channel: ChannelItem,
): Promise<{ id: string; revisionNumber: string }> {
  const found = previousRevision(channel, await client.revisions({ appId: app.id }));
  if (found) return found;
  throw new CommandError(
    channel.activeRevision
      ? `${app.name} has no revision before ${channel.activeRevision.revisionNumber}.`
      : `${app.name}:${channel.name} runs nothing.`,
    {
      hint: '`hippo revision list` lists the revisions; `hippo rollback CHANNEL REVISION` takes any of them.',
    },
  );
}
