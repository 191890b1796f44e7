// `hippo publish`, and `hippo push` and `hippo ship` as the original has them: build, collect, push, release, wait.

import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import { BUMPS } from '../../hippofacts/bump.ts';
import { findManifest, isModule } from '../../hippofacts/find.ts';
import type { Problem } from '../../hippofacts/problem.ts';
import { planLines } from '../../publish/words.ts';
import {
  preview,
  publish,
  type Published,
  type PublishEvent,
  type PublishOptions,
} from '../../publish/run.ts';
import { StageTimes } from '../../publish/stage-times.ts';
import { isBump } from '../../publish/questions.ts';
import { parseVersioning } from '../../publish/version.ts';
import { hintAtBindingCode } from '../binding-hint.ts';
import { build } from '../build.ts';
import { listenForCancel, orCancelled, type Cancel } from '../cancel.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { addProjectOptions, bindleJson, projectWish, signingKey, type ProjectOptions } from '../project.ts';
import {
  addReleaseOptions,
  chosenApp,
  decideAt,
  planJson,
  publishWords,
  said,
  withServers,
  type ReleaseOptions,
  type Servers,
} from '../publishing.ts';
import { say, type Screen } from '../screen.ts';
import { addServerOptions, connectExternal } from '../server.ts';
import { publishOnChange } from '../watching.ts';

interface Options extends ReleaseOptions, ProjectOptions {
  dir?: string;
  build?: string;
  bump?: string;
  via?: string;
  watch?: boolean;
  dryRun?: boolean;
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  const asks = command.name() === 'publish';
  addProjectOptions(command)
    .option('--build <command>', 'run this first, in the folder of the project')
    .addOption(
      new Option('--bump <part>', 'raise the version in HIPPOFACTS by this')
        .choices(BUMPS)
        .conflicts('watch'),
    )
    .addOption(
      new Option('--watch', 'publish again whenever a file of the project has changed').conflicts('dryRun'),
    )
    .addOption(
      new Option('--via <server>', 'hippo: upload through Hippo, not to its Bindle server').choices([
        'hippo',
      ]),
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('-d, --dir <folder>', 'write the bindle there in standalone form, too');
  addOutputOption(addReleaseOptions(addServerOptions(command))).action(
    async (path: string, options: Options) => {
      if (options.watch && parseVersioning(options.invoiceVersion) !== 'dev')
        throw new CommandError('--watch makes development versions only.', {
          hint: 'Leave --invoice-version away.',
          exitCode: EXIT.usage,
        });
      const cancel = listenForCancel();
      try {
        const target = resolve(screen.cwd, path);
        const sources = options.build ? await folderOf(screen, target) : undefined;
        // The servers are opened for each publish anew: while nothing changes, the local one may end.
        const once = (onBuilt?: () => void): Promise<void> =>
          withServers(screen, options, cancel, (servers) =>
            start(screen, target, options, { ...servers, asks, cancel, sources, onBuilt }),
          );
        if (options.watch) await publishOnChange(screen, { path: target, sources, publish: once, cancel });
        else await once();
      } finally {
        cancel.release();
      }
    },
  );
}

interface Start extends Servers {
  asks: boolean;
  cancel: Cancel;
  /** Where the build runs, if there is one. */
  sources: string | undefined;
  onBuilt: (() => void) | undefined;
}

async function start(
  screen: Screen,
  path: string,
  options: Options,
  { session, hippo, bindle, asks, cancel, sources, onBuilt }: Start,
): Promise<void> {
  const quiet = options.output === 'none';
  const external = options.externalUrl
    ? await orCancelled(cancel, connectExternal(screen, { ...options, server: bindle.url.href }, session))
    : bindle;
  const wish = projectWish(screen, path, options, external);
  const words = publishWords(screen, {
    quiet,
    // Of a dry run the plan is the result.
    plan: asks && !options.dryRun,
    server: options.via === 'hippo' ? hippo.url : bindle.url,
  });
  const { build: line } = options;
  const job: PublishOptions = {
    ...wish,
    hippo,
    bindle,
    ...(options.app ? { app: options.app } : {}),
    ...(await chosenApp(screen, hippo)),
    ...(options.channel ? { channel: options.channel } : {}),
    decide: decideAt(screen, { asks: asks && !options.watch }),
    yes: options.yes === true,
    local: session.platform !== undefined,
    wait: options.wait,
    clock: () => new Date(),
    onEvent: words.onEvent,
    signal: cancel.signal,
    abort: cancel.abort,
    viaHippo: options.via === 'hippo',
    ...(options.bump !== undefined && isBump(options.bump) ? { bump: options.bump } : {}),
    ...(options.dir === undefined ? {} : { directory: resolve(screen.cwd, options.dir) }),
    ...(options.sign ? { signingKey: () => signingKey(screen, wish.user) } : {}),
    ...(line && sources !== undefined ? { build: () => build(screen, line, sources, cancel) } : {}),
  };
  try {
    if (options.dryRun) await dryRun(screen, job, options.output);
    else await publishNow(screen, job, options.output, { words, asks, onBuilt });
  } finally {
    if (external !== bindle && !cancel.signal.aborted) await external.close();
  }
}

async function publishNow(
  screen: Screen,
  job: PublishOptions,
  output: OutputForm,
  { words, asks, onBuilt }: Pick<Start, 'asks' | 'onBuilt'> & { words: ReturnType<typeof publishWords> },
): Promise<void> {
  const times = new StageTimes();
  const onEvent = (event: PublishEvent): void => {
    times.onEvent(event);
    words.onEvent(event);
    if (event.type === 'stage' && event.stage === 'collect') onBuilt?.();
  };
  try {
    const published = await publish({ ...job, onEvent });
    sayPublished(screen, { ...published, milliseconds: times.end() }, job, output, asks);
    const { appId, channels } = published;
    if (asks && output === 'message' && appId !== undefined)
      await hintAtBindingCode(screen, job.hippo, job.path, appId, channels, job.signal);
  } catch (error) {
    throw said(error);
  } finally {
    words.clear();
  }
}

async function dryRun(screen: Screen, job: PublishOptions, output: OutputForm): Promise<void> {
  try {
    await job.build?.();
    const warnings: string[] = [];
    const onEvent = (event: PublishEvent): void => {
      job.onEvent?.(event);
      if (event.type === 'problems') warnings.push(...warningsOf(event.problems));
    };
    const { plan } = await preview({ ...job, onEvent });
    const lines = planLines(plan, { names: true }).map(({ text }) => text);
    const json = { ...planJson(plan), warnings };
    printResult(screen, output, { id: formatId(plan.id), message: lines.join('\n'), json });
  } catch (error) {
    throw said(error);
  }
}

function warningsOf(problems: readonly Problem[]): string[] {
  return problems.filter(({ severity }) => severity === 'warning').map(({ message }) => message);
}

function sayPublished(
  screen: Screen,
  published: Published & { milliseconds: ReturnType<StageTimes['end']> },
  { bindle, hippo }: PublishOptions,
  output: OutputForm,
  asks: boolean,
): void {
  const { id, invoice, created, sent, channels, milliseconds } = published;
  const name = formatId(id);
  const addresses = channels.map((channel) => `${channel.name}: ${channel.address}`);
  printResult(screen, output, {
    id: name,
    message: asks ? [`published: ${name}`, ...addresses].join('\n') : `pushed: ${name}`,
    json: {
      ...bindleJson(invoice),
      server: bindle.url.href,
      hippo: hippo.url.href,
      created,
      sentParcels: sent.length,
      sentBytes: sent.reduce((sum, { size }) => sum + size, 0),
      channels,
      milliseconds,
    },
  });
  if (!asks && output === 'message') addresses.forEach((line) => say(screen, line));
}

/** The project's folder; a bare module, which the build may make, is built from wherever its user is. */
async function folderOf(screen: Screen, path: string): Promise<string> {
  return isModule(path) ? screen.cwd : (await findManifest(path)).directory;
}
