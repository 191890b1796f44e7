// User name and password as `login` and `register` get them: options, variables, standard input, a question.

import { Option, type Command } from 'commander';
import { ask, canAsk, readInput } from './ask.ts';
import { CommandError, EXIT } from './failure.ts';
import { addHippoOptions, type HippoOptions } from './hippo.ts';
import { warn, type Screen } from './screen.ts';

export interface AccountOptions extends HippoOptions {
  username?: string;
  password?: string;
  passwordStdin?: boolean;
  plainHttp?: boolean;
  dangerAcceptInvalidCerts?: boolean;
}

export function addAccountOptions(command: Command): Command {
  return addHippoOptions(command)
    .option('--username <name>', 'user name [HIPPO_USERNAME]')
    .option('--password <password>', 'password [HIPPO_PASSWORD]; others on this machine may see it')
    .addOption(new Option('--password-stdin', 'read the password from standard input').conflicts('password'))
    .option('--plain-http', 'let the password go over http to another machine')
    .addOption(new Option('--danger-accept-invalid-certs').hideHelp());
}

/** @param known the default, for who is asked and where nobody can be @throws CommandError, Cancelled */
export async function readUserName(
  screen: Screen,
  given: string | undefined,
  known?: string,
): Promise<string> {
  const name = given ?? (screen.env['HIPPO_USERNAME'] || undefined);
  if (name !== undefined) return name;
  if (known && !canAsk(screen)) return known;
  const instead = 'Give --username, or HIPPO_USERNAME.';
  const answer = (await ask(screen, `User name${known ? ` [${known}]` : ''}: `, { instead })).trim() || known;
  if (answer) return answer;
  throw new CommandError('There is no user name.', { hint: instead, exitCode: EXIT.usage });
}

/** @param twice to be typed a second time @throws CommandError, Cancelled */
export async function readPassword(screen: Screen, options: AccountOptions, twice: boolean): Promise<string> {
  if (options.password !== undefined) {
    warn(
      screen,
      'A password on the command line can be read by others: HIPPO_PASSWORD or --password-stdin hide it.',
    );
    return options.password;
  }
  if (options.passwordStdin) return readInput(screen);
  const known = screen.env['HIPPO_PASSWORD'];
  if (known) return known;
  const how = { secret: true, instead: 'Give --password-stdin, or HIPPO_PASSWORD.' };
  const password = await ask(screen, 'Password: ', how);
  if (twice && password !== (await ask(screen, 'The same again: ', how)))
    throw new CommandError('The two passwords differ.', { exitCode: EXIT.usage });
  return password;
}
