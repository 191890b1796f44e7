// `hippo release`: makes a revision of a bindle that is on the server already.

import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { releaseStored } from '../../publish/run.ts';
import { publisher, versioningOf } from '../../publish/version.ts';
import { listenForCancel } from '../cancel.ts';
import { requireId } from '../ids.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { addReleaseOptions, decideAt, openHippo, publishWords, type ReleaseOptions } from '../publishing.ts';
import type { Screen } from '../screen.ts';
import { addServerOptions, connect } from '../server.ts';

interface Options extends ReleaseOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  command.argument('<id>', 'the bindle, as name/version');
  addOutputOption(addReleaseOptions(addServerOptions(command))).action(
    async (text: string, options: Options) => {
      const id = requireId(text);
      const cancel = listenForCancel();
      const session = await openHippo(screen, options);
      const { client: hippo } = session;
      const { bindleUrl } = session.connection;
      const bindle = await connect(
        screen,
        options.server || !bindleUrl ? options : { ...options, server: bindleUrl },
      );
      try {
        const invoice = await bindle.getInvoice(id, { signal: cancel.signal });
        const quiet = options.output === 'none';
        const words = publishWords(screen, { quiet, plan: true, server: bindle.url });
        const released = await releaseStored({
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
          signal: cancel.signal,
          ...(options.app ? { app: options.app } : {}),
          ...(options.channel ? { channel: options.channel } : {}),
        });
        const name = formatId(id);
        printResult(screen, options.output, {
          id: name,
          message: [
            `released: ${name}`,
            ...released.channels.map((one) => `${one.name}: ${one.address}`),
          ].join('\n'),
          json: { id: name, hippo: hippo.url.href, channels: released.channels },
        });
      } finally {
        await Promise.all([hippo.close(), bindle.close()]);
        cancel.release();
      }
    },
  );
}
