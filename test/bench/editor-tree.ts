// `npm run bench`: the view of apps with 500 apps of 5 channels each: how long it takes to fill, to be read again and
// to show one change, in this process and in a window of VS Code. In this process each channel has an add-on, too, as a
// Hippo would answer it: making so many would take longer than all the rest. Numbers of one run are for comparing within it;
// nothing here fails because of a clock. Needs a build; the window needs `npm run vscode`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makePackage } from '../../.dev/package.mjs';
import { Follower } from '../../src/editor/tree/follower.ts';
import { AppsModel } from '../../src/editor/tree/model.ts';
import { nodeId } from '../../src/editor/tree/nodes.ts';
import type { AddonItem } from '../../src/addons/addons.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { findPlatform, ownerToken } from '../../src/session/local-platform.ts';
import { addonItem, bindingItem, offeringItem, planItem } from '../support/addon-items.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { launchBrowser, openProfile } from '../support/vscode/browser.ts';
import { installExtension, isolatedEnv, startServer } from '../support/vscode/server.ts';
import { QUIET_SETTINGS } from '../support/vscode/settings.ts';
import { Workbench } from '../support/vscode/workbench.ts';
import { findVSCode } from '../vscode/setup.mjs';

const APPS = 500;
const CHANNELS = 5;
const CHANGES = 20;

const home = mkdtempSync(join(tmpdir(), 'hippo-tree-bench-'));
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const ms = (value: number): string => `${value.toFixed(0)} ms`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const time = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

interface Place {
  client: HippoClient;
  /** A channel of the first app. */
  channelId: string;
  appId: string;
}

async function fill(client: HippoClient): Promise<Place> {
  const name = (number: number): string => `app-${String(number).padStart(3, '0')}`;
  let place: Place | undefined;
  for (let app = 0; app < APPS; app++) {
    const appId = await client.createApp({ name: name(app), storageId: `acme/${name(app)}` });
    await client.registerRevision({ appStorageId: `acme/${name(app)}`, revisionNumber: '1.0.0' });
    for (let channel = 0; channel < CHANNELS; channel++) {
      const channelId = await client.createChannel({ appId, name: `channel-${channel}` });
      await client.patchChannel(channelId, { environmentVariables: [{ key: 'CITY', value: 'Oslo' }] });
      place ??= { client, channelId, appId };
    }
  }
  if (!place) throw new Error('There is no channel.');
  return place;
}

/** One for each channel of each app. */
async function addonsOf(client: HippoClient): Promise<AddonItem[]> {
  const plan = planItem('small', {
    free: false,
    costs: [{ amount: 60_000, currency: 'usd', unit: 'HOURLY' }],
    schemas: { create: { type: 'object', properties: { version: { type: 'string', enum: ['16', '17'] } } } },
  });
  const offering = offeringItem('postgresql', [plan]);
  const apps = await client.apps();
  return apps.flatMap(({ id: appId, name: appName, channels }) =>
    channels.map(({ id, name }, index) => {
      const variables = ['URL', 'HOST', 'PORT', 'USER', 'PASSWORD', 'DATABASE'].map((key) => `DB_${key}`);
      const binding = bindingItem(name, `db-${index}`, { channelId: id, variables });
      return addonItem(`db-${index}`, offering, plan, [binding], { appId, appName });
    }),
  );
}

async function inThisProcess({ client, channelId }: Place, hippoUrl: string): Promise<void> {
  const fail = (error: unknown): never => {
    throw error;
  };
  const model = new AppsModel(fail);
  const addons = await addonsOf(client);
  const byId = new Map(addons.map((addon) => [addon.id, addon]));
  const follower = new Follower(model, {
    open: () =>
      Promise.resolve({
        name: 'local',
        hippoUrl,
        userName: undefined,
        client,
        addons: {
          addons: async () => addons,
          addon: async (id: string) => byId.get(id) ?? fail(new Error(id)),
          offerings: async () => [],
        },
      }),
    report: () => undefined,
    log: { info: () => undefined, trace: () => undefined, warn: say, error: say },
    clock: {
      now: Date.now,
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return { dispose: () => clearTimeout(timer) };
      },
    },
  });
  follower.start();
  say(`  filled after                    ${ms(await time(() => follower.settled()))}`);
  const refreshes: number[] = [];
  for (let i = 0; i < 5; i++) refreshes.push(await time(() => follower.refresh()));
  say(`  all read again, median of 5     ${ms(median(refreshes))}`);
  const facts = {
    apps: await client.apps(),
    channels: await client.channels(),
    statuses: await client.channelStatuses(),
    revisions: new Map(),
    addons: structuredClone(addons),
  };
  const compares: number[] = [];
  for (let i = 0; i < 5; i++) compares.push(await time(async () => model.replace(facts)));
  say(`  of that here, comparing         ${ms(median(compares))}`);
  const changes: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const value = `in-process-${i}`;
    const { promise, resolve } = Promise.withResolvers<void>();
    const listening = model.onDidChange(() => {
      if (model.node(nodeId.channel(channelId))?.label === value) resolve();
    });
    changes.push(
      await time(async () => {
        await client.patchChannel(channelId, { name: value });
        await promise;
      }),
    );
    listening.dispose();
  }
  say(`  one change, median of ${CHANGES}        ${ms(median(changes))}`);
  follower.dispose();
}

async function inAWindow({ client, channelId }: Place): Promise<void> {
  if (!findVSCode('newest')) return say('  skipped: `npm run vscode` gets a VS Code');
  const vsix = join(home, 'hippo-tools.vsix');
  await makePackage(vsix);
  const extensionsDir = join(home, 'extensions');
  await installExtension(vsix, extensionsDir, 'newest');
  const root = join(home, 'vscode');
  const env = { ...isolatedEnv(root), HIPPO_HOME: home };
  const server = await startServer({ root, extensionsDir, env, settings: QUIET_SETTINGS });
  const browser = await launchBrowser();
  try {
    const window = await Workbench.open(server, await openProfile(browser));
    const apps = window.view('Apps');
    const opened = await time(async () => {
      await window.openContainer('Hippo');
      await apps.row('app-000').waitFor();
    });
    say(`  from the click to the rows      ${ms(opened)}, the extension's activation included`);
    await apps.expand('app-000');
    const changes: number[] = [];
    for (let i = 0; i < CHANGES; i++) {
      const value = `window-${i}`;
      changes.push(
        await time(async () => {
          await client.patchChannel(channelId, { name: value });
          await apps.row(value).waitFor();
        }),
      );
    }
    say(`  one change, median of ${CHANGES}        ${ms(median(changes))}`);
  } finally {
    await browser.close();
    await server.stop();
  }
}

const platform = await startLocalPlatform(home, ['--port', '0']);
try {
  const running = await findPlatform(platform.dataDir);
  if (!running) throw new Error('The local Hippo does not run.');
  const client = new HippoClient({
    url: platform.hippoUrl,
    credentials: { type: 'bearer', token: await ownerToken(running) },
  });
  const place = await fill(client);
  say(`The view of apps, ${APPS} apps of ${CHANNELS} channels, each with an add-on`);
  await inThisProcess(place, platform.hippoUrl);
  say('The same in a window of VS Code, without the add-ons');
  await inAWindow(place);
  await client.close();
} finally {
  await platform.stop();
  rmSync(home, { recursive: true, force: true });
}
