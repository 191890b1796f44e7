// `hippo team`: who owns apps and bindle names together.

import type { Command } from 'commander';
import type { TeamItem } from '../../hippo/api.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { CommandError } from '../failure.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface Options extends HippoOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['new', 'create'])
    .description('make a team that you are a member of')
    .argument('<name>', 'letters, digits, "-" and "_"');
  addOutputOption(addHippoOptions(add)).action((name: string, options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const id = await client.createTeam(name);
      printResult(screen, options.output, {
        id,
        message: `Added ${name} (ID = '${id}')`,
        json: { id, name },
      });
    }),
  );

  const list = command.command('list').aliases(['ls']).description('list your teams with their members');
  addOutputOption(addHippoOptions(list), ['message', 'id', 'json']).action((options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const teams = await client.teams();
      if (options.output === 'json') return print(screen, JSON.stringify(teams));
      if (options.output === 'id') return teams.forEach(({ id }) => print(screen, id));
      if (teams.length === 0) return say(screen, 'You belong to no team: `hippo team add NAME` makes one.');
      printTable(
        screen,
        ['NAME', 'MEMBERS', 'ID'],
        teams.map(({ id, name, members }) => [name, members.map(({ userName }) => userName).join(', '), id]),
      );
    }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove a team that owns nothing')
    .argument('<team>', 'name or id');
  addOutputOption(addHippoOptions(remove)).action((wanted: string, options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const { id, name } = await findTeam(client, wanted);
      await client.removeTeam(id);
      printResult(screen, options.output, { id, message: `Removed ${name}`, json: { id, name } });
    }),
  );

  const member = command.command('member').aliases(['members']).description('who belongs to a team');
  const addMember = member
    .command('add')
    .description('make an account a member')
    .argument('<team>', 'name or id')
    .argument('<user>', 'user name');
  addOutputOption(addHippoOptions(addMember)).action((wanted: string, userName: string, options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const { id, name } = await findTeam(client, wanted);
      await client.addTeamMember(id, userName);
      printResult(screen, options.output, {
        id,
        message: `Added ${userName} to ${name}`,
        json: { id, team: name, userName },
      });
    }),
  );
  const removeMember = member
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('take an account out')
    .argument('<team>', 'name or id')
    .argument('<user>', 'user name');
  addOutputOption(addHippoOptions(removeMember)).action(
    (wanted: string, userName: string, options: Options) =>
      withHippo(screen, options, async ({ client }) => {
        const { id, name } = await findTeam(client, wanted);
        await client.removeTeamMember(id, userName);
        printResult(screen, options.output, {
          id,
          message: `Removed ${userName} from ${name}`,
          json: { id, team: name, userName },
        });
      }),
  );
  const listMembers = member
    .command('list')
    .aliases(['ls'])
    .description('list the members of a team')
    .argument('<team>', 'name or id');
  addOutputOption(addHippoOptions(listMembers), ['message', 'id', 'json']).action(
    (wanted: string, options: Options) =>
      withHippo(screen, options, async ({ client }) => {
        const { members } = await findTeam(client, wanted);
        if (options.output === 'json') return print(screen, JSON.stringify(members));
        for (const { id, userName } of members) print(screen, options.output === 'id' ? id : userName);
      }),
  );
}

/** One of the user's teams, by name or id. @throws CommandError */
export async function findTeam(client: HippoClient, wanted: string): Promise<TeamItem> {
  const found = (await client.teams()).find(({ id, name }) => id === wanted || name === wanted);
  if (found) return found;
  throw new CommandError(`There is no team "${wanted}" that you belong to.`, {
    hint: '`hippo team list` lists them.',
  });
}
