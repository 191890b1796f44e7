// `npm start [-- --once] [-- --port N]`: builds everything, starts a local Hippo, publishes the sample to it,
// looks at its page, and stays up until Ctrl-C (with --once it ends there).
import { get } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPlatform } from './platform.mjs';
import { demandNode, root, run } from './processes.mjs';
import { buildSample } from './sample.mjs';
import { isEnding, say, stayUp, step } from './stay-up.mjs';

demandNode();
const { once, port } = parseArgs({
  options: { once: { type: 'boolean' }, port: { type: 'string' } },
}).values;
/** Keys and notes of this clone, not yours. */
const env = { ...process.env, HIPPO_HOME: join(root, 'out/hippo-home') };

await stayUp(demonstrate, once);

async function demonstrate() {
  await step('Building the extension, the command and the platform', () => demand(['esbuild.mjs']));
  const sample = await step('Compiling the sample in scaffold/assemblyscript', () =>
    buildSample(join(root, 'out/sample')),
  );
  const platform = await step('Starting a local Hippo that keeps nothing', startHippo);
  const { id, channels } = await step('Publishing the sample with `hippo publish`', () =>
    publish(sample, platform),
  );
  const [{ name: channel, address }] = channels;
  await step('Setting a variable with `hippo env set`', () =>
    hippo(platform, 'env', 'set', 'GREETING=Hello from your local Hippo', '--channel', channel),
  );
  const page = await step('Opening its page', () => visit(address));
  say(`
  Published      ${id}
  It says        ${page}
  Its address    ${address}
  Hippo's API    ${platform.hippoUrl}
  Bindle server  ${platform.bindleUrl}
`);
}

async function startHippo() {
  const { child, ...ready } = await startPlatform(
    ['--ephemeral', ...(port === undefined ? [] : ['--port', port])],
    env,
  );
  void child.ended.then(() => {
    if (isEnding() || once) return;
    process.stderr.write('The local Hippo has ended.\n');
    process.exit(1);
  });
  return ready;
}

/** @returns what `hippo publish -o json` prints */
async function publish(sample, platform) {
  const output = await hippo(platform, 'publish', sample, '-v', 'production', '-o', 'json');
  return JSON.parse(output.trim().split('\n').at(-1));
}

/** Runs the command against this very Hippo, whose owner it is by the file that it finds. */
function hippo({ hippoUrl, bindleUrl }, ...args) {
  return demand(['dist/cli.cjs', ...args], { ...env, HIPPO_URL: hippoUrl, BINDLE_URL: bindleUrl });
}

/** @returns the page's heading; asked for at 127.0.0.1, since not every resolver knows *.localhost */
function visit(address) {
  const { host, port } = new URL(address);
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers: { host } }, async (response) => {
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
