// `hippo addons credentials|env`: the variables that add-ons give a channel.

import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import type { AddonsClient } from '../../addons/client.ts';
import { findAddon } from '../../addons/find.ts';
import { withAddons, type AddonChannelOptions } from '../addons.ts';
import { demandAccount } from '../demand-account.ts';
import { ignoreByGit, isTrackedByGit, writeEnvBlock } from '../env-file.ts';
import { CommandError } from '../failure.ts';
import { addChannelOptions } from '../hippo.ts';
import { addOutputOption } from '../output.ts';
import { print, say, warn, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

export function configureCredentials(command: Command, screen: Screen): void {
  const credentials = command
    .command('credentials')
    .aliases(['variables'])
    .description('list the variables that add-ons give a channel')
    .argument('[addon]', 'of this add-on only')
    .option('--reveal', 'with their values, which are secrets');
  addOutputOption(addChannelOptions(credentials), ['message', 'id', 'json']).action(
    (named: string | undefined, options: AddonChannelOptions & { reveal?: boolean }) =>
      withAddons(screen, options, async (hippo) => {
        await demandAccount(hippo, 'see credentials');
        const { app, channel } = await hippo.channel();
        const only =
          named === undefined
            ? undefined
            : findAddon(await hippo.addons.addons({ appId: app.id }), named, app.name);
        const all = await hippo.addons.addonVariables(channel.id, options.reveal === true);
        const variables = only ? all.filter(({ addonId }) => addonId === only.id) : all;
        if (options.output === 'json') return print(screen, JSON.stringify(variables));
        if (options.output === 'id') return variables.forEach(({ key }) => print(screen, key));
        const place = `${app.name}:${channel.name}`;
        if (variables.length === 0)
          return say(screen, `No add-on${only ? ` called ${only.name}` : ''} gives ${place} variables.`);
        printTable(
          screen,
          options.reveal ? ['KEY', 'VALUE', 'ADD-ON'] : ['KEY', 'ADD-ON'],
          variables.map(({ key, value = '', addonName }) =>
            options.reveal ? [key, value, addonName] : [key, addonName],
          ),
        );
        if (!options.reveal) say(screen, 'Their values are secrets; --reveal shows them.');
      }),
  );

  const env = command
    .command('env')
    .description('write the variables of add-ons to a .env, for work on this machine')
    .option('--file <file>', 'the file', '.env');
  addOutputOption(addChannelOptions(env), ['message', 'none', 'json']).action(
    (options: AddonChannelOptions & { file: string }) =>
      withAddons(screen, options, async (hippo) => {
        await demandAccount(hippo, 'see credentials');
        const { app, channel } = await hippo.channel();
        const place = `${app.name}:${channel.name}`;
        const variables = (await hippo.addons.addonVariables(channel.id, true)).flatMap(({ key, value }) =>
          value === undefined ? [] : [{ key, value }],
        );
        const silent = await withoutVariables(hippo.addons, app.id, channel.id);
        const file = resolve(screen.cwd, options.file);
        const { written, kept, removed, exposed } = await writeEnvBlock(file, place, variables).catch(
          (error: NodeJS.ErrnoException) => {
            const more = error.code === 'ENOENT' ? { hint: `Make the folder ${dirname(file)} first.` } : {};
            throw new CommandError(
              `${options.file} cannot be written (${error.code ?? error.message}).`,
              more,
            );
          },
        );
        // Where nothing was written, there is nothing to hide.
        const ignored = written.length > 0 ? await ignoreByGit(file) : undefined;
        const tracked = written.length > 0 && (await isTrackedByGit(file));
        if (tracked)
          warn(
            screen,
            `git has ${options.file} already, and a .gitignore does not change that: the next commit would have these secrets in it. \`git rm --cached ${options.file}\` takes it out, and leaves the file.`,
          );
        if (options.output === 'json')
          return print(
            screen,
            JSON.stringify({ file, written, kept, removed, ignored: ignored ?? null, tracked }),
          );
        if (options.output === 'none') return;
        if (written.length > 0) print(screen, `Wrote ${written.join(', ')} of ${place} to ${options.file}`);
        else if (kept.length === 0) say(screen, `No add-on gives ${place} variables: nothing was written.`);
        if (removed.length > 0) say(screen, `Took out ${removed.join(', ')}, which ${place} has no longer.`);
        if (kept.length > 0)
          say(screen, `Left as they were, because they were not written by this: ${kept.join(', ')}`);
        if (silent.length > 0)
          say(
            screen,
            `Reached by host calls only, so that nothing stands there for them: ${silent.join(', ')}`,
          );
        if (ignored) say(screen, `Added ${ignored.line} to ${ignored.file}.`);
        if (exposed)
          warn(screen, `${options.file} was there before, and others on this machine may read it.`);
      }),
  );
}

/** Names of add-ons that the channel uses and that give it none. */
async function withoutVariables(addons: AddonsClient, appId: string, channelId: string): Promise<string[]> {
  const used = await addons.addons({ appId, channelId });
  return used
    .filter(({ bindings }) =>
      bindings.some((binding) => binding.channelId === channelId && binding.variables.length === 0),
    )
    .map(({ name }) => name);
}
