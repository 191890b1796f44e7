// What the tree shows of a Hippo, and which of its rows change.

import { describe, expect, test } from 'vitest';
import type { ChannelItem, RevisionItem } from '../../../src/hippo/api.ts';
import { digest } from '../../../src/editor/tree/events.ts';
import { AppsModel, type Change, type Facts } from '../../../src/editor/tree/model.ts';
import { conditionOf } from '../../../src/editor/tree/app-nodes.ts';
import { nodeId, readNodeId } from '../../../src/editor/tree/nodes.ts';

const URL = 'http://localhost:5309';

function revision(appId: string, revisionNumber: string): RevisionItem {
  return { id: `${appId}@${revisionNumber}`, appId, revisionNumber, components: [], type: null };
}

function channel(appId: string, name: string, more: Partial<ChannelItem> = {}): ChannelItem {
  return {
    id: `${appId}-${name}`,
    appId,
    name,
    domain: `${name}.${appId}.localhost`,
    revisionSelectionStrategy: 'UseRangeRule',
    activeRevision: null,
    lastPublishAt: null,
    rangeRule: '*',
    certificate: null,
    environmentVariables: [],
    appSummary: null,
    desiredStatus: 'Running',
    ...more,
  };
}

function facts(channels: ChannelItem[], more: Partial<Facts> = {}): Facts {
  const ids = [...new Set(channels.map(({ appId }) => appId))];
  return {
    apps: ids.map((id) => ({ id, name: id, storageId: `acme/${id}`, description: null, channels: [] })),
    channels,
    statuses: channels.map(({ id }) => ({ channelId: id, status: 'Running' })),
    revisions: new Map(),
    ...more,
  };
}

function modelOf(given: Facts): { model: AppsModel; changes: Change[] } {
  const model = new AppsModel((error) => {
    throw error;
  });
  model.clear(URL);
  model.replace(given);
  const changes: Change[] = [];
  model.onDidChange((change) => changes.push(change));
  return { model, changes };
}

/** Every row below some, indented. */
function rows(model: AppsModel, ids: readonly string[] = model.roots, indent = ''): string[] {
  return ids.flatMap((id) => {
    const node = model.node(id);
    return [
      `${indent}${node?.icon} ${node?.label} | ${node?.description}`,
      ...rows(model, model.children(id), `${indent}  `),
    ];
  });
}

const WEATHER = channel('weather', 'production', {
  activeRevision: revision('weather', '1.1.0'),
  rangeRule: '^1',
  port: 4001,
  urls: ['http://weather.localhost:5309/', 'http://localhost:4001/'],
  environmentVariables: [
    { channelId: 'weather-production', key: 'TOKEN', value: 's3cret' },
    { channelId: 'weather-production', key: 'CITY', value: 'Oslo\nand around' },
  ],
});

test('an app of the workspace is published as soon as one of its channels runs something', () => {
  const canary = channel('weather', 'canary');
  const { model } = modelOf(
    facts([canary, channel('zoo', 'live', { activeRevision: revision('zoo', '1.0.0') })]),
  );
  expect(model.servesWorkspace).toBe(false);
  model.setProjects(new Set(['acme/weather']));
  expect(model.servesWorkspace).toBe(false);
  model.apply({ channels: [{ ...canary, activeRevision: revision('weather', '1.0.0') }] });
  expect(model.servesWorkspace).toBe(true);
});

describe('the rows', () => {
  test('of an app', () => {
    const { model } = modelOf(
      facts([WEATHER, channel('weather', 'canary', { activeRevision: revision('weather', '1.0.0') })], {
        revisions: new Map([['weather', ['1.0.0', '1.1.0'].map((number) => revision('weather', number))]]),
      }),
    );
    expect(rows(model)).toEqual([
      'package weather | acme/weather',
      '  pass-filled canary | 1.0.0 • canary.weather.localhost:5309',
      '    symbol-namespace Variables | none',
      '    history Revisions | follows *',
      '      tag 1.1.0 | ',
      '      check 1.0.0 | runs now',
      '  pass-filled production | 1.1.0 • weather.localhost:5309',
      '    symbol-namespace Variables | 2',
      '      symbol-variable CITY | ••••••',
      '      symbol-variable TOKEN | ••••••',
      '    history Revisions | follows ^1',
      '      check 1.1.0 | runs now',
      '      tag 1.0.0 | ',
    ]);
  });

  test('have ids that do not depend on names, and parents', () => {
    const { model } = modelOf(
      facts([WEATHER], { revisions: new Map([['weather', [revision('weather', '1.1.0')]]]) }),
    );
    const ids: string[] = [];
    const collect = (some: readonly string[], parent: string | undefined): void => {
      for (const id of some) {
        ids.push(id);
        expect(model.parent(id)).toBe(parent);
        expect(model.node(id)?.id).toBe(id);
        expect(model.appOf(id)?.id).toBe('weather');
        collect(model.children(id), id);
      }
    };
    collect(model.roots, undefined);
    expect(new Set(ids).size).toBe(ids.length);
    model.apply({ apps: [{ ...facts([WEATHER]).apps[0]!, name: 'other' }] });
    expect(model.roots).toEqual([nodeId.app('weather')]);
    expect(readNodeId(nodeId.variable('c', 'A:B'))).toEqual({ kind: 'variable', owner: 'c', part: 'A:B' });
  });

  test('say the value of a variable only when they are asked to', () => {
    const { model, changes } = modelOf(facts([WEATHER]));
    const id = nodeId.variable('weather-production', 'CITY');
    expect(JSON.stringify(rows(model))).not.toContain('Oslo');
    expect(JSON.stringify(model.node(id))).not.toContain('Oslo');
    model.reveal(id, true);
    expect(model.node(id)).toMatchObject({
      description: 'Oslo⏎and around',
      tooltip: 'Oslo\nand around',
      spoken: 'Variable CITY, Oslo⏎and around',
      context: 'variable shown',
    });
    model.hideAll();
    expect(JSON.stringify(model.node(id))).not.toContain('Oslo');
    expect(changes).toEqual([[id], [id]]);
  });

  test('hide a value again when its channel is another one', () => {
    const { model } = modelOf(facts([WEATHER]));
    model.reveal(nodeId.variable('weather-production', 'CITY'), true);
    model.apply({ removedChannels: ['weather-production'] });
    model.apply({ channels: [WEATHER] });
    expect(JSON.stringify(rows(model))).not.toContain('Oslo');
  });

  test('are the apps of the workspace first, then by name with numbers as numbers', () => {
    const { model, changes } = modelOf(
      facts(['app10', 'app9', 'Zoo', 'beta'].map((id) => channel(id, 'production'))),
    );
    const labels = (): (string | undefined)[] => model.roots.map((id) => model.node(id)?.label);
    expect(labels()).toEqual(['app9', 'app10', 'beta', 'Zoo']);
    model.setProjects(new Set(['acme/Zoo', 'acme/nothing']));
    expect(labels()).toEqual(['Zoo', 'app9', 'app10', 'beta']);
    expect(model.node(nodeId.app('Zoo'))).toMatchObject({
      description: 'in this workspace • acme/Zoo',
      spoken: 'App Zoo, in this workspace, 1 channel',
      context: 'app workspace',
      opens: 'expanded',
    });
    expect(changes).toEqual([undefined]);
    model.setProjects(new Set(['acme/Zoo']));
    expect(changes).toHaveLength(1);
  });

  test.each([
    ['running', { desiredStatus: 'Running' }, 'Running'],
    ['starting', {}, 'Pending'],
    ['failed', { desiredStatus: 'Running' }, 'Dead'],
    ['stopped', { desiredStatus: 'Dead' }, 'Running'],
    ['stopped', { desiredStatus: undefined }, 'Dead'],
    ['waiting', { activeRevision: null }, 'Dead'],
    ['unknown', {}, 'Unknown'],
    ['unknown', {}, undefined],
  ] as const)('tell a channel that is %s', (condition, more, status) => {
    const one = { desiredStatus: 'Running', activeRevision: revision('a', '1.0.0'), ...more } as const;
    expect(conditionOf(one as never, status)).toBe(condition);
  });

  test('of every state have an icon and words of their own', () => {
    const states = [
      { status: 'Running' },
      { status: 'Pending' },
      { status: 'Dead' },
      { status: 'Unknown' },
      { status: 'Running', desiredStatus: 'Dead' },
      { status: 'Dead', activeRevision: null },
    ] as const;
    const looks = states.map(({ status, ...more }) => {
      const one = channel('a', 'b', { activeRevision: revision('a', '1.0.0'), ...more });
      const { model } = modelOf(facts([one], { statuses: [{ channelId: one.id, status }] }));
      const { icon, spoken } = model.node(nodeId.channel(one.id))!;
      return { icon, state: spoken.split(', ')[1] };
    });
    expect(new Set(looks.map(({ icon }) => icon)).size).toBe(states.length);
    expect(looks.map(({ state }) => state)).toEqual([
      'running',
      'starting',
      'does not run',
      'state unknown',
      'stopped',
      'waiting for a revision',
    ]);
  });

  test('claim nothing of a server that does not answer', () => {
    const { model, changes } = modelOf(facts([WEATHER]));
    const id = nodeId.channel(WEATHER.id);
    model.setStale(true);
    expect(model.node(id)).toMatchObject({ icon: 'question' });
    expect(model.node(id)?.spoken).toContain('state unknown');
    expect(model.node(id)?.context).toBe('channel started ruled');
    model.setStale(false);
    expect(model.node(id)).toMatchObject({ icon: 'pass-filled' });
    expect(changes).toEqual([[id], [id]]);
  });

  test('show a channel of another kind of Hippo', () => {
    const one = channel('a', 'b', {
      domain: 'a.hippofactory.io',
      revisionSelectionStrategy: 'UseSpecifiedRevision',
    });
    const { model } = modelOf(facts([one]));
    model.clear('https://hippo.example.com');
    model.replace(facts([one], { statuses: [] }));
    expect(rows(model)[1]).toBe('  circle-outline b | nothing yet • a.hippofactory.io');
  });
});

describe('a change', () => {
  const b = channel('b', 'production', { activeRevision: revision('b', '1.0.0') });
  const two = facts([WEATHER, b]);

  test.each<[string, (model: AppsModel) => void, Change[]]>([
    ['of nothing', (model) => model.replace(two), []],
    [
      'of a status',
      (model) => model.apply({ statuses: new Map([[b.id, 'Pending']]) }),
      [[nodeId.channel(b.id)]],
    ],
    ['of a status that is the same', (model) => model.apply({ statuses: new Map([[b.id, 'Running']]) }), []],
    ['of a channel that nobody knows', (model) => model.apply({ statuses: new Map([['x', 'Dead']]) }), []],
    [
      "of a channel's name",
      (model) => model.apply({ channels: [{ ...b, name: 'live' }] }),
      [[nodeId.channel(b.id)]],
    ],
    [
      'of a variable',
      (model) =>
        model.apply({
          channels: [
            {
              ...WEATHER,
              environmentVariables: [
                ...WEATHER.environmentVariables,
                { channelId: '', key: 'NEW', value: '' },
              ],
            },
          ],
        }),
      [[nodeId.variables(WEATHER.id)]],
    ],
    [
      'of a value that is hidden',
      (model) =>
        model.apply({
          channels: [
            {
              ...WEATHER,
              environmentVariables: WEATHER.environmentVariables.map((one) => ({ ...one, value: 'x' })),
            },
          ],
        }),
      [],
    ],
    [
      'of a rule',
      (model) => model.apply({ channels: [{ ...b, rangeRule: '~2' }] }),
      [[nodeId.channel(b.id)]],
    ],
    [
      'of revisions',
      (model) => model.apply({ revisions: new Map([['b', [revision('b', '1.0.0')]]]) }),
      [[nodeId.revisions(b.id)]],
    ],
    [
      'by one more channel',
      (model) => model.apply({ channels: [channel('b', 'staging')] }),
      [[nodeId.app('b')]],
    ],
    ['by one channel less', (model) => model.apply({ removedChannels: [b.id] }), [[nodeId.app('b')]]],
    [
      'in two apps',
      (model) => model.apply({ statuses: new Map([b.id, WEATHER.id].map((id) => [id, 'Dead'])) }),
      [[nodeId.channel(b.id), nodeId.channel(WEATHER.id)]],
    ],
    ['by one app less', (model) => model.apply({ removedApps: ['b'] }), [undefined]],
    ['by one more app', (model) => model.replace(facts([WEATHER, b, channel('c', 'd')])), [undefined]],
    [
      'of a name that keeps the order',
      (model) => model.apply({ apps: [{ ...two.apps[1]!, name: 'bb' }] }),
      [[nodeId.app('b')]],
    ],
    [
      'of a name that changes the order',
      (model) => model.apply({ apps: [{ ...two.apps[1]!, name: 'zz' }] }),
      [undefined],
    ],
    ['to another Hippo', (model) => model.clear('http://other'), [undefined]],
    ['of an app that nobody knows', (model) => model.apply({ channels: [channel('x', 'y')] }), []],
  ])('%s', (_, change, expected) => {
    const { model, changes } = modelOf(two);
    change(model);
    expect(changes).toEqual(expected);
  });

  test('leaves nothing of an app that is gone', () => {
    const { model } = modelOf(two);
    model.apply({ removedApps: ['b'] });
    for (const id of [nodeId.app('b'), nodeId.channel(b.id), nodeId.variables(b.id)]) {
      expect(model.node(id)).toBeUndefined();
      expect(model.children(id)).toEqual([]);
    }
    model.apply({ statuses: new Map([[b.id, 'Dead']]), channels: [b], revisions: new Map([['b', []]]) });
    expect(model.roots).toEqual([nodeId.app('weather')]);
  });
});

describe('a series of events', () => {
  const at = '';

  test('asks once for what changed often, and not for what is gone', () => {
    const news = digest([
      { type: 'app.created', at, appId: 'a' },
      { type: 'app.changed', at, appId: 'a' },
      { type: 'channel.created', at, appId: 'a', channelId: 'c' },
      { type: 'channel.changed', at, appId: 'a', channelId: 'c' },
      { type: 'channel.status', at, appId: 'a', channelId: 'c', status: 'Pending' },
      { type: 'channel.status', at, appId: 'a', channelId: 'c', status: 'Running' },
      { type: 'channel.created', at, appId: 'a', channelId: 'd' },
      { type: 'channel.status', at, appId: 'a', channelId: 'd', status: 'Running' },
      { type: 'channel.deleted', at, appId: 'a', channelId: 'd' },
      { type: 'revision.created', at, appId: 'b', revisionNumber: '1.0.0' },
      { type: 'app.changed', at, appId: 'e' },
      { type: 'app.deleted', at, appId: 'e' },
      { type: 'addon.created', at, appId: 'b', addonId: 'f' },
      { type: 'addon.changed', at, appId: 'b', addonId: 'f' },
      { type: 'addon.changed', at, appId: 'b', addonId: 'g' },
      { type: 'addon.deleted', at, appId: 'b', addonId: 'g' },
      { type: 'broker.changed', at, brokerId: 'h' },
    ]);
    expect(news).toEqual({
      everything: false,
      addons: new Set(['f']),
      removedAddons: new Set(['g']),
      offerings: true,
      removedApps: new Set(['e']),
      removedChannels: new Set(['d']),
      statuses: new Map([['c', 'Running']]),
      wholeApps: new Set(['a']),
      apps: new Set(['b']),
      channels: new Set(['c']),
      revisions: new Set(['b']),
    });
  });

  test('reads an app that came back', () => {
    const news = digest([
      { type: 'app.deleted', at, appId: 'a' },
      { type: 'app.created', at, appId: 'a' },
    ]);
    expect(news).toMatchObject({ removedApps: new Set(['a']), wholeApps: new Set(['a']) });
  });

  test('reads everything after a gap', () => {
    expect(digest([{ type: 'reset', at }]).everything).toBe(true);
  });
});
