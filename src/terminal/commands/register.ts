// `hippo register`: makes an account.

import type { Command } from 'commander';
import { demandEncryption } from '../../session/connections.ts';
import { openSession } from '../../session/open-session.ts';
import { addAccountOptions, readPassword, readUserName, type AccountOptions } from '../account.ts';
import { sessionPorts, sessionWish } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import type { Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  addOutputOption(addAccountOptions(command)).action(
    async (options: AccountOptions & { output: OutputForm }) => {
      // The name and the password are those of the new account, not of whoever makes it.
      const { userName: _name, password: _password, ...wish } = sessionWish(screen, options);
      const insecure = options.insecure ?? options.dangerAcceptInvalidCerts;
      const { client, connection } = await openSession({ ...wish, insecure }, sessionPorts(screen));
      try {
        demandEncryption({ ...connection, ...(options.plainHttp ? { plainHttp: true } : {}) });
        const userName = await readUserName(screen, options.username);
        const password = await readPassword(screen, options, true);
        const id = await client.register(userName, password);
        printResult(screen, options.output, {
          id,
          message: `Registered ${userName}`,
          json: { id, userName },
        });
      } finally {
        await client.close();
      }
    },
  );
}
