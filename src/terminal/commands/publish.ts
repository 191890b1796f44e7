// `hippo publish`, and `hippo push` and `hippo ship` as the original has them: build, collect, push, release, wait.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { planPublish } from '../../publish/plan.ts';
import { parseVersioning, publisher } from '../../publish/version.ts';
import { listenForCancel, type Cancel } from '../cancel.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { addProjectOptions, bindleJson, makeProject, type ProjectOptions } from '../project.ts';
import {
  addReleaseOptions,
  agree,
  openHippo,
  planJson,
  releaseWithWords,
  sayPlan,
  type ReleaseOptions,
} from '../publishing.ts';
import { pushInvoice } from '../push.ts';
import { say, type Screen } from '../screen.ts';
import { addServerOptions, connect, connectExternal } from '../server.ts';
import { stage } from '../stage.ts';

interface Options extends ReleaseOptions, ProjectOptions {
  dir?: string;
  build?: string;
  dryRun?: boolean;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  const asks = command.name() === 'publish';
  addProjectOptions(command)
    .option('--build <command>', 'run this first, in the folder of the project')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-d, --dir <folder>', 'write the bindle there in standalone form, too');
  addOutputOption(addReleaseOptions(addServerOptions(command))).action(
    async (path: string, options: Options) => {
      const cancel = listenForCancel();
      try {
        if (options.build !== undefined)
          await build(screen, options.build, resolve(screen.cwd, path), cancel);
        await publish(screen, resolve(screen.cwd, path), options, asks, cancel);
      } finally {
        cancel.release();
      }
    },
  );
}

async function publish(
  screen: Screen,
  path: string,
  options: Options,
  asks: boolean,
  cancel: Cancel,
): Promise<void> {
  const quiet = options.output === 'none';
  const session = await openHippo(screen, options);
  const { client: hippo } = session;
  const bindle = await connect(screen, {
    ...(session.connection.bindleUrl ? { server: session.connection.bindleUrl } : {}),
    ...(options.server ? options : withoutServer(options)),
  });
  const external = await connectExternal(screen, options);
  try {
    const made = await makeProject(screen, path, options, external, cancel.signal);
    try {
      const plan = await planPublish({
        invoice: made.invoice,
        versioning: parseVersioning(options.invoiceVersion) ?? 'dev',
        user: publisher(screen.env),
        hippo,
        bindle,
        signal: cancel.signal,
        ...(options.app ? { app: options.app } : {}),
        ...(options.channel ? { channel: options.channel } : {}),
      });
      if (options.dryRun) {
        if (options.output === 'message') sayPlan(screen, plan);
        return printResult(screen, options.output, {
          id: formatId(plan.id),
          message: '',
          json: planJson(plan),
        });
      }
      if (asks && !quiet) sayPlan(screen, plan);
      const local = session.platform !== undefined;
      const steps = await agree(screen, plan, { local, asks, ...(options.yes ? { yes: true } : {}) });
      if (options.dir !== undefined) await stage(made, resolve(screen.cwd, options.dir), cancel.signal);
      const { created, sent } = await pushInvoice(screen, { ...made, client: bindle, cancel, quiet });
      const released = await releaseWithWords(screen, plan, steps, hippo, {
        cancel,
        wait: options.wait,
        quiet,
      });
      const id = formatId(plan.id);
      const addresses = released.channels.map(({ name, address }) => `${name}: ${address}`);
      printResult(screen, options.output, {
        id,
        message: asks ? [`published: ${id}`, ...addresses].join('\n') : `pushed: ${id}`,
        json: {
          ...bindleJson(made.invoice),
          server: bindle.url.href,
          hippo: hippo.url.href,
          created,
          sentParcels: sent.length,
          sentBytes: sent.reduce((sum, { size }) => sum + size, 0),
          channels: released.channels,
        },
      });
      if (!asks && options.output === 'message') addresses.forEach((line) => say(screen, line));
    } finally {
      await made.close();
    }
  } finally {
    await Promise.all([hippo.close(), bindle.close(), external.close()]);
  }
}

/** An empty variable names no server. */
function withoutServer(options: Options): Omit<Options, 'server'> {
  const { server: _server, ...others } = options;
  return others;
}

/** @throws CommandError if the command fails: nothing is published then */
async function build(
  screen: Screen,
  command: string,
  path: string,
  { signal, abort }: Cancel,
): Promise<void> {
  say(screen, `Building: ${command}`);
  // The user's own command line, as they would type it; its output is not a result of ours.
  const child = spawn(command, {
    shell: true,
    cwd: path.endsWith('.wasm') ? screen.cwd : path,
    env: screen.env,
    stdio: ['ignore', 2, 2],
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  abort.addEventListener('abort', () => child.kill('SIGKILL'));
  try {
    const [code, killed] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    if (code !== 0)
      throw new CommandError(
        `The build failed (${killed ?? `exit code ${code}`}), so nothing was published.`,
        {
          exitCode: EXIT.project,
        },
      );
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
