// `hippo diff`: which files differ between two versions of a bindle.

import type { Command } from 'commander';
import { formatId, isVersion, type BindleId } from '../../bindle/id.ts';
import { compareFiles } from '../../publish/plan.ts';
import { fileText } from '../../publish/words.ts';
import { storageIdOf } from '../../session/current.ts';
import { CommandError, EXIT } from '../failure.ts';
import { requireId, requireInvoice } from '../ids.ts';
import { addOutputOption, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

export function configure(command: Command, screen: Screen): void {
  command
    .argument('<from>', 'name/version, or a version of the bindle that the HIPPOFACTS here names')
    .argument('<to>', 'the same');
  addOutputOption(addServerOptions(command), ['message', 'json']).action(
    async (from: string, to: string, options: ServerOptions & { output: OutputForm }) => {
      const [before, after] = [await readId(screen, from), await readId(screen, to)];
      const client = await connect(screen, options);
      try {
        const [old, current] = await Promise.all([
          requireInvoice(client, before, { yanked: true }),
          requireInvoice(client, after, { yanked: true }),
        ]);
        const changes = compareFiles(current, old).filter(({ change }) => change !== 'same');
        if (options.output === 'json')
          return print(
            screen,
            JSON.stringify({ from: formatId(before), to: formatId(after), files: changes }),
          );
        for (const file of changes) print(screen, fileText(file));
        if (changes.length === 0) say(screen, 'Their files are the same.');
      } finally {
        await client.close();
      }
    },
  );
}

async function readId(screen: Screen, text: string): Promise<BindleId> {
  if (!isVersion(text)) return requireId(text);
  const name = await storageIdOf(screen.cwd);
  if (name === undefined)
    throw new CommandError(`Which bindle's version ${text}?`, {
      hint: 'Give name/version, or go to the folder of the project.',
      exitCode: EXIT.usage,
    });
  return { name, version: text };
}
