// `hippo login`: signs in and keeps the tokens; the password only if that is asked for.

import type { Command } from 'commander';
import { HippoClient } from '../../hippo/client.ts';
import { demandEncryption, LOCAL, nameForUrl, type Connection } from '../../session/connections.ts';
import { resolveConnection, transport, type SessionPorts } from '../../session/open-session.ts';
import { findPlaces } from '../../session/places.ts';
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
  const client = new HippoClient(await transport(connection));
  try {
    const session = await client.signIn(userName, password);
    const { product } = await client.identify();
    const name = await freeName(connection, ports);
    const bindleUrl =
      connection.bindleUrl ?? (product === undefined ? undefined : `${connection.hippoUrl}/v1`);
    const keepPassword = options.savePassword ?? false;
    await ports.secrets.set(
      { origin: client.url.origin, userName },
      { session, ...(keepPassword ? { password } : {}) },
    );
    await ports.connections.put({
      ...connection,
      name,
      userName,
      ...(bindleUrl === undefined ? {} : { bindleUrl }),
    });
    await ports.connections.use(name);
    printResult(screen, options.output, {
      id: name,
      message: `Logged in as ${userName}`,
      json: { connection: name, hippo: connection.hippoUrl, user: userName, expiration: session.expiration },
    });
    say(screen, `Commands talk to ${connection.hippoUrl} (${name}) from now on.`);
    if (keepPassword)
      say(screen, `Your password is kept in ${findPlaces(screen.env).secrets}, readable by you alone.`);
    else if (session.refreshToken === undefined)
      say(
        screen,
        `This holds until ${session.expiration}; with --save-password you are signed in again by itself.`,
      );
  } finally {
    await client.close();
  }
}

/** The name that the connection has, or one that no connection to another server has. */
async function freeName(connection: Connection, { connections }: SessionPorts): Promise<string> {
  const { origin } = new URL(connection.hippoUrl);
  const wanted = connection.name === LOCAL ? nameForUrl(new URL(connection.hippoUrl)) : connection.name;
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted.slice(0, 58)}-${number}`;
    const taken = await connections.find(name);
    if (!taken || new URL(taken.hippoUrl).origin === origin) return name;
  }
}
