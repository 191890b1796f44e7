// Who writes: the name and mail that Git signs commits with.

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { promisify } from 'node:util';

/** `Name <mail>`, or one of them; undefined if Git is not there, does not know, or takes longer than 2 s. */
export async function gitAuthor(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  const args = ['config', '--null', '--get-regexp', '^user\\.(name|email)$'];
  // Not in the folder at hand: on Windows, a program that lies there would be taken for Git.
  const options = { cwd: homedir(), env, timeout: 2_000, windowsHide: true };
  const output = await promisify(execFile)('git', args, options).then(
    ({ stdout }) => stdout,
    () => '',
  );
  // Later ones win.
  const settings = new Map(
    output
      .split('\0')
      .map((entry) => [entry.slice(0, entry.indexOf('\n')), entry.slice(entry.indexOf('\n') + 1)]),
  );
  const [name, mail] = ['user.name', 'user.email'].map((key) => settings.get(key)?.trim() || undefined);
  return name !== undefined && mail !== undefined ? `${name} <${mail}>` : (name ?? mail);
}
