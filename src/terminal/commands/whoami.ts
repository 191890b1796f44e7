// `hippo whoami`: the account that commands act for.

import type { Command } from 'commander';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import type { Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  addOutputOption(addHippoOptions(command), ['message', 'id', 'json']).action(
    (options: HippoOptions & { output: OutputForm }) =>
      withHippo(screen, options, async ({ client, connection }) => {
        const myself = await client.whoami();
        printResult(screen, options.output, {
          id: myself.id,
          message: myself.userName,
          json: { ...myself, connection: connection.name, hippo: connection.hippoUrl },
        });
      }),
  );
}
