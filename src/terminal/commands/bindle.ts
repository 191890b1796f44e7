// `hippo bindle`: makes the bindle of a project, or takes one in standalone form, and pushes it.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import type { OpenParcel } from '../../bindle/parcel-files.ts';
import type { SigningKey } from '../../bindle/signing.ts';
import { isStandalone, listStandalone, readStandalone } from '../../bindle/standalone.ts';
import { findManifest } from '../../hippofacts/find.ts';
import { stage } from '../../publish/stage.ts';
import { listenForCancel, type Cancel } from '../cancel.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { addProjectOptions, bindleJson, makeProject, type ProjectOptions } from '../project.ts';
import { pushInvoice } from '../push.ts';
import type { Screen } from '../screen.ts';
import { addServerOptions, connect, connectExternal, type ServerOptions } from '../server.ts';

interface Options extends ServerOptions, ProjectOptions {
  dir?: string;
  output: OutputForm;
}

interface Source {
  invoice: Invoice;
  key: SigningKey | undefined;
  open: (label: Label) => Promise<OpenParcel>;
  close: () => Promise<void>;
}

export function configure(command: Command, screen: Screen): void {
  addProjectOptions(command).option('-d, --dir <folder>', 'write it there in standalone form, too');
  addOutputOption(addServerOptions(command)).action(async (path: string, options: Options) => {
    const cancel = listenForCancel();
    const client = await connect(screen, options);
    try {
      const source = await openSource(screen, resolve(screen.cwd, path), options, cancel);
      try {
        const { created, sent } = await pushInvoice(screen, {
          ...source,
          client,
          cancel,
          quiet: options.output === 'none',
        });
        const id = formatId(source.invoice.bindle);
        printResult(screen, options.output, {
          id,
          message: `pushed: ${id}`,
          json: {
            ...bindleJson(source.invoice),
            server: client.url.href,
            created,
            sentParcels: sent.length,
            sentBytes: sent.reduce((sum, { size }) => sum + size, 0),
          },
        });
      } finally {
        await source.close();
      }
    } finally {
      await client.close();
      cancel.release();
    }
  });
}

async function openSource(
  screen: Screen,
  path: string,
  options: Options,
  { signal }: Cancel,
): Promise<Source> {
  const standalone = await chooseStandalone(path);
  if (standalone !== undefined) {
    const { invoice, open, close } = await readStandalone(standalone, { signal });
    return { invoice, key: undefined, open, close };
  }
  const external = await connectExternal(screen, options);
  const made = await makeProject(screen, path, options, external, signal).catch(async (error: unknown) => {
    await external.close();
    throw error;
  });
  if (options.dir !== undefined)
    await stage(made, made.invoice, resolve(screen.cwd, options.dir), { signal });
  return {
    ...made,
    close: async () => {
      await made.close();
      await external.close();
    },
  };
}

/** Also the one bindle in a folder that `hippo prepare -d` wrote to, where that is no project itself. */
async function chooseStandalone(path: string): Promise<string | undefined> {
  if (await isStandalone(path)) return path;
  const bindles = await listStandalone(path);
  if (bindles.length === 0 || (await findManifest(path).catch(() => undefined))) return undefined;
  if (bindles.length === 1) return bindles[0];
  throw new CommandError(`${path} holds ${bindles.length} bindles: name the folder of one.`, {
    hint: bindles.join('\n'),
    exitCode: EXIT.usage,
  });
}
