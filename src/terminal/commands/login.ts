// `hippo login`: signs in and keeps the tokens; the password only if that is asked for.

import type { Command } from 'commander';
import { demandEncryption, LOCAL, type Connection } from '../../session/connections.ts';
import { resolveConnection } from '../../session/open-session.ts';
import { findPlaces } from '../../session/places.ts';
import { signIn } from '../../session/sign-in.ts';
import { addAccountOptions, readPassword, readUserName, type AccountOptions } from '../account.ts';
import { sessionPorts, sessionWish } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { say, warn, type Screen } from '../screen.ts';

interface Options extends AccountOptions {
  savePassword?: boolean;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  addOutputOption(
    addAccountOptions(command).option(
      '--save-password',
      'keep the password in a file that only you can read, to sign in again by itself',
    ),
  ).action((options: Options) => login(screen, options));
}

async function login(screen: Screen, options: Options): Promise<void> {
  const ports = sessionPorts(screen);
  const wish = sessionWish(screen, options);
  const insecure = options.insecure ?? options.dangerAcceptInvalidCerts;
  const { connection: known, platform } = await resolveConnection({ ...wish, insecure }, ports);
  const given = options.username ?? wish.userName;
  if (platform && given === undefined && known.userName === undefined) {
    if (known.name === LOCAL) await ports.connections.use(LOCAL);
    printResult(screen, options.output, { id: LOCAL, message: '', json: { connection: LOCAL } });
    return say(screen, 'The local Hippo knows you as the owner of this machine: there is no need to log in.');
  }
  const connection: Connection = { ...known, ...(options.plainHttp ? { plainHttp: true } : {}) };
  demandEncryption(connection);
  if (insecure) warn(screen, `The certificate of ${connection.hippoUrl} is not checked (-k).`);
  const userName = await readUserName(screen, given, known.userName);
  const password = await readPassword(screen, options, false);
  const keepPassword = options.savePassword ?? false;
  const { connection: kept, session } = await signIn(ports, connection, { userName, password, keepPassword });
  await ports.connections.use(kept.name);
  printResult(screen, options.output, {
    id: kept.name,
    message: `Logged in as ${userName}`,
    json: { connection: kept.name, hippo: kept.hippoUrl, user: userName, expiration: session.expiration },
  });
  say(screen, `Commands talk to ${kept.hippoUrl} (${kept.name}) from now on.`);
  if (keepPassword)
    say(screen, `Your password is kept in ${findPlaces(screen.env).secrets}, readable by you alone.`);
  else if (session.refreshToken === undefined)
    say(
      screen,
      `This holds until ${session.expiration}; with --save-password you are signed in again by itself.`,
    );
}
