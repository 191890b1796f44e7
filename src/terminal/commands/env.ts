// `hippo env`: the environment variables of a channel, which its modules see.

import type { Command } from 'commander';
import type { Variable } from '../../hippo/api.ts';
import { editVariables, variablesOf, withVariables } from '../../hippo/variables.ts';
import { demandAccount } from '../demand-account.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addChannelOptions, withHippo, type ChannelOptions, type Hippo } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface Options extends ChannelOptions {
  output: OutputForm;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['new'])
    .description('set a variable; one of this name is replaced')
    .argument('<key>', 'letters, digits and "_"')
    .argument('<value>')
    .argument('[channel]', 'name or id, as --channel');
  addOutputOption(addChannelOptions(add)).action(
    (key: string, value: string, named: string | undefined, options: Options) =>
      change(screen, options, named, `Added ${key}`, (variables) =>
        withVariables(variables, [{ key, value }]),
      ),
  );

  const set = command
    .command('set')
    .description('set several variables; the others stay')
    .argument('<key=value...>');
  addOutputOption(addChannelOptions(set)).action((pairs: string[], options: Options) => {
    const given = pairs.map(readPair);
    return change(screen, options, undefined, `Set ${given.map(({ key }) => key).join(', ')}`, (variables) =>
      withVariables(variables, given),
    );
  });

  const list = command
    .command('list')
    .aliases(['ls'])
    .description('list the variables of a channel with their values')
    .argument('[channel]', 'name or id, as --channel');
  addOutputOption(addChannelOptions(list), ['message', 'id', 'json']).action(
    (named: string | undefined, options: Options) =>
      withHippo(screen, options, async (hippo) => {
        await demandAccount(hippo, 'see or change variables');
        const { app, channel } = await hippo.channel(named);
        const variables = variablesOf(channel);
        if (options.output === 'json') return print(screen, JSON.stringify(variables));
        if (options.output === 'id') return variables.forEach(({ key }) => print(screen, key));
        if (variables.length === 0) return say(screen, `${app.name}:${channel.name} has no variables.`);
        printTable(
          screen,
          ['KEY', 'VALUE'],
          variables.map(({ key, value }) => [key, value]),
        );
      }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete', 'unset'])
    .description('remove variables')
    .argument('<key...>', 'their names; the id of a channel may stand before them');
  addOutputOption(addChannelOptions(remove)).action((words: string[], options: Options) => {
    // The 0.14 CLI has it as CHANNEL_ID KEY; no key looks like an id.
    const [first = '', ...rest] = words;
    const [named, keys] = GUID.test(first) && rest.length > 0 ? [first, rest] : [undefined, words];
    return change(screen, options, named, `Removed ${keys.join(', ')}`, (variables, where) => {
      const missing = keys.filter((key) => !variables.some((variable) => variable.key === key));
      if (missing.length > 0)
        throw new CommandError(`${where} has no variable ${missing.join(', ')}: nothing was removed.`, {
          hint: '`hippo env list` lists them.',
        });
      return variables.filter(({ key }) => !keys.includes(key));
    });
  });
}

function change(
  screen: Screen,
  options: Options,
  named: string | undefined,
  done: string,
  edit: (variables: readonly Variable[], where: string) => Variable[],
): Promise<void> {
  return withHippo(screen, options, async (hippo: Hippo) => {
    await demandAccount(hippo, 'see or change variables');
    const { app, channel } = await hippo.channel(named);
    const where = `${app.name}:${channel.name}`;
    const keys = await editVariables(hippo.client, channel.id, (variables) => edit(variables, where));
    printResult(screen, options.output, {
      id: channel.id,
      message: `${done} in ${where}`,
      json: {
        id: channel.id,
        app: app.name,
        channel: channel.name,
        keys,
      },
    });
  });
}

function readPair(text: string): Variable {
  const at = text.indexOf('=');
  if (at > 0) return { key: text.slice(0, at), value: text.slice(at + 1) };
  throw new CommandError(`"${text}" is not KEY=VALUE.`, { exitCode: EXIT.usage });
}
