// `hippo new`: writes a HIPPOFACTS that fits what is in a folder.

import { stat } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { proposeManifest, writeNewManifest } from '../../hippofacts/create.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { say, type Screen } from '../screen.ts';

interface Options {
  destination: string;
  author?: string[];
  module?: string;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  command
    .argument('[name...]', "the bindle's name (default: from Cargo.toml, package.json or the folder)")
    .option('-d, --destination <path>', 'a folder, or the file to write', '.')
    .option(
      '-a, --author <author>',
      '"First Last <user@example.com>" (repeatable)',
      (value, before: string[] = []) => [...before, value],
    )
    .option('-m, --module <file>', 'the module, such as bin/main.wasm (default: what is found)');
  addOutputOption(command, ['message', 'none', 'json']).action(async (words: string[], options: Options) => {
    const name = nameFrom(words);
    const destination = resolve(screen.cwd, options.destination);
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
  });
}

/** `hippo new NAME`; the original's `hippo new hippofacts NAME` means the same. */
function nameFrom(words: readonly string[]): string | undefined {
  const [name, ...more] = words[0] === 'hippofacts' && words.length > 1 ? words.slice(1) : words;
  if (more.length > 0)
    throw new CommandError(`hippo new takes one name, not ${words.length}.`, { exitCode: EXIT.usage });
  return name;
}
