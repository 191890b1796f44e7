// The tree on a real Hippo's events, the log of a channel, and which apps are those of the workspace.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Emitter } from '../../../src/editor/disposables.ts';
import { Projects } from '../../../src/editor/projects.ts';
import { readLog, visibleLine } from '../../../src/editor/tree/channel-log.ts';
import { Follower } from '../../../src/editor/tree/follower.ts';
import { AppsModel } from '../../../src/editor/tree/model.ts';
import { WorkspaceApps } from '../../../src/editor/tree/workspace-apps.ts';
import type { HippoClient } from '../../../src/hippo/client.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { failure } from '../../support/simulated-hippo.ts';
import { startHippo, type TestHippo } from '../platform/hippo/harness.ts';

let root: string;
let hippo: TestHippo;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-tree-'));
  const health = { Status: 'Healthy', product: 'hippo-tools', instance: 'first' };
  hippo = await startHippo(root, { health: () => health });
});
afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});

function rows(model: AppsModel, ids = model.roots): unknown[] {
  return ids.map((id) => [model.node(id), rows(model, model.children(id))]);
}

async function freshRows(client: HippoClient, wanted: readonly string[]): Promise<unknown[]> {
  const model = new AppsModel((error) => {
    throw error;
  });
  model.clear(hippo.url);
  for (const id of wanted) model.wantRevisions(id);
  const revisions = wanted.map(async (id) => [id, await client.revisions({ appId: id })] as const);
  model.replace({
    apps: await client.apps(),
    channels: await client.channels(),
    statuses: await client.channelStatuses(),
    revisions: new Map(await Promise.all(revisions)),
  });
  return rows(model);
}

test('whatever is done, the tree comes to show what is there', async () => {
  const { client } = hippo;
  const model = new AppsModel((error) => {
    throw error;
  });
  const app = new FakeApp(join(root, 'home'));
  const follower = new Follower(model, {
    open: () => Promise.resolve({ name: 'test', hippoUrl: hippo.url, userName: undefined, client }),
    report: () => undefined,
    log: app.log,
    clock: {
      now: Date.now,
      after: (milliseconds, run) => {
        const timer = setTimeout(run, milliseconds);
        return { dispose: () => clearTimeout(timer) };
      },
    },
  });
  follower.start();
  await follower.settled();
  let names = 0;
  const some = <T>(items: readonly T[], pick: number): T | undefined => items[pick % items.length];
  type Op = (pick: number) => Promise<unknown>;
  const onApp =
    (work: (id: string, storageId: string) => Promise<unknown>): Op =>
    async (pick) => {
      const found = some(await client.apps(), pick);
      if (found) await work(found.id, found.storageId);
    };
  const onChannel =
    (work: (id: string, pick: number) => Promise<unknown>): Op =>
    async (pick) => {
      const found = some(await client.channels(), pick);
      if (found) await work(found.id, pick);
    };
  const ops: Record<string, Op> = {
    createApp: (pick) => client.createApp({ name: `app-${++names}`, storageId: `acme/${pick % 3}` }),
    renameApp: onApp((id) => client.renameApp(id, `app-${++names}`)),
    removeApp: onApp((id) => client.removeApp(id)),
    createChannel: onApp((appId) => client.createChannel({ appId, name: `channel-${++names}` })),
    release: onApp((_, appStorageId) =>
      client.registerRevision({ appStorageId, revisionNumber: `1.0.${++names}` }),
    ),
    removeRevision: onApp(async (appId) => {
      const [first] = await client.revisions({ appId });
      if (first) await client.removeRevision(first.id);
    }),
    setVariable: onChannel((id, pick) =>
      client.patchChannel(id, { environmentVariables: [{ key: `K${pick % 3}`, value: 'x' }] }),
    ),
    renameChannel: onChannel((id) => client.patchChannel(id, { name: `channel-${++names}` })),
    stop: onChannel((id, pick) => client.setDesiredStatus(id, pick % 2 ? 'Dead' : 'Running')),
    removeChannel: onChannel((id) => client.removeChannel(id)),
    look: onApp((id) => follower.wantRevisions(id)),
    streamsEnd: async () => hippo.hippo.endStreams(),
  };
  const step = fc.tuple(fc.constantFrom(...Object.keys(ops)), fc.nat(100));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      for (const [op, pick] of steps) await ops[op]?.(pick);
      const expected = await freshRows(client, model.wantedRevisions);
      await expect.poll(() => rows(model)).toEqual(expected);
    }),
    { numRuns: process.env['HIPPO_TEST_LONG'] === undefined ? 15 : 1_000 },
  );
  follower.dispose();
  await expect.poll(() => hippo.hippo.openStreams()).toBe(0);
});

describe('the log of a channel', () => {
  test.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m\u001b[0m'],
    ['\u001b]52;c;cm0gLXJm\u0007', '\\u{1b}]52;c;cm0gLXJm\\u{7}'],
    ['\u001b[2J\u001b[Hgone', '\\u{1b}[2J\\u{1b}[Hgone'],
    ['a\rb\u202ec', 'a\\u{d}b\\u{202e}c'],
    ['tab\tstays', 'tab\tstays'],
  ])('%j is shown as %j', (line, expected) => {
    expect(visibleLine(line)).toBe(expected);
  });

  test('goes on through failures, until the channel is gone', async () => {
    const app = new FakeApp(join(root, 'home'));
    const said: string[] = [];
    const answers = [
      ['one', 'two'],
      failure('BROKEN', 'It broke off.'),
      failure('BROKEN'),
      ['two', 'three'],
      failure('NOT_FOUND'),
    ];
    const reading = readLog(
      'c',
      {
        clock: app.clock,
        open: () => Promise.resolve(hippo.client),
        write: (line) => said.push(line),
        note: (line) => said.push(`(${line})`),
        follow: async function* () {
          for (;;) {
            const answer = answers.shift();
            if (!Array.isArray(answer)) throw answer ?? failure('NOT_FOUND');
            yield* answer;
          }
        },
      },
      new AbortController().signal,
    );
    const waits = setInterval(() => app.pass(20_000), 5);
    await reading;
    clearInterval(waits);
    expect(said).toEqual([
      'one',
      'two',
      '(It broke off. Trying again…)',
      '(Connected again; these are the last lines once more:)',
      'two',
      'three',
      '(The channel is gone.)',
    ]);
  });

  test('asks for the way to its server each time, and ends with the session: nobody is bothered', async () => {
    const app = new FakeApp(join(root, 'home'));
    const said: string[] = [];
    const ways = [
      failure('NOT_RUNNING', 'It does not run.'),
      hippo.client,
      failure('UNAUTHORIZED', 'Who are you?'),
    ];
    const reading = readLog(
      'c',
      {
        clock: app.clock,
        open: () => {
          const way = ways.shift();
          return way instanceof Error || !way
            ? Promise.reject(way ?? failure('NOT_FOUND'))
            : Promise.resolve(way);
        },
        write: (line) => said.push(line),
        note: (line) => said.push(`(${line})`),
        follow: async function* () {
          yield 'one';
        },
      },
      new AbortController().signal,
    );
    const waits = setInterval(() => app.pass(20_000), 5);
    await reading;
    clearInterval(waits);
    expect(said).toEqual([
      '(It does not run. Trying again…)',
      'one',
      '(The session has ended: sign in, then follow the log again.)',
    ]);
  });

  test('ends when nobody reads it any more, also while it waits', async () => {
    const app = new FakeApp(join(root, 'home'));
    const reading = new AbortController();
    const notes: string[] = [];
    const done = readLog(
      'c',
      {
        clock: app.clock,
        open: () => Promise.resolve(hippo.client),
        write: () => undefined,
        note: (line) => notes.push(line),
        follow: async function* () {
          throw failure('UNREACHABLE', 'Nobody there.');
        },
      },
      reading.signal,
    );
    await expect.poll(() => notes).toEqual(['Nobody there. Trying again…']);
    reading.abort();
    await done;
  });
});

test('the apps of the workspace are those of its HIPPOFACTS, as they are now', async () => {
  const app = new FakeApp(join(root, 'home'));
  const folder = join(root, 'workspace');
  const uri = pathToFileURL(folder).href;
  app.openFolders({ name: 'workspace', uri, path: folder });
  app.files = [`${uri}/HIPPOFACTS`, `${uri}/broken/HIPPOFACTS`];
  const names: Record<string, string | undefined> = { [join(folder, 'HIPPOFACTS')]: 'acme/one' };
  const changed = new Emitter<void>(() => undefined);
  const asked: string[] = [];
  const workspaceApps = new WorkspaceApps({
    app,
    projects: new Projects(app),
    core: () =>
      Promise.resolve({
        storageIdOf: (file: string) => {
          asked.push(file);
          return Promise.resolve(names[file]);
        },
      }),
    onDidChangeManifests: changed.event,
  });
  const heard: string[][] = [];
  workspaceApps.onDidChange((found) => heard.push([...found]));
  // Nobody has asked: nothing is read.
  changed.fire();
  app.pass(1_000);
  expect(asked).toEqual([]);
  expect([...(await workspaceApps.names())]).toEqual(['acme/one']);
  names[join(folder, 'HIPPOFACTS')] = 'acme/two';
  changed.fire();
  changed.fire();
  app.pass(1_000);
  await expect.poll(() => heard).toEqual([['acme/one'], ['acme/two']]);
  expect(asked).toHaveLength(4);
  changed.fire();
  app.pass(1_000);
  expect([...(await workspaceApps.names())]).toEqual(['acme/two']);
  expect(heard).toHaveLength(2);
  workspaceApps.dispose();
});
