// `hippo prepare`: makes the bindle of a project and writes it to a folder in standalone form.

import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { packStandalone } from '../../bindle/standalone.ts';
import { stage } from '../../publish/stage.ts';
import { listenForCancel } from '../cancel.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { addProjectOptions, bindleJson, makeProject, type ProjectOptions } from '../project.ts';
import type { Screen } from '../screen.ts';
import { addServerOptions, connectExternal, type ServerOptions } from '../server.ts';

interface Options extends ServerOptions, ProjectOptions {
  dir: string;
  archive?: boolean;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  addProjectOptions(command)
    .requiredOption('-d, --dir <folder>', 'where to write it, in a folder of its own')
    .option('--archive', 'pack it as .tar.gz too');
  addOutputOption(addServerOptions(command)).action(async (path: string, options: Options) => {
    const cancel = listenForCancel();
    const external = await connectExternal(screen, options);
    try {
      const made = await makeProject(screen, resolve(screen.cwd, path), options, external, cancel.signal);
      try {
        const { invoice } = made;
        const directory = resolve(screen.cwd, options.dir);
        const folder = await stage(made, invoice, directory, { signal: cancel.signal });
        const written = options.archive ? await packStandalone(folder, invoice) : folder;
        const id = formatId(invoice.bindle);
        printResult(screen, options.output, {
          id,
          message: `id:      ${id}\ncommand: hippo bindle ${written}\n     or: bindle push -p ${await realpath(directory)} ${id}`,
          json: { ...bindleJson(invoice), path: written },
        });
      } finally {
        await made.close();
      }
    } finally {
      await external.close();
      cancel.release();
    }
  });
}
