// `hippo app`: apps, and `hippo create`, which is `hippo app add`.

import type { Command } from 'commander';
import { isUnknownStorage } from '../../hippo/errors.ts';
import { CommandError } from '../failure.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';
import { removeWithAddons } from '../with-addons.ts';
import { findTeam } from './team.ts';

interface Options extends HippoOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  configureAdd(
    command
      .command('add')
      .aliases(['new', 'create'])
      .description('make an app whose revisions are bindles of one name'),
    screen,
  );

  const list = command.command('list').aliases(['ls']).description('list the apps');
  addOutputOption(addHippoOptions(list), ['message', 'id', 'json']).action((options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const apps = await client.apps();
      if (options.output === 'json') return print(screen, JSON.stringify(apps));
      if (options.output === 'id') return apps.forEach(({ id }) => print(screen, id));
      if (apps.length === 0) return say(screen, 'There is no app yet: `hippo create NAME` makes one.');
      printTable(
        screen,
        ['NAME', 'STORAGE ID', 'CHANNELS', 'ID'],
        apps.map(({ name, storageId, channels, id }) => [
          name,
          storageId,
          channels.map((channel) => `${channel.name}:${channel.activeRevisionNumber ?? '-'}`).join(', '),
          id,
        ]),
      );
    }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove an app with its channels and revisions; its bindles stay')
    .argument('<app>', 'name or id')
    .option('--with-addons', 'remove its add-ons with their data before');
  addOutputOption(addHippoOptions(remove)).action(
    (named: string, options: Options & { withAddons?: boolean }) =>
      withHippo(screen, options, async (hippo) => {
        const app = await hippo.app(named);
        await removeWithAddons(screen, hippo, { appId: app.id }, app.name, {
          ...options,
          remove: () => hippo.client.removeApp(app.id),
        });
        printResult(screen, options.output, {
          id: app.id,
          message: `Removed ${app.name}`,
          json: { id: app.id, name: app.name },
        });
      }),
  );

  const rename = command
    .command('rename')
    .description('give an app another name')
    .argument('<app>', 'name or id')
    .argument('<name>', 'the new name');
  addOutputOption(addHippoOptions(rename)).action((named: string, name: string, options: Options) =>
    withHippo(screen, options, async (hippo) => {
      const app = await hippo.app(named);
      await hippo.client.renameApp(app.id, name);
      printResult(screen, options.output, {
        id: app.id,
        message: `Renamed ${app.name} to ${name}`,
        json: { id: app.id, name },
      });
    }),
  );

  const move = command
    .command('move')
    .description('give an app to another of your teams')
    .argument('<app>', 'name or id')
    .argument('<team>', 'name or id');
  addOutputOption(addHippoOptions(move)).action((named: string, teamName: string, options: Options) =>
    withHippo(screen, options, async (hippo) => {
      const app = await hippo.app(named);
      const team = await findTeam(hippo.client, teamName);
      await hippo.client.moveApp(app.id, team.id);
      printResult(screen, options.output, {
        id: app.id,
        message: `Moved ${app.name} to the team ${team.name}`,
        json: { id: app.id, name: app.name, teamId: team.id, team: team.name },
      });
    }),
  );
}

/** `hippo app add` and `hippo create`. */
export function configureAdd(command: Command, screen: Screen): void {
  command
    .argument('<name>', 'letters, digits, "-" and "_"')
    .argument(
      '[storage-id]',
      "name of the app's bindles (default: that in the HIPPOFACTS here, else the app's name)",
    );
  addOutputOption(addHippoOptions(command)).action(
    (name: string, storageId: string | undefined, options: Options) =>
      withHippo(screen, options, async (hippo) => {
        const bindles = storageId ?? (await hippo.storageId()) ?? name;
        const id = await hippo.client.createApp({ name, storageId: bindles }).catch((error: unknown) => {
          throw isUnknownStorage(error) ? publishFirst(bindles) : error;
        });
        // What follows here is about this app, unless the project says so itself.
        if ((await hippo.storageId()) !== bindles || (await hippo.choice()))
          await hippo.choose({ app: { id, name } });
        printResult(screen, options.output, {
          id,
          message: `Added ${name} (ID = '${id}')`,
          json: { id, name, storageId: bindles },
        });
      }),
  );
}

function publishFirst(storageId: string): CommandError {
  return new CommandError(
    `This Hippo knows no bindle "${storageId}" yet, and makes no app before there is one.`,
    {
      hint: 'Publish first: `hippo bindle` pushes the project here to the Bindle server. Then run this again.',
    },
  );
}
