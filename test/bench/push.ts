// `npm run bench`: pushing to the local Bindle server beside the raw limit of the same run. Ratios, not seconds:
// machines are noisy. Needs a build (`npm run build`) and Linux (/proc) for the memory.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PARALLELISM = '8';
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hippo-bench-'));

interface Case {
  name: string;
  files: number;
  bytes: number;
  aim: number;
}
const CASES: Case[] = [
  { name: '2000 x 4 KiB', files: 2000, bytes: 4 * 1024, aim: 2.0 },
  { name: '50 x 1 MiB', files: 50, bytes: 1024 ** 2, aim: 1.3 },
  { name: '1 x 1 GiB', files: 1, bytes: 1024 ** 3, aim: 1.3 },
];

interface Finished {
  seconds: number;
  peakMiB: number;
}

/** Peak resident memory so far, in MiB; 0 once the process is gone. */
function peakOf(child: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  });
  let peakMiB = 0;
  const watch = setInterval(() => (peakMiB = Math.max(peakMiB, peakOf(child))), 10);
  const [code] = (await once(child, 'exit')) as [number];
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - begin) / 1000, peakMiB };
}

async function start(
  args: string[],
): Promise<{ child: ChildProcess; line: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    child,
    line,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

async function makeProject({ files, bytes }: Case): Promise<string> {
  const project = mkdtempSync(join(scratch, 'project-'));
  mkdirSync(join(project, 'files'));
  const content = Buffer.alloc(Math.min(bytes, 16 * 1024 ** 2));
  for (let index = 0; index < files; index++) {
    const file = join(project, 'files', `f${index}.bin`);
    for (let written = 0; written < bytes; written += content.length)
      writeFileSync(file, randomFillSync(content), { flag: written === 0 ? 'w' : 'a' });
  }
  writeFileSync(join(project, 'm.wasm'), Buffer.from('0061736d01000000', 'hex'));
  // The hash cache does not trust files that were written less than two seconds before they were hashed.
  await setTimeout(2_100);
  return project;
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function measure(one: Case): Promise<void> {
  const project = await makeProject(one);
  const rounds: { raw: number; ours: number; again: number; client: number; server: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const rawStore = mkdtempSync(join(scratch, 'raw-'));
    const raw = await start([join(root, 'test/bench/raw-server.ts'), rawStore]);
    const rawRun = await run([
      join(root, 'test/bench/raw-client.ts'),
      `http://127.0.0.1:${raw.line}/`,
      join(project, 'files'),
      PARALLELISM,
    ]);
    await raw.stop();
    rmSync(rawStore, { recursive: true });

    const store = mkdtempSync(join(scratch, 'store-'));
    const home = mkdtempSync(join(scratch, 'home-'));
    const platform = await start([
      '--disable-warning=ExperimentalWarning',
      join(root, 'dist/platform.cjs'),
      '--ready-json',
      '--port',
      '0',
      '--data',
      store,
    ]);
    const { bindleUrl, tokenFile } = JSON.parse(platform.line) as { bindleUrl: string; tokenFile: string };
    const user = { HIPPO_HOME: home, BINDLE_TOKEN: readFileSync(tokenFile, 'utf8').trim() };
    const before = peakOf(platform.child);
    writeFileSync(
      join(project, 'HIPPOFACTS'),
      `[bindle]\nname = "bench"\nversion = "1.0.${round}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["files/*"]\n`,
    );
    const push = [
      join(root, 'dist/cli.cjs'),
      'bindle',
      project,
      '-v',
      'production',
      '-o',
      'none',
      '-s',
      bindleUrl,
    ];
    const ours = await run(push, user);
    const again = await run(push, user);
    rounds.push({
      raw: rawRun.seconds,
      ours: ours.seconds,
      again: again.seconds,
      client: Math.max(ours.peakMiB, again.peakMiB),
      server: peakOf(platform.child) - before,
    });
    await platform.stop();
    rmSync(store, { recursive: true });
  }
  rmSync(project, { recursive: true });
  const ratio = median(rounds.map(({ raw, ours }) => ours / raw));
  const repeat = median(rounds.map(({ ours, again }) => again / ours));
  const worst = (pick: (round: (typeof rounds)[number]) => number): string =>
    Math.max(...rounds.map(pick)).toFixed(0);
  console.log(
    [
      one.name.padEnd(14),
      `raw ${median(rounds.map(({ raw }) => raw)).toFixed(2)} s`,
      `push ${median(rounds.map(({ ours }) => ours)).toFixed(2)} s`,
      `ratio ${ratio.toFixed(2)} (aim <= ${one.aim})`,
      `repeat ${repeat.toFixed(2)} of the first (aim <= 0.30)`,
      `client peak ${worst(({ client }) => client)} MiB (aim <= 150)`,
      `server growth ${worst(({ server }) => server)} MiB (aim <= 150)`,
    ].join('  '),
  );
}

try {
  const wanted = process.argv[2];
  for (const one of CASES) if (wanted === undefined || one.name.includes(wanted)) await measure(one);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
