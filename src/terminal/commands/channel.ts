// `hippo channel`: the places that an app is served from.

import { Option, type Command } from 'commander';
import type { AppItem, ChannelItem, ChannelPatch } from '../../hippo/api.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { followLog } from '../../hippo/follow-log.ts';
import { parseRule } from '../../hippo/rules.ts';
import { addressOf } from '../../session/address.ts';
import { listenForCancel } from '../cancel.ts';
import { CommandError, EXIT } from '../failure.ts';
import {
  addAppOptions,
  addChannelOptions,
  withHippo,
  type AppOptions,
  type ChannelOptions,
  type Hippo,
} from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';
import { removeWithAddons } from '../with-addons.ts';

interface Output {
  output: OutputForm;
}

interface Selection {
  rule?: string;
  rangeRule?: string;
  revision?: string;
  revisionId?: string;
  domain?: string;
  certificate?: string;
  certificateId?: string;
}

interface SetOptions extends ChannelOptions, Selection, Output {
  name?: string;
}

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['new', 'create'])
    .description('make a channel; without a rule it takes every release')
    .argument('<name>', 'letters, digits, "-" and "_"')
    .argument('[app]', 'name or id of the app, as --app');
  addOutputOption(addAppOptions(addSelectionOptions(add))).action(
    (name: string, appName: string | undefined, options: AppOptions & Selection & Output) =>
      withHippo(screen, options, async (hippo) => {
        const app = await hippo.app(appName);
        const patch = await readSelection(hippo.client, app, options);
        const id = await hippo.client.createChannel({
          appId: app.id,
          name,
          revisionSelectionStrategy: 'UseRangeRule',
          ...patch,
        });
        const channel = await hippo.client.channel(id);
        const choice = await hippo.choice();
        if (choice && choice.app.id === app.id && !choice.channel)
          await hippo.choose({ ...choice, channel: { id, name } });
        printResult(screen, options.output, {
          id,
          message: `Added ${name} (ID = '${id}')\n${addressOf(channel, hippo)}`,
          json: { ...channel, address: addressOf(channel, hippo) },
        });
        if (options.output === 'message' && !channel.activeRevision) sayWaiting(screen, app, channel);
      }),
  );

  const list = command
    .command('list')
    .aliases(['ls'])
    .description('list the channels of all apps, or of one');
  addOutputOption(addAppOptions(list), ['message', 'id', 'json']).action((options: AppOptions & Output) =>
    withHippo(screen, options, async (hippo) => {
      const only = options.app === undefined ? undefined : await hippo.app();
      const apps = only ? [only] : await hippo.client.apps();
      const ids = new Map(apps.map((app) => [app.id, app]));
      const channels = (await hippo.client.channels()).filter(({ appId }) => ids.has(appId));
      if (options.output === 'json')
        return print(
          screen,
          JSON.stringify(channels.map((channel) => ({ ...channel, address: addressOf(channel, hippo) }))),
        );
      if (options.output === 'id') return channels.forEach(({ id }) => print(screen, id));
      if (channels.length === 0)
        return say(screen, 'There is no channel yet: `hippo channel add NAME` makes one.');
      await printChannels(screen, hippo, channels, (channel) => ids.get(channel.appId)?.name ?? '');
    }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove a channel')
    .argument('<channel>', 'name or id')
    .option('--with-addons', 'remove the add-ons that only it uses before, with their data');
  addOutputOption(addAppOptions(remove)).action(
    (named: string, options: AppOptions & Output & { withAddons?: boolean }) =>
      withHippo(screen, options, async (hippo) => {
        const { app, channel } = await hippo.channel(named);
        const where = { appId: app.id, channelId: channel.id };
        await removeWithAddons(screen, hippo, where, `${app.name}:${channel.name}`, {
          ...options,
          remove: () => hippo.client.removeChannel(channel.id),
        });
        printResult(screen, options.output, {
          id: channel.id,
          message: `Removed ${app.name}:${channel.name}`,
          json: { id: channel.id, name: channel.name, app: app.name },
        });
      }),
  );

  const set = command
    .command('set')
    .aliases(['update', 'edit'])
    .description('change which revision a channel runs, its domain, its name or its certificate')
    .argument('[channel]', 'name or id, as --channel')
    .option('--name <name>', 'another name');
  addOutputOption(addChannelOptions(addSelectionOptions(set))).action(
    (named: string | undefined, options: SetOptions) =>
      withHippo(screen, options, async (hippo) => {
        const { app, channel } = await hippo.channel(named);
        const patch: ChannelPatch = {
          ...(await readSelection(hippo.client, app, options)),
          ...(options.name === undefined ? {} : { name: options.name }),
        };
        if (Object.keys(patch).length === 0)
          throw new CommandError('Nothing to change was given.', {
            hint: 'Give one or more of --rule, --revision, --domain, --name and --certificate.',
            exitCode: EXIT.usage,
          });
        await hippo.client.patchChannel(channel.id, patch);
        const changed = await hippo.client.channel(channel.id);
        printResult(screen, options.output, {
          id: channel.id,
          message: `${app.name}:${changed.name} ${runs(changed)}\n${addressOf(changed, hippo)}`,
          json: { ...changed, address: addressOf(changed, hippo) },
        });
      }),
  );

  const logs = command
    .command('logs')
    .aliases(['log'])
    .description('print what a channel has logged')
    .argument('[channel]', 'name or id, as --channel')
    .option('-f, --follow', 'go on until Ctrl-C');
  addChannelOptions(logs).action(
    (named: string | undefined, options: ChannelOptions & { follow?: boolean }) =>
      withHippo(screen, options, async (hippo) => {
        const { channel } = await hippo.channel(named);
        if (options.follow) return follow(screen, hippo.client, channel.id);
        for (const line of await hippo.client.channelLogs(channel.id)) print(screen, line);
      }),
  );
}

/** One line a channel: what runs, why, how it is and where. */
export async function printChannels(
  screen: Screen,
  hippo: Hippo,
  channels: readonly ChannelItem[],
  appName: (channel: ChannelItem) => string,
): Promise<void> {
  const statuses = new Map(
    (await hippo.client.channelStatuses()).map(({ channelId, status }) => [channelId, status]),
  );
  printTable(
    screen,
    ['APP', 'CHANNEL', 'REVISION', 'RULE', 'STATUS', 'ADDRESS', 'ID'],
    channels.map((channel) => [
      appName(channel),
      channel.name,
      channel.activeRevision?.revisionNumber ?? '',
      channel.revisionSelectionStrategy === 'UseRangeRule' ? (channel.rangeRule ?? '') : '(fixed)',
      statuses.get(channel.id) ?? 'Unknown',
      addressOf(channel, hippo),
      channel.id,
    ]),
  );
}

/** `runs 1.2.3, by the rule "*"`. */
export function runs({ activeRevision, revisionSelectionStrategy, rangeRule }: ChannelItem): string {
  const what = activeRevision ? `runs ${activeRevision.revisionNumber}` : 'runs nothing yet';
  return revisionSelectionStrategy === 'UseRangeRule'
    ? `${what}, by the rule "${rangeRule ?? '*'}"`
    : `${what}, and stays on it`;
}

/** The revision of an app with this number or id. @throws CommandError that lists them */
export async function findRevision(
  client: HippoClient,
  app: AppItem,
  wanted: string,
): Promise<{ id: string; revisionNumber: string }> {
  const revisions = await client.revisions({ appId: app.id });
  const found = revisions.find(({ id, revisionNumber }) => revisionNumber === wanted || id === wanted);
  if (found) return found;
  const last = revisions.slice(-5).map(({ revisionNumber }) => revisionNumber);
  throw new CommandError(`${app.name} has no revision "${wanted}".`, {
    hint:
      last.length === 0
        ? 'It has none yet: publish one.'
        : `The last ones are ${last.join(', ')}; \`hippo revision list\` lists all.`,
  });
}

function addSelectionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--rule <rule>',
        'run the best revision of this range, such as "*", "^1.2" or "P:*-ana-*", also of those to come',
      ).conflicts(['revision', 'revisionId']),
    )
    .addOption(new Option('--range-rule <rule>').hideHelp().conflicts(['revision', 'revisionId', 'rule']))
    .option('--revision <number>', 'run this revision, whatever comes')
    .addOption(new Option('--revision-id <id>').hideHelp().conflicts('revision'))
    .option('-d, --domain <domain>', 'the name under which it is reached')
    .option('--certificate <certificate>', 'name or id of its certificate; "" for none')
    .addOption(new Option('--certificate-id <id>').hideHelp().conflicts('certificate'));
}

async function readSelection(client: HippoClient, app: AppItem, options: Selection): Promise<ChannelPatch> {
  const rule = options.rule ?? options.rangeRule;
  // Said here, since real servers store a rule that they cannot read.
  if (rule !== undefined) parseRule(rule);
  const revision = options.revision ?? options.revisionId;
  const certificate = options.certificate ?? options.certificateId;
  return {
    ...(rule === undefined ? {} : { revisionSelectionStrategy: 'UseRangeRule' as const, rangeRule: rule }),
    ...(revision === undefined
      ? {}
      : {
          revisionSelectionStrategy: 'UseSpecifiedRevision' as const,
          activeRevisionId: (await findRevision(client, app, revision)).id,
        }),
    ...(options.domain === undefined ? {} : { domain: options.domain }),
    ...(certificate === undefined ? {} : { certificateId: await findCertificate(client, certificate) }),
  };
}

async function findCertificate(client: HippoClient, wanted: string): Promise<string | null> {
  if (wanted === '') return null;
  const found = (await client.certificates()).find(({ id, name }) => id === wanted || name === wanted);
  if (found) return found.id;
  throw new CommandError(`There is no certificate "${wanted}".`, {
    hint: '`hippo certificate list` lists them.',
  });
}

function sayWaiting(screen: Screen, app: AppItem, { rangeRule }: ChannelItem): void {
  say(
    screen,
    `It runs nothing yet: no revision of ${app.name} satisfies "${rangeRule ?? '*'}". Publish one, or make one known with \`hippo revision add\`.`,
  );
}

/** Until Ctrl-C. */
async function follow(screen: Screen, client: HippoClient, channelId: string): Promise<void> {
  const { signal, release } = listenForCancel();
  try {
    for await (const line of followLog(client, channelId, { signal })) print(screen, line);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    release();
  }
}
