// `hippo open`: a channel's page in the browser.

import type { Command } from 'commander';
import { addressOf, portAddressOf } from '../../session/address.ts';
import { openInBrowser } from '../browser.ts';
import { addChannelOptions, withHippo, type ChannelOptions } from '../hippo.ts';
import { print, say, type Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  command.argument('[channel]', 'name or id, as --channel').option('--print', 'only print the address');
  addChannelOptions(command).action(
    (named: string | undefined, options: ChannelOptions & { print?: boolean }) =>
      withHippo(screen, options, async (hippo) => {
        const { channel } = await hippo.channel(named);
        const address = addressOf(channel, hippo);
        print(screen, address);
        const byPort = portAddressOf(channel);
        if (byPort !== undefined)
          say(screen, `It is at ${byPort} too, for programs that do not know this name.`);
        if (!options.print) await openInBrowser(address, screen.env);
      }),
  );
}
