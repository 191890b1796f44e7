// `hippo connection`: Hippos by name, and which of them commands talk to.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Dialect } from '../../hippo/client.ts';
import { LOCAL, type Connection } from '../../session/connections.ts';
import { examine } from '../../session/examine.ts';
import { openSession } from '../../session/open-session.ts';
import { AlreadySaid, EXIT } from '../failure.ts';
import { sessionPorts, sessionWish } from '../hippo.ts';
import { runningPlatform } from '../local-platform.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, warn, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface AddOptions {
  bindle?: string;
  username?: string;
  plainHttp?: boolean;
  insecure?: boolean;
  caFile?: string;
  use?: boolean;
  output: OutputForm;
}

const DIALECTS: Readonly<Record<Dialect, string>> = {
  P: 'P (0.19 and later)',
  S: 'S (0.2 to 0.18)',
  O: 'O (0.1)',
};

export function configure(command: Command, screen: Screen): void {
  const { connections, secrets, window } = sessionPorts(screen);

  const add = command
    .command('add')
    .aliases(['new'])
    .description('keep the address of a Hippo under a name')
    .argument('<name>', 'lower-case letters, digits, ".", "-" and "_"')
    .argument('<url>', "Hippo's address, such as https://hippo.example.com")
    .option('--bindle <url>', 'the Bindle server that belongs to it, ending in /v1')
    .option('--username <name>', 'who will sign in there')
    .option('--plain-http', 'let passwords and tokens go over http to another machine')
    .option('-k, --insecure', 'accept any certificate: the server may be anybody')
    .option('--ca-file <file>', 'trust the certificates in this PEM file too')
    .option('--use', 'use it from now on');
  addOutputOption(add).action(async (name: string, url: string, options: AddOptions) => {
    const connection: Connection = {
      name,
      hippoUrl: url,
      ...(options.bindle === undefined ? {} : { bindleUrl: options.bindle }),
      ...(options.username === undefined ? {} : { userName: options.username }),
      ...(options.plainHttp ? { plainHttp: true } : {}),
      ...(options.insecure ? { insecure: true } : {}),
      ...(options.caFile === undefined ? {} : { caFile: resolve(screen.cwd, options.caFile) }),
    };
    await connections.add(connection);
    if (options.use) await connections.use(name);
    if (options.insecure) warn(screen, `The certificate of ${url} will not be checked (-k).`);
    printResult(screen, options.output, {
      id: name,
      message: `Added ${name}${options.use ? ', used from now on' : ''}`,
      json: connection,
    });
  });

  const list = command
    .command('list')
    .aliases(['ls'])
    .description('list the connections; * is the one in use');
  addOutputOption(list, ['message', 'id', 'json']).action(async ({ output }: { output: OutputForm }) => {
    const current = await connections.current();
    const platform = await runningPlatform(screen);
    const local: Omit<Connection, 'hippoUrl'> & { hippoUrl: string | null } = {
      name: LOCAL,
      hippoUrl: platform?.hippoUrl ?? null,
      ...(platform ? { bindleUrl: platform.bindleUrl } : {}),
    };
    const all = [local, ...(await connections.list())];
    if (output === 'json')
      return print(
        screen,
        JSON.stringify(all.map((connection) => ({ ...connection, current: connection.name === current }))),
      );
    if (output === 'id') return all.forEach(({ name }) => print(screen, name));
    printTable(
      screen,
      [' ', 'NAME', 'HIPPO', 'BINDLE', 'USER'],
      all.map(({ name, hippoUrl, bindleUrl, userName }) => [
        name === current ? '*' : ' ',
        name,
        hippoUrl ?? '(starts when it is needed)',
        bindleUrl ?? '',
        userName ?? (name === LOCAL ? 'the owner of this machine' : ''),
      ]),
    );
  });

  command
    .command('use')
    .description(`choose the Hippo that commands talk to; "${LOCAL}" is the one of this machine`)
    .argument('<name>')
    .action(async (name: string) => {
      await connections.use(name);
      print(screen, `Commands talk to ${name} from now on`);
      const ofWindow = await window?.connection(screen.env['HIPPO_URL'] || undefined);
      if (ofWindow !== undefined && ofWindow !== name)
        say(
          screen,
          `In this terminal they go on with ${ofWindow}, the connection of the editor's window: switch that in its status bar.`,
        );
    });

  command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('forget a connection, with the tokens and the password that are kept for it')
    .argument('<name>')
    .action(async (name: string) => {
      const { hippoUrl, userName } = await connections.get(name);
      await connections.remove(name);
      if (userName !== undefined) await secrets.remove({ origin: new URL(hippoUrl).origin, userName });
      print(screen, `Removed ${name}`);
    });

  const test = command
    .command('test')
    .description('say what answers there, which dialect it speaks and who you are to it')
    .argument('[name]', 'default: the one in use');
  addOutputOption(test, ['message', 'json']).action(
    async (name: string | undefined, { output }: { output: OutputForm }) =>
      testConnection(screen, name, output),
  );
}

async function testConnection(screen: Screen, name: string | undefined, output: OutputForm): Promise<void> {
  const wish = sessionWish(screen, name === undefined ? {} : { connection: name });
  const { connection, client } = await openSession(wish, sessionPorts(screen));
  try {
    const { identity, myself, bindle } = await examine({ connection, client });
    if (output === 'json')
      print(
        screen,
        JSON.stringify({
          connection: connection.name,
          hippo: connection.hippoUrl,
          ...identity,
          user: myself?.userName ?? null,
          administrator: myself?.administrator ?? null,
          bindle,
        }),
      );
    else {
      const product =
        identity.product === undefined ? 'a Hippo' : `${identity.product} ${identity.version ?? ''}`;
      print(screen, `Connection: ${connection.name}`);
      print(screen, `Hippo:      ${connection.hippoUrl} answers: ${product.trimEnd()}`);
      print(screen, `Dialect:    ${DIALECTS[identity.dialect]}`);
      const role = myself?.administrator ? ', an administrator' : '';
      print(screen, `You are:    ${myself ? myself.userName + role : 'not signed in'}`);
      print(screen, `Bindle:     ${bindle.url ?? 'not known'}${bindle.url ? ` ${bindle.answer}` : ''}`);
    }
    if (!myself) say(screen, 'Sign in with `hippo login`.');
    if (!myself || bindle.ok === false) throw new AlreadySaid(myself ? EXIT.server : EXIT.denied);
  } finally {
    await client.close();
  }
}
