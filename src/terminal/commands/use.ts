// `hippo use app:channel`: what the commands in this folder are about.

import type { Command } from 'commander';
import { currentApp, currentChannel } from '../../session/current.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import type { Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  command.argument('<app:channel>', 'names or ids; an app alone, or :channel for the current app, will do');
  addOutputOption(addHippoOptions(command)).action(
    (target: string, options: HippoOptions & { output: OutputForm }) =>
      withHippo(screen, options, async (hippo) => {
        const [appName = '', channelName, ...rest] = target.split(':');
        if (rest.length > 0 || channelName === '' || target === '')
          throw new CommandError(`"${target}" is not APP:CHANNEL.`, { exitCode: EXIT.usage });
        const app = appName === '' ? await hippo.app() : await currentApp(hippo.client, { app: appName });
        const channel =
          channelName === undefined
            ? undefined
            : (await currentChannel(hippo.client, { app: app.id, channel: channelName })).channel;
        await hippo.choose({
          app: { id: app.id, name: app.name },
          ...(channel ? { channel: { id: channel.id, name: channel.name } } : {}),
        });
        printResult(screen, options.output, {
          id: channel?.id ?? app.id,
          message: `Commands in this folder are about ${app.name}${channel ? `:${channel.name}` : ''} from now on`,
          json: {
            app: app.name,
            appId: app.id,
            channel: channel?.name ?? null,
            channelId: channel?.id ?? null,
          },
        });
      }),
  );
}
