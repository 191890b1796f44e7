// Random sequences of calls against a plain model of apps, channels, rules, revisions and variables, with
// restarts in between.

import fc from 'fast-check';
import { maxSatisfying } from 'semver';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HippoError } from '../../../../src/hippo/client.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { startHippo, type TestHippo } from './harness.ts';

const root = temporaryFolder();
let hippo: TestHippo;
let run = 0;
beforeAll(async () => {
  hippo = await startHippo(root);
});
afterAll(() => hippo.close());

interface ModelChannel {
  name: string;
  domain: string | undefined;
  rule: string;
  /** A fixed revision; undefined if it follows its rule. */
  fixed: boolean;
  active: string | undefined;
  variables: Record<string, string>;
  stopped: boolean;
}

interface ModelApp {
  name: string;
  storageId: string;
  revisions: string[];
  channels: Map<string, ModelChannel>;
}

type Model = Map<string, ModelApp>;

const NUMBERS = ['1.0.0', '1.0.1', '1.1.0', '1.10.0', '2.0.0', '2.0.0-rc.1', '0.9.0', 'odd'];
const RULES = ['*', '~1.0', '^1.0.0', '>=1.1 <2', '2.x', '1.0.0', '3.x'];

const index = fc.nat({ max: 5 });
const step = fc.oneof(
  fc.record({ do: fc.constant('app' as const), name: index, storage: fc.nat({ max: 2 }) }),
  fc.record({ do: fc.constant('rename' as const), app: index, name: index }),
  fc.record({ do: fc.constant('remove app' as const), app: index }),
  fc.record({
    do: fc.constant('channel' as const),
    app: index,
    name: index,
    rule: fc.option(fc.constantFrom(...RULES)),
    domain: fc.option(index),
  }),
  fc.record({ do: fc.constant('rule' as const), channel: index, rule: fc.constantFrom(...RULES) }),
  fc.record({ do: fc.constant('pin' as const), channel: index, revision: index }),
  fc.record({ do: fc.constant('follow' as const), channel: index }),
  fc.record({
    do: fc.constant('variables' as const),
    channel: index,
    variables: fc.dictionary(fc.constantFrom('A', 'B', 'C'), fc.string({ maxLength: 5 })),
  }),
  fc.record({ do: fc.constant('stop' as const), channel: index, stopped: fc.boolean() }),
  fc.record({ do: fc.constant('remove channel' as const), channel: index }),
  fc.record({
    do: fc.constant('register' as const),
    storage: fc.nat({ max: 2 }),
    number: fc.constantFrom(...NUMBERS),
  }),
  fc.record({ do: fc.constant('remove revision' as const), app: index, revision: index }),
  fc.record({ do: fc.constant('restart' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Of equal or unreadable numbers the rule keeps to what it had. */
function reselect(app: ModelApp): void {
  for (const channel of app.channels.values())
    if (!channel.fixed) channel.active = maxSatisfying(app.revisions, channel.rule) ?? channel.active;
}

async function outcome(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error: unknown) => (error as HippoError).code,
  );
}

function pick<T>(items: Iterable<T>, at: number): T | undefined {
  const all = [...items];
  return all.length === 0 ? undefined : all[at % all.length];
}

async function perform(model: Model, given: Step, prefix: string): Promise<void> {
  const { client } = hippo;
  const channels = [...model].flatMap(([appId, app]) =>
    [...app.channels].map(([id, channel]) => ({ appId, app, id, channel })),
  );
  const one = (at: number) => pick(channels, at);
  const anApp = (at: number) => pick(model, at);
  const storage = (at: number): string => `${prefix}/storage-${at}`;
  switch (given.do) {
    case 'app': {
      const name = `${prefix}-${given.name}`;
      const taken = [...model.values()].some((app) => app.name === name);
      const storageId = storage(given.storage);
      if (taken) return expect(await outcome(client.createApp({ name, storageId }))).toBe('INVALID');
      const id = await client.createApp({ name, storageId });
      return void model.set(id, { name, storageId, revisions: [], channels: new Map() });
    }
    case 'rename': {
      const found = anApp(given.app);
      if (!found) return;
      const [id, app] = found;
      const name = `${prefix}-${given.name}`;
      const taken = [...model].some(([other, { name: theirs }]) => other !== id && theirs === name);
      expect(await outcome(client.renameApp(id, name))).toBe(taken ? 'INVALID' : 'ok');
      if (!taken) app.name = name;
      return;
    }
    case 'remove app': {
      const found = anApp(given.app);
      if (!found) return;
      await client.removeApp(found[0]);
      model.delete(found[0]);
      expect(await outcome(client.app(found[0]))).toBe('NOT_FOUND');
      return;
    }
    case 'channel': {
      const found = anApp(given.app);
      if (!found) return;
      const [appId, app] = found;
      const name = `channel-${given.name}`;
      const domain = given.domain === null ? undefined : `d${given.domain}.${prefix}.example.com`;
      const taken =
        [...app.channels.values()].some((channel) => channel.name === name) ||
        (domain !== undefined && channels.some(({ channel }) => channel.domain === domain));
      const call = client.createChannel({
        appId,
        name,
        ...(domain === undefined ? {} : { domain }),
        ...(given.rule === null ? {} : { rangeRule: given.rule }),
      });
      if (taken) return expect(await outcome(call)).toBe('INVALID');
      app.channels.set(await call, {
        name,
        domain,
        rule: given.rule ?? '*',
        fixed: false,
        active: undefined,
        variables: {},
        stopped: false,
      });
      return reselect(app);
    }
    case 'rule': {
      const found = one(given.channel);
      if (!found) return;
      await client.patchChannel(found.id, { rangeRule: given.rule });
      found.channel.rule = given.rule;
      return reselect(found.app);
    }
    case 'pin': {
      const found = one(given.channel);
      const revisions = found && (await client.revisions({ appId: found.appId }));
      const revision = pick(revisions ?? [], given.revision);
      if (!found || !revision) return;
      await client.patchChannel(found.id, {
        revisionSelectionStrategy: 'UseSpecifiedRevision',
        activeRevisionId: revision.id,
      });
      found.channel.fixed = true;
      found.channel.active = revision.revisionNumber;
      return;
    }
    case 'follow': {
      const found = one(given.channel);
      if (!found) return;
      await client.patchChannel(found.id, { revisionSelectionStrategy: 'UseRangeRule' });
      found.channel.fixed = false;
      return reselect(found.app);
    }
    case 'variables': {
      const found = one(given.channel);
      if (!found) return;
      const environmentVariables = Object.entries(given.variables).map(([key, value]) => ({ key, value }));
      const fine = environmentVariables.every(({ value }) => !value.includes('\0'));
      expect(await outcome(client.patchChannel(found.id, { environmentVariables }))).toBe(
        fine ? 'ok' : 'INVALID',
      );
      if (fine) found.channel.variables = given.variables;
      return;
    }
    case 'stop': {
      const found = one(given.channel);
      if (!found) return;
      await client.setDesiredStatus(found.id, given.stopped ? 'Dead' : 'Running');
      found.channel.stopped = given.stopped;
      return;
    }
    case 'remove channel': {
      const found = one(given.channel);
      if (!found) return;
      await client.removeChannel(found.id);
      found.app.channels.delete(found.id);
      return;
    }
    case 'register': {
      const apps = [...model.values()].filter(({ storageId }) => storageId === storage(given.storage));
      const revision = { appStorageId: storage(given.storage), revisionNumber: given.number };
      expect(await outcome(client.registerRevision(revision))).toBe(apps.length === 0 ? 'NOT_FOUND' : 'ok');
      for (const app of apps) {
        if (!app.revisions.includes(given.number)) app.revisions.push(given.number);
        reselect(app);
      }
      return;
    }
    case 'remove revision': {
      const found = anApp(given.app);
      const revision = found && pick(await client.revisions({ appId: found[0] }), given.revision);
      if (!found || !revision) return;
      await client.removeRevision(revision.id);
      const [, app] = found;
      app.revisions = app.revisions.filter((number) => number !== revision.revisionNumber);
      for (const channel of app.channels.values())
        if (channel.active === revision.revisionNumber) channel.active = undefined;
      return reselect(app);
    }
    case 'restart':
      return hippo.restart();
  }
}

async function compare(model: Model, prefix: string): Promise<void> {
  const { client } = hippo;
  const apps = (await client.apps()).filter(({ name }) => name.startsWith(`${prefix}-`));
  expect(apps.map(({ id }) => id).sort()).toEqual([...model.keys()].sort());
  for (const { id, name, storageId, channels } of apps) {
    const app = model.get(id)!;
    expect({ name, storageId }).toEqual({ name: app.name, storageId: app.storageId });
    expect(channels).toHaveLength(app.channels.size);
    for (const item of channels) {
      const expected = app.channels.get(item.id)!;
      expect(item.activeRevisionNumber).toBe(expected.active ?? null);
      const served = hippo.hippo.state.servedChannel(item.id)!;
      expect(served).toMatchObject({
        name: expected.name,
        stopped: expected.stopped,
        bindle: expected.active === undefined ? undefined : { name: storageId, version: expected.active },
        ...(expected.domain === undefined ? {} : { domain: expected.domain }),
      });
      expect(served.environment).toEqual({ ...expected.variables });
      expect(hippo.hippo.state.channelAt(served.domain)?.id).toBe(item.id);
    }
  }
  const statuses = new Map(
    (await client.channelStatuses()).map(({ channelId, status }) => [channelId, status]),
  );
  for (const app of model.values())
    for (const [id, { active, stopped }] of app.channels)
      expect(statuses.get(id)).toBe(active === undefined || stopped ? 'Dead' : 'Running');
}

test('every sequence of calls leaves what the model says', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
      const prefix = `run${++run}`;
      const model: Model = new Map();
      for (const given of steps) await perform(model, given, prefix);
      await compare(model, prefix);
      await hippo.restart();
      await compare(model, prefix);
      for (const id of model.keys()) await hippo.client.removeApp(id);
    }),
    { numRuns: Number(process.env['HIPPO_TEST_RUNS'] ?? 25) },
  );
});
