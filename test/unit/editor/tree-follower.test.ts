// The tree keeps in step with a Hippo: by events, by asking again, and through everything that goes wrong.

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Follower, type Followed } from '../../../src/editor/tree/follower.ts';
import { AppsModel, type Change } from '../../../src/editor/tree/model.ts';
import { nodeId } from '../../../src/editor/tree/nodes.ts';
import type { ChannelState } from '../../../src/hippo/api.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { failure, SimulatedHippo } from '../../support/simulated-hippo.ts';

const LONG = process.env['HIPPO_TEST_LONG'] !== undefined;
const followers: Follower[] = [];
afterEach(() => {
  for (const follower of followers.splice(0)) follower.dispose();
});

/** Lets everything happen that needs no time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** What VS Code keeps of the tree: it reads again what it is told to, and nothing else. */
class View {
  readonly #model: AppsModel;
  readonly #rows = new Map<string, { text: string; children: readonly string[] }>();
  #roots: readonly string[] = [];
  /** Rows that were read so far. */
  reads = 0;

  constructor(model: AppsModel) {
    this.#model = model;
    this.#readAll();
    model.onDidChange((change: Change) => {
      if (change === undefined) this.#readAll();
      else for (const id of change) if (this.#rows.has(id)) this.#read(id);
    });
  }

  rows(ids = this.#roots, indent = ''): string[] {
    return ids.flatMap((id) => {
      const row = this.#rows.get(id);
      return [`${indent}${id} ${row?.text}`, ...this.rows(row?.children ?? [], `${indent}  `)];
    });
  }

  #readAll(): void {
    this.#rows.clear();
    this.#roots = this.#model.roots;
    for (const id of this.#roots) this.#read(id);
  }

  #read(id: string): void {
    this.reads++;
    const children = this.#model.children(id);
    this.#rows.set(id, { text: JSON.stringify(this.#model.node(id)), children });
    for (const child of children) this.#read(child);
  }
}

interface Setup {
  app: FakeApp;
  hippo: SimulatedHippo;
  model: AppsModel;
  follower: Follower;
  view: View;
  states: string[];
  reports: string[];
  /** Changes what is followed. */
  followed: { current: Followed | undefined | Error };
}

function setUp(hippo = new SimulatedHippo()): Setup {
  const app = new FakeApp('/nowhere');
  const model = new AppsModel((error) => {
    throw error;
  });
  const connection = { name: 'test', hippoUrl: 'http://localhost:5309', userName: 'ana', client: hippo };
  const followed: Setup['followed'] = { current: connection };
  const reports: string[] = [];
  const follower = new Follower(model, {
    open: () =>
      followed.current instanceof Error
        ? Promise.reject(followed.current)
        : Promise.resolve(followed.current),
    report: (name, error) =>
      reports.push(`${name} ${error === undefined ? 'answers' : (error as { code?: string }).code}`),
    clock: app.clock,
    log: app.log,
  });
  followers.push(follower);
  const states: string[] = [];
  follower.onDidChangeState((state) => states.push(state));
  return { app, hippo, model, follower, view: new View(model), states, reports, followed };
}

/** What a tree shows that is loaded now, with the revisions of these apps. */
async function fresh(hippo: SimulatedHippo, wanted: readonly string[]): Promise<string[]> {
  const { gate } = hippo;
  const { length } = hippo.calls;
  hippo.gate = () => Promise.resolve();
  const model = new AppsModel((error) => {
    throw error;
  });
  model.clear('http://localhost:5309');
  for (const id of wanted) model.wantRevisions(id);
  const revisions = new Map<string, Awaited<ReturnType<SimulatedHippo['revisions']>>>();
  for (const id of wanted) revisions.set(id, await hippo.revisions({ appId: id }));
  model.replace({
    apps: await hippo.apps(),
    channels: await hippo.channels(),
    statuses: await hippo.channelStatuses(),
    revisions,
  });
  hippo.gate = gate;
  hippo.calls.length = length;
  return new View(model).rows();
}

describe('by events', () => {
  test('shows what is there, and what changes', async () => {
    const { hippo, model, follower, view, states } = setUp();
    const weather = hippo.createApp('weather');
    const channel = hippo.createChannel(weather, 'production');
    expect(follower.state).toBe('idle');
    follower.start();
    await follower.settled();
    expect(states).toEqual(['loading', 'ready']);
    expect(model.node(nodeId.channel(channel))?.label).toBe('production');

    hippo.addRevision(weather, '1.0.0');
    await settle();
    expect(model.node(nodeId.channel(channel))).toMatchObject({ icon: 'pass-filled' });
    expect(model.node(nodeId.channel(channel))?.description).toMatch(/^1\.0\.0 • /);
    hippo.renameApp(weather, 'climate');
    hippo.createApp('another');
    await settle();
    expect(model.roots.map((id) => model.node(id)?.label)).toEqual(['another', 'climate']);
    hippo.removeApp(weather);
    await settle();
    expect(model.roots).toHaveLength(1);
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(hippo.calls.filter((call) => call === 'apps')).toHaveLength(1);
  });

  test('reads no more than what changed, and has no more shown anew', async () => {
    const { hippo, follower, view } = setUp();
    for (let i = 0; i < 20; i++) hippo.createChannel(hippo.createApp(`app${i}`), 'production');
    follower.start();
    await follower.settled();
    await settle();
    const [calls, reads] = [hippo.calls.length, view.reads];
    hippo.setStatus(hippo.channelIds[3] ?? '', 'Running');
    await settle();
    expect(hippo.calls).toHaveLength(calls);
    // The channel and what is below it.
    expect(view.reads - reads).toBe(0);
    hippo.changeChannel(hippo.channelIds[3] ?? '', { name: 'live' });
    await settle();
    expect(hippo.calls.slice(calls)).toEqual(['channel']);
    expect(view.reads - reads).toBe(3);
  });

  test('reads revisions only where somebody wants to see them, and then keeps them', async () => {
    const { hippo, model, follower } = setUp();
    const [weather, other] = ['weather', 'other'].map((name) => hippo.createApp(name)) as [string, string];
    const channel = hippo.createChannel(weather, 'production');
    for (const id of [weather, other]) hippo.addRevision(id, '1.0.0');
    follower.start();
    await follower.settled();
    expect(hippo.calls).not.toContain('revisions');
    const labels = (): (string | undefined)[] =>
      model.children(nodeId.revisions(channel)).map((id) => model.node(id)?.label);
    expect(labels()).toEqual([]);
    await follower.wantRevisions(weather);
    expect(labels()).toEqual(['1.0.0']);
    await follower.wantRevisions(weather);
    expect(hippo.calls.filter((call) => call === 'revisions')).toHaveLength(1);
    hippo.addRevision(weather, '1.1.0');
    hippo.addRevision(other, '1.1.0');
    await settle();
    expect(labels()).toEqual(['1.1.0', '1.0.0']);
    expect(hippo.calls.filter((call) => call === 'revisions')).toHaveLength(2);
  });

  test('misses nothing that happens while it loads', async () => {
    const { hippo, follower, view } = setUp();
    const weather = hippo.createApp('weather');
    hippo.gate = (call) => {
      if (call === 'channelStatuses') {
        hippo.gate = () => Promise.resolve();
        hippo.renameApp(weather, 'climate');
        hippo.createChannel(weather, 'late');
        hippo.removeApp(hippo.createApp('short'));
      }
      return Promise.resolve();
    };
    follower.start();
    await follower.settled();
    await settle();
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(view.rows().join('\n')).toContain('late');
  });

  test('goes on after the last event when the stream ends, and reads nothing again', async () => {
    const { app, hippo, follower, view, states } = setUp();
    const weather = hippo.createApp('weather');
    follower.start();
    await follower.settled();
    hippo.renameApp(weather, 'climate');
    await settle();
    const calls = hippo.calls.length;
    hippo.endStreams();
    await settle();
    hippo.createChannel(weather, 'meanwhile');
    expect(hippo.heldStreams).toBe(0);
    app.pass(1_000);
    await settle();
    expect(hippo.streams).toEqual([undefined, '2']);
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(states).toEqual(['loading', 'ready']);
    expect(hippo.calls.slice(calls)).not.toContain('apps');
  });

  test('reads everything again from a Hippo that was started anew, or that has forgotten', async () => {
    const { app, hippo, follower, view } = setUp();
    const weather = hippo.createApp('weather');
    follower.start();
    await follower.settled();
    hippo.renameApp(weather, 'climate');
    await settle();
    hippo.instance = 'second';
    hippo.endStreams();
    hippo.silently(() => hippo.createApp('unheard of'));
    await settle();
    app.pass(1_000);
    await settle();
    expect(hippo.streams).toEqual([undefined, undefined]);
    expect(view.rows()).toEqual(await fresh(hippo, []));

    hippo.renameApp(weather, 'forecast');
    await settle();
    hippo.endStreams();
    await settle();
    hippo.kept = 1;
    for (const name of ['a', 'b', 'c']) hippo.renameApp(weather, name);
    app.pass(1_000);
    await settle();
    expect(view.rows()).toEqual(await fresh(hippo, []));
  });

  test('reads all at once where a lot has changed', async () => {
    const { hippo, follower, view } = setUp();
    follower.start();
    await follower.settled();
    await settle();
    const calls = hippo.calls.length;
    // Answers take longer than events.
    hippo.gate = () => new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 100; i++) hippo.createChannel(hippo.createApp(`app${i}`), 'production');
    await settle();
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(hippo.calls.slice(calls).length).toBeLessThan(40);
  });

  test('reads everything again when it is asked to', async () => {
    const { hippo, follower, view } = setUp();
    follower.start();
    await follower.settled();
    hippo.silently(() => hippo.createApp('unheard of'));
    await follower.refresh();
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(view.rows()).toHaveLength(1);
  });
});

describe('while nobody looks', () => {
  test('holds no stream, asks nothing, and catches up afterwards', async () => {
    const { app, hippo, follower, view } = setUp();
    const weather = hippo.createApp('weather');
    expect(hippo.calls).toEqual([]);
    follower.start();
    follower.start();
    await follower.settled();
    hippo.renameApp(weather, 'climate');
    await settle();
    expect(hippo.heldStreams).toBe(1);
    follower.stop();
    await settle();
    expect(hippo.heldStreams).toBe(0);
    const calls = hippo.calls.length;
    hippo.createChannel(weather, 'meanwhile');
    app.pass(600_000);
    await settle();
    expect(hippo.calls).toHaveLength(calls);
    follower.start();
    await settle();
    expect(hippo.streams).toEqual([undefined, '2']);
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(hippo.calls.slice(calls)).not.toContain('apps');
  });

  test('a load that was left is done again', async () => {
    const { hippo, follower, view } = setUp();
    hippo.createApp('weather');
    hippo.gate = (call) => (call === 'channels' ? new Promise(() => undefined) : Promise.resolve());
    follower.start();
    await settle();
    follower.stop();
    hippo.gate = () => Promise.resolve();
    follower.start();
    await follower.settled();
    expect(view.rows()).toEqual(await fresh(hippo, []));
  });
});

describe('a Hippo without events', () => {
  test('is asked every five seconds', async () => {
    const { app, hippo, follower, view } = setUp();
    hippo.product = undefined;
    const weather = hippo.createApp('weather');
    follower.start();
    await follower.settled();
    const loads = (): number => hippo.calls.filter((call) => call === 'apps').length;
    expect(loads()).toBe(1);
    hippo.renameApp(weather, 'climate');
    app.pass(4_999);
    await settle();
    expect(loads()).toBe(1);
    app.pass(1);
    await settle();
    expect(loads()).toBe(2);
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(hippo.streams).toEqual([]);
  });

  test('is asked less often if it takes its time, and less and less if it fails', async () => {
    const { app, hippo, follower, states } = setUp();
    hippo.product = undefined;
    hippo.gate = (call) => {
      if (call === 'apps') app.time += 4_000;
      return Promise.resolve();
    };
    follower.start();
    await follower.settled();
    const loads = (): number => hippo.calls.filter((call) => call === 'apps').length;
    app.pass(15_999);
    await settle();
    expect(loads()).toBe(1);
    app.pass(1);
    await settle();
    expect(loads()).toBe(2);

    hippo.gate = () => Promise.reject(failure('UNREACHABLE'));
    app.pass(16_000);
    await settle();
    expect(states.at(-1)).toBe('unreachable');
    const attempts: number[] = [];
    let since = 0;
    for (let second = 0; second < 120; second++) {
      const before = hippo.calls.length;
      app.pass(1_000);
      await settle();
      since++;
      if (hippo.calls.length > before) {
        attempts.push(since);
        since = 0;
      }
    }
    expect(attempts).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  test('is asked even if it claims to be one of ours', async () => {
    const { app, hippo, follower, view } = setUp();
    hippo.gate = (call) => (call === 'events' ? Promise.reject(failure('NOT_FOUND')) : Promise.resolve());
    hippo.createApp('weather');
    follower.start();
    await follower.settled();
    hippo.createApp('another');
    app.pass(5_000);
    await settle();
    expect(view.rows()).toHaveLength(2);
  });

  test.each([
    ['cannot say them', 'SERVER'],
    ['has no path for them, before 0.17', 'NOT_FOUND'],
    ['is too old for them', 'UNSUPPORTED'],
  ])('keeps its channels where it %s: their states', async (_why, code) => {
    const { hippo, model, follower } = setUp();
    hippo.product = undefined;
    const channel = hippo.createChannel(hippo.createApp('weather'), 'production', {
      activeRevision: { id: 'r', appId: '', revisionNumber: '1.0.0', components: [], type: null },
    });
    hippo.gate = (call) => (call === 'channelStatuses' ? Promise.reject(failure(code)) : Promise.resolve());
    follower.start();
    await follower.settled();
    expect(follower.state).toBe('ready');
    expect(model.node(nodeId.channel(channel))).toMatchObject({ icon: 'question' });
  });

  test('is asked at once after a change from here, also when another one told of its changes before', async () => {
    const { hippo, follower, view } = setUp();
    const weather = hippo.createApp('weather');
    follower.start();
    await follower.settled();
    follower.stop();
    hippo.product = undefined;
    follower.start();
    await expect.poll(() => hippo.calls.filter((call) => call === 'apps').length).toBeGreaterThan(1);
    await settle();
    hippo.renameApp(weather, 'climate');
    follower.changed();
    await expect.poll(() => view.rows()[0]).toContain('climate');
  });

  test('keeps the revisions that somebody looks at up to date', async () => {
    const { app, hippo, follower, view } = setUp();
    hippo.product = undefined;
    const weather = hippo.createApp('weather');
    hippo.createChannel(weather, 'production');
    hippo.addRevision(weather, '1.0.0');
    follower.start();
    await follower.settled();
    await follower.wantRevisions(weather);
    hippo.addRevision(weather, '1.1.0');
    app.pass(5_000);
    await settle();
    expect(view.rows()).toEqual(await fresh(hippo, [weather]));
  });
});

describe('a server that is gone', () => {
  test('shows as such, keeps what was known, and comes back by itself', async () => {
    const { app, hippo, model, follower, view, states, reports } = setUp();
    const channel = hippo.createChannel(hippo.createApp('weather'), 'production');
    follower.start();
    await follower.settled();
    hippo.gate = () => Promise.reject(failure('UNREACHABLE', 'No Hippo answers.'));
    hippo.endStreams(failure('BROKEN'));
    await settle();
    expect(states).toEqual(['loading', 'ready', 'unreachable']);
    expect(model.node(nodeId.channel(channel))).toMatchObject({ icon: 'question' });
    for (let i = 0; i < 5; i++) {
      app.pass(30_000);
      await settle();
    }
    // One warning for all of it.
    expect(app.lines.filter((line) => line.includes('The apps of'))).toHaveLength(1);
    hippo.gate = () => Promise.resolve();
    hippo.renameApp(hippo.appIds[0] ?? '', 'climate');
    app.pass(30_000);
    await settle();
    expect(states.at(-1)).toBe('ready');
    expect(view.rows()).toEqual(await fresh(hippo, []));
    expect(reports.at(-1)).toBe('test answers');
    expect(reports).toContain('test UNREACHABLE');
  });

  test('that says nothing at all is given up after a while', async () => {
    const { app, hippo, follower, states } = setUp();
    hippo.gate = (call) => (call === 'identify' ? new Promise(() => undefined) : Promise.resolve());
    follower.start();
    await settle();
    expect(states).toEqual(['loading']);
    app.pass(20_000);
    await settle();
    expect(states.at(-1)).toBe('unreachable');
    hippo.gate = (call) => (call === 'events' ? new Promise(() => undefined) : Promise.resolve());
    app.pass(1_000);
    await settle();
    app.pass(20_000);
    await settle();
    expect(follower.state).toBe('unreachable');
    hippo.gate = () => Promise.resolve();
    await follower.refresh();
    expect(follower.state).toBe('ready');
  });

  test('is tried again at once when somebody asks', async () => {
    const { hippo, follower } = setUp();
    hippo.gate = () => Promise.reject(failure('UNREACHABLE'));
    follower.start();
    await follower.settled();
    hippo.gate = () => Promise.resolve();
    await follower.refresh();
    expect(follower.state).toBe('ready');
  });

  test('in the middle of reading a change loses nothing', async () => {
    const { app, hippo, follower, view } = setUp();
    const weather = hippo.createApp('weather');
    follower.start();
    await follower.settled();
    hippo.renameApp(weather, 'climate');
    await settle();
    hippo.gate = (call) => (call === 'app' ? Promise.reject(failure('BROKEN')) : Promise.resolve());
    hippo.renameApp(weather, 'forecast');
    await settle();
    expect(follower.state).toBe('unreachable');
    hippo.gate = () => Promise.resolve();
    app.pass(1_000);
    await settle();
    expect(hippo.streams).toEqual([undefined, '2']);
    expect(view.rows()).toEqual(await fresh(hippo, []));
  });
});

test('a local Hippo that does not run is looked for, and not started', async () => {
  const { app, hippo, follower, followed, states, view } = setUp();
  const there = followed.current;
  hippo.createApp('weather');
  follower.start();
  await follower.settled();
  followed.current = undefined;
  hippo.endStreams();
  await settle();
  app.pass(1_000);
  await settle();
  expect(states.at(-1)).toBe('stopped');
  expect(view.rows()).toEqual([]);
  followed.current = there;
  app.pass(2_000);
  await settle();
  expect(states.at(-1)).toBe('ready');
  expect(view.rows()).toHaveLength(1);
});

test.each([
  ['UNAUTHORIZED', 'signedOut'],
  ['NO_SUCH_CONNECTION', 'missing'],
])('after %s it is %s until somebody has done something', async (code, state) => {
  const { app, hippo, follower, followed, view } = setUp();
  hippo.createApp('weather');
  follower.start();
  await follower.settled();
  const there = followed.current;
  followed.current = failure(code);
  hippo.endStreams();
  await settle();
  app.pass(1_000);
  await settle();
  expect(follower.state).toBe(state);
  // What it was allowed to see is not shown any more.
  expect(view.rows()).toEqual([]);
  const calls = hippo.calls.length;
  app.pass(600_000);
  await settle();
  expect(hippo.calls).toHaveLength(calls);
  followed.current = there;
  follower.restart();
  await settle();
  expect(follower.state).toBe('ready');
  expect(view.rows()).toHaveLength(1);
});

test('a local Hippo that was made anew is asked again, with its new key', async () => {
  const { app, hippo, follower, followed } = setUp();
  followed.current = { ...(followed.current as Followed), name: 'local' };
  hippo.gate = () => Promise.reject(failure('UNAUTHORIZED'));
  follower.start();
  await follower.settled();
  expect(follower.state).toBe('unreachable');
  hippo.gate = () => Promise.resolve();
  app.pass(1_000);
  await settle();
  expect(follower.state).toBe('ready');
});

test('a Hippo that cannot list apps is said to be too old', async () => {
  const { hippo, follower } = setUp();
  hippo.product = undefined;
  hippo.gate = (call) => (call === 'apps' ? Promise.reject(failure('UNSUPPORTED')) : Promise.resolve());
  follower.start();
  await follower.settled();
  expect(follower.state).toBe('unsupported');
});

test('another connection shows nothing of the one before', async () => {
  const { hippo, follower, followed, view } = setUp();
  hippo.createApp('weather');
  follower.start();
  await follower.settled();
  const other = new SimulatedHippo();
  other.gate = (call) => (call === 'apps' ? new Promise(() => undefined) : Promise.resolve());
  followed.current = { name: 'other', hippoUrl: 'http://other', userName: undefined, client: other };
  follower.restart();
  await settle();
  expect(follower.state).toBe('loading');
  expect(follower.connection).toBe('other');
  expect(view.rows()).toEqual([]);
  expect(hippo.heldStreams).toBe(0);
});

describe('whatever happens, in whatever order it is heard of', () => {
  type Op = (setup: Setup, pick: number) => void;
  const some = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];
  const STATES: ChannelState[] = ['Running', 'Pending', 'Dead', 'Unknown'];
  let names = 0;
  const onApp =
    (work: (hippo: SimulatedHippo, id: string, pick: number) => void): Op =>
    ({ hippo }, pick) => {
      const id = some(hippo.appIds, pick);
      if (id !== undefined) work(hippo, id, pick);
    };
  const onChannel =
    (work: (hippo: SimulatedHippo, id: string, pick: number) => void): Op =>
    ({ hippo }, pick) => {
      const id = some(hippo.channelIds, pick);
      if (id !== undefined) work(hippo, id, pick);
    };
  const OPS: Record<string, Op> = {
    createApp: ({ hippo }, pick) => void hippo.createApp(`app${pick}-${++names}`, `acme/${pick % 3}`),
    renameApp: onApp((hippo, id) => hippo.renameApp(id, `app-${++names}`)),
    moveApp: onApp((hippo, id) => hippo.moveApp(id)),
    removeApp: onApp((hippo, id) => hippo.removeApp(id)),
    createChannel: onApp((hippo, id) => void hippo.createChannel(id, `channel-${++names}`)),
    renameChannel: onChannel((hippo, id) => hippo.changeChannel(id, { name: `channel-${++names}` })),
    setVariable: onChannel((hippo, id, pick) =>
      hippo.changeChannel(id, { environmentVariables: [{ channelId: id, key: `K${pick % 5}`, value: 'x' }] }),
    ),
    stop: onChannel((hippo, id) => hippo.changeChannel(id, { desiredStatus: 'Dead' })),
    removeChannel: onChannel((hippo, id) => hippo.removeChannel(id)),
    status: onChannel((hippo, id, pick) => hippo.setStatus(id, some(STATES, pick) ?? 'Running')),
    addRevision: onApp((hippo, id) => void hippo.addRevision(id, `1.0.${++names}`)),
    removeRevision: onApp((hippo, id) => hippo.removeRevision(id)),
    wantRevisions: ({ hippo, follower }, pick) =>
      void follower.wantRevisions(some(hippo.appIds, pick) ?? '').catch(() => undefined),
    projects: ({ model }, pick) => model.setProjects(new Set([`acme/${pick % 4}`])),
    reveal: ({ hippo, model }, pick) => {
      const id = some(hippo.channelIds, pick);
      if (id !== undefined) model.reveal(nodeId.variable(id, `K${pick % 5}`), pick % 2 === 0);
    },
    streamEnds: ({ hippo }) => hippo.endStreams(),
    streamBreaks: ({ hippo }) => hippo.endStreams(failure('BROKEN')),
    restarts: ({ hippo }) => {
      hippo.instance = `instance-${++names}`;
      hippo.endStreams();
    },
    forgets: ({ hippo }, pick) => {
      hippo.kept = pick % 4;
    },
    hides: ({ follower }) => follower.stop(),
    shows: ({ follower }) => follower.start(),
    refreshes: ({ follower }) => void follower.refresh(),
    timePasses: ({ app }, pick) => app.pass((pick % 3) * 1_000),
  };

  test.each([
    ['with events', 'hippo-tools'],
    ['without', undefined],
  ])(
    'a Hippo %s is shown as a fresh load shows it',
    { timeout: LONG ? 3_600_000 : 60_000 },
    async (_, product) => {
      const step = fc.record({
        op: fc.constantFrom(...Object.keys(OPS)),
        pick: fc.nat(1000),
        /** How many of the answers that are on their way arrive before the next step. */
        answers: fc.nat(3),
        fails: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.scheduler(), async (steps, scheduler) => {
          const setup = setUp();
          const { app, hippo, follower, view, model } = setup;
          hippo.product = product;
          let fails = false;
          hippo.gate = (call) =>
            scheduler
              .schedule(Promise.resolve(), call)
              .then(() => (fails && call !== 'identify' ? Promise.reject(failure('BROKEN')) : undefined));
          follower.start();
          for (const { op, pick, answers, fails: failing } of steps) {
            OPS[op]?.(setup, pick);
            fails = failing && pick % 5 === 0;
            for (let i = 0; i < answers; i++) {
              await new Promise((resolve) => setImmediate(resolve));
              if (scheduler.count() > 0) await scheduler.waitOne();
            }
          }
          fails = false;
          follower.start();
          const drain = async (): Promise<void> => {
            for (let quiet = 0; quiet < 5; quiet++) {
              await new Promise((resolve) => setImmediate(resolve));
              if (scheduler.count() > 0) {
                await scheduler.waitOne();
                quiet = 0;
              }
            }
          };
          await drain();
          // After a failure, and once more for one that has not heard of the last change.
          for (let round = 0; round < 3; round++) {
            app.pass(40_000);
            await drain();
          }
          expect(follower.state).toBe('ready');
          const expected = await fresh(hippo, model.wantedRevisions);
          model.hideAll();
          const { roots } = model;
          model.setProjects(new Set());
          expect(new Set(view.rows())).toEqual(new Set(expected));
          expect(view.rows()).toEqual(expected);
          expect(roots).toHaveLength(hippo.appIds.length);
          follower.dispose();
          await settle();
          expect(hippo.heldStreams).toBe(0);
        }),
        { numRuns: LONG ? 20_000 : 400 },
      );
    },
  );
});
