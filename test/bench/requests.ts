// `npm run bench`: the sample answered by the local Hippo, beside the same handler without HTTP and a bare node:http
// server in the same run. Ratios, and plain numbers of this machine; nothing is asserted. Needs a build
// (`npm run build`); memory is read from /proc (Linux).

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import { HippoClient } from '../../src/hippo/client.ts';
import { runGuest } from '../../src/platform/runtime/guest.ts';
import { cgiEnvironment, commandLine } from '../../src/platform/runtime/request.ts';

const CONNECTIONS = 16;
const SECONDS = Number(process.env['BENCH_SECONDS'] ?? 5);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const CHANNELS = 6;
const PATH = '/hello?name=Ana';
const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hippo-bench-'));

interface Started {
  child: ChildProcess;
  line: string;
  /** Milliseconds until the first line. */
  time: number;
  stop: () => Promise<void>;
}

async function start(args: string[]): Promise<Started> {
  const begin = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    child,
    line,
    time: performance.now() - begin,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

function startPlatform(data: string): Promise<Started> {
  return start([join(root, 'dist/platform.cjs'), '--ready-json', '--port', '0', '--data', data]);
}

interface Load {
  /** Requests per second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
}

/** As many requests as `CONNECTIONS` connections can make, one after the other each. */
async function load(origin: string, host: string, seconds: number): Promise<Load> {
  const pool = new Pool(origin, { connections: CONNECTIONS, pipelining: 1 });
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  const visitor = async (): Promise<void> => {
    while (performance.now() < end) {
      const begin = performance.now();
      const { statusCode, body } = await pool.request({ path: PATH, method: 'GET', headers: { host } });
      await body.dump();
      if (statusCode !== 200) throw new Error(`${origin} answered ${statusCode}`);
      times.push(performance.now() - begin);
    }
  };
  await Promise.all([...Array(CONNECTIONS).keys()].map(visitor));
  await pool.close();
  times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.floor(times.length * part)] ?? 0;
  return { rate: times.length / seconds, p50: at(0.5), p99: at(0.99) };
}

/** Runs of the handler per second, one after the other in this process. */
function loadInProcess(module: WebAssembly.Module, seconds: number): { rate: number; output: string } {
  const cgi = {
    method: 'GET',
    target: PATH,
    httpVersion: '1.1',
    headers: { host: 'hello.localhost' },
    contentLength: 0,
    remoteAddress: '127.0.0.1',
  };
  let output: Uint8Array[] = [];
  const run = (): void => {
    output = [];
    const environment = cgiEnvironment(cgi, '/...', { scheme: 'http', defaultHost: 'hello.localhost' }, {});
    const { end } = runGuest(
      module,
      { entrypoint: '_start', args: commandLine(cgi), environment },
      { read: () => undefined, write: (bytes) => void output.push(bytes), complain: () => {} },
    );
    if (end.end === 'failed') throw new Error(end.reason);
  };
  for (let warm = 0; warm < 200; warm++) run();
  let runs = 0;
  const begin = performance.now();
  for (; performance.now() - begin < seconds * 1000; runs++) run();
  return { rate: runs / seconds, output: Buffer.concat(output).toString() };
}

/** Milliseconds until a whole answer is there. */
async function visit(url: string, host: string): Promise<{ status: number; time: number }> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    request(new URL(PATH, url), { headers: { host }, agent: false }, (response) =>
      response
        .resume()
        .on('end', () => resolve({ status: response.statusCode ?? 0, time: performance.now() - begin }))
        .on('error', reject),
    )
      .on('error', reject)
      .end();
  });
}

/** MiB: pages that only this process has, and its part of shared ones. */
function memoryOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]) / 1024;
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return Number(readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

async function publish(project: string, version: string, bindleUrl: string, token: string): Promise<void> {
  const facts = join(project, 'HIPPOFACTS');
  writeFileSync(facts, readFileSync(facts, 'utf8').replace(/^version = .*$/m, `version = "${version}"`));
  const child = spawn(
    process.execPath,
    [join(root, 'dist/cli.cjs'), 'bindle', project, '-s', bindleUrl, '-v', 'production', '-o', 'none'],
    { stdio: 'inherit', env: { ...process.env, HIPPO_HOME: scratch, BINDLE_TOKEN: token } },
  );
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error('the sample could not be published');
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function say(name: string, text: string): void {
  console.log(`${name.padEnd(34)}${text}`);
}

async function bench(): Promise<void> {
  const { buildSample } = (await import(new URL('../../.dev/sample.mjs', import.meta.url).href)) as {
    buildSample: (folder: string) => Promise<string>;
  };
  const project = await buildSample(join(scratch, 'sample'));
  const module = await WebAssembly.compile(readFileSync(join(project, 'build/app.wasm')));

  const starts: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const platform = await startPlatform(join(scratch, `start-${round}`));
    starts.push(platform.time);
    await platform.stop();
  }
  say('start of the platform', `${median(starts).toFixed(0)} ms (new data), aim < 500`);

  const platform = await startPlatform(join(scratch, 'data'));
  try {
    const { hippoUrl, bindleUrl, tokenFile } = JSON.parse(platform.line) as Record<string, string>;
    const token = readFileSync(tokenFile ?? '', 'utf8').trim();
    const client = new HippoClient({ url: hippoUrl ?? '', credentials: { type: 'bearer', token } });
    await publish(project, '1.0.0', bindleUrl ?? '', token);
    const appId = await client.createApp({ name: 'hello', storageId: 'hello' });
    const domains: string[] = [];
    for (let index = 0; index < CHANNELS; index++) {
      const id = await client.createChannel({
        appId,
        name: `c${index}`,
        revisionSelectionStrategy: 'UseRangeRule',
      });
      domains.push((await client.channel(id)).domain);
    }

    const control = platform.child.pid ?? 0;
    const before = memoryOf(control);
    const cold: number[] = [];
    for (const domain of domains) cold.push((await visit(hippoUrl ?? '', domain)).time);
    const warm: number[] = [];
    for (let round = 0; round < 50; round++) warm.push((await visit(hippoUrl ?? '', domains[0] ?? '')).time);
    say(
      'cold start of a channel',
      `${median(cold).toFixed(0)} ms to the first answer (warm ${median(warm).toFixed(1)} ms)`,
    );
    const idle = childrenOf(control).map(memoryOf);
    say(
      'memory per idle channel',
      `${median(idle).toFixed(0)} MiB in its process, ${((memoryOf(control) - before) / CHANNELS).toFixed(1)} MiB in the control process`,
    );

    const releases: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await publish(project, `1.0.${round}`, bindleUrl ?? '', token);
      const begin = performance.now();
      await client.registerRevision({ appStorageId: 'hello', revisionNumber: `1.0.${round}` });
      await visit(hippoUrl ?? '', domains[0] ?? '');
      releases.push(performance.now() - begin);
    }
    say('release to first new answer', `${median(releases).toFixed(0)} ms`);

    const { rate: direct, output } = loadInProcess(module, SECONDS);
    const bare = await start([
      join(root, 'test/bench/bare-server.ts'),
      output.slice(output.indexOf('\n\n') + 2),
    ]);
    const rounds: { bare: Load; ours: Load }[] = [];
    try {
      await load(`http://127.0.0.1:${bare.line}`, 'bare', 1);
      await load(hippoUrl ?? '', domains[0] ?? '', 1);
      for (let round = 0; round < ROUNDS; round++)
        rounds.push({
          bare: await load(`http://127.0.0.1:${bare.line}`, 'bare', SECONDS),
          ours: await load(hippoUrl ?? '', domains[0] ?? '', SECONDS),
        });
    } finally {
      await bare.stop();
    }
    const middle = (pick: (round: (typeof rounds)[number]) => number): number => median(rounds.map(pick));
    const ours = middle(({ ours }) => ours.rate);
    say(
      `requests, ${CONNECTIONS} connections`,
      `${ours.toFixed(0)} a second, p50 ${middle(({ ours }) => ours.p50).toFixed(1)} ms, p99 ${middle(({ ours }) => ours.p99).toFixed(1)} ms`,
    );
    say(
      '  the handler without HTTP',
      `${direct.toFixed(0)} a second; ours ${(ours / direct).toFixed(2)} of it`,
    );
    say(
      '  a bare node:http answer',
      `${middle(({ bare }) => bare.rate).toFixed(0)} a second, p99 ${middle(({ bare }) => bare.p99).toFixed(1)} ms; ` +
        `ours ${middle(({ bare, ours }) => ours.rate / bare.rate).toFixed(2)} of its rate, ` +
        `${middle(({ bare, ours }) => ours.p99 / bare.p99).toFixed(1)} of its p99`,
    );
  } finally {
    await platform.stop();
  }
}

try {
  await bench();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
