// `npm run bench`: from the command to a page that answers, for the sample: the first publish (app and channel are
// made), and one with one file changed. Beside it, in the same run, the start of a program that does nothing, and the
// same files pushed without a release. Ratios and shares, not seconds: machines are noisy. Needs a build.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hippo-bench-'));

interface Published {
  channels: { address: string }[];
  milliseconds: Record<string, number>;
}

interface Timed {
  /** Milliseconds from the command to its end. */
  time: number;
  stdout: string;
}

async function run(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Timed> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, USER: 'bench', ...env },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  const time = performance.now() - begin;
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
  return { time, stdout };
}

function answers(address: string): Promise<boolean> {
  const { host, port } = new URL(address);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers: { host } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode === 200));
    })
      .on('error', reject)
      .end();
  });
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const rounds = {
  nothing: [] as number[],
  push: [] as number[],
  first: [] as number[],
  changed: [] as number[],
};
const shares: Record<'first' | 'changed', Record<string, number[]>> = { first: {}, changed: {} };

async function round(number: number, sample: string): Promise<void> {
  const home = join(scratch, `home-${number}`);
  const project = join(scratch, `project-${number}`);
  mkdirSync(home);
  cpSync(sample, project, { recursive: true });
  const platform = spawn(
    process.execPath,
    [join(root, 'dist/platform.cjs'), '--ephemeral', '--ready-json', '--port', '0', '--until-stdin-ends'],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, HIPPO_HOME: home } },
  );
  try {
    const [line] = (await once(createInterface(platform.stdout), 'line')) as [string];
    const { hippoUrl, bindleUrl } = JSON.parse(line) as { hippoUrl: string; bindleUrl: string };
    const env = { HIPPO_HOME: home, HIPPO_URL: hippoUrl, BINDLE_URL: bindleUrl };
    const cli = join(root, 'dist/cli.cjs');
    rounds.nothing.push((await run(['-e', '0'])).time);
    // Keys and compile cache are there before anything is compared.
    await run([cli, 'prepare', project, '-d', join(scratch, `prepared-${number}`)], env);
    for (const what of ['first', 'changed'] as const) {
      const { time, stdout } = await run([cli, 'publish', project, '-o', 'json'], env);
      const published = JSON.parse(stdout) as Published;
      const [channel] = published.channels;
      if (!channel || !(await answers(channel.address))) throw new Error('The page does not answer.');
      rounds[what].push(time);
      for (const [stage, spent] of Object.entries(published.milliseconds))
        (shares[what][stage] ??= []).push(spent / time);
      appendFileSync(join(project, 'static/style.css'), '\n/* changed */\n');
    }
    rounds.push.push((await run([cli, 'bindle', project, '-o', 'none'], env)).time);
  } finally {
    platform.stdin.end();
    await once(platform, 'exit');
  }
}

try {
  const { buildSample } = await import('../../.dev/sample.mjs');
  const built = await buildSample(join(scratch, 'sample'));
  const sample = join(scratch, 'plain');
  cpSync(built, sample, { recursive: true, filter: (path) => !path.endsWith('node_modules') });
  for (let number = 0; number < ROUNDS; number++) await round(number, sample);
  const base = median(rounds.push);
  console.log(
    `click to page, the sample, median of ${ROUNDS} (1 = the same changed file by hippo bindle alone)`,
  );
  console.log(`  a program that does nothing  ${(median(rounds.nothing) / base).toFixed(2)}`);
  for (const what of ['first', 'changed'] as const) {
    const time = median(rounds[what]);
    const parts = Object.entries(shares[what]).map(
      ([stage, values]) => `${stage} ${Math.round(median(values) * 100)} %`,
    );
    const rest = 1 - Object.values(shares[what]).reduce((sum, values) => sum + median(values), 0);
    console.log(
      `  ${(what === 'first' ? 'first publish' : 'one file changed').padEnd(28)} ${(time / base).toFixed(2)}  ` +
        `(${Math.round(time)} ms: start and sign-in ${Math.round(rest * 100)} %, ${parts.join(', ')})`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
