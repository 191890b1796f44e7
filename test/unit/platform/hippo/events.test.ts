// `/api/events`: what is told, to whom, and that nobody who comes back misses anything.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HippoEvent } from '../../../../src/hippo/api.ts';
import { matches } from '../../../../src/hippo/check.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { HippoEvent as HippoEventSchema } from '../../../../src/hippo/events.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { startHippo, type TestHippo } from './harness.ts';

const root = temporaryFolder();
let hippo: TestHippo;
const OWNER = { kind: 'account', id: '', name: '', administrator: true } as const;
const controllers: AbortController[] = [];
beforeEach(async () => {
  hippo = await startHippo(root);
});
afterEach(async () => {
  for (const controller of controllers.splice(0)) controller.abort();
  await hippo.close();
});

interface Told {
  id: string;
  event: HippoEvent;
}

/** A stream whose server has it already: what happens from now on is told. */
async function listen(client: HippoClient, lastEventId?: string): Promise<() => Promise<Told>> {
  const controller = new AbortController();
  controllers.push(controller);
  const before = hippo.hippo.openStreams();
  const stream = client.events({
    signal: controller.signal,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  let first: Promise<IteratorResult<Told>> | undefined = stream.next();
  first.catch(() => undefined);
  while (hippo.hippo.openStreams() === before) await new Promise((resolve) => setImmediate(resolve));
  return async () => {
    const { value, done } = await (first ?? stream.next());
    first = undefined;
    if (done) throw new Error('The stream has ended.');
    expect(matches(HippoEventSchema, value.event)).toBe(true);
    return value;
  };
}

async function types(next: () => Promise<Told>, count: number): Promise<string[]> {
  const told: string[] = [];
  for (let index = 0; index < count; index++) told.push((await next()).event.type);
  return told;
}

test('tells of apps, channels, revisions and statuses', async () => {
  const next = await listen(hippo.client);
  const appId = await hippo.client.createApp({ name: 'a', storageId: 'a' });
  const channelId = await hippo.client.createChannel({ appId, name: 'c' });
  await hippo.client.registerRevision({ appStorageId: 'a', revisionNumber: '1.0.0' });
  await hippo.client.registerRevision({ appStorageId: 'a', revisionNumber: '1.0.0' });
  await hippo.client.patchChannel(channelId, { environmentVariables: [{ key: 'A', value: 'hidden' }] });
  await hippo.client.patchChannel(channelId, { environmentVariables: [{ key: 'A', value: 'hidden' }] });
  await hippo.client.setDesiredStatus(channelId, 'Dead');
  await hippo.client.renameApp(appId, 'b');
  await hippo.client.removeApp(appId);
  const told: HippoEvent[] = [];
  while (told.at(-1)?.type !== 'app.deleted') told.push((await next()).event);
  expect(told.map(({ type }) => type)).toEqual([
    'app.created',
    'channel.created',
    'revision.created',
    'channel.changed',
    'channel.status',
    'channel.changed',
    'channel.changed',
    'channel.status',
    'app.changed',
    'channel.deleted',
    'app.deleted',
  ]);
  expect(told[3]).toMatchObject({ appId, channelId, revisionNumber: '1.0.0' });
  expect(told[4]).toMatchObject({ status: 'Running' });
  expect(JSON.stringify(told)).not.toContain('hidden');
});

test('tells everybody only of what is theirs', async () => {
  const [ana, bea] = [await hippo.account('ana'), await hippo.account('bea')];
  const [forAna, forBea, forOwner] = [await listen(ana), await listen(bea), await listen(hippo.client)];
  const ofAna = await ana.createApp({ name: 'a', storageId: 'a' });
  const ofBea = await bea.createApp({ name: 'b', storageId: 'b' });
  expect((await forAna()).event.appId).toBe(ofAna);
  expect((await forBea()).event.appId).toBe(ofBea);
  expect([(await forOwner()).event.appId, (await forOwner()).event.appId]).toEqual([ofAna, ofBea]);
  // A member of the team from now on sees what happens from now on.
  const [team] = await ana.teams();
  await ana.addTeamMember(team!.id, 'bea');
  await ana.renameApp(ofAna, 'renamed');
  expect((await forBea()).event).toMatchObject({ type: 'app.changed', appId: ofAna });
});

test('a move is the end for one team and the beginning for the other', async () => {
  const [ana, bea] = [await hippo.account('ana'), await hippo.account('bea')];
  const [team] = await bea.teams();
  await bea.addTeamMember(team!.id, 'ana');
  const appId = await ana.createApp({ name: 'a', storageId: 'a' });
  const forBea = await listen(bea);
  await ana.moveApp(appId, team!.id);
  expect((await forBea()).event).toMatchObject({ type: 'app.created', appId });
  expect((await bea.app(appId)).teamId).toBe(team!.id);
});

describe('coming back', () => {
  test('goes on after the last event, also after a restart', async () => {
    const next = await listen(hippo.client);
    await hippo.client.createApp({ name: 'a', storageId: 'a' });
    const { id } = await next();
    await hippo.client.createApp({ name: 'b', storageId: 'b' });
    await hippo.restart();
    await hippo.client.createApp({ name: 'c', storageId: 'c' });
    const again = await listen(hippo.client, id);
    expect(await types(again, 2)).toEqual(['app.created', 'app.created']);
  });

  test.each(['999999', '-1', 'x', '99999999999999999999'])(
    'with an id of %s starts over',
    async (lastEventId) => {
      await hippo.client.createApp({ name: 'a', storageId: 'a' });
      const next = await listen(hippo.client, lastEventId);
      expect((await next()).event.type).toBe('reset');
      await hippo.client.createApp({ name: 'b', storageId: 'b' });
      expect((await next()).event.type).toBe('app.created');
    },
  );

  test('after too long starts over', async () => {
    await hippo.close();
    hippo = await startHippo(root, { keptEvents: 50 });
    const next = await listen(hippo.client);
    const appId = await hippo.client.createApp({ name: 'a', storageId: 'a' });
    const { id } = await next();
    // More than are kept.
    for (let index = 0; index < 60; index++) hippo.hippo.state.renameApp(OWNER, appId, `name-${index}`);
    const again = await listen(hippo.client, id);
    expect((await again()).event.type).toBe('reset');
  });
});

test('a stream that nobody reads costs nothing and is not forgotten', async () => {
  const socket = connect(Number(new URL(hippo.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${hippo.ownerToken}\r\n\r\n`);
  while (hippo.hippo.openStreams() === 0) await new Promise((resolve) => setImmediate(resolve));
  const appId = await hippo.client.createApp({ name: 'a', storageId: 'a' });
  for (let index = 0; index < 3000; index++) hippo.hippo.state.renameApp(OWNER, appId, `name-${index}`);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString())).resume();
  while (!text.includes('\nid: 3001\n')) await once(socket, 'data');
  expect(text.match(/^event: app\.changed$/gm)).toHaveLength(3000);
  socket.destroy();
});

test('count as long as they are held', async () => {
  await listen(hippo.client);
  await listen(hippo.client);
  expect(hippo.hippo.openStreams()).toBe(2);
  for (const controller of controllers.splice(0)) controller.abort();
  while (hippo.hippo.openStreams() > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('a log is followed by those alone who may read it', async () => {
  const ana = await hippo.account('ana');
  const appId = await ana.createApp({ name: 'a', storageId: 'a' });
  const id = await ana.createChannel({ appId, name: 'c' });
  const controller = new AbortController();
  const lines = ana.followChannelLogs(id, { signal: controller.signal });
  expect([(await lines.next()).value, (await lines.next()).value]).toEqual([
    `log of ${id}`,
    `live log of ${id}`,
  ]);
  expect(hippo.hippo.openStreams()).toBe(1);
  controller.abort(new Error('enough'));
  await expect(lines.next()).rejects.toThrow('enough');
  const bea = await hippo.account('bea');
  await expect(bea.followChannelLogs(id).next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
