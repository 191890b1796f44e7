// `npm start [-- --once] [-- --port N]`: builds everything, starts a local Hippo, publishes the sample to it,
// looks at its page, and stays up until Ctrl-C (with --once it ends there).
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { demandNode, root, run, start, stopAll } from './processes.mjs';
import { buildSample } from './sample.mjs';

demandNode();
// The sources are TypeScript that Node runs as it is.
const { HippoClient } = await import('../src/hippo/client.ts');

const { once, port } = parseArgs({
  options: { once: { type: 'boolean' }, port: { type: 'string' } },
}).values;
const say = (text) => process.stdout.write(`${text}\n`);
let state = 'starting';

for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, async () => {
    const exitCode = state === 'up' ? 0 : 130;
    state = 'ending';
    await stopAll();
    process.exit(exitCode);
  });

try {
  await demonstrate();
  state = 'up';
  if (once) {
    await stopAll();
    say('Everything works, and nothing is left running.');
  } else say('  Ctrl-C stops it.');
} catch (error) {
  // What a signal has ended has failed for that reason.
  if (state !== 'ending') {
    state = 'ending';
    await stopAll();
    process.stderr.write(`\n${error.message.trimEnd()}\n`);
    process.exitCode = 1;
  }
}

async function demonstrate() {
  await step('Building the extension, the command and the platform', () => demand(['esbuild.mjs']));
  const sample = await step('Compiling the sample in scaffold/assemblyscript', () =>
    buildSample(join(root, 'out/sample')),
  );
  const platform = await step('Starting a local Hippo that keeps nothing', startPlatform);
  const id = await step('Publishing the sample to its Bindle server', () => push(sample, platform));
  const channel = await step(`Making an app with a channel that runs ${id}`, () => release(id, platform));
  const page = await step('Opening its page through the gateway', () => visit(channel, platform));
  const { port: gatewayPort } = new URL(platform.hippoUrl);
  say(`
  It says        ${page}
  Its address    http://${channel.domain}:${gatewayPort}/
  Hippo's API    ${platform.hippoUrl}
  Bindle server  ${platform.bindleUrl}
`);
}

/** Says what is being done and how long it took. */
async function step(what, work) {
  const before = performance.now();
  process.stdout.write(`${what} … `);
  try {
    const result = await work();
    say(`${((performance.now() - before) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    say(state === 'ending' ? 'stopped' : 'failed');
    throw error;
  }
}

async function startPlatform() {
  const child = start(
    'node',
    [
      'dist/platform.cjs',
      '--ephemeral',
      '--ready-json',
      '--until-stdin-ends',
      ...(port === undefined ? [] : ['--port', port]),
    ],
    // It ends when this pipe does, however this script goes.
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) throw new Error('The local Hippo did not start.');
  void child.ended.then(() => {
    if (state === 'ending' || once) return;
    process.stderr.write('The local Hippo has ended.\n');
    process.exit(1);
  });
  return JSON.parse(value);
}

/** @returns the bindle's id */
async function push(sample, platform) {
  const output = await demand(
    ['dist/cli.cjs', 'bindle', sample, '--server', platform.bindleUrl, '-v', 'production', '-o', 'id'],
    // The key that signs the sample is one of this clone, not yours.
    {
      ...process.env,
      HIPPO_HOME: join(root, 'out/hippo-home'),
      BINDLE_TOKEN: await ownerToken(platform),
    },
  );
  return output.trim().split('\n').at(-1);
}

async function release(id, platform) {
  const [storageId, revisionNumber] = [id.slice(0, id.lastIndexOf('/')), id.slice(id.lastIndexOf('/') + 1)];
  const token = await ownerToken(platform);
  const hippo = new HippoClient({ url: platform.hippoUrl, credentials: { type: 'bearer', token } });
  const appId = await hippo.createApp({ name: storageId, storageId });
  const channelId = await hippo.createChannel({
    appId,
    name: 'production',
    revisionSelectionStrategy: 'UseRangeRule',
    rangeRule: '*',
  });
  await hippo.patchChannel(channelId, {
    environmentVariables: [{ key: 'GREETING', value: 'Hello from your local Hippo' }],
  });
  await hippo.registerRevision({ appStorageId: storageId, revisionNumber });
  const status = await hippo.channelStatus(channelId);
  if (status !== 'Running') throw new Error(`The channel is ${status}, not Running.`);
  return hippo.channel(channelId);
}

/** Whoever can read this file may do everything on this local Hippo. */
async function ownerToken({ tokenFile }) {
  return (await readFile(tokenFile, 'utf8')).trim();
}

/** @returns the page's heading; asked for at 127.0.0.1, since not every resolver knows *.localhost */
function visit({ domain }, { hippoUrl }) {
  const { port } = new URL(hippoUrl);
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers: { host: `${domain}:${port}` } }, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      const heading = /<h1>(.*?)<\/h1>/.exec(text)?.[1];
      if (response.statusCode === 200 && heading) resolve(heading);
      else reject(new Error(`The page answers ${response.statusCode}: ${text}`));
    }).on('error', reject);
  });
}

/** Runs one of our programs; what it wrote, or an error with it. */
async function demand(args, env = process.env) {
  const { code, output } = await run('node', args, { env });
  if (code !== 0) throw new Error(output || `${args.join(' ')} ended with ${code}.`);
  return output;
}
