// `hippo addons brokers`: the service brokers of a Hippo, for its administrators.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { BrokerChange, BrokerItem, NewBroker } from '../../addons/brokers.ts';
import type { AddonsClient } from '../../addons/client.ts';
import { withAddons, type AddonsHippo } from '../addons.ts';
import { ask, canAsk, confirm, readInput } from '../ask.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addHippoOptions, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, visible, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';
import { findTeam } from './team.ts';

interface Options extends HippoOptions {
  output: OutputForm;
}

interface CredentialOptions {
  username?: string;
  passwordStdin?: boolean;
  tokenStdin?: boolean;
}

interface BrokerOptions extends Options, CredentialOptions {
  team?: string[];
  brokerCa?: string | false;
}

interface ChangeOptions extends BrokerOptions {
  name?: string;
  address?: string;
  everybody?: boolean;
  credentials?: boolean;
}

export function configureBrokers(command: Command, screen: Screen): void {
  const brokers = command
    .command('brokers')
    .aliases(['broker'])
    .description('where add-ons come from (for administrators)');

  const list = brokers.command('list').aliases(['ls']).description('list the brokers, and how they are');
  addOutputOption(addHippoOptions(list), ['message', 'id', 'json']).action((options: Options) =>
    withAddons(screen, options, async ({ addons }) => {
      const found = await addons.brokers();
      if (options.output === 'json') return print(screen, JSON.stringify(found));
      if (options.output === 'id') return found.forEach(({ id }) => print(screen, id));
      if (found.length === 0)
        return say(screen, 'There is no broker yet: `hippo addons brokers add NAME ADDRESS` registers one.');
      printTable(
        screen,
        ['NAME', 'ADDRESS', 'STATE', 'OFFERINGS', 'ADD-ONS', 'SEEN BY', 'ID'],
        found.map((broker) => [
          broker.name,
          broker.ships ? 'ships with this Hippo' : broker.url,
          broker.message === null ? broker.state : `${broker.state}: ${broker.message}`,
          String(broker.offerings),
          String(broker.addons),
          broker.teams === null ? 'everybody' : broker.teams.map(({ name }) => name).join(', '),
          broker.id,
        ]),
      );
    }),
  );

  const add = brokers
    .command('add')
    .aliases(['register', 'new', 'create'])
    .description('register a broker, as soon as its catalog has been read')
    .argument('<name>', 'letters, digits, "-" and "_"')
    .argument('<address>', 'https:, or http: on this machine');
  addOutputOption(addHippoOptions(addBrokerOptions(add))).action(
    (name: string, address: string, options: BrokerOptions) =>
      withAddons(screen, options, async (hippo) => {
        // Before anybody is asked for a password.
        checkAddress(address);
        const broker = await hippo.addons.registerBroker({
          name,
          url: address,
          ...(await readCredentials(screen, options)),
          ...(await readMore(screen, hippo, options)),
        } satisfies NewBroker);
        printBroker(screen, options.output, broker, `Added the broker ${broker.name}`);
      }),
  );

  const change = brokers
    .command('change')
    .aliases(['update', 'set'])
    .description('change a broker: its name, address, credentials or who sees it')
    .argument('<broker>', 'name or id')
    .option('--name <name>', 'another name')
    .option('--address <url>', 'another address')
    .option('--credentials', 'other credentials, which are asked for')
    .option('--no-broker-ca', "trust this machine's authorities only")
    .addOption(new Option('--everybody', 'everybody sees it').conflicts('team'));
  addOutputOption(addHippoOptions(addBrokerOptions(change))).action((named: string, options: ChangeOptions) =>
    withAddons(screen, options, async (hippo) => {
      const { id } = await findBroker(hippo.addons, named);
      const wish: BrokerChange = {
        ...(options.name === undefined ? {} : { name: options.name }),
        ...(options.address === undefined ? {} : { url: options.address }),
        ...(options.credentials || namesCredentials(options) ? await readCredentials(screen, options) : {}),
        ...(await readMore(screen, hippo, options)),
        ...(options.brokerCa === false ? { ca: null } : {}),
        ...(options.everybody ? { teamIds: null } : {}),
      };
      if (Object.keys(wish).length === 0)
        throw new CommandError('Nothing to change was given.', {
          hint: 'Give one or more of --name, --address, --credentials, --team, --everybody and --broker-ca.',
          exitCode: EXIT.usage,
        });
      const broker = await hippo.addons.changeBroker(id, wish);
      printBroker(screen, options.output, broker, `Changed the broker ${broker.name}`);
    }),
  );

  const refresh = brokers
    .command('refresh')
    .description("read a broker's catalog now")
    .argument('<broker>', 'name or id');
  addOutputOption(addHippoOptions(refresh)).action((named: string, options: Options) =>
    withAddons(screen, options, async ({ addons }) => {
      const { id } = await findBroker(addons, named);
      const broker = await addons.refreshBroker(id);
      printBroker(screen, options.output, broker, `Read the catalog of ${broker.name}`);
    }),
  );

  const remove = brokers
    .command('remove')
    .aliases(['rm', 'delete', 'deregister'])
    .description('forget a broker that has no add-ons')
    .argument('<broker>', 'name or id')
    .option('-y, --yes', 'do not ask');
  addOutputOption(addHippoOptions(remove)).action((named: string, options: Options & { yes?: boolean }) =>
    withAddons(screen, options, async ({ addons }) => {
      const { id, name } = await findBroker(addons, named);
      const question = `Forget the broker ${name}, and what it offers?`;
      if (!options.yes && canAsk(screen) && !(await confirm(screen, question, 'Give --yes.')))
        return say(screen, 'Nothing was removed.');
      await addons.deregisterBroker(id);
      printResult(screen, options.output, { id, message: `Removed ${name}`, json: { id, name } });
    }),
  );
}

function addBrokerOptions(command: Command): Command {
  return command
    .option('--username <name>', 'user name at the broker')
    .addOption(
      new Option(
        '--password-stdin',
        'read the password from standard input [HIPPO_BROKER_PASSWORD]',
      ).conflicts('tokenStdin'),
    )
    .option('--token-stdin', 'read a bearer token from standard input instead [HIPPO_BROKER_TOKEN]')
    .option('--broker-ca <file>', 'trust the certificates in this PEM file for it')
    .option(
      '--team <team>',
      'only this team sees it; may come again',
      (team: string, teams: string[] = []) => [...teams, team],
    );
}

/** Whether it is one that is trusted with a password is for the Hippo to say. @throws CommandError */
function checkAddress(address: string): void {
  const { protocol = '' } = URL.parse(address) ?? {};
  if (['http:', 'https:'].includes(protocol)) return;
  throw new CommandError(`"${visible(address)}" is no address of a broker.`, {
    hint: 'Give it as https://broker.example.com, or http: on this machine.',
    exitCode: EXIT.usage,
  });
}

function namesCredentials({ username, passwordStdin, tokenStdin }: CredentialOptions): boolean {
  return username !== undefined || passwordStdin === true || tokenStdin === true;
}

/** Never by the command line, which others on this machine can read. @throws CommandError, Cancelled */
async function readCredentials(
  screen: Screen,
  options: CredentialOptions,
): Promise<Pick<NewBroker, 'userName' | 'password' | 'token'>> {
  const token = screen.env['HIPPO_BROKER_TOKEN'];
  if (options.tokenStdin) return { token: await readInput(screen) };
  if (token && options.username === undefined && !options.passwordStdin) return { token };
  const instead =
    'Give --username with --password-stdin or HIPPO_BROKER_PASSWORD; or --token-stdin, or HIPPO_BROKER_TOKEN.';
  const userName =
    options.username ??
    (await ask(screen, 'User name at the broker (none: it takes a token): ', { instead })).trim();
  const secret = { secret: true, instead };
  if (userName === '') return { token: await ask(screen, 'Token: ', secret) };
  if (options.passwordStdin) return { userName, password: await readInput(screen) };
  const known = screen.env['HIPPO_BROKER_PASSWORD'];
  return { userName, password: known || (await ask(screen, 'Password: ', secret)) };
}

async function readMore(
  screen: Screen,
  hippo: AddonsHippo,
  { team, brokerCa }: BrokerOptions,
): Promise<Pick<NewBroker, 'ca' | 'teamIds'>> {
  const teams = team && (await Promise.all(team.map((named) => findTeam(hippo.client, named))));
  return {
    ...(teams ? { teamIds: teams.map(({ id }) => id) } : {}),
    ...(typeof brokerCa === 'string' ? { ca: await readCertificate(resolve(screen.cwd, brokerCa)) } : {}),
  };
}

async function readCertificate(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read (${error.code}).`, { exitCode: EXIT.usage });
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new CommandError(`${file} holds no certificate in PEM form.`, { exitCode: EXIT.usage });
}

/** @throws CommandError */
async function findBroker(addons: AddonsClient, wanted: string): Promise<BrokerItem> {
  const found = (await addons.brokers()).find(({ id, name }) => id === wanted || name === wanted);
  if (found) return found;
  throw new CommandError(`There is no broker "${wanted}".`, {
    hint: '`hippo addons brokers list` lists them.',
  });
}

function printBroker(screen: Screen, form: OutputForm, broker: BrokerItem, message: string): void {
  const { id, offerings } = broker;
  printResult(screen, form, {
    id,
    message: `${message}, with ${offerings} ${offerings === 1 ? 'offering' : 'offerings'}`,
    json: broker,
  });
  if (broker.message !== null && form === 'message') say(screen, visible(broker.message));
}
