// `hippo platform`: the local Hippo on this machine.

import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { findPlaces } from '../../session/places.ts';
import { startPlatform } from '../../session/platform-process.ts';
import { AlreadySaid } from '../failure.ts';
import { requireNumber } from '../ids.ts';
import { print, say, type Screen } from '../screen.ts';

interface StartOptions {
  port?: string;
  data?: string;
  ephemeral?: boolean;
  output: 'message' | 'json';
}

export function configure(command: Command, screen: Screen): void {
  command
    .command('start')
    .description('start it: Bindle server, Hippo and gateway on 127.0.0.1, until Ctrl-C')
    .option('--port <number>', 'the port (default: 5309, or the next free one)')
    .addOption(
      new Option('--data <folder>', 'where its state is kept (default: your data folder)').conflicts(
        'ephemeral',
      ),
    )
    .option('--ephemeral', 'keep nothing: the state goes when it stops')
    .addOption(
      new Option('-o, --output <form>', 'json: one line when it is ready')
        .choices(['message', 'json'])
        .default('message'),
    )
    .action(async (options: StartOptions) => {
      const port = options.port === undefined ? undefined : requireNumber(options.port, '--port', 65535);
      const dataDir = options.ephemeral
        ? undefined
        : options.data === undefined
          ? findPlaces(screen.env).platform
          : resolve(screen.cwd, options.data);
      // Ctrl-C reaches the whole process group: it stops by itself, and we wait for that.
      process.on('SIGINT', () => undefined);
      const platform = await startPlatform({
        ...(port === undefined ? {} : { port }),
        ...(dataDir === undefined ? {} : { dataDir }),
      });
      process.on('SIGTERM', () => platform.stop());
      const { ready } = platform;
      if (options.output === 'json') print(screen, JSON.stringify(ready));
      else {
        print(screen, `Hippo:  ${ready.hippoUrl}`);
        print(screen, `Bindle: ${ready.bindleUrl}`);
        print(screen, `State:  ${ready.dataDir}${options.ephemeral ? ' (removed at the end)' : ''}`);
        say(screen, 'Ctrl-C stops it.');
      }
      const code = await platform.ended;
      if (code !== 0) throw new AlreadySaid(code);
    });
}
