// `hippo token`: deploy tokens, with which CI publishes one app and does nothing else.

import type { Command } from 'commander';
import { CommandError, EXIT } from '../failure.ts';
import { addAppOptions, withHippo, type AppOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface Options extends AppOptions {
  output: OutputForm;
}

const DAY = 24 * 60 * 60 * 1000;
const UNITS: Readonly<Record<string, number>> = { h: DAY / 24, d: DAY, w: 7 * DAY };

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('create')
    .aliases(['add', 'new'])
    .description('make a token that may publish one app; it is shown this once')
    .option('--name <name>', 'what it is for')
    .option(
      '--expires <time>',
      'when it ends: so many hours, days or weeks from now, as in 12h, 90d, 52w',
      '90d',
    );
  addOutputOption(addAppOptions(add), ['message', 'id', 'json']).action(
    (options: Options & { name?: string; expires: string }) =>
      withHippo(screen, options, async (hippo) => {
        const expiration = readExpiration(options.expires, new Date());
        const app = await hippo.app();
        const { name } = options;
        const created = await hippo.client.createDeployToken({
          appId: app.id,
          expiration,
          ...(name === undefined ? {} : { name }),
        });
        // The token alone on standard output, so that it can be handed on.
        printResult(screen, options.output, { id: created.id, message: created.token, json: created });
        if (options.output === 'message')
          say(
            screen,
            `This token publishes ${app.name} until ${created.expiration}, as HIPPO_TOKEN in CI. It is shown this once.`,
          );
      }),
  );

  const list = command.command('list').aliases(['ls']).description('list the tokens of your apps, or of one');
  addOutputOption(addAppOptions(list), ['message', 'id', 'json']).action((options: Options) =>
    withHippo(screen, options, async (hippo) => {
      const apps = options.app === undefined ? await hippo.client.apps() : [await hippo.app()];
      const names = new Map(apps.map(({ id, name }) => [id, name]));
      const tokens = (await hippo.client.deployTokens()).filter(({ appId }) => names.has(appId));
      if (options.output === 'json') return print(screen, JSON.stringify(tokens));
      if (options.output === 'id') return tokens.forEach(({ id }) => print(screen, id));
      if (tokens.length === 0) return say(screen, 'There is no token: `hippo token create` makes one.');
      printTable(
        screen,
        ['NAME', 'APP', 'BY', 'EXPIRES', 'LAST USED', 'ID'],
        tokens.map(({ id, name, appId, createdBy, expiration, lastUsedAt }) => [
          name,
          names.get(appId) ?? '',
          createdBy,
          expiration,
          lastUsedAt ?? 'never',
          id,
        ]),
      );
    }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete', 'revoke'])
    .description('revoke a token')
    .argument('<token>', 'name or id, not the token itself');
  addOutputOption(addAppOptions(remove)).action((wanted: string, options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const found = (await client.deployTokens()).filter(({ id, name }) => id === wanted || name === wanted);
      const [token] = found;
      if (!token || found.length > 1)
        throw new CommandError(
          token ? 'Several tokens have this name.' : 'There is no token with this name or id.',
          { hint: '`hippo token list` lists them with their ids.' },
        );
      await client.revokeDeployToken(token.id);
      printResult(screen, options.output, {
        id: token.id,
        message: `Revoked ${token.name}`,
        json: { id: token.id, name: token.name },
      });
    }),
  );
}

/** @returns ISO 8601 @throws CommandError */
function readExpiration(text: string, now: Date): string {
  const [, count = '', unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const length = Number(count) * (UNITS[unit] ?? 0);
  if (length > 0) return new Date(now.getTime() + length).toISOString();
  throw new CommandError(`"${text}" is not a time.`, {
    hint: 'Give hours, days or weeks, such as 12h, 90d or 52w.',
    exitCode: EXIT.usage,
  });
}
