// How a publish is shown: progress in the window, lines in a task's terminal, a plan as a tree, the history.

import { beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import type { Label } from '../../../src/bindle/invoice.ts';
import * as core from '../../../src/editor/core.ts';
import { Cancelled } from '../../../src/editor/failure.ts';
import { describeRecord, History, type PublishRecord } from '../../../src/editor/publish/history.ts';
import { planRows, planSummary, type PlanRow } from '../../../src/editor/publish/plan-tree.ts';
import { readTask, tasksOf, wishOf } from '../../../src/editor/publish/task-definition.ts';
import { TaskTerminal } from '../../../src/editor/publish/task-terminal.ts';
import { Teller, type Listener } from '../../../src/editor/publish/teller.ts';
import { inWindow } from '../../../src/editor/publish/window-listener.ts';
import type { Problem } from '../../../src/hippofacts/problem.ts';
import type { ChannelItem } from '../../../src/hippo/api.ts';
import type { Plan, Taker } from '../../../src/publish/plan.ts';
import type { PublishEvent } from '../../../src/publish/run.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const home = temporaryFolder();
let app: FakeApp;
beforeEach(() => {
  app = new FakeApp(home);
});

const SERVER = new URL('https://bindle.example.com/v1');
const labels = [
  { sha256: 'a', name: 'a.wasm', size: 3_000_000, mediaType: 'application/wasm' },
  { sha256: 'b', name: 'b.css', size: 1_000_000, mediaType: 'text/css' },
] satisfies Label[];
const plan: Plan = {
  id: { name: 'ana/weather', version: '1.0.0' },
  app: { id: 'a1', name: 'weather' } as NonNullable<Plan['app']>,
  appKnown: true,
  stored: 'no',
  registered: false,
  later: undefined,
  takers: [],
  steps: [],
  addons: [],
  files: [],
  comparedWith: undefined,
};

/** One that goes well, up to its last event. */
const EVENTS: PublishEvent[] = [
  { type: 'stage', stage: 'build' },
  { type: 'stage', stage: 'collect' },
  { type: 'stage', stage: 'plan' },
  { type: 'planned', plan },
  { type: 'stage', stage: 'push' },
  { type: 'push', event: { type: 'announced', id: plan.id, created: true } },
  { type: 'push', event: { type: 'missing', labels, bytes: 4_000_000 } },
  { type: 'push', event: { type: 'started', label: labels[0]! } },
  { type: 'push', event: { type: 'progress', label: labels[0]!, bytes: 3_000_000 } },
  { type: 'push', event: { type: 'sent', label: labels[0]! } },
  { type: 'push', event: { type: 'started', label: labels[1]! } },
  { type: 'push', event: { type: 'progress', label: labels[1]!, bytes: 1_000_000 } },
  { type: 'push', event: { type: 'sent', label: labels[1]! } },
  { type: 'stage', stage: 'release' },
  { type: 'stage', stage: 'wait' },
  {
    type: 'release',
    event: {
      type: 'waiting',
      appId: 'a',
      channels: ['beta', 'production'].map((name) => ({ id: name, name, address: '', runs: null })),
    },
  },
];

function tell(listener: Listener, events: readonly PublishEvent[]): void {
  const teller = new Teller(core, listener, { server: SERVER, build: 'npm: build' });
  for (const event of events) {
    app.pass(1_000);
    teller.onEvent(event);
  }
}

describe('in the window', () => {
  test('progress names the stage, the files and the bytes, and what stays is in the log', async () => {
    const percents: number[] = [];
    app.prompts.progress = async (options, work) => {
      app.progresses.push(options.title);
      return work((message, percent = 0) => {
        app.progresses.push(message);
        percents.push(percent);
      }, new AbortController().signal);
    };
    await inWindow(app, 'Publishing weather', async (listener) => tell(listener, EVENTS));
    expect(app.progresses).toEqual([
      'Publishing weather',
      'Preparing…',
      'Building with "npm: build"',
      'Collecting files',
      'Comparing with the server',
      'Sending',
      'Sending 0/2 files, 0 B of 4.0 MB',
      'Sending 0/2 files, 0 B of 4.0 MB',
      'Sending 0/2 files, 3.0 MB of 4.0 MB',
      'Sending 1/2 files, 3.0 MB of 4.0 MB',
      'Sending 1/2 files, 3.0 MB of 4.0 MB',
      'Sending 1/2 files, 4.0 MB of 4.0 MB',
      'Sending 2/2 files, 4.0 MB of 4.0 MB',
      'Releasing',
      'Waiting',
      'Waiting for beta and production to answer',
    ]);
    expect(percents.every((percent) => percent >= 0)).toBe(true);
    expect(percents.reduce((sum, percent) => sum + percent, 0)).toBeLessThanOrEqual(100);
    expect(app.lines).toEqual([
      'Building with "npm: build"',
      'ana/weather/1.0.0 for the app weather',
      'Sending 2 files (4.0 MB) to https://bindle.example.com',
      'Waiting for beta, production',
    ]);
  });

  test('many small pieces are not drawn one by one, and the last is', async () => {
    const label = { ...labels[0]!, size: 1_000 };
    const pieces = Array.from({ length: 1_000 }, (): PublishEvent => ({
      type: 'push',
      event: { type: 'progress', label, bytes: 1 },
    }));
    await inWindow(app, 'Publishing weather', async (listener) => {
      const teller = new Teller(core, listener, { server: SERVER });
      teller.onEvent({ type: 'push', event: { type: 'missing', labels: [label], bytes: 1_000 } });
      for (const piece of pieces) {
        app.pass(1);
        teller.onEvent(piece);
      }
    });
    expect(app.progresses.length).toBeLessThan(20);
    expect(app.progresses.at(-1)).toBe('Sending 0/1 file, 1.0 KB of 1.0 KB');
  });

  test('a cancel lets uploads end; the second one, which is offered then, drops them', async () => {
    const states: string[] = [];
    const shown = inWindow(app, 'Publishing weather', async (listener) => {
      listener.signal.addEventListener('abort', () => {
        states.push(`cancelled, dropped: ${listener.abort.aborted}`);
        listener.finishing(2);
      });
      await new Promise<void>((resolve) => listener.abort.addEventListener('abort', () => resolve()));
      states.push('dropped');
      throw new Cancelled();
    });
    app.cancelProgress('Publishing weather');
    const second = 'Cancelled: 2 uploads will be finished first';
    expect(app.shownProgress).toEqual(['Publishing weather', second]);
    app.cancelProgress(second);
    await expect(shown).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(states).toEqual(['cancelled, dropped: false', 'dropped']);
    await waitFor(() => expect(app.shownProgress).toEqual([]));
  });
});

describe('in the terminal of a task', () => {
  function start(run: (listener: Listener) => Promise<string>): {
    terminal: TaskTerminal;
    text: () => string;
    code: Promise<number>;
  } {
    const terminal = new TaskTerminal(app, run);
    let text = '';
    terminal.onDidWrite((more) => (text += more));
    const { promise: code, resolve } = Promise.withResolvers<number>();
    terminal.onDidClose(resolve);
    terminal.open({ columns: 60 });

    return { terminal, text: () => text.replace(/[^\r\n]*\r\x1b\[2K/g, '').replace(/\x1b\[\d*m/g, ''), code };
  }

  test('the same lines stay, each on its own, and it ends with 0', async () => {
    const { text, code } = start(async (listener) => {
      tell(listener, EVENTS);
      return 'published: ana/weather/1.0.0';
    });
    expect(await code).toBe(0);
    expect(text().split('\r\n')).toEqual([
      'Building with "npm: build"',
      'ana/weather/1.0.0 for the app weather',
      'Sending 2 files (4.0 MB) to https://bindle.example.com',
      'Waiting for beta, production',
      'published: ana/weather/1.0.0',
      '',
    ]);
  });

  test('secrets are masked in every line', async () => {
    app.log.conceal('hunter2-hunter2');
    const { text, code } = start(async (listener) => {
      listener.line({ text: 'Trying again: the answer was hunter2-hunter2', tone: 'hurdle' });
      return 'published by way of https://ana:secret@proxy.example';
    });
    await code;
    expect(text()).toBe(
      'Trying again: the answer was ***\r\npublished by way of https://***@proxy.example\r\n',
    );
  });

  test('a failure is one sentence, and it ends with 1', async () => {
    const { text, code } = start(() =>
      Promise.reject(
        Object.assign(new Error('No Hippo answers at http://x.\nMore.'), { code: 'UNREACHABLE' }),
      ),
    );
    expect(await code).toBe(1);
    expect(text()).toBe('error: No Hippo answers at http://x.\r\n');
  });

  test('Ctrl-C cancels, the second drops what is in flight; it ends with 130', async () => {
    const states: string[] = [];
    const { terminal, code } = start(
      (listener) =>
        new Promise((_, reject) => {
          listener.signal.addEventListener('abort', () => states.push('cancelled'));
          listener.abort.addEventListener('abort', () => {
            states.push('dropped');
            reject(new Cancelled());
          });
        }),
    );
    terminal.handleInput('x');
    expect(states).toEqual([]);
    terminal.handleInput('\x03');
    expect(states).toEqual(['cancelled']);
    terminal.handleInput('\x03');
    expect(await code).toBe(130);
    expect(states).toEqual(['cancelled', 'dropped']);
  });

  test('a terminal that is closed cancels, and lets uploads end', async () => {
    let listener: Listener | undefined;
    const { terminal, code } = start(async (given) => {
      listener = given;
      await new Promise<void>((resolve) => given.signal.addEventListener('abort', () => resolve()));
      throw new Cancelled();
    });
    terminal.close();
    expect(await code).toBe(130);
    expect(listener?.abort.aborted).toBe(false);
    terminal.close();
    expect(listener?.abort.aborted).toBe(false);
  });
});

describe('a task', () => {
  test('says what a publish is to be', () => {
    const task = readTask({
      type: 'hippo',
      task: 'publish',
      mode: 'production',
      bump: 'minor',
      channel: 'beta',
    });
    expect(wishOf(task)).toMatchObject({ versioning: 'production', bump: 'minor', channel: 'beta' });
  });

  test.each([
    [{ task: 'build' }, '"task" must be "publish", "prepare" or "run"'],
    [{ task: 'publish', mode: 'debug' }, '"mode" must be'],
    [{ task: 'publish', bump: 'toString' }, '"bump" must be'],
    [{ task: 'publish', channel: 7 }, '"channel" must be a text'],
  ])('%j is refused', (definition, words) => {
    expect(() => readTask(definition)).toThrow(words);
  });

  test('is found for each project, by names that no other has', () => {
    const found = [...tasksOf('', 'HIPPOFACTS'), ...tasksOf('apps/web', 'hippofacts.toml')];
    expect(found.map(({ name }) => name)).toEqual([
      'publish',
      'publish production',
      'prepare',
      'publish - apps/web',
      'publish production - apps/web',
      'prepare - apps/web',
    ]);
    expect(found[4]?.definition).toEqual({
      type: 'hippo',
      task: 'publish',
      mode: 'production',
      project: 'apps/web/hippofacts.toml',
    });
  });
});

describe('a plan as a tree', () => {
  const channel = { id: 'c1', name: 'production', rangeRule: '~1' } as ChannelItem;
  const files: Plan['files'] = [
    { name: 'same.css', size: 10, change: 'same' },
    { name: 'z.html', size: 20, change: 'new' },
    { name: 'a.html', size: 30, change: 'new' },
    { name: 'b.html', size: 40, change: 'changed' },
    { name: 'old.html', size: 50, change: 'gone' },
  ];
  const flat = (rows: readonly PlanRow[], level = 0): string[] =>
    rows.flatMap(({ label, description, children = [] }) => [
      `${'  '.repeat(level)}${label}${description === '' ? '' : ` (${description})`}`,
      ...flat(children, level + 1),
    ]);

  test('says where it goes and what is new, changed, gone and unchanged, with sizes', () => {
    const takers: Taker[] = [
      { app: plan.app!, channel, runs: '0.9.0', own: false },
      {
        app: { id: 'a2', name: 'forecast' } as Taker['app'],
        channel: { ...channel, id: 'c2' },
        runs: null,
        own: false,
      },
    ];
    expect(flat(planRows({ ...plan, takers, files }, []))).toEqual([
      'Channels',
      '  production (runs 0.9.0 now)',
      '  forecast: production (runs nothing now)',
      'New (2 files, 50 B)',
      '  a.html (30 B)',
      '  z.html (20 B)',
      'Changed (1 file, 40 B)',
      '  b.html (40 B)',
      'No Longer There (1 file, 50 B)',
      '  old.html (50 B)',
      'Unchanged (1 file, 10 B)',
      '  same.css (10 B)',
    ]);
    expect(planSummary({ ...plan, files })).toBe(
      'ana/weather/1.0.0 for weather: 3 files new or changed (90 B).',
    );
  });

  test('says what is made and changed first', () => {
    const steps: Plan['steps'] = [
      { type: 'create-app', name: 'weather', storageId: 'ana/weather' },
      { type: 'create-channel', name: 'beta', rule: '*' },
      { type: 'change-rule', channel, rule: '*', own: false },
      { type: 'choose-revision', channel },
    ];
    expect(flat(planRows({ ...plan, steps }, []))).toEqual([
      'Channels',
      '  weather (the app is made)',
      '  beta (is made, with the rule "*")',
      '  production (its rule "~1" becomes "*")',
      '  production (runs nothing now, and stays on this version)',
    ]);
  });

  test('warns first', () => {
    const at = { offset: 0, line: 6, column: 2 };
    const problem: Problem = {
      code: 'no-match',
      severity: 'warning',
      message: 'The pattern x* matches nothing',
      range: { start: at, end: at },
    };
    expect(flat(planRows({ ...plan, stored: 'other' }, [problem]))).toEqual([
      'The server has 1.0.0 with other content: the version has to be raised',
      'No channel will run it',
      'The pattern x* matches nothing (line 7)',
      'Channels (none)',
    ]);
    expect(flat(planRows({ ...plan, appKnown: false }, []))[0]).toBe(
      'This Hippo is too old to say which channels will run it',
    );
  });

  test('has an id for each row, which stays the same', () => {
    const all = (rows: readonly PlanRow[]): string[] =>
      rows.flatMap(({ id, children = [] }) => [id, ...all(children)]);
    const ids = all(planRows({ ...plan, files }, []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(all(planRows({ ...plan, id: { ...plan.id, version: '2.0.0' }, files }, []))).toEqual(ids);
  });
});

describe('the history', () => {
  const record: PublishRecord = {
    id: '1',
    when: new Date(2026, 10, 20, 9, 30).getTime(),
    kind: 'publish',
    uri: 'file:///weather/HIPPOFACTS',
    label: 'weather',
    bindle: { name: 'ana/weather', version: '1.0.0-ana-20261120093000123' },
    versioning: 'dev',
    connection: 'local',
    hippoUrl: 'http://localhost:5309',
    app: { id: 'a1', name: 'weather' },
    channels: [
      { id: 'c1', name: 'ana', address: 'http://weather.localhost:5309/', runs: null },
      { id: 'c2', name: 'beta', address: 'http://beta-weather.localhost:5309/', runs: null },
    ],
  };

  test('has the latest first, forgets the oldest, and tells of changes', async () => {
    const history = new History(app);
    let changes = 0;
    history.onDidChange(() => changes++);
    for (let number = 1; number <= 101; number++) await history.add({ ...record, id: String(number) });
    expect(history.records.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, index) => String(101 - index)),
    );
    await history.remove('101');
    expect(history.records[0]?.id).toBe('100');
    await history.clear();
    expect(history.records).toEqual([]);
    expect(changes).toBe(103);
  });

  test('says what, where and when; today the time is enough', () => {
    const today = describeRecord(record, record.when + 60_000);
    expect(today.label).toBe('weather 1.0.0 (dev)');
    expect(today.description).toMatch(/^ana and beta • 0?9[:.]30/);
    expect(today.spoken).toContain('1.0.0-ana-20261120093000123');
    expect(describeRecord(record, record.when + 48 * 3_600_000).description).toMatch(/2026|26/);
    expect(describeRecord({ ...record, versioning: 'production', channels: [] }, record.when)).toMatchObject({
      label: 'weather 1.0.0-ana-20261120093000123',
      description: expect.stringMatching(/^no channel/),
    });
  });
});
