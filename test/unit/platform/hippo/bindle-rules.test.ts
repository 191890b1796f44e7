// Hippo's accounts at the Bindle server's door, uploads of whole bindles and pruning: both servers together.

import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BindleClient } from '../../../../src/bindle/client.ts';
import type { Credentials } from '../../../../src/bindle/http.ts';
import type { Invoice } from '../../../../src/bindle/invoice.ts';
import { generateKey, signInvoice, type SigningKey } from '../../../../src/bindle/signing.ts';
import { packStandalone, writeStandalone } from '../../../../src/bindle/standalone.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { createBindleServer, type BindleServer } from '../../../../src/platform/bindle/server.ts';
import type { Caller } from '../../../../src/platform/hippo/caller.ts';
import { openHippo, type Hippo } from '../../../../src/platform/hippo/hippo.ts';
import { makeBindle, type TestBindle } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { PASSWORD } from './harness.ts';

const root = temporaryFolder();

interface Both {
  hippo: Hippo;
  bindle: BindleServer<Caller>;
  url: string;
  owner: HippoClient;
  directory: string;
  server: Server;
  clients: (HippoClient | BindleClient)[];
}

let both: Both;
const reported: unknown[] = [];

async function start(isPrivate = false): Promise<Both> {
  const directory = mkdtempSync(join(root, 'both-'));
  const bindle: BindleServer<Caller> = await createBindleServer<Caller>({
    directory: join(directory, 'bindle'),
    authenticate: (headers, address) => hippo.bindleRules.authenticate(headers, address),
    mayWrite: (who, name, action) => hippo.bindleRules.mayWrite(who, name, action),
    mayRead: (who, name) => hippo.bindleRules.mayRead(who, name),
    verify: (invoice, who) => hippo.bindleRules.verify(invoice, who),
    claim: (invoice, who) => hippo.bindleRules.claim(invoice, who),
  });
  const hippo = openHippo({
    directory,
    private: isPrivate,
    platformDomain: 'localhost',
    bindle: {
      versions: (name) => bindle.versions(name),
      description: (id) => bindle.description(id),
      names: () => bindle.names(),
      ids: () => bindle.ids(),
      store: (invoice, who, open) => bindle.store(invoice, who, open),
      remove: (ids) => bindle.remove(ids),
    },
    channelLog: () => [],
    followLog: async function* () {},
    channelRemoved: () => undefined,
    channelStopped: () => undefined,
    health: () => ({}),
    version: '0.0.0',
    report: (error) => reported.push(error),
    maxUploadBytes: 1_000_000,
  });
  const server = createServer(
    (request, response) =>
      void (request.url?.startsWith('/v1')
        ? bindle.handle(request, response)
        : hippo.handle(request, response)),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const token = readFileSync(hippo.owner.file, 'utf8').trim();
  const owner = new HippoClient({ url, credentials: { type: 'bearer', token } });
  return { hippo, bindle, url, owner, directory, server, clients: [owner] };
}

async function stop({ hippo, bindle, server, clients }: Both): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await bindle.close();
  hippo.close();
}

beforeEach(async () => {
  both = await start();
});
afterEach(async () => {
  await stop(both);
  expect(reported).toEqual([]);
});

function pusher(credentials?: Credentials): BindleClient {
  const client = new BindleClient({ url: `${both.url}/v1`, ...(credentials && { credentials }) });
  both.clients.push(client);
  return client;
}

async function account(name: string): Promise<{ hippo: HippoClient; bindle: BindleClient }> {
  await both.owner.register(name, PASSWORD);
  const credentials = { type: 'basic', username: name, password: PASSWORD } as const;
  const hippo = new HippoClient({ url: both.url, credentials });
  both.clients.push(hippo);
  return { hippo, bindle: pusher(credentials) };
}

function bare(name: string, version: string): Invoice {
  return { bindleVersion: '1.0.0', bindle: { name, version } };
}

function signed(name: string, version: string, key: SigningKey): Invoice {
  return signInvoice(bare(name, version), key, 'creator', 1_700_000_000);
}

describe('pushing', () => {
  test('needs an account; reading does not', async () => {
    await expect(pusher().createInvoice(bare('a', '1.0.0'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const wrong = { type: 'basic', username: 'ana', password: 'nothing' } as const;
    await expect(pusher(wrong).createInvoice(bare('a', '1.0.0'))).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
    });
    const { bindle } = await account('ana');
    await bindle.createInvoice(bare('a', '1.0.0'));
    expect((await pusher().getInvoice({ name: 'a', version: '1.0.0' })).bindle.name).toBe('a');
    expect(await pusher().search({})).toMatchObject({ total: 1 });
  });

  test('takes a password, a session, the owner and a deploy token', async () => {
    const { hippo, bindle } = await account('ana');
    await bindle.createInvoice(bare('a', '1.0.0'));
    await pusher({ type: 'bearer', token: (await hippo.bearer())! }).createInvoice(bare('a', '1.1.0'));
    const appId = await hippo.createApp({ name: 'a', storageId: 'a' });
    const { token } = await hippo.createDeployToken({ appId });
    await pusher({ type: 'bearer', token }).createInvoice(bare('a', '1.2.0'));
    await pusher({ type: 'bearer', token: (await both.owner.bearer())! }).createInvoice(bare('a', '1.3.0'));
  });

  test('a name belongs to the team that pushed it first, also after a restart of everything', async () => {
    const [ana, bea] = [await account('ana'), await account('bea')];
    await ana.bindle.createInvoice(bare('shared/name', '1.0.0'));
    const theirs = bare('shared/name', '1.0.1');
    await expect(bea.bindle.createInvoice(theirs)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const id = { name: 'shared/name', version: '1.0.0' };
    await expect(bea.bindle.yank(id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const [team] = await ana.hippo.teams();
    await ana.hippo.addTeamMember(team!.id, 'bea');
    await bea.bindle.createInvoice(theirs);
    await ana.hippo.removeTeamMember(team!.id, 'bea');
    await expect(bea.bindle.createInvoice(bare('shared/name', '1.0.2'))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('one of many who push a new name at once has it', async () => {
    const pushers = await Promise.all(['a', 'b', 'c', 'd'].map(account));
    const results = await Promise.allSettled(
      pushers.map(({ bindle }, index) => bindle.createInvoice(bare('race', `1.0.${index}`))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(both.bindle.versions('race')).toHaveLength(1);
  });

  test("a deploy token pushes its app's bindles and no others", async () => {
    const ana = await account('ana');
    const appId = await ana.hippo.createApp({ name: 'mine', storageId: 'mine' });
    const { id, token } = await ana.hippo.createDeployToken({ appId });
    const ci = pusher({ type: 'bearer', token });
    await ci.createInvoice(bare('mine', '1.0.0'));
    await expect(ci.createInvoice(bare('other', '1.0.0'))).rejects.toMatchObject({ code: 'FORBIDDEN' });
    // A token that has leaked must not take away what runs.
    await expect(ci.yank({ name: 'mine', version: '1.0.0' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await ana.hippo.revokeDeployToken(id);
    await expect(ci.createInvoice(bare('mine', '1.1.0'))).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('the name goes along when an app moves to another team', async () => {
    const [ana, bea] = [await account('ana'), await account('bea')];
    const appId = await ana.hippo.createApp({ name: 'app', storageId: 'app' });
    await ana.bindle.createInvoice(bare('app', '1.0.0'));
    const teamId = await ana.hippo.createTeam('together');
    await ana.hippo.addTeamMember(teamId, 'bea');
    await ana.hippo.moveApp(appId, teamId);
    await bea.bindle.createInvoice(bare('app', '1.1.0'));
    await bea.hippo.registerRevision({ appStorageId: 'app', revisionNumber: '1.1.0' });
    expect((await ana.hippo.revisions({ appId })).map(({ revisionNumber }) => revisionNumber)).toEqual([
      '1.1.0',
    ]);
  });
});

describe('keys', () => {
  const key = generateKey('one', ['creator']);

  test('are recorded for the account that comes with them first, several for each', async () => {
    const [ana, bea] = [await account('ana'), await account('bea')];
    await ana.bindle.createInvoice(signed('a', '1.0.0', key));
    await ana.bindle.createInvoice(signed('a', '1.0.1', generateKey('two', ['creator'])));
    await ana.bindle.createInvoice(signed('a', '1.0.2', key));
    await expect(bea.bindle.createInvoice(signed('b', '1.0.0', key))).rejects.toThrow(
      /belongs to another account/,
    );
    expect(both.bindle.versions('b')).toEqual([]);
    expect((await ana.hippo.keys()).map(({ label, userName }) => [label, userName])).toEqual([
      ['one', 'ana'],
      ['two', 'ana'],
    ]);
    expect(await bea.hippo.keys()).toEqual([]);
    expect(await both.owner.keys()).toHaveLength(2);
  });

  test('of a push that failed are not recorded', async () => {
    const [ana, bea] = [await account('ana'), await account('bea')];
    await ana.bindle.createInvoice(bare('a', '1.0.0'));
    await expect(ana.bindle.createInvoice(signed('a', '1.0.0', key))).rejects.toMatchObject({
      code: 'EXISTS',
    });
    await bea.bindle.createInvoice(signed('b', '1.0.0', key));
  });

  test("of the server's host and of deploy tokens are fine", async () => {
    const ana = await account('ana');
    await ana.bindle.createInvoice(signed('a', '1.0.0', key));
    const invoice = await ana.bindle.getInvoice({ name: 'a', version: '1.0.0' });
    expect(invoice.signature?.map(({ role }) => role)).toEqual(['creator', 'host']);
    const bea = await account('bea');
    const hostOnly = invoice.signature!.filter(({ role }) => role === 'host');
    // A bindle that comes back with the host's signature is not held against whoever brings it.
    await expect(bea.bindle.createInvoice({ ...bare('b', '1.0.0'), signature: hostOnly })).rejects.toThrow(
      /cannot be verified/,
    );
  });

  test('that an administrator has revoked sign nothing any more', async () => {
    const ana = await account('ana');
    await ana.bindle.createInvoice(signed('a', '1.0.0', key));
    const [known] = await both.owner.keys();
    await expect(ana.hippo.revokeKey(known!.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await both.owner.revokeKey(known!.id);
    await expect(ana.bindle.createInvoice(signed('a', '1.0.1', key))).rejects.toThrow(/has been revoked/);
    await ana.bindle.createInvoice(signed('a', '1.0.1', generateKey('new', ['creator'])));
  });
});

describe('a private platform', () => {
  beforeEach(async () => {
    await stop(both);
    both = await start(true);
  });

  test('shows bindles to those alone whose team has them', async () => {
    const [ana, bea] = [await account('ana'), await account('bea')];
    const mine = makeBindle('mine', '1.0.0', { 'a.txt': 'secret' });
    await ana.bindle.createInvoice(mine.invoice);
    const { label } = mine.invoice.parcel![0]!;
    await ana.bindle.sendParcel(
      mine.invoice.bindle,
      label.sha256,
      label.size,
      mine.content.get(label.sha256)!,
    );
    const id = mine.invoice.bindle;
    for (const [stranger, code] of [
      [bea.bindle, 'NOT_FOUND'],
      [pusher(), 'UNAUTHORIZED'],
    ] as const) {
      await expect(stranger.getInvoice(id)).rejects.toMatchObject({ code });
      await expect(stranger.getParcel(id, label.sha256)).rejects.toMatchObject({ code });
      await expect(stranger.missing(id)).rejects.toMatchObject({ code });
    }
    expect(await bea.bindle.search({})).toMatchObject({ total: 0, invoices: [] });
    await expect(pusher().search({})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(await bea.hippo.storages()).toEqual([]);
    await expect(bea.hippo.createApp({ name: 'spy', storageId: 'mine' })).rejects.toMatchObject({
      code: 'INVALID',
      fields: { StorageId: [expect.any(String)] },
    });
    expect(await ana.bindle.search({})).toMatchObject({ total: 1 });
    expect(await ana.hippo.storages()).toEqual(['mine']);
    expect((await pusher({ type: 'bearer', token: (await both.owner.bearer())! }).search({})).total).toBe(1);
  });
});

test('a private platform lets no app run the bindles of another team, not even one that was first', async () => {
  await stop(both);
  both = await start(true);
  const [ana, bea] = [await account('ana'), await account('bea')];
  const spy = await bea.hippo.createApp({ name: 'spy', storageId: 'mine' });
  const spying = await bea.hippo.createChannel({ appId: spy, name: 'main', rangeRule: '*' });
  await ana.bindle.createInvoice({
    ...bare('mine', '1.0.0'),
    bindle: { name: 'mine', version: '1.0.0', description: 'hush' },
  });
  const appId = await ana.hippo.createApp({ name: 'real', storageId: 'mine' });
  const serving = await ana.hippo.createChannel({ appId, name: 'main', rangeRule: '*' });
  await ana.hippo.registerRevision({ appStorageId: 'mine', revisionNumber: '1.0.0' });
  expect((await ana.hippo.channel(serving)).activeRevision?.revisionNumber).toBe('1.0.0');
  expect((await bea.hippo.channel(spying)).activeRevision).toBeNull();
  expect((await bea.hippo.app(spy)).description).toBeNull();
  await expect(
    bea.hippo.registerRevision({ appStorageId: 'mine', revisionNumber: '1.0.0' }),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

describe('an uploaded archive', () => {
  async function archive(bindle: TestBindle, leaveOut = false): Promise<string> {
    const folder = await writeStandalone(mkdtempSync(join(root, 'out-')), bindle.invoice, (label, file) => {
      if (!leaveOut) writeFileSync(file, bindle.content.get(label.sha256)!);
      return Promise.resolve();
    });
    return packStandalone(folder, bindle.invoice);
  }

  const send = (client: HippoClient, bytes: Buffer) => client.uploadBindle(Readable.from([bytes]));
  const files = { 'a.txt': 'one', 'b.txt': 'two'.repeat(1000) };

  test('is stored whole, with its parcels', async () => {
    const { hippo, bindle } = await account('ana');
    const made = makeBindle('up/load', '1.0.0', files);
    const sent = await send(hippo, readFileSync(await archive(made)));
    expect(sent).toEqual({ id: 'up/load/1.0.0', parcels: 2 });
    expect(await bindle.missing(made.invoice.bindle)).toEqual([]);
    await expect(send(hippo, readFileSync(await archive(made)))).rejects.toMatchObject({ code: 'CONFLICT' });
    const bea = await account('bea');
    const next = makeBindle('up/load', '1.0.1', files);
    await expect(send(bea.hippo, readFileSync(await archive(next)))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await send(hippo, readFileSync(await archive(next)))).toEqual({
      id: 'up/load/1.0.1',
      parcels: 0,
    });
  });

  test('may come with a deploy token of its app', async () => {
    const { hippo } = await account('ana');
    const appId = await hippo.createApp({ name: 'up', storageId: 'up' });
    const { token } = await hippo.createDeployToken({ appId });
    const ci = new HippoClient({ url: both.url, credentials: { type: 'bearer', token } });
    both.clients.push(ci);
    await send(ci, readFileSync(await archive(makeBindle('up', '1.0.0', files))));
    const other = readFileSync(await archive(makeBindle('other', '1.0.0', files)));
    await expect(send(ci, other)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test('that is not sound leaves nothing behind', async () => {
    const { hippo } = await account('ana');
    const made = makeBindle('bad', '1.0.0', files);
    const damaged = makeBindle('bad', '1.0.0', files);
    for (const [digest, bytes] of damaged.content) damaged.content.set(digest, Buffer.alloc(bytes.length));
    const whole = readFileSync(await archive(made));
    const cases: [Buffer, string][] = [
      [Buffer.from('not an archive'), 'INVALID'],
      [gzipSync(Buffer.alloc(2000)), 'INVALID'],
      [whole.subarray(0, whole.length - 40), 'INVALID'],
      [readFileSync(await archive(made, true)), 'INVALID'],
      [readFileSync(await archive(damaged)), 'INVALID'],
      [Buffer.alloc(1_000_001), 'INVALID'],
      // Unpacks to more than is allowed.
      [
        readFileSync(await archive(makeBindle('bomb', '1.0.0', { zeros: Buffer.alloc(5_000_000) }))),
        'INVALID',
      ],
    ];
    for (const [bytes, code] of cases) {
      const failure = await send(hippo, bytes).then(
        () => undefined,
        (error: unknown) => error as Error & { code: string },
      );
      expect(failure).toMatchObject({ code });
      expect(failure?.message).not.toContain(both.directory);
      expect(failure?.message).not.toContain('hippo-standalone');
    }
    expect(both.bindle.ids()).toEqual([]);
    expect(readdirSync(join(both.directory, 'uploads'))).toEqual([]);
  });
});

describe('pruning', () => {
  test('removes old development versions that nothing runs, with their parcels', async () => {
    const { hippo, bindle } = await account('ana');
    const push = async (version: string): Promise<void> => {
      const made = makeBindle('app', version, { 'a.txt': version, 'same.txt': 'same' });
      await bindle.createInvoice(made.invoice);
      for (const label of await bindle.missing(made.invoice.bindle))
        await bindle.sendParcel(
          made.invoice.bindle,
          label.sha256,
          label.size,
          made.content.get(label.sha256)!,
        );
    };
    const dev = (user: string, day: number): string =>
      `1.0.0-${user}-202601${String(day).padStart(2, '0')}000000000`;
    for (const day of [1, 2, 3, 4]) await push(dev('ana', day));
    for (const day of [1, 2]) await push(dev('bob', day));
    await push('1.0.0');
    await push('1.0.0-rc-1');
    const appId = await hippo.createApp({ name: 'app', storageId: 'app' });
    const first = (await hippo.revisions({ appId })).find(
      ({ revisionNumber }) => revisionNumber === dev('ana', 1),
    );
    await hippo.createChannel({
      appId,
      name: 'pinned',
      revisionSelectionStrategy: 'UseSpecifiedRevision',
      activeRevisionId: first!.id,
    });
    await expect(hippo.prune(1)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const removed = await both.owner.prune(1);
    expect(removed.bindles.sort()).toEqual([
      `app/${dev('ana', 2)}`,
      `app/${dev('ana', 3)}`,
      `app/${dev('bob', 1)}`,
    ]);
    expect(removed).toMatchObject({ parcels: 3 });
    const left = [dev('ana', 1), dev('ana', 4), dev('bob', 2), '1.0.0', '1.0.0-rc-1'];
    expect(both.bindle.versions('app').sort()).toEqual([...left].sort());
    const numbers = (await hippo.revisions({ appId })).map(({ revisionNumber }) => revisionNumber);
    expect(numbers.sort()).toEqual([...left].sort());
    for (const version of left) expect(await bindle.missing({ name: 'app', version })).toEqual([]);
    expect(await both.owner.prune(1)).toEqual({ bindles: [], parcels: 0, bytes: 0 });
  });
});
