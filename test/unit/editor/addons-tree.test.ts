// Add-ons in the view of apps and in the store that pages read, on a real Hippo's events with a scripted broker.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HippoAddonsStore } from '../../../src/editor/marketplace/hippo-addons-store.ts';
import { Follower } from '../../../src/editor/tree/follower.ts';
import { AppsModel, type Change } from '../../../src/editor/tree/model.ts';
import { nodeId, type TreeNode } from '../../../src/editor/tree/nodes.ts';
import type { AddonItem } from '../../../src/addons/addons.ts';
import type { AddonsClient } from '../../../src/addons/client.ts';
import { service } from '../../support/scripted-broker.ts';
import { SimulatedHippo } from '../../support/simulated-hippo.ts';
import { startAddons, type TestAddons } from '../platform/addons/harness.ts';
import { EditorAddons, realClock } from '../../support/editor-addons.ts';
import { FakeApp } from '../../support/fake-app.ts';

let root: string;
let hippo: TestAddons;
let editor: EditorAddons;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-addons-tree-'));
  hippo = await startAddons(root);
});
afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  editor = new EditorAddons(hippo.hippo, join(root, 'home'));
});
afterEach(() => editor.dispose());

let names = 0;
const newName = (): string => `app-${++names}`;

describe('in the tree', () => {
  test('an add-on stands under its channel with plan, price and state, live', async () => {
    const { appId, channels } = await hippo.app(newName(), ['production', 'beta']);
    const [production = '', beta = ''] = channels;
    await editor.look();
    const { model } = editor;
    expect(model.children(nodeId.channel(production))).toContain(nodeId.addons(production));
    expect(model.node(nodeId.addons(production))).toMatchObject({ description: 'none', opens: undefined });

    const held = hippo.broker.hold('provision');
    const { id } = await hippo.client.createAddon({ name: 'db', plan: 'small', channelId: production });
    await held.arrived;
    const row = nodeId.addon(production, id);
    await expect.poll(() => model.node(row)?.description).toBe('creating… • small • $0.06/hour');
    expect(model.node(row)).toMatchObject({
      label: 'db',
      icon: 'loading~spin',
      spoken: 'Add-on db, small, $0.06/hour, creating',
    });
    held.go();
    await expect.poll(() => model.node(row)?.description).toBe('small • $0.06/hour');
    expect(model.node(row)).toMatchObject({ icon: 'pass', opens: 'collapsed' });
    expect(model.node(row)?.tooltip).toContain('$0.06/hour, about $43.80/month');
    expect(model.node(row)?.context.split(' ')).toEqual(
      expect.arrayContaining(['addon', 'bound', 'dashboard', 'updatable', 'rotatable']),
    );
    expect(model.node(nodeId.addons(production))?.description).toBe('1');
    expect(model.node(nodeId.addons(beta))?.description).toBe('none');
    expect(model.parent(row)).toBe(nodeId.addons(production));
    expect(model.parent(nodeId.addons(production))).toBe(nodeId.channel(production));

    // Only the add-on's row is drawn again: what is selected stays selected.
    const changes: Change[] = [];
    const listening = model.onDidChange((change) => changes.push(change));
    await hippo.client.changeAddon(id, { plan: 'free' });
    await expect.poll(() => model.node(row)?.description).toBe('free');
    listening.dispose();
    expect(new Set(changes.flat())).toEqual(new Set([row]));

    await hippo.client.unbindAddon(id, production);
    await expect.poll(() => model.node(nodeId.unusedAddons(appId))?.description).toBe('1');
    const unused = nodeId.unusedAddon(appId, id);
    expect(model.children(nodeId.app(appId)).at(-1)).toBe(nodeId.unusedAddons(appId));
    expect(model.node(unused)).toMatchObject({ label: 'db', opens: undefined });
    expect(model.parent(unused)).toBe(nodeId.unusedAddons(appId));
    expect(model.node(nodeId.addons(production))?.description).toBe('none');
    await hippo.client.removeAddon(id);
    await expect.poll(() => model.node(nodeId.unusedAddons(appId))).toBeUndefined();
    expect(model.addons.some((addon) => addon.id === id)).toBe(false);
  });

  test('what failed can be told from what works, with the words of the broker', async () => {
    const { appId, channels } = await hippo.app(newName());
    const [channelId = ''] = channels;
    await editor.look();
    hippo.broker.once('provision', () => ({ status: 400, body: { description: 'No room today.' } }));
    const { id } = await hippo.client.createAddon({ name: 'db', plan: 'free', channelId });
    const node = (): TreeNode | undefined => editor.model.node(nodeId.unusedAddon(appId, id));
    await expect.poll(() => node()?.icon).toBe('error');
    expect(node()?.description).toMatch(/^failed • free$/);
    expect(node()?.tooltip).toContain('No room today.');
    expect(node()?.spoken).toMatch(/, failed$/);
    expect(node()?.context.split(' ')).toEqual(expect.arrayContaining(['open', 'troubled']));
    await hippo.client.removeAddon(id);
    await hippo.settled(id);
  });

  test('values of its variables are hidden, and are not kept when credentials change', async () => {
    const { channels } = await hippo.app(newName());
    const [channelId = ''] = channels;
    const { id } = await hippo.client.createAddon({ name: 'db', plan: 'free', channelId });
    const addon = await hippo.settled(id);
    const key = addon?.bindings[0]?.variables[0] ?? '';
    await editor.look();
    const { model } = editor;
    const row = nodeId.addonVariable(channelId, id, key);
    expect(model.children(nodeId.addon(channelId, id))).toContain(row);
    expect(model.parent(row)).toBe(nodeId.addon(channelId, id));
    expect(model.node(row)).toMatchObject({
      label: key,
      description: '••••••',
      context: 'addonVariable hidden',
    });
    model.reveal(row, true, 'first-secret');
    expect(model.node(row)).toMatchObject({ description: 'first-secret', context: 'addonVariable shown' });
    await hippo.client.rotateBinding(id, channelId);
    await expect.poll(() => model.node(row)?.description).toBe('••••••');
    model.reveal(row, true, 'second-secret');
    model.hideAll();
    expect(JSON.stringify(model.node(row))).not.toContain('secret');
  });

  test('names of apps and channels are followed', async () => {
    const name = newName();
    const { appId, channels } = await hippo.app(name);
    const [channelId = ''] = channels;
    const { id } = await hippo.client.createAddon({ name: 'db', plan: 'free', channelId });
    await hippo.settled(id);
    await editor.look();
    const renamed = newName();
    await hippo.hippo.client.renameApp(appId, renamed);
    await hippo.hippo.client.patchChannel(channelId, { name: 'live' });
    await expect
      .poll(() => editor.model.node(nodeId.addon(channelId, id))?.tooltip)
      .toContain(`${renamed}:live`);
    expect(editor.store.addon(id)).toMatchObject({ appName: renamed });
  });
});

test('whatever is done with add-ons, the tree comes to show what is there', async () => {
  const where = [await hippo.app(newName(), ['a', 'b', 'c']), await hippo.app(newName(), ['a', 'b'])];
  const ids = new Set(where.map(({ appId }) => appId));
  const { client } = hippo;
  await editor.look();
  const some = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];
  const mine = async (): Promise<AddonItem[]> =>
    (await client.addons()).filter(({ appId }) => ids.has(appId));
  const channelOf = (appId: string, pick: number): string =>
    some(where.find((one) => one.appId === appId)?.channels ?? [], pick) ?? '';
  const on =
    (work: (addon: AddonItem, pick: number) => Promise<unknown>) =>
    async (pick: number): Promise<void> => {
      const addon = some(await mine(), pick);
      // What is refused while something else is under way changes nothing.
      if (addon) await work(addon, pick).catch(() => undefined);
    };
  const ops: Record<string, (pick: number) => Promise<unknown>> = {
    create: (pick) =>
      client.createAddon({
        name: 'db',
        plan: pick % 2 ? 'free' : 'small',
        as: `db-${++names}`,
        channelId: some(where[pick % 2]?.channels ?? [], pick) ?? '',
      }),
    change: on(({ id, plan }) => client.changeAddon(id, { plan: plan.name === 'free' ? 'small' : 'free' })),
    bind: on(({ id, appId }, pick) => client.bindAddon(id, { channelId: channelOf(appId, pick) })),
    unbind: on(({ id, bindings }, pick) => client.unbindAddon(id, some(bindings, pick)?.channelId ?? '')),
    rotate: on(({ id, bindings }, pick) => client.rotateBinding(id, some(bindings, pick)?.channelId ?? '')),
    remove: on(({ id }) => client.removeAddon(id)),
    abandon: on(({ id }) => client.abandonAddon(id)),
    rename: (pick) => hippo.hippo.client.renameApp(where[pick % 2]?.appId ?? '', newName()),
    streamsEnd: async () => hippo.hippo.hippo.endStreams(),
    refresh: async () => void editor.store.refresh(),
  };
  const rows = ({ model }: EditorAddons, all = model.roots): unknown[] =>
    all.map((id) => [model.node(id), rows({ model } as EditorAddons, model.children(id))]);
  const step = fc.tuple(fc.constantFrom(...Object.keys(ops)), fc.nat(100));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      for (const [op, pick] of steps) await ops[op]?.(pick);
      for (const { id } of await mine()) await hippo.settled(id);
      const fresh = new EditorAddons(hippo.hippo, join(root, 'home-3'));
      await fresh.look();
      await expect.poll(() => rows(editor)).toEqual(rows(fresh));
      // Not all of it is in the rows.
      await expect.poll(() => editor.store.addons).toEqual(fresh.store.addons);
      await fresh.dispose();
    }),
    { numRuns: process.env['HIPPO_TEST_LONG'] === undefined ? 5 : 100 },
  );
});

describe('the store', () => {
  test('two windows agree, and pages with the tree', async () => {
    const other = new EditorAddons(hippo.hippo, join(root, 'home-2'));
    const { channels } = await hippo.app(newName());
    const [channelId = ''] = channels;
    await editor.look();
    await other.look();
    const { id } = await hippo.client.createAddon({ name: 'db', plan: 'free', channelId });
    for (const { store } of [editor, other]) await expect.poll(() => store.addon(id)?.state).toBe('ready');
    expect(other.store.addons).toEqual(editor.store.addons);
    expect(
      editor.store.apps.find(({ channels: all }) => all.some((one) => one.id === channelId)),
    ).toBeDefined();
    const operations = await editor.store.operations(id);
    expect(operations.map(({ kind }) => kind)).toContain('create');
    await expect.poll(() => editor.store.knownOperations(id).length).toBe(operations.length);
    await other.dispose();
  });

  test('offerings are read only for who wants them, and again when a broker has others', async () => {
    await editor.look();
    expect(editor.store.offerings).toEqual([]);
    expect(editor.store.standing.state).toBe('ready');
    const watching = editor.store.watch('offerings');
    await editor.store.settled();
    expect(editor.store.standing.state).toBe('ready');
    expect(editor.store.offerings.map(({ name }) => name)).toEqual(['db']);
    const before = hippo.broker.services;
    hippo.broker.services = [
      ...before,
      service({
        id: 'service-cache',
        name: 'cache',
        plans: [{ id: 'plan-cache', name: 'one', description: '.' }],
      }),
    ];
    await hippo.client.refreshBroker(hippo.brokerId);
    await expect.poll(() => editor.store.offerings.map(({ name }) => name)).toEqual(['cache', 'db']);
    hippo.broker.services = before;
    await hippo.client.refreshBroker(hippo.brokerId);
    watching.dispose();
  });

  test('offerings come to who looks when nobody has looked for a while', async () => {
    await editor.look();
    editor.unlook();
    await expect.poll(() => hippo.hippo.hippo.openStreams()).toBe(0);
    const watching = editor.store.watch('offerings');
    await expect.poll(() => editor.store.offerings.map(({ name }) => name)).toContain('db');
    await editor.store.settled();
    expect(editor.store.standing.state).toBe('ready');
    watching.dispose();
  });

  test('follows for as long as anybody looks, and no longer', async () => {
    const [tree, page] = [editor.store.watch('addons'), editor.store.watch('offerings')];
    await editor.store.settled();
    await expect.poll(() => hippo.hippo.hippo.openStreams()).toBe(1);
    tree.dispose();
    tree.dispose();
    await editor.store.refresh();
    expect(hippo.hippo.hippo.openStreams()).toBe(1);
    page.dispose();
    await expect.poll(() => hippo.hippo.hippo.openStreams()).toBe(0);
  });

  test('a Hippo without add-ons says so, and its apps are as ever', async () => {
    const app = new FakeApp(join(root, 'home'));
    const old = new SimulatedHippo();
    const appId = old.createApp('weather');
    const channelId = old.createChannel(appId, 'production');
    const model = new AppsModel((error) => {
      throw error;
    });
    const none = (): Promise<never> =>
      Promise.reject(
        Object.assign(new Error('The Hippo at http://old has no add-ons.'), { code: 'NO_ADDONS' }),
      );
    const follower = new Follower(model, {
      open: async () => ({
        name: 'old',
        hippoUrl: 'http://old.example',
        userName: undefined,
        client: old,
        addons: { addons: none, addon: none, offerings: none } as unknown as AddonsClient,
      }),
      report: () => undefined,
      log: app.log,
      clock: realClock,
    });
    const connections = {
      core: () => import('../../../src/editor/core.ts'),
      use: () => none(),
      status: { name: 'old' },
      choose: async (name: string) => void app.lines.push(`chose ${name}`),
    } as never;
    const store = new HippoAddonsStore({ connections, follower, model, log: app.log });
    const watching = store.watch('offerings');
    await store.settled();
    expect(store.standing).toMatchObject({
      state: 'unsupported',
      message: 'old has no add-ons. The local Hippo has them.',
      actions: [{ action: 'useLocal', label: 'Use the Local Hippo' }, { action: 'switchConnection' }],
    });
    expect(model.children(nodeId.channel(channelId))).toEqual([
      nodeId.variables(channelId),
      nodeId.revisions(channelId),
    ]);
    expect(model.node(nodeId.app(appId))?.context).toBe('app');
    app.press(/has no add-ons/, 'Use the Local Hippo');
    await app.guard.run('Add Add-on', () => store.use(async () => undefined));
    await expect.poll(() => app.lines).toContain('chose local');
    watching.dispose();
    store.dispose();
    follower.dispose();
  });
});
