// `npm start [-- --once] [-- --port N]`: builds everything, starts a local Hippo, publishes the sample to it
// with an add-on, looks at its pages, and stays up until Ctrl-C (with --once it ends there).
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPlatform } from './platform.mjs';
import { demandNode, root, run } from './processes.mjs';
import { addNotes, buildSample } from './sample.mjs';
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
  const addon = await step('Giving it a page of notes that an add-on keeps', () =>
    giveNotes(sample, platform),
  );
  const { id, channels } = await step(`Publishing it with \`hippo publish\`, which adds ${addon}`, () =>
    publish(sample, platform),
  );
  const [{ name: channel, address }] = channels;
  await step('Setting a variable with `hippo env set`', () =>
    hippo(platform, 'env', 'set', 'GREETING=Hello from your local Hippo', '--channel', channel),
  );
  const page = await step('Opening its page', () => visit(address));
  const notesAddress = new URL('/notes', address);
  const notes = await step('Writing a note by a host call, and reading it back', () =>
    keepNote(notesAddress),
  );
  say(`
  Published      ${id}
  It says        ${page}
  Its add-on     ${addon} keeps ${notes}: ${notesAddress}
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

/** @returns what keeps them: PostgreSQL where this machine has it, else SQLite */
async function giveNotes(sample, platform) {
  const { offerings } = JSON.parse(lastLine(await hippo(platform, 'addons', 'list', '-o', 'json')));
  const postgresql = offerings.find(({ name }) => name === 'postgresql');
  const addon = postgresql?.unavailable === null ? 'postgresql:free' : 'sqlite:free';
  await addNotes(sample, addon);
  return addon;
}

/** @returns what `hippo publish -o json` prints */
async function publish(sample, platform) {
  const output = await hippo(platform, 'publish', sample, '-v', 'production', '-o', 'json');
  return JSON.parse(lastLine(output));
}

function lastLine(output) {
  return output.trim().split('\n').at(-1);
}

/** Runs the command against this very Hippo, whose owner it is by the file that it finds. */
function hippo({ hippoUrl, bindleUrl }, ...args) {
  return demand(['dist/cli.cjs', ...args], { ...env, HIPPO_URL: hippoUrl, BINDLE_URL: bindleUrl });
}

/** @returns how many notes there are, with the one that it has written */
async function keepNote(address) {
  const text = 'npm start was here';
  await request(address, { method: 'POST', body: `text=${text}\r\n`, status: 303 });
  const page = await request(address);
  if (!page.includes(text)) throw new Error(`The note is not there: ${page}`);
  return headingOf(page);
}

/** @returns the page's heading */
async function visit(address) {
  return headingOf(await request(address));
}

function headingOf(page) {
  const heading = /<h1>(.*?)<\/h1>/.exec(page)?.[1];
  if (heading === undefined) throw new Error(`The page has no heading: ${page}`);
  return heading;
}

/** @returns the page; asked for at 127.0.0.1, since not every resolver knows *.localhost */
function request(address, { method = 'GET', body, status = 200 } = {}) {
  const { host, port, pathname } = new URL(address);
  const headers = { host, ...(body && { 'content-type': 'text/plain' }) };
  return new Promise((resolve, reject) => {
    httpRequest({ host: '127.0.0.1', port, path: pathname, method, headers }, async (response) => {
      const text = (await response.setEncoding('utf8').toArray()).join('');
      if (response.statusCode === status) resolve(text);
      else reject(new Error(`The page answers ${response.statusCode}: ${text}`));
    })
      .on('error', reject)
      .end(body);
  });
}

/** Runs one of our programs; what it wrote, or an error with it. */
async function demand(args, env = process.env) {
  const { code, output } = await run('node', args, { env });
  if (code !== 0) throw new Error(output || `${args.join(' ')} ended with ${code}.`);
  return output;
}
