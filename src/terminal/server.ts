// Options that name a Bindle server, the same for every command, and the client they make.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { BindleClient } from '../bindle/client.ts';
import { isLoopback, parseBaseUrl, type Credentials, type HttpOptions } from '../bindle/http.ts';
import { bindleAccount, bindleCredentials, bindleUrlOf, hasAccountAt } from '../session/bindle-server.ts';
import { openSessionAt, resolveConnection, type OpenSession } from '../session/open-session.ts';
import { CommandError, EXIT } from './failure.ts';
import { readToken, sessionPorts, sessionWish } from './hippo.ts';
import { runningPlatform } from './local-platform.ts';
import { warn, type Screen } from './screen.ts';

/** Where the local Hippo's Bindle server is as a rule, for those who only might need it. */
const LOCAL_BINDLE_URL = 'http://localhost:5309/v1';

export interface ServerOptions {
  server?: string;
  bindleUsername?: string;
  bindlePassword?: string;
  bindleToken?: string;
  insecure?: boolean;
  caFile?: string;
}

export function addServerOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '-s, --server <url>',
        'the Bindle server, ending in /v1 (default: that of the Hippo in use, else of the local one)',
      ).env('BINDLE_URL'),
    )
    .addOption(
      new Option('--bindle-username <name>', 'user name on the Bindle server').env('BINDLE_USERNAME'),
    )
    .addOption(
      new Option('--bindle-password <password>', 'password on the Bindle server').env('BINDLE_PASSWORD'),
    )
    .addOption(new Option('--bindle-token <token>', 'bearer token instead of a password').env('BINDLE_TOKEN'))
    .addOption(
      new Option('--ca-file <file>', 'trust the certificates in this PEM file too').env('BINDLE_CA_FILE'),
    )
    .option('-k, --insecure', 'accept any certificate: the server may be anybody');
}

/**
 * The client for these options: of the server that they name, else of the one that belongs to the Hippo in use,
 * which is the local one, started if it does not run, unless another was chosen. Says aloud what makes the
 * connection unsafe.
 * @param hippo the Hippo in use, where a command's own options say which
 */
export async function connect(
  screen: Screen,
  options: ServerOptions,
  hippo?: OpenSession,
): Promise<BindleClient> {
  return connectTo(screen, options, options.server || (await bindleServerOf(screen, hippo)), hippo);
}

/**
 * The client of the server from which bindles that a project refers to come; none is started for it.
 * @param hippo the Hippo in use, where a command's own options say which
 */
export async function connectExternal(
  screen: Screen,
  options: ServerOptions & { externalUrl?: string },
  hippo?: OpenSession,
): Promise<BindleClient> {
  const url = options.externalUrl || options.server;
  if (!options.externalUrl || sameOrigin(options.externalUrl, options.server))
    return connectTo(
      screen,
      options,
      url || ((await runningPlatform(screen))?.bindleUrl ?? LOCAL_BINDLE_URL),
      hippo,
    );
  // The credentials are those of the server that is pushed to: another origin must not see them.
  const { bindleUsername: _user, bindlePassword: _password, bindleToken: _token, ...others } = options;
  return connectTo(screen, others, options.externalUrl);
}

function sameOrigin(a: string, b: string | undefined): boolean {
  return b !== undefined && URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;
}

/** What is kept of it, else what Hippo itself tells: ours is its own Bindle server. */
async function bindleServerOf(screen: Screen, hippo: OpenSession | undefined): Promise<string> {
  const ports = sessionPorts(screen);
  const { connection, platform } = hippo ?? (await resolveConnection(sessionWish(screen, {}), ports));
  const known = await bindleUrlOf({ connection, platform }, ports);
  if (known !== undefined) return known;
  throw new CommandError(`Nobody has said which Bindle server belongs to ${connection.hippoUrl}.`, {
    hint: 'Give it with --server or BINDLE_URL.',
    exitCode: EXIT.usage,
  });
}

async function connectTo(
  screen: Screen,
  options: ServerOptions,
  url: string,
  hippo?: OpenSession,
): Promise<BindleClient> {
  const address = parseBaseUrl(url);
  const credentials = readCredentials(options) ?? (await keptCredentials(screen, address, hippo));
  if (options.insecure && address.protocol === 'https:')
    warn(
      screen,
      `The certificate of ${address.host} is not checked (-k): anybody in between can read and change everything.`,
    );
  if (credentials && address.protocol === 'http:' && !isLoopback(address.hostname))
    warn(screen, `Your credentials go to ${address.host} unencrypted: use https:// if the server can.`);
  return new BindleClient({
    url: address.href,
    ...(credentials ? { credentials } : {}),
    ...(options.insecure ? { insecure: true } : {}),
    ...(options.caFile ? { ca: await readCertificates(resolve(screen.cwd, options.caFile)) } : {}),
  });
}

/** Where Hippo itself is the Bindle server too, whoever is signed in to the one is known to the other. */
async function keptCredentials(
  screen: Screen,
  address: URL,
  hippo: OpenSession | undefined,
): Promise<HttpOptions['credentials']> {
  const ports = sessionPorts(screen);
  const ofHippo = hippo && bindleCredentials(hippo, address, ports);
  if (ofHippo) return (await ofHippo()) && ofHippo;
  const session = await openSessionAt(address, sessionWish(screen, {}), ports);
  try {
    const token = await session?.client.bearer();
    if (token !== undefined) return { type: 'bearer', token };
  } finally {
    await session?.client.close();
  }
  const connections = await ports.connections.listByBindleServer(address.origin);
  const withAccount = connections.find((connection) => hasAccountAt(connection, address));
  return withAccount && bindleAccount(withAccount, ports);
}

function readCredentials(options: ServerOptions): Credentials | undefined {
  const { bindleUsername: username, bindlePassword: password } = options;
  const token = readToken(options.bindleToken, 'Bindle token', '--bindle-token or BINDLE_TOKEN');
  if (token) return { type: 'bearer', token };
  if (username && password) return { type: 'basic', username, password };
  if (username || password)
    throw new CommandError(`The Bindle ${username ? 'password' : 'user name'} is missing.`, {
      hint: 'Give both --bindle-username and --bindle-password, or BINDLE_USERNAME and BINDLE_PASSWORD.',
      exitCode: EXIT.usage,
    });
  return undefined;
}

async function readCertificates(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw new CommandError(
      text === undefined ? `${file} cannot be read.` : `${file} holds no certificate in PEM form.`,
      { exitCode: EXIT.usage },
    );
  return text;
}
