// `hippo status`: which Hippo, who, which app, and how its channels are.

import type { Command } from 'commander';
import { HippoError } from '../../hippo/client.ts';
import { addressOf } from '../../session/address.ts';
import { SessionError } from '../../session/errors.ts';
import { addAppOptions, withHippo, type AppOptions, type Hippo } from '../hippo.ts';
import { addOutputOption, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printChannels } from './channel.ts';

export function configure(command: Command, screen: Screen): void {
  addOutputOption(addAppOptions(command), ['message', 'json']).action(
    (options: AppOptions & { output: OutputForm }) =>
      withHippo(screen, options, async (hippo) => {
        const userName = await nameOf(hippo);
        const app = await hippo.app().catch((error: unknown) => {
          if (error instanceof SessionError && error.code === 'WHICH_APP') return error;
          throw error;
        });
        const { connection, client } = hippo;
        const where = { connection: connection.name, hippo: connection.hippoUrl, user: userName ?? null };
        if (app instanceof SessionError) {
          if (options.output === 'json')
            return print(screen, JSON.stringify({ ...where, app: null, channels: [] }));
          printWhere(screen, hippo, userName);
          return say(screen, `${app.message} ${app.hint ?? ''}`.trimEnd());
        }
        const channels = await client.channels({ appId: app.id });
        if (options.output === 'json') {
          const statuses = await client.channelStatuses();
          const shown = channels.map((channel) => ({
            ...channel,
            status: statuses.find(({ channelId }) => channelId === channel.id)?.status ?? 'Unknown',
            address: addressOf(channel, hippo),
          }));
          return print(screen, JSON.stringify({ ...where, app, channels: shown }));
        }
        printWhere(screen, hippo, userName);
        print(screen, `App:   ${app.name}, of the bindles ${app.storageId}`);
        if (channels.length === 0)
          return say(screen, 'It has no channel yet: `hippo channel add NAME` makes one.');
        print(screen, '');
        await printChannels(screen, hippo, channels, () => app.name);
      }),
  );
}

function printWhere(screen: Screen, { connection }: Hippo, userName: string | undefined): void {
  print(screen, `Hippo: ${connection.hippoUrl} (${connection.name})`);
  print(screen, `User:  ${userName ?? 'nobody: sign in with `hippo login`'}`);
}

async function nameOf({ client, userName }: Hippo): Promise<string | undefined> {
  try {
    return (await client.whoami()).userName;
  } catch (error) {
    // Servers that cannot say still know the token.
    if (error instanceof HippoError && ['NOT_FOUND', 'UNSUPPORTED'].includes(error.code)) return userName;
    if (error instanceof HippoError && error.code === 'UNAUTHORIZED') return undefined;
    throw error;
  }
}
