// `npm run bench`: the local Hippo with many apps, and how soon a release is seen. Numbers of one run are for
// comparing within it; nothing here fails because of a clock. Needs a build and the sample (`npm start -- --once`).

import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startPlatform, type RunningPlatform } from '../support/platform.ts';
import { median, memoryMiB, ms, say, seconds } from './figures.ts';

const APPS = 500;
const CHANNELS = 5;
const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'hippo-scale-'));
process.env['HIPPO_HOME'] = join(scratch, 'home');

async function start(): Promise<RunningPlatform> {
  const started = await startPlatform('--port', '0', '--data', join(scratch, 'data'));
  if (!('ready' in started)) throw new Error(started.stderr);
  return started;
}

function get(port: string, host: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/', headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

/** The sample with its module, as a project whose version can be set. */
function sample(): (version: string) => string {
  const built = join(root, 'out/sample');
  if (!existsSync(join(built, 'build/app.wasm')))
    throw new Error('The sample is not built: run `npm start -- --once` first.');
  const project = join(scratch, 'sample');
  cpSync(built, project, { recursive: true });
  const file = join(project, 'HIPPOFACTS');
  const text = readFileSync(file, 'utf8');
  return (version) => {
    writeFileSync(file, text.replace(/version = ".*"/, `version = "${version}"`));
    // Another bindle each time, as a release brings one.
    writeFileSync(join(project, 'static/build.txt'), randomBytes(16).toString('hex'));
    return project;
  };
}

async function release(platform: RunningPlatform, client: HippoClient): Promise<void> {
  const at = sample();
  const { port } = new URL(platform.ready.hippoUrl);
  const push = async (version: string): Promise<void> => {
    const args = ['bindle', at(version), '-v', 'production', '-o', 'none', '-s', platform.ready.bindleUrl];
    const ran = await hippo(args, {
      env: cleanEnv(process.env['HIPPO_HOME'] ?? '', { BINDLE_TOKEN: platform.token }),
    });
    if (ran.code !== 0) throw new Error(ran.stderr);
  };
  await push('1.0.0');
  const appId = await client.createApp({ name: 'sample', storageId: 'hello' });
  const channelId = await client.createChannel({ appId, name: 'main', rangeRule: '*' });
  const { domain } = await client.channel(channelId);
  const [cold, first] = await seconds(() => get(port, domain));
  if (first.status !== 200) throw new Error(`the sample answers ${first.status}: ${first.text}`);
  const warm: number[] = [];
  for (let round = 0; round < 50; round++) warm.push((await seconds(() => get(port, domain)))[0]);
  const taken: number[] = [];
  for (let round = 1; round <= 5; round++) {
    await push(`1.0.${round}`);
    const [time] = await seconds(async () => {
      await client.registerRevision({ appStorageId: 'hello', revisionNumber: `1.0.${round}` });
      const answer = await get(port, domain);
      if (answer.status !== 200) throw new Error(`after the release it answers ${answer.status}`);
    });
    taken.push(time);
  }
  say(
    `release  first answer of a new channel ${ms(cold)}, of a new revision ${ms(median(taken))} after its release began, ` +
      `${(median(taken) / median(warm)).toFixed(0)} times a warm request (${ms(median(warm))})`,
  );
}

async function many(platform: RunningPlatform, client: HippoClient): Promise<void> {
  const empty = memoryMiB(platform.ready.pid);
  const early: number[] = [];
  const late: number[] = [];
  const [filling] = await seconds(async () => {
    for (let app = 0; app < APPS; app++) {
      const [time] = await seconds(async () => {
        const appId = await client.createApp({ name: `app-${app}`, storageId: `store/app-${app}` });
        for (let channel = 0; channel < CHANNELS; channel++)
          await client.createChannel({ appId, name: `c${channel}`, rangeRule: '*' });
      });
      if (app < 25) early.push(time);
      if (app >= APPS - 25) late.push(time);
    }
  });
  const [apps] = await seconds(() => client.apps());
  const [channels, all] = await seconds(() => client.channels());
  const [register] = await seconds(() =>
    client.registerRevision({ appStorageId: 'store/app-250', revisionNumber: '1.0.0' }),
  );
  const { port } = new URL(platform.ready.hippoUrl);
  const routed: number[] = [];
  for (let round = 0; round < 50; round++)
    routed.push((await seconds(() => get(port, all[(round * 47) % all.length]?.domain ?? '')))[0]);
  say(
    `scale    ${APPS} apps x ${CHANNELS} channels in ${filling.toFixed(1)} s; the last ones took ` +
      `${(median(late) / median(early)).toFixed(2)} of the first; list apps ${ms(apps)}, channels ${ms(channels)}; ` +
      `register ${ms(register)}; find a channel by its name ${ms(median(routed))}; ` +
      `${(memoryMiB(platform.ready.pid) - empty).toFixed(0)} MiB more memory`,
  );
}

try {
  let platform = await start();
  let client = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
  await release(platform, client);
  await many(platform, client);
  await client.close();
  await platform.stop();
  const [again, restarted] = await seconds(start);
  platform = restarted;
  client = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
  say(`restart  ready after ${ms(again)} with ${(await client.apps()).length} apps`);
  await client.close();
  await platform.stop();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
