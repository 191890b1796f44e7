// `hippo platform`: the local Hippo on this machine.

import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import {
  ensurePlatform,
  findPlatform,
  keepPlatform,
  platformStatus,
  restartPlatform,
  stopIfRunning,
} from '../../session/local-platform.ts';
import { findPlaces } from '../../session/places.ts';
import { PLATFORM_LOG, startPlatform } from '../../session/platform-process.ts';
import type { RunningPlatform } from '../../session/running-file.ts';
import { confirm } from '../ask.ts';
import { listenForCancel } from '../cancel.ts';
import { AlreadySaid, CommandError, EXIT } from '../failure.ts';
import { follow, readTail } from '../follow-file.ts';
import { requireNumber } from '../ids.ts';
import { leaseText, runningPlatform } from '../local-platform.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { bytesText, count, print, say, type Screen } from '../screen.ts';

interface DataOption {
  data?: string;
}

type Form = 'message' | 'json';

interface StartOptions extends DataOption {
  port?: string;
  ephemeral?: boolean;
  private?: boolean;
  detach?: boolean;
  output: Form;
}

export function configure(command: Command, screen: Screen): void {
  command
    .command('start')
    .description(
      'start it: Bindle server, Hippo and gateway on 127.0.0.1, until Ctrl-C or `hippo platform stop`',
    )
    .option(
      '--port <number>',
      'the port (default: that of the last time; at first 5309, or the next free one)',
    )
    .addOption(dataOption().conflicts('ephemeral'))
    .option('--private', 'only accounts may read from its Bindle server, too')
    .option('--ephemeral', 'keep nothing: the state goes when it stops')
    .addOption(new Option('-d, --detach', 'leave it running in the background').conflicts('ephemeral'))
    .addOption(formOption('json: one line when it is ready'))
    .action((options: StartOptions) => start(screen, options));

  command
    .command('stop')
    .description('stop it, and everything that it runs')
    .addOption(dataOption())
    .action(async (options: DataOption) => {
      if (await stopIfRunning(await dataDirInUse(screen, options)))
        print(screen, 'The local Hippo has stopped.');
      else say(screen, 'The local Hippo does not run.');
    });

  command
    .command('status')
    .description(`say whether it runs, and where; exit code ${EXIT.server} if it does not`)
    .addOption(dataOption())
    .addOption(formOption('json: one line'))
    .action((options: DataOption & { output: Form }) => status(screen, options));

  command
    .command('logs')
    .aliases(['log'])
    .description('print what it says of itself; for the log of an app see `hippo channel logs`')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --lines <number>', 'only the last lines')
    .addOption(dataOption())
    .action(async (options: DataOption & { follow?: boolean; lines?: string }) => {
      const lines = options.lines === undefined ? undefined : requireNumber(options.lines, '--lines', 1e6);
      const file = join(await dataDirInUse(screen, options), PLATFORM_LOG);
      if (!existsSync(file) && !options.follow) return say(screen, `There is no log yet at ${file}.`);
      const cancel = options.follow ? listenForCancel() : undefined;
      const { text, end } = await readTail(file, lines);
      screen.stdout.write(text);
      if (cancel) await follow(file, end, (more) => void screen.stdout.write(more), cancel.signal);
      cancel?.release();
    });

  command
    .command('restart')
    .description('stop it and start it again in the background, for as long as it was to stay')
    .addOption(dataOption())
    .addOption(formOption('json: one line when it is ready'))
    .action(async (options: DataOption & { output: Form }) => {
      const dataDir = await dataDirInUse(screen, options);
      const platform = await findPlatform(dataDir);
      const ready = platform ? await restartPlatform(platform) : (await ensurePlatform({ dataDir })).platform;
      printReady(
        screen,
        ready,
        options.output,
        platform ? 'It was restarted.' : 'It did not run, and was started.',
      );
    });

  const prune = command
    .command('prune')
    .description(
      'remove old development versions, with the files that nothing else needs; none that a channel runs',
    )
    .requiredOption('--dev', 'development versions: nothing else is ever removed')
    .option('--keep <number>', 'how many of the newest ones stay, for each bindle name and user', '5');
  addOutputOption(addHippoOptions(prune), ['message', 'id', 'json']).action(
    (options: HippoOptions & { keep: string; output: OutputForm }) =>
      withHippo(screen, options, async ({ client }) => {
        const removed = await client.prune(requireNumber(options.keep, '--keep', 10_000));
        const { bindles, parcels, bytes } = removed;
        printResult(screen, options.output, {
          id: bindles.join('\n'),
          message: `Removed ${count(bindles.length, 'development version')} and ${count(parcels, 'file')}, ${bytesText(bytes)}`,
          json: removed,
        });
      }),
  );

  command
    .command('reset')
    .description('stop it and remove its state: apps, channels, bindles, accounts, logs')
    .option('-y, --yes', 'do not ask')
    .addOption(dataOption())
    .action((options: DataOption & { yes?: boolean }) => reset(screen, options));
}

async function start(screen: Screen, options: StartOptions): Promise<void> {
  const wish = options.port === undefined ? undefined : requireNumber(options.port, '--port', 65535);
  const settings = {
    ...(wish === undefined ? {} : { port: wish }),
    ...(options.private ? { isPrivate: true } : {}),
  };
  const dataDir = options.ephemeral ? undefined : dataDirOf(screen, options);
  if (dataDir !== undefined && (await useRunning(screen, dataDir, wish, options.output))) return;
  if (options.detach && dataDir !== undefined) {
    const { platform } = await ensurePlatform({ ...settings, dataDir });
    return printReady(screen, platform, options.output, '`hippo platform stop` stops it.');
  }
  // Ctrl-C reaches the whole process group: it stops by itself, and we wait for that.
  process.on('SIGINT', () => undefined);
  const platform = await startPlatform({ ...settings, ...(dataDir === undefined ? {} : { dataDir }) });
  process.on('SIGTERM', () => platform.stop());
  const where = options.ephemeral ? 'Its state goes when it stops. ' : '';
  printReady(screen, platform.ready, options.output, `${where}Ctrl-C stops it.`);
  const code = await platform.ended;
  if (code !== 0) throw new AlreadySaid(code);
}

/** One that runs already, perhaps only for a while, stays from now on. */
async function useRunning(
  screen: Screen,
  dataDir: string,
  port: number | undefined,
  form: Form,
): Promise<boolean> {
  const platform = await findPlatform(dataDir);
  if (!platform) return false;
  if (port !== undefined && port !== 0 && port !== Number(new URL(platform.hippoUrl).port))
    throw new CommandError(`The local Hippo runs already, at ${platform.hippoUrl}.`, {
      hint: 'Stop it with `hippo platform stop` to start it on another port.',
    });
  await keepPlatform(platform);
  printReady(screen, platform, form, 'It runs already, and stays until `hippo platform stop`.');
  return true;
}

function printReady(screen: Screen, ready: RunningPlatform, form: Form, remark: string): void {
  if (form === 'json') return print(screen, JSON.stringify(ready));
  print(screen, `Hippo:  ${ready.hippoUrl}`);
  print(screen, `Bindle: ${ready.bindleUrl}`);
  print(screen, `State:  ${ready.dataDir}`);
  say(screen, remark);
}

async function status(screen: Screen, options: DataOption & { output: Form }): Promise<void> {
  const platform = await findPlatform(await dataDirInUse(screen, options));
  if (!platform) {
    if (options.output === 'json') print(screen, JSON.stringify({ running: false }));
    else say(screen, 'The local Hippo does not run; `hippo platform start` starts it.');
    throw new AlreadySaid(EXIT.server);
  }
  const now = await platformStatus(platform);
  if (options.output === 'json') return print(screen, JSON.stringify({ running: true, ...platform, ...now }));
  print(screen, `Hippo:   ${platform.hippoUrl}`);
  print(screen, `Bindle:  ${platform.bindleUrl}`);
  print(screen, `State:   ${platform.dataDir}`);
  print(screen, `Version: ${now.version}, process ${now.pid}, since ${now.startedAt}`);
  print(screen, `Clients: ${count(now.openRequests, 'open request')}${now.publishing ? ', a push' : ''}`);
  print(
    screen,
    now.leaseSeconds === null
      ? 'It stays until `hippo platform stop`.'
      : `It ends ${leaseText(now.leaseSeconds)} after its last use.`,
  );
}

async function reset(screen: Screen, options: DataOption & { yes?: boolean }): Promise<void> {
  const dataDir = dataDirOf(screen, options);
  if (!existsSync(dataDir)) return say(screen, `There is nothing at ${dataDir}.`);
  if (!existsSync(join(dataDir, 'lock.db')))
    throw new CommandError(`${dataDir} is not the state of a local Hippo: nothing was removed.`);
  const question = `Remove all apps, channels, bindles and accounts in ${dataDir}?`;
  if (!options.yes && !(await confirm(screen, question, 'Give --yes to remove them.')))
    return say(screen, 'Nothing was removed.');
  await stopIfRunning(dataDir);
  for (const name of await readdir(dataDir))
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5 });
  print(screen, `Removed the state in ${dataDir}.`);
}

/** Of the one that runs, wherever it has its state. */
async function dataDirInUse(screen: Screen, options: DataOption): Promise<string> {
  const running = options.data === undefined ? await runningPlatform(screen) : undefined;
  return running?.dataDir ?? dataDirOf(screen, options);
}

function dataOption(): Option {
  return new Option('--data <folder>', 'where its state is kept (default: your data folder)');
}

function formOption(description: string): Option {
  return new Option('-o, --output <form>', description).choices(['message', 'json']).default('message');
}

function dataDirOf(screen: Screen, { data }: DataOption): string {
  return data === undefined ? findPlaces(screen.env).platform : resolve(screen.cwd, data);
}
