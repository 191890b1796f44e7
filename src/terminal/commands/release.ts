// `hippo release`: makes a revision of a bindle that is on the server already.

import type { Command } from 'commander';
import { formatId, type BindleId } from '../../bindle/id.ts';
import { releaseStored } from '../../publish/run.ts';
import { publisher, versioningOf } from '../../publish/version.ts';
import { listenForCancel, type Cancel } from '../cancel.ts';
import { requireId, requireInvoice } from '../ids.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import {
  addReleaseOptions,
  chosenApp,
  decideAt,
  publishWords,
  withServers,
  type ReleaseOptions,
  type Servers,
} from '../publishing.ts';
import type { Screen } from '../screen.ts';
import { addServerOptions } from '../server.ts';

interface Options extends ReleaseOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  command.argument('<id>', 'the bindle, as name/version');
  addOutputOption(addReleaseOptions(addServerOptions(command))).action(
    async (text: string, options: Options) => {
      const id = requireId(text);
      const cancel = listenForCancel();
      try {
        await withServers(screen, options, cancel, (servers) => start(screen, id, options, servers, cancel));
      } finally {
        cancel.release();
      }
    },
  );
}

async function start(
  screen: Screen,
  id: BindleId,
  options: Options,
  { session, hippo, bindle }: Servers,
  { signal }: Cancel,
): Promise<void> {
  const invoice = await requireInvoice(bindle, id, { signal });
  const words = publishWords(screen, { quiet: options.output === 'none', plan: true, server: bindle.url });
  const { channels } = await releaseStored({
    invoice,
    versioning: versioningOf(id.version),
    user: publisher(screen.env),
    hippo,
    bindle,
    decide: decideAt(screen, { asks: true }),
    yes: options.yes === true,
    local: session.platform !== undefined,
    wait: options.wait,
    onEvent: words.onEvent,
    signal,
    ...(options.app ? { app: options.app } : {}),
    ...(await chosenApp(screen, hippo)),
    ...(options.channel ? { channel: options.channel } : {}),
  });
  const name = formatId(id);
  printResult(screen, options.output, {
    id: name,
    message: [`released: ${name}`, ...channels.map((one) => `${one.name}: ${one.address}`)].join('\n'),
    json: { id: name, hippo: hippo.url.href, channels },
  });
}
