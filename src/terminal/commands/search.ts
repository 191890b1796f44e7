// `hippo search`: the bindles on a server.

import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { requireNumber } from '../ids.ts';
import { addOutputOption, type OutputForm } from '../output.ts';
import { count, print, say, visible, type Screen } from '../screen.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

interface Options extends ServerOptions {
  bindleVersion?: string;
  limit: string;
  offset: string;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  command
    .argument('[text]', "part of the bindle's name")
    .option('-b, --bindle-version <requirement>', 'a version, or a requirement such as ^1.2 or ">=1, <2"')
    .option('--limit <number>', 'at most so many (0 to 255)', '50')
    .option('--offset <number>', 'leave out the first ones', '0');
  addOutputOption(addServerOptions(command), ['message', 'id', 'json']).action(
    async (text: string | undefined, options: Options) => {
      const limit = requireNumber(options.limit, '--limit', 255);
      const offset = requireNumber(options.offset, '--offset', Number.MAX_SAFE_INTEGER);
      const client = await connect(screen, options);
      try {
        const matches = await client.search({
          ...(text === undefined ? {} : { query: text }),
          ...(options.bindleVersion === undefined ? {} : { version: options.bindleVersion }),
          limit,
          offset,
        });
        if (options.output === 'json') return print(screen, JSON.stringify(matches));
        for (const { bindle, yanked } of matches.invoices) {
          const remark = yanked
            ? '  (yanked)'
            : bindle.description
              ? `  ${firstLine(bindle.description)}`
              : '';
          print(screen, visible(formatId(bindle) + (options.output === 'id' ? '' : remark)));
        }
        if (matches.invoices.length === 0) say(screen, `No bindle matches on ${client.url.href}.`);
        else if (matches.more)
          say(
            screen,
            `${count(matches.total, 'bindle')} in all; --offset ${matches.offset + matches.invoices.length} shows more.`,
          );
      } finally {
        await client.close();
      }
    },
  );
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
