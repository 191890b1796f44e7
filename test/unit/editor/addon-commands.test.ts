// What is done with add-ons and brokers from the editor, against a real Hippo with a scripted broker.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AddonItem } from '../../../src/addons/addons.ts';
import { parseParameter, readParameters } from '../../../src/editor/marketplace/parameter-questions.ts';
import { AppCommands, type CommandNeeds } from '../../../src/editor/tree/app-commands.ts';
import { ChannelCommands } from '../../../src/editor/tree/channel-commands.ts';
import { nodeId } from '../../../src/editor/tree/nodes.ts';
import { EditorAddons } from '../../support/editor-addons.ts';
import { CANCEL } from '../../support/fake-app.ts';
import { PLAN_FREE, PLAN_SMALL, service } from '../../support/scripted-broker.ts';
import { startAddons, type TestAddons } from '../platform/addons/harness.ts';

const SCHEMA = {
  type: 'object',
  required: ['region', 'size'],
  properties: {
    region: { type: 'string', title: 'Region', enum: ['north', 'south'] },
    size: { type: 'integer', description: 'Gigabytes', minimum: 1, maximum: 9 },
    secret: { type: 'string', format: 'password' },
    backup: { type: 'boolean', default: false },
  },
};

let root: string;
let hippo: TestAddons;
let editor: EditorAddons;
let added: string[];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-addon-commands-'));
  hippo = await startAddons(root);
  hippo.broker.services = [
    service({
      metadata: { displayName: 'Database', documentationUrl: 'https://docs.example.com/db' },
      plans: [
        { ...PLAN_FREE, binding_rotatable: true },
        { ...PLAN_SMALL, binding_rotatable: true },
        {
          id: 'plan-sized',
          name: 'sized',
          description: 'As you say.',
          schemas: { service_instance: { create: { parameters: SCHEMA } } },
        },
      ],
    }),
  ];
  await hippo.client.refreshBroker(hippo.brokerId);
});
afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  editor = new EditorAddons(hippo.hippo, join(root, 'home'));
  added = [];
  editor.actions.onDidAdd(({ addon }) => added.push(`added ${addon.name}`));
  editor.actions.onDidAttach(({ addon }) => added.push(`attached ${addon.name}`));
  editor.actions.onDidRemove(({ addon }) => added.push(`removed ${addon.name}`));
});
afterEach(async () => {
  expect(editor.app.unused).toBe(0);
  await editor.dispose();
});

let names = 0;
interface Place {
  name: string;
  appId: string;
  channel: string;
  other: string;
}

async function place(): Promise<Place> {
  const name = `app-${++names}`;
  const { appId, channels } = await hippo.app(name, ['production', 'beta']);
  const [channel = '', other = ''] = channels;
  return { name, appId, channel, other };
}

async function addonIn({ channel }: Place, plan = 'free'): Promise<AddonItem> {
  const { id } = await hippo.client.createAddon({ name: 'db', plan, channelId: channel });
  return (await hippo.settled(id))!;
}

describe('an add-on is added', () => {
  test('step by step from the palette, with the price said before', async () => {
    const { name, appId, channel } = await place();
    editor.app.answer(`${name}: production`, 'Database', 'small', 'store', 'Add');
    await editor.commands.addons.add();
    const [addon] = await hippo.client.addons({ appId });
    expect(addon).toMatchObject({ name: 'store', state: 'ready', plan: { name: 'small' } });
    expect(addon?.bindings.map(({ channelId }) => channelId)).toEqual([channel]);
    const { asked, progresses, mentions } = editor.app;
    expect(asked.map(({ kind }) => kind)).toEqual(['pick', 'pick', 'pick', 'input', 'confirm']);
    expect(asked.at(-1)?.title).toBe(`Add db:small to ${name}:production?`);
    expect(progresses[0]).toBe(`Adding db:small to ${name}:production`);
    expect(mentions).toEqual([`Added store to ${name}`]);
    expect(added).toEqual(['added store']);
  });

  test('of the row of a channel, with the parameters that the plan takes', async () => {
    const { name, appId, channel } = await place();
    editor.app.answer('Database', 'sized', 'db', 'south', 'many', '12', 'backup', 'true', 'Go On', '3');
    await editor.commands.addons.add(nodeId.addons(channel));
    expect(editor.app.refusals).toEqual(['Type a number.']);
    // What the platform has against it is asked again.
    expect(editor.app.notifications.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^size: /),
    ]);
    const [addon] = await hippo.client.addons({ appId });
    expect(addon?.state).toBe('ready');
    const held = [...hippo.broker.instances.values()].at(-1);
    expect(held?.parameters).toEqual({ region: 'south', size: 3, backup: true });
    expect(editor.app.asked[0]?.title).toBe(`Add Add-on for ${name}: production`);
  });

  test('only if the price is right, and under a name that is free', async () => {
    const where = await place();
    await addonIn(where);
    editor.app.answer('Database', 'small', 'db', '1st', 'db-2', CANCEL);
    await expect(editor.commands.addons.add(nodeId.channel(where.channel))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(editor.app.refusals).toEqual([
      `${where.name} has an add-on db already.`,
      'Use a letter, then letters, digits, "-" and "_".',
    ]);
    expect(editor.app.asked[2]?.offers).toEqual(['db-2']);
    expect((await hippo.client.addons({ appId: where.appId })).length).toBe(1);
  });

  test('or it is said what the broker says', async () => {
    const { channel, appId } = await place();
    hippo.broker.once('provision', () => ({ status: 400, body: { description: 'No room today.' } }));
    editor.app.answer('Database', 'free', 'db');
    await editor.app.guard.run('Add', () => editor.commands.addons.add(nodeId.channel(channel)));
    expect(editor.app.notifications[0]?.message).toMatch(/: add failed: .*No room today\.$/);
    expect(added).toEqual([]);
    for (const { id } of await hippo.client.addons({ appId })) await hippo.settled(id);
  });

  test('while somebody waits, who may go', async () => {
    const where = await place();
    const held = hippo.broker.hold('provision');
    editor.app.answer('Database', 'free', 'db');
    const adding = editor.app.guard.run('Add', () =>
      editor.commands.addons.add(nodeId.channel(where.channel)),
    );
    await held.arrived;
    editor.app.cancelProgress(`Adding db:free to ${where.name}:production`);
    await adding;
    held.go();
    expect(editor.app.notifications).toEqual([]);
    expect(editor.app.mentions.at(-1)).toMatch(/it goes on/);
    const [addon] = await hippo.client.addons({ appId: where.appId });
    expect((await hippo.settled(addon!.id))?.state).toBe('ready');
  });
});

describe('an add-on is', () => {
  test('attached to another channel, and detached after a question', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    editor.app.answer('beta');
    await editor.commands.addons.attach(nodeId.addon(where.channel, id));
    expect((await hippo.client.addon(id)).bindings.length).toBe(2);
    expect(added).toEqual(['attached db']);
    await expect(editor.commands.addons.attach(nodeId.addon(where.channel, id))).rejects.toThrow(
      `Every channel of ${where.name} uses db already.`,
    );
    editor.app.answer('Detach');
    await editor.commands.addons.detach(nodeId.addon(where.other, id));
    expect((await hippo.client.addon(id)).bindings.map(({ channelId }) => channelId)).toEqual([
      where.channel,
    ]);
    expect(editor.app.asked.at(-1)?.title).toBe(`Detach db from ${where.name}:beta?`);
  });

  test('changed to another plan, with what that costs', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    editor.app.answer('small', 'Change Plan');
    await editor.commands.addons.change(nodeId.addon(where.channel, id));
    expect((await hippo.client.addon(id)).plan.name).toBe('small');
    expect(editor.app.asked.at(-1)?.title).toBe(`Change db of ${where.name} from free to small?`);
  });

  test('given other credentials', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    editor.app.answer('Rotate');
    await editor.commands.addons.rotate(nodeId.addon(where.channel, id));
    expect((await hippo.client.addon(id)).bindings[0]?.rotatedAt).not.toBeNull();
  });

  test('removed with its data when its name was typed', async () => {
    const where = await place();
    const { id } = await addonIn(where, 'small');
    editor.app.answer('no', 'db');
    await editor.commands.addons.remove(nodeId.addon(where.channel, id));
    expect(editor.app.refusals[0]).toMatch(/^That is not its name/);
    await expect(hippo.client.addon(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(added).toEqual(['removed db']);
  });

  test('abandoned when its broker is gone for good', async () => {
    const where = await place();
    const { id } = await addonIn(where, 'small');
    editor.app.answer('db');
    await editor.commands.addons.abandon(nodeId.addon(where.channel, id));
    await expect(hippo.client.addon(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(added).toEqual(['removed db']);
  });

  test('picked from all apps where no row says which', async () => {
    const where = await place();
    await addonIn(where);
    editor.app.answer(`${where.name}: db`);
    await editor.commands.addons.docs();
    expect(editor.app.opened).toEqual(['https://docs.example.com/db']);
  });

  test('looked at by its dashboard; only good links are opened', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    await editor.commands.addons.dashboard(nodeId.addon(where.channel, id));
    expect(editor.app.opened[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/dashboard\//);
    for (const url of [
      'http://example.com',
      'file:///etc/passwd',
      'command:x',
      'https://a:b@c.example',
      'no',
    ])
      await expect(editor.actions.openLink(url)).rejects.toMatchObject({ code: 'UNSAFE_LINK' });
    editor.app.answer(CANCEL);
    await expect(editor.actions.openLink('https://elsewhere.example', true)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(editor.app.asked.at(-1)?.title).toBe('Open elsewhere.example?');
    expect(editor.app.opened.length).toBe(1);
  });

  test('connected to by hand: its variables are copied, and their values stay out of the log', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    const { variables } = (await hippo.client.addon(id)).bindings[0]!;
    editor.app.answer('All of Them');
    await editor.commands.variables.copyVariables(nodeId.addon(where.channel, id));
    const copied = editor.app.opened[0] ?? '';
    for (const key of variables) expect(copied).toMatch(new RegExp(`^(clipboard:)?${key}=.`, 'm'));
    const [key = ''] = variables;
    const value = await editor.commands.variables.value(nodeId.addonVariable(where.channel, id, key));
    editor.app.log.info(`It is ${value}.`);
    expect(editor.app.lines.join('\n')).not.toContain(value);
  });
});

describe('with add-ons', () => {
  const needs = (): CommandNeeds => ({
    app: editor.app,
    connections: editor.connections,
    targets: editor.targets,
    projects: () => Promise.resolve(new Set<string>()),
    change: (work) => work(),
  });

  test('a channel is deleted when that was said twice', async () => {
    const where = await place();
    const { id } = await addonIn(where, 'small');
    editor.app.answer('production', CANCEL);
    await expect(new ChannelCommands(needs()).delete(nodeId.channel(where.channel))).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(editor.app.asked.at(-1)?.title).toBe(
      `${where.name}: production was not deleted: nobody else uses db:small ($0.06/hour).`,
    );
    expect((await hippo.client.addon(id)).state).toBe('ready');
    editor.app.answer('production', 'Delete with Its Add-on…', 'production');
    await new ChannelCommands(needs()).delete(nodeId.channel(where.channel));
    await expect(hippo.client.addon(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(hippo.hippo.client.channel(where.channel)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('so is an app', async () => {
    const where = await place();
    const { id } = await addonIn(where);
    editor.app.answer(where.name, 'Delete with Its Add-on…', where.name);
    await new AppCommands(needs()).delete(nodeId.app(where.appId));
    await expect(hippo.client.addon(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(hippo.hippo.client.app(where.appId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('service brokers', () => {
  test('are registered and managed by administrators', async () => {
    const { url, userName, password } = hippo.broker;
    editor.app.answer(
      'second',
      'http://example.com',
      url,
      'User Name and Password',
      userName,
      password,
      'Everybody',
    );
    await editor.commands.brokers.register();
    expect(editor.app.refusals).toEqual([
      'Use https: credentials would go over the network for everybody to read.',
    ]);
    expect(editor.app.mentions.at(-1)).toBe('Registered second: 1 offering');
    expect(editor.app.lines.join('\n')).not.toContain(password);

    editor.app.answer('second', 'Rename…', 'third');
    await editor.commands.brokers.manage();
    editor.app.answer('third', 'Refresh');
    await editor.commands.brokers.manage();
    editor.app.answer('third', 'Change Credentials…', 'Token', 'wrong');
    await expect(editor.commands.brokers.manage()).rejects.toThrow();
    editor.app.answer('third', 'Deregister…', 'Deregister');
    await editor.commands.brokers.manage();
    expect((await hippo.client.brokers()).map(({ name }) => name)).toEqual(['main']);
  });

  test('are nobody else’s', async () => {
    const somebody = new EditorAddons(hippo.hippo, join(root, 'home'), await hippo.hippo.account('ben'));
    await somebody.app.guard.run('Manage', () => somebody.commands.brokers.manage());
    expect(somebody.app.notifications[0]?.message).toBe(
      'Manage Service Brokers is for administrators of this Hippo, and ana is none.',
    );
    await somebody.dispose();
  });
});

describe('parameters', () => {
  test.each([
    [undefined, 0],
    ['text', 0],
    [{ properties: [] }, 0],
    [{ properties: { a: null, b: { type: 'text' } }, required: 'a' }, 2],
  ])('of a schema such as %j can be asked for', (schema, count) => {
    expect(readParameters(schema).length).toBe(count);
  });

  test.each([
    ['string', '1', { value: '1' }],
    ['integer', '1.5', { problem: 'Type a whole number.' }],
    ['number', '1.5', { value: 1.5 }],
    ['number', ' ', { problem: 'Type a number.' }],
    [undefined, '{"a":1}', { value: { a: 1 } }],
    [undefined, 'a', { problem: expect.stringMatching(/JSON/) as string }],
  ] as const)('of type %s read %j', (type, text, expected) => {
    expect(parseParameter({ type }, text)).toEqual(expected);
  });
});
