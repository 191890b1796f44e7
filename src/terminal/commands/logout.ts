// `hippo logout`: ends the session and forgets tokens and password.

import type { Command } from 'commander';
import { openSession } from '../../session/open-session.ts';
import { signOut } from '../../session/sign-in.ts';
import { addHippoOptions, sessionPorts, sessionWish, type HippoOptions } from '../hippo.ts';
import { print, say, type Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  addHippoOptions(command).action(async (options: HippoOptions) => {
    const ports = sessionPorts(screen);
    const { url, connection: name } = sessionWish(screen, options);
    const { connection, client, platform } = await openSession({ url, connection: name }, ports);
    try {
      const { userName } = connection;
      if (userName === undefined)
        return say(
          screen,
          platform
            ? 'The local Hippo knows you as the owner of this machine: there is nothing to log out of.'
            : `You are not logged in to ${connection.hippoUrl}.`,
        );
      await signOut(ports, { connection, client }, userName, ({ message }) =>
        say(screen, `The server was not told: ${message}`),
      );
      print(screen, 'Logged out');
    } finally {
      await client.close();
    }
  });
}
