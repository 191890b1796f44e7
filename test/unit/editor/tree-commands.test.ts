// What is done with the rows of the tree, against a real Hippo without its gateway.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Invoice } from '../../../src/bindle/invoice.ts';
import { formatId, type BindleId } from '../../../src/bindle/id.ts';
import type { Session } from '../../../src/editor/connections/connections.ts';
import { externalAddress, visitAddress } from '../../../src/editor/open-channel.ts';
import { AppCommands, type CommandNeeds } from '../../../src/editor/tree/app-commands.ts';
import { ChannelCommands } from '../../../src/editor/tree/channel-commands.ts';
import { nodeId } from '../../../src/editor/tree/nodes.ts';
import { ReleaseCommand } from '../../../src/editor/tree/release-command.ts';
import { RevisionCommands } from '../../../src/editor/tree/revision-commands.ts';
import { effect } from '../../../src/editor/tree/rule-choice.ts';
import { TreeTargets } from '../../../src/editor/tree/targets.ts';
import { VariableCommands } from '../../../src/editor/tree/variable-commands.ts';
import { parseRule } from '../../../src/hippo/rules.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { startHippo, type TestHippo } from '../platform/hippo/harness.ts';

let root: string;
let app: FakeApp;
let hippo: TestHippo;
let projects: Set<string>;
let changes: number;
/** What the Bindle server holds. */
let invoices: Map<string, Invoice>;
let needs: CommandNeeds;
let apps: AppCommands;
let channels: ChannelCommands;
let revisions: RevisionCommands;
let variables: VariableCommands;
let release: ReleaseCommand;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-tree-'));
  hippo = await startHippo(root);
});

afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});

beforeEach(() => {
  app = new FakeApp(join(root, 'home'));
  projects = new Set();
  changes = 0;
  invoices = new Map();
  const bindle = {
    url: new URL('http://127.0.0.1:1/v1'),
    getInvoice: (id: BindleId) => {
      const found = invoices.get(formatId(id));
      return found
        ? Promise.resolve(found)
        : Promise.reject(Object.assign(new Error('There is no such bindle.'), { code: 'NOT_FOUND' }));
    },
    search: ({ query = '' }: { query?: string }) =>
      Promise.resolve({
        invoices: [...invoices.values()].filter((invoice) => invoice.bindle.name.includes(query)),
      }),
    close: () => Promise.resolve(),
  };
  const session = {
    connection: { name: 'test', hippoUrl: hippo.url },
    platform: undefined,
    userName: undefined,
    client: hippo.client,
    bindle: () => Promise.resolve(bindle),
  } as unknown as Session;
  const connections = {
    core: () => import('../../../src/editor/core.ts'),
    use: <T>(work: (session: Session) => Promise<T>) => work(session),
  };
  const targets = new TreeTargets({
    app,
    connections,
    projects: () => Promise.resolve(projects),
    connectionOfRows: () => 'test',
  });
  needs = {
    app,
    connections,
    targets,
    projects: () => Promise.resolve(projects),
    change: async (work) => {
      changes++;
      return work();
    },
  };
  apps = new AppCommands(needs);
  channels = new ChannelCommands(needs);
  revisions = new RevisionCommands(needs);
  variables = new VariableCommands(needs);
  release = new ReleaseCommand(needs);
});

afterEach(async () => {
  expect(app.unused).toBe(0);
  hippo.bindles.length = 0;
  for (const { id } of await hippo.client.apps()) await hippo.client.removeApp(id);
});

/** An app with a channel and these revisions. */
async function weather(...numbers: string[]): Promise<{ appId: string; channelId: string }> {
  const appId = await hippo.client.createApp({ name: 'weather', storageId: 'acme/weather' });
  const channelId = await hippo.client.createChannel({ appId, name: 'production' });
  for (const revisionNumber of numbers)
    await hippo.client.registerRevision({ appStorageId: 'acme/weather', revisionNumber });
  return { appId, channelId };
}

async function runs(channelId: string): Promise<string> {
  const { activeRevision, revisionSelectionStrategy, rangeRule } = await hippo.client.channel(channelId);
  const how = revisionSelectionStrategy === 'UseRangeRule' ? `by ${rangeRule}` : 'pinned';
  return `${activeRevision?.revisionNumber ?? 'nothing'} ${how}`;
}

describe('apps', () => {
  test('are added for bindles of the workspace, of the server, or yet to come', async () => {
    projects.add('acme/here');
    hippo.bindles.push({ name: 'acme/there', version: '1.0.0' });
    app.answer('', 'acme/here', 'bad name', 'here');
    await apps.add();
    expect(app.refusals).toEqual(['Use letters, digits, "-" and "_".']);
    expect(app.asked.find(({ kind }) => kind === 'pick')?.offers).toEqual(['acme/here', 'acme/there']);
    app.answer('new/one', 'new/one', 'here', 'one');
    await apps.add();
    expect(app.refusals.at(-1)).toBe('There is an app here already.');
    expect((await hippo.client.apps()).map(({ name, storageId }) => `${name} ${storageId}`)).toEqual([
      'here acme/here',
      'one new/one',
    ]);
    expect(changes).toBe(2);
  });

  test('are renamed', async () => {
    const { appId } = await weather();
    await hippo.client.createApp({ name: 'taken', storageId: 'x' });
    app.answer('taken', 'climate');
    await apps.rename(nodeId.app(appId));
    expect(app.refusals).toEqual(['There is an app taken already.']);
    expect((await hippo.client.app(appId)).name).toBe('climate');
    app.answer('climate');
    await apps.rename(nodeId.app(appId));
    expect(changes).toBe(1);
  });

  test('are deleted by who types their name', async () => {
    const { appId } = await weather('1.0.0');
    app.answer('wheather', CANCEL);
    await expect(apps.delete(nodeId.app(appId))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(app.refusals[0]).toContain('type weather');
    expect(await hippo.client.apps()).toHaveLength(1);
    app.answer('weather');
    await apps.delete(nodeId.app(appId));
    expect(await hippo.client.apps()).toEqual([]);
  });

  test('are picked where no row is passed, those of the workspace first', async () => {
    for (const name of ['zebra', 'ant']) await hippo.client.createApp({ name, storageId: `acme/${name}` });
    projects.add('acme/zebra');
    app.answer('zebra', 'zebra');
    await apps.delete();
    expect(app.asked[0]).toMatchObject({ title: 'Delete App', offers: ['zebra', 'ant'] });
    expect((await hippo.client.apps()).map(({ name }) => name)).toEqual(['ant']);
  });

  test('must be there to be picked', async () => {
    await expect(apps.rename()).rejects.toMatchObject({ code: 'NO_APPS' });
    await expect(channels.open()).rejects.toMatchObject({ code: 'NO_APPS' });
    await hippo.client.createApp({ name: 'a', storageId: 'a' });
    await expect(channels.open()).rejects.toMatchObject({ code: 'NO_CHANNELS' });
  });
});

describe('channels', () => {
  test('are opened by their name', async () => {
    const { channelId } = await weather('1.0.0');
    await channels.open(nodeId.channel(channelId));
    const port = new URL(hippo.url).port;
    expect(app.opened).toEqual([`http://weather.localhost:${port}/`]);
    await channels.copyAddress(nodeId.channel(channelId));
    expect(app.opened.at(-1)).toBe(`clipboard:http://weather.localhost:${port}/`);
  });

  test.each([
    [false, 'http://localhost:5309', 'http://weather.localhost:5309/'],
    [true, 'http://localhost:5309', 'http://localhost:4001/'],
    // A port of another machine is none of this one.
    [true, 'https://hippo.example.com', 'http://weather.localhost:5309/'],
  ])('are, to a window that is elsewhere (%s) and with %s, at %s', async (elsewhere, hippoUrl, expected) => {
    const urls = ['http://weather.localhost:5309/', 'http://localhost:4001/'];
    const channel = { domain: 'weather.localhost', port: 4001, urls };
    expect(visitAddress(channel, { hippoUrl }, { elsewhere })).toBe(expected);
    // What is read or copied there leads through VS Code; here it is the address itself.
    const links = { elsewhere, external: (url: string) => Promise.resolve(`forwarded ${url}`) };
    expect(await externalAddress(links, channel, { hippoUrl })).toBe(
      elsewhere ? `forwarded ${expected}` : expected,
    );
  });

  test('are added with a rule whose effect is said', async () => {
    const { appId } = await weather('1.0.0', '1.1.0');
    app.answer('production', 'canary', '^1', '^1');
    await channels.add(nodeId.app(appId));
    expect(app.refusals).toEqual(['There is a channel production already.']);
    const [canary] = (await hippo.client.channels({ appId })).filter(({ name }) => name === 'canary');
    expect(canary).toMatchObject({ rangeRule: '^1', activeRevision: { revisionNumber: '1.1.0' } });
  });

  test('are renamed, and keep their address', async () => {
    const { channelId } = await weather();
    app.answer('live');
    await channels.rename(nodeId.channel(channelId));
    expect(await hippo.client.channel(channelId)).toMatchObject({
      name: 'live',
      domain: 'weather.localhost',
    });
  });

  test('are deleted by who types their name', async () => {
    const { appId, channelId } = await weather();
    await hippo.client.patchChannel(channelId, { environmentVariables: [{ key: 'A', value: 'x' }] });
    app.answer('Production', 'production');
    await channels.delete(nodeId.channel(channelId));
    expect(app.refusals).toHaveLength(1);
    expect(await hippo.client.channels({ appId })).toEqual([]);
  });

  test('are stopped and started', async () => {
    const { channelId } = await weather('1.0.0');
    await channels.stop(nodeId.channel(channelId));
    expect(await hippo.client.channel(channelId)).toMatchObject({ desiredStatus: 'Dead' });
    await channels.start(nodeId.revisions(channelId));
    expect(await hippo.client.channel(channelId)).toMatchObject({ desiredStatus: 'Running' });
    expect(app.mentions).toEqual(['Stopped production', 'Started production']);
  });

  test('are picked among all where no row is passed, or among those of an app', async () => {
    const { appId } = await weather('1.0.0');
    await hippo.client.createChannel({ appId, name: 'canary' });
    app.answer('weather: canary');
    await channels.stop();
    app.answer('production');
    await channels.stop(nodeId.app(appId));
    expect(app.asked.map(({ offers }) => offers)).toEqual([
      ['weather: canary', 'weather: production'],
      ['canary', 'production'],
    ]);
    expect(app.mentions).toEqual(['Stopped canary', 'Stopped production']);
  });

  test('that are gone meanwhile are said to be', async () => {
    const { channelId } = await weather();
    await hippo.client.removeChannel(channelId);
    await expect(channels.stop(nodeId.channel(channelId))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('which revision runs', () => {
  test('is pinned from a list that says what that means', async () => {
    const { channelId } = await weather('1.0.0', '1.1.0');
    app.answer('1.0.0');
    await revisions.pin(nodeId.channel(channelId));
    expect(app.asked[0]?.offers).toEqual(['1.1.0', '1.0.0']);
    expect(await runs(channelId)).toBe('1.0.0 pinned');
  });

  test('is pinned by its row, after a question', async () => {
    const { appId, channelId } = await weather('1.0.0', '1.1.0');
    const [first] = await hippo.client.revisions({ appId });
    const row = nodeId.revision(channelId, first?.id ?? '');
    app.answer(CANCEL);
    await expect(revisions.pin(row)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await runs(channelId)).toBe('1.1.0 by *');
    app.answer('Run It');
    await revisions.pin(row);
    expect(app.asked.at(-1)?.title).toBe('Let production run 1.0.0?');
    expect(await runs(channelId)).toBe('1.0.0 pinned');
  });

  test('follows a rule again; one that cannot be read is said to be none', async () => {
    const { channelId } = await weather('1.0.0', '1.1.0', '2.0.0');
    app.answer('1.0.0');
    await revisions.pin(nodeId.channel(channelId));
    app.answer(
      'nonsense',
      '$(error) "nonsense" is not a range rule: write it as npm does, such as "*", "^1.2.3" or "~1".',
      '^1',
      '^1',
    );
    await revisions.followRule(nodeId.channel(channelId));
    expect(await runs(channelId)).toBe('1.1.0 by ^1');
    expect(app.mentions.at(-1)).toBe('production follows ^1 and runs 1.1.0');
    expect(app.asked.filter(({ kind }) => kind === 'search').at(-1)?.offers).toEqual(['nonsense']);
  });

  test.each([
    ['*', '1.0.0', 'would run 1.1.0 instead of 1.0.0'],
    ['*', '1.1.0', 'runs 1.1.0, as now'],
    ['~1.0', '1.1.0', 'would run 1.0.0 instead of 1.1.0'],
    ['^3', '1.1.0', 'no revision fits: stays on 1.1.0'],
    ['^3', undefined, 'runs nothing until a revision fits'],
    ['*', undefined, 'would run 1.1.0'],
    ['P:x', '1.0.0', 'cannot be read, and picks nothing'],
  ])('under %s with %s: %s', (rule, now, expected) => {
    const activeRevision =
      now === undefined ? null : { id: '', appId: '', revisionNumber: now, components: [], type: null };
    const channel = { activeRevision, rangeRule: null, revisionSelectionStrategy: 'UseRangeRule' } as const;
    expect(effect({ parseRule }, rule, { numbers: ['1.0.0', '1.1.0'], channel, late: false })).toBe(expected);
  });

  test('goes back in one step, and forward again', async () => {
    const { channelId } = await weather('1.0.0', '1.1.0');
    app.press(/runs 1\.0\.0 instead of 1\.1\.0, and stays on it/, 'Undo');
    await revisions.rollBack(nodeId.channel(channelId));
    await expect.poll(() => runs(channelId)).toBe('1.1.0 by *');
    app.pass(1_000);
    await revisions.rollBack(nodeId.channel(channelId));
    expect(await runs(channelId)).toBe('1.0.0 pinned');
    app.pass(1_000);
    await expect(revisions.rollBack(nodeId.channel(channelId))).rejects.toMatchObject({
      code: 'NO_EARLIER_REVISION',
      message: 'weather has no revision before 1.0.0.',
    });
  });

  test('goes back one step by a double click', async () => {
    const { channelId } = await weather('1.0.0', '1.1.0', '1.2.0');
    const row = nodeId.channel(channelId);
    await Promise.all([revisions.rollBack(row), revisions.rollBack(row)]);
    app.pass(200);
    await revisions.rollBack(row);
    expect(await runs(channelId)).toBe('1.1.0 pinned');
    expect(app.mentions.at(-1)).toBe('production has gone back a moment ago');
    app.pass(1_000);
    await revisions.rollBack(row);
    expect(await runs(channelId)).toBe('1.0.0 pinned');
  });

  test('cannot go back from nothing', async () => {
    const { channelId } = await weather();
    await expect(revisions.rollBack(nodeId.channel(channelId))).rejects.toMatchObject({
      message: 'weather: production runs nothing that it could go back from.',
    });
    await expect(revisions.pin(nodeId.channel(channelId))).rejects.toMatchObject({ code: 'NO_REVISION' });
  });
});

describe('variables', () => {
  const all = async (channelId: string): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await hippo.client.channel(channelId)).environmentVariables.map(({ key, value }) => [key, value]),
    );

  test('are added, changed and deleted, each without touching the others', async () => {
    const { channelId } = await weather();
    app.answer('1ST', 'CITY', 'Oslo');
    await variables.add(nodeId.channel(channelId));
    expect(app.refusals).toEqual(['Use letters, digits and "_", and no digit first.']);
    // What came meanwhile, from elsewhere, stays.
    await hippo.client.patchChannel(channelId, {
      environmentVariables: [
        { key: 'CITY', value: 'Oslo' },
        { key: 'TOKEN', value: 's3cret' },
      ],
    });
    app.answer('CITY', 'EMPTY', '');
    await variables.add(nodeId.variables(channelId));
    expect(app.refusals.at(-1)).toBe('There is a variable CITY already.');
    app.answer('Bergen');
    await variables.edit(nodeId.variable(channelId, 'CITY'));
    expect(await all(channelId)).toEqual({ CITY: 'Bergen', EMPTY: '', TOKEN: 's3cret' });
    app.answer('EMPTY', 'Delete');
    await variables.delete(nodeId.channel(channelId));
    expect(await all(channelId)).toEqual({ CITY: 'Bergen', TOKEN: 's3cret' });
    await variables.copyValue(nodeId.variable(channelId, 'TOKEN'));
    expect(app.opened).toEqual(['clipboard:s3cret']);
    expect([...app.lines, ...app.mentions].join('\n')).not.toContain('s3cret');
  });

  test('of several lines are not squeezed into one', async () => {
    const { channelId } = await weather();
    await hippo.client.patchChannel(channelId, { environmentVariables: [{ key: 'KEY', value: 'a\nb' }] });
    await expect(variables.edit(nodeId.variable(channelId, 'KEY'))).rejects.toMatchObject({
      code: 'SEVERAL_LINES',
    });
  });

  test('that are gone, or that there are none of, are said to be', async () => {
    const { channelId } = await weather();
    await expect(variables.edit(nodeId.variable(channelId, 'X'))).rejects.toMatchObject({
      code: 'NO_VARIABLE',
    });
    await expect(variables.delete(nodeId.channel(channelId))).rejects.toMatchObject({ code: 'NO_VARIABLE' });
  });
});

describe('a new release from a bundle', () => {
  function store(name: string, ...versions: string[]): void {
    for (const version of versions)
      invoices.set(`${name}/${version}`, { bindleVersion: '1.0.0', bindle: { name, version } });
  }

  test('shows which channels take it, and releases it', async () => {
    const { appId, channelId } = await weather('1.0.0');
    const old = await hippo.client.createChannel({ appId, name: 'old', rangeRule: '~1.0' });
    await hippo.client.setDesiredStatus(channelId, 'Dead');
    store('acme/weather', '1.0.0', '1.1.0');
    store('acme/other', '3.0.0');
    app.answer('acme/weather/', 'acme/weather/1.1.0', 'Release');
    await release.run(nodeId.app(appId));
    expect(app.asked.map(({ title, offers }) => [title, offers])).toEqual([
      ['New Release of weather', ['acme/weather/']],
      ['New Release of weather', ['acme/weather/1.1.0', 'acme/weather/1.0.0']],
      ['Release acme/weather/1.1.0 to weather?', ['Release']],
    ]);
    expect(await runs(channelId)).toBe('1.1.0 by *');
    expect(await runs(old)).toBe('1.0.0 by ~1.0');
    expect(app.notifications.at(-1)?.message).toBe('production runs 1.1.0.');
  });

  test('takes an id that is pasted, and asks about what is missing', async () => {
    store('acme/new', '2.0.0');
    app.answer('acme/new/2.0.0', 'acme/new/2.0.0', 'Release', CANCEL);
    await expect(release.run()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(app.asked.at(-1)).toMatchObject({ kind: 'choose', title: 'Make the app "new"?' });
    expect(await hippo.client.apps()).toEqual([]);
  });

  test('asks which app is meant where several have these bindles', async () => {
    const { channelId } = await weather();
    await hippo.client.setDesiredStatus(channelId, 'Dead');
    await hippo.client.createApp({ name: 'twin', storageId: 'acme/weather' });
    store('acme/weather', '1.0.0');
    app.answer('weather', 'acme/weather/1.0.0', 'weather', 'Release');
    await release.run();
    expect(await runs(channelId)).toBe('1.0.0 by *');
  });

  test('goes on searching where nothing was found', async () => {
    store('acme/weather', '1.0.0');
    app.answer(
      'nothing',
      '$(search-stop) There is no bindle "nothing"',
      'weather/1',
      'acme/weather/1.0.0',
      CANCEL,
    );
    await expect(release.run()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('waits for trust', () => {
    app.trust(false);
    expect(() => release.run()).toThrow(expect.objectContaining({ code: 'UNTRUSTED' }));
  });
});
