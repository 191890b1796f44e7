// What `hippo start` and `hippo stop` have in common.

import type { Command } from 'commander';
import type { DesiredStatus } from '../hippo/api.ts';
import { addressOf } from '../session/address.ts';
import { addChannelOptions, withHippo, type ChannelOptions } from './hippo.ts';
import { addOutputOption, printResult, type OutputForm } from './output.ts';
import type { Screen } from './screen.ts';

export function configureDesired(
  command: Command,
  screen: Screen,
  desired: DesiredStatus,
  done: string,
): void {
  command.argument('[channel]', 'name or id, as --channel');
  addOutputOption(addChannelOptions(command)).action(
    (named: string | undefined, options: ChannelOptions & { output: OutputForm }) =>
      withHippo(screen, options, async (hippo) => {
        const { app, channel } = await hippo.channel(named);
        await hippo.client.setDesiredStatus(channel.id, desired);
        const address = desired === 'Running' ? `\n${addressOf(channel, hippo)}` : '';
        printResult(screen, options.output, {
          id: channel.id,
          message: `${done} ${app.name}:${channel.name}${address}`,
          json: { id: channel.id, app: app.name, channel: channel.name, desiredStatus: desired },
        });
      }),
  );
}
