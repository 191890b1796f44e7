// `hippo new`: writes a HIPPOFACTS that fits what is in a folder, or a new app from a template.

import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { proposeManifest, writeNewManifest } from '../../hippofacts/create.ts';
import { gitAuthor } from '../../hippofacts/git-author.ts';
import { createProject } from '../../hippofacts/new-project.ts';
import { leaves } from '../../hippofacts/project.ts';
import { findTemplate, TEMPLATES } from '../../hippofacts/templates.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { scaffoldFolder } from '../scaffold.ts';
import { print, say, type Screen } from '../screen.ts';
import { tableLines } from '../table.ts';

interface Options {
  template?: string;
  list?: boolean;
  name?: string;
  destination?: string;
  author?: string[];
  module?: string;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  command
    .argument(
      '[name...]',
      "the bindle's name (default: from Cargo.toml, package.json or the folder); with --template: the new folder",
    )
    .addOption(
      new Option('-t, --template <template>', 'make a new app from a template').conflicts(['list', 'module']),
    )
    .option('--list', 'list the templates')
    .option('--name <name>', "with --template: the bindle's name (default: the folder's)")
    .option('-d, --destination <path>', 'a folder, or the file to write (default: the current folder)')
    .option(
      '-a, --author <author>',
      '"First Last <user@example.com>" (repeatable; with --template, default: from Git)',
      (value, before: string[] = []) => [...before, value],
    )
    .option('-m, --module <file>', 'the module, such as bin/main.wasm (default: what is found)');
  addOutputOption(command, ['message', 'none', 'json']).action((words: string[], options: Options) => {
    if (options.list) return listTemplates(screen, options.output);
    if (options.template !== undefined) return newApp(screen, options.template, words, options);
    return newManifest(screen, words, options);
  });
}

function listTemplates(screen: Screen, output: OutputForm): void {
  if (output === 'json')
    print(
      screen,
      JSON.stringify(TEMPLATES.map(({ id, label, description }) => ({ id, label, description }))),
    );
  else if (output === 'message')
    for (const line of tableLines(
      ['TEMPLATE', 'LANGUAGE', 'WHAT IT IS'],
      TEMPLATES.map(({ id, label, description }) => [id, label, description]),
    ))
      print(screen, line);
}

async function newApp(
  screen: Screen,
  wanted: string,
  words: readonly string[],
  { name, destination, author, output }: Options,
): Promise<void> {
  const template = findTemplate(wanted);
  const [folder = destination, ...more] = words;
  if (more.length > 0 || (words.length > 0 && destination !== undefined))
    throw new CommandError('hippo new --template takes one folder.', {
      hint: `Quote its name if there are blanks in it: hippo new --template ${template.id} "${words.join(' ')}"`,
      exitCode: EXIT.usage,
    });
  const known = author ?? [await gitAuthor(screen.env)].filter((text) => text !== undefined);
  const created = await createProject(scaffoldFolder(), {
    template,
    folder: resolve(screen.cwd, folder ?? '.'),
    ...(name === undefined ? {} : { name }),
    authors: known,
  });
  const inside = relative(screen.cwd, created.folder);
  const shown = inside === '' || leaves(inside) ? created.folder : inside;
  printResult(screen, output, {
    message: `created: ${shown}`,
    json: { path: created.folder, name: created.name, template: template.id, files: created.files },
  });
  if (output !== 'message') return;
  say(screen, `\n${template.needs} Next:\n`);
  if (inside !== '') say(screen, `  cd ${/^[\w./\\~-]+$/.test(shown) ? shown : `"${shown}"`}`);
  say(screen, `  hippo publish --build "${template.build}"`);
}

async function newManifest(screen: Screen, words: readonly string[], options: Options): Promise<void> {
  if (options.name !== undefined)
    throw new CommandError('--name goes with --template.', {
      hint: `Here the name stands alone: hippo new ${options.name}`,
      exitCode: EXIT.usage,
    });
  const name = nameFrom(words);
  const destination = resolve(screen.cwd, options.destination ?? '.');
  const isFolder = (await stat(destination).catch(() => undefined))?.isDirectory() ?? false;
  const text = await proposeManifest(isFolder ? destination : dirname(destination), {
    ...(name === undefined ? {} : { name }),
    ...(options.author ? { authors: options.author } : {}),
    ...(options.module === undefined ? {} : { module: options.module }),
  });
  const file = await writeNewManifest(destination, text);
  const shown = relative(screen.cwd, file) || file;
  printResult(screen, options.output, { message: `written: ${shown}`, json: { path: file } });
  if (options.output === 'message') {
    say(screen, `\n${text.trimEnd()}\n`);
    say(screen, 'Look it over, then `hippo bindle` pushes it.');
  }
}

/** `hippo new NAME`; the original's `hippo new hippofacts NAME` means the same. */
function nameFrom(words: readonly string[]): string | undefined {
  const [name, ...more] = words[0] === 'hippofacts' && words.length > 1 ? words.slice(1) : words;
  if (more.length > 0)
    throw new CommandError(`hippo new takes one name, not ${words.length}.`, { exitCode: EXIT.usage });
  return name;
}
