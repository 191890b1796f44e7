// `hippo broker`: runs one of the service brokers that ship, alone, for any Open Service Broker platform.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Argument, Option, type Command } from 'commander';
import { findPlaces } from '../../session/places.ts';
import { AlreadySaid, CommandError } from '../failure.ts';
import { requireNumber } from '../ids.ts';
import { print, say, type Screen } from '../screen.ts';

const BROKERS = ['postgresql', 'redis', 'sqlite'];

interface RunOptions {
  port?: string;
  data?: string;
  output: 'message' | 'json';
}

/** What a broker prints when it is ready. */
interface Ready {
  url: string;
  credentialsFile: string;
}

export function configure(command: Command, screen: Screen): void {
  command
    .command('run')
    .description('start a broker (Open Service Broker API 2.17) on 127.0.0.1, until Ctrl-C')
    .addArgument(new Argument('<name>', 'what it offers').choices(BROKERS))
    .option('--port <number>', 'the port (default: that of the last time, or any that is free)')
    .option('--data <folder>', 'where it keeps everything (default: a folder of its own in your data folder)')
    .addOption(
      new Option('-o, --output <form>', 'json: one line when it is ready')
        .choices(['message', 'json'])
        .default('message'),
    )
    .action((name: string, options: RunOptions) => run(screen, name, options));
}

async function run(screen: Screen, name: string, { port, data, output }: RunOptions): Promise<void> {
  const wish = port === undefined ? undefined : requireNumber(port, '--port', 65535);
  const folder = data === undefined ? join(findPlaces(screen.env).brokers, name) : resolve(screen.cwd, data);
  // Ctrl-C reaches the whole process group: it stops by itself, and we wait for that.
  process.on('SIGINT', () => undefined);
  const child = spawn(
    process.execPath,
    [
      ...[program(name), '--ready-json', '--until-stdin-ends', '--data', folder],
      ...(wish === undefined ? [] : ['--port', String(wish)]),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  // Unlike a signal, the end of its input asks it to stop on every operating system.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.stdin.end());
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line') as Promise<[string]>,
    ended.then(() => undefined),
  ]);
  if (!line) throw new CommandError('The broker did not start.');
  const ready = JSON.parse(line[0]) as Ready;
  if (output === 'json') print(screen, JSON.stringify(ready));
  else {
    const { username } = JSON.parse(await readFile(ready.credentialsFile, 'utf8')) as { username: string };
    print(screen, `Broker:    ${ready.url}`);
    print(screen, `User name: ${username}`);
    print(screen, `Password:  in ${ready.credentialsFile}`);
    say(screen, 'Ctrl-C stops it, and the servers that it runs.');
  }
  const [code] = await ended;
  if (code !== 0) throw new AlreadySaid(code ?? 1);
}

function program(name: string): string {
  const fromSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(
    new URL(fromSource ? `../../platform/brokers/${name}/main.ts` : `./broker-${name}.cjs`, import.meta.url),
  );
}
