// `hippo yank`: withdraws a bindle.

import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { requireId } from '../ids.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import type { Screen } from '../screen.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

export function configure(command: Command, screen: Screen): void {
  command.argument('<id>', 'the bindle, as name/version');
  addOutputOption(addServerOptions(command)).action(
    async (text: string, options: ServerOptions & { output: OutputForm }) => {
      const id = requireId(text);
      const client = await connect(screen, options);
      try {
        await client.yank(id);
        const name = formatId(id);
        printResult(screen, options.output, {
          id: name,
          message: `yanked: ${name}`,
          json: { id: name, yanked: true },
        });
      } finally {
        await client.close();
      }
    },
  );
}
