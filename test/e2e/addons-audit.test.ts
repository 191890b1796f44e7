// Eight users do random things with add-ons of a real broker and of a scripted one, while the control process and
// the broker are killed at random. Then platform, brokers and files have to tell the same, and no secret stands where
// it must not. `npm run test:long` does five hundred operations.

import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AddonsClient } from '../../src/addons/client.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { settledAddon, startAddonsPlatform, type AddonsPlatform } from '../support/addons-platform.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { temporaryFolder } from '../support/temporary.ts';

const OPERATIONS = process.env['HIPPO_TEST_ROUNDS'] === undefined ? 48 : 500;
const USERS = 8;
const PASSWORD = 'correct horse battery';
const root = temporaryFolder();
const data = join(root, 'data');
let broker: ScriptedBroker;

beforeAll(async () => {
  broker = await startScriptedBroker();
});
afterAll(() => broker.close());

interface User {
  name: string;
  appId: string;
  channels: string[];
}

/** The same for each run with the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function prepare({ hippo }: AddonsPlatform): Promise<User[]> {
  const users: User[] = [];
  for (let index = 0; index < USERS; index++) {
    const name = `user${index}`;
    await hippo.register(name, PASSWORD);
    const own = new HippoClient({ url: hippo.connection.url.href, credentials: basic(name) });
    const appId = await own.createApp({ name: `app${index}`, storageId: `app${index}` });
    const channels = [];
    for (const channel of ['main', 'next']) channels.push(await own.createChannel({ appId, name: channel }));
    await own.close();
    users.push({ name, appId, channels });
  }
  return users;
}

const basic = (username: string) => ({ type: 'basic', username, password: PASSWORD }) as const;

/** Whatever comes to mind; what is refused is refused. */
async function act(addons: AddonsClient, user: User, random: (below: number) => number): Promise<void> {
  const channelId = user.channels[random(2)]!;
  const mine = await addons.addons({ appId: user.appId });
  const one = mine[random(mine.length)];
  const dice = one === undefined ? 0 : random(10);
  if (dice < 3 || one === undefined) {
    const name = random(3) === 0 ? 'sqlite' : 'db';
    await addons.createAddon({ name, plan: 'free', channelId, as: `a${random(4)}` });
  } else if (dice < 4)
    await addons.changeAddon(one.id, { plan: one.plan.name === 'free' ? 'small' : 'free' });
  else if (dice < 6) await addons.bindAddon(one.id, { channelId, as: `b${random(4)}` });
  else if (dice < 7) await addons.unbindAddon(one.id, channelId);
  else if (dice < 8) await addons.rotateBinding(one.id, channelId);
  else await addons.removeAddon(one.id);
}

test('random operations and kills leave nothing without an owner', { timeout: 3_600_000 }, async () => {
  const seed = Number(process.env['HIPPO_TEST_SEED'] ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  console.log(`seed ${seed}`);
  let platform = await startAddonsPlatform(data);
  const { url, userName, password } = broker;
  await platform.addons.registerBroker({ name: 'main', url, userName, password });
  const users = await prepare(platform);

  for (let done = 0; done < OPERATIONS;) {
    const clients = users.map(
      ({ name }) => new HippoClient({ url: platform.hippo.connection.url.href, credentials: basic(name) }),
    );
    const round = OPERATIONS / (OPERATIONS > 100 ? 25 : 6);
    const shares = users.map(() => Math.ceil(round / USERS));
    misbehave(random);
    const working = users.map(async (user, index) => {
      const addons = new AddonsClient(clients[index]!);
      for (let count = 0; count < shares[index]!; count++)
        await act(addons, user, random).catch((error: unknown) => {
          // A rule, a race of two users, or the kill; nothing else.
          const { code } = error as { code?: string };
          expect([
            'INVALID',
            'CONFLICT',
            'NOT_FOUND',
            'UNREACHABLE',
            'BROKEN',
            'FORBIDDEN',
            'LIMITED',
          ]).toContain(code);
        });
    });
    done += shares.reduce((sum, share) => sum + share, 0);
    const half = random(2) === 0 ? Promise.race(working) : Promise.all(working);
    await half;
    if (random(3) > 0) {
      killBroker(platform);
      await Promise.all(working);
    }
    const died = once(platform.platform.child, 'exit');
    platform.platform.child.kill('SIGKILL');
    await Promise.all([died, ...working]);
    await Promise.all([...clients, platform.hippo].map((client) => client.close()));
    platform = await startAddonsPlatform(data);
  }

  calm();
  for (const { id } of await platform.addons.addons())
    await platform.addons.retryAddon(id).catch((error: unknown) => {
      // Its removal has ended meanwhile.
      expect(error).toMatchObject({ code: 'NOT_FOUND' });
    });
  for (const { id } of await platform.addons.addons()) await settledAddon(platform.addons, id);
  await auditChannels(platform, users);
  // Its databases are its own as long as it runs.
  await platform.close();
  auditRecords();
  platform = await startAddonsPlatform(data);

  // All of it can be removed, and then nothing is left anywhere.
  for (const { id } of await platform.addons.addons()) {
    await platform.addons.removeAddon(id);
    expect(await settledAddon(platform.addons, id)).toBeUndefined();
  }
  expect(broker.instances.size).toBe(0);
  for (const { appId } of users) await platform.hippo.removeApp(appId);
  await platform.close();
  expect(readdirSync(join(data, 'brokers', 'sqlite', 'files'))).toEqual([]);
  searchForSecrets();
});

/** The scripted broker is slow, busy, at fault or gone now and then. */
function misbehave(random: (below: number) => number): void {
  for (const verb of ['provision', 'bind', 'update', 'unbind', 'deprovision'] as const) {
    if (random(2) === 0) broker.slow[verb] = 1 + random(3);
    else delete broker.slow[verb];
    broker.always(verb, () => {
      switch (random(12)) {
        case 0:
          return { status: 500, body: {} };
        case 1:
          return { status: 422, body: { error: 'ConcurrencyError' } };
        case 2:
          return 'lose';
        case 3:
          return 'drop';
        case 4:
          return { status: 400, body: {} };
        default:
          return undefined;
      }
    });
  }
}

function calm(): void {
  for (const verb of ['provision', 'bind', 'update', 'unbind', 'deprovision'] as const) {
    delete broker.slow[verb];
    broker.always(verb, undefined);
  }
}

/** The broker that ships, which is a child of the platform. */
function killBroker({ platform }: AddonsPlatform): void {
  if (process.platform !== 'linux') return;
  const children = readFileSync(`/proc/${platform.ready.pid}/task/${platform.ready.pid}/children`, 'utf8');
  for (const pid of children.trim().split(' ').map(Number))
    if (pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('broker-sqlite'))
      process.kill(pid, 'SIGKILL');
}

/** The platform's own records against what the brokers have. */
function auditRecords(): void {
  const database = new DatabaseSync(join(data, 'addons.db'), { readOnly: true });
  const rows = database
    .prepare(
      `SELECT addon.*, broker.name AS broker FROM addon JOIN broker ON broker.id = broker_id WHERE gone_at IS NULL`,
    )
    .all();
  const uses = database.prepare('SELECT * FROM use').all();
  const ledger = database.prepare('SELECT * FROM binding').all();
  const open = database.prepare('SELECT kind, message FROM operation WHERE ended_at IS NULL').all();
  database.close();
  expect(open).toEqual([]);

  const scripted = rows.filter(({ broker: name, presence }) => name === 'main' && presence !== 'none');
  expect([...broker.instances.keys()].sort()).toEqual(
    scripted.map((row) => String(row['instance_id'])).sort(),
  );
  const held = [...broker.instances.values()].flatMap(({ bindings }) => [...bindings.keys()]);
  const brokerDatabase = new DatabaseSync(join(data, 'brokers', 'sqlite', 'broker.db'), { readOnly: true });
  const instances = brokerDatabase.prepare('SELECT * FROM instances WHERE removedAt IS NULL').all();
  const bindings = brokerDatabase.prepare('SELECT * FROM bindings WHERE removedAt IS NULL').all();
  brokerDatabase.close();
  const files = rows.filter(({ broker: name, presence }) => name === 'sqlite' && presence !== 'none');
  expect(instances.map(({ id }) => String(id)).sort()).toEqual(
    files.map((row) => String(row['instance_id'])).sort(),
  );
  const databases = readdirSync(join(data, 'brokers', 'sqlite', 'files')).filter((name) =>
    name.endsWith('.db'),
  );
  expect(databases).toHaveLength(instances.length);

  // Every binding that a broker has is one that is known, and every use has one that its broker has.
  const known = ledger.map(({ id }) => String(id)).sort();
  expect([...held, ...bindings.map(({ id }) => String(id))].sort()).toEqual(known);
  for (const { state, binding_id: id, credentials } of uses) {
    if (state === 'ready') expect(known).toContain(id);
    expect(credentials !== null).toBe(state === 'ready');
  }
}

/** No variable leads to nothing, and nothing is billed twice. */
async function auditChannels({ addons, hippo }: AddonsPlatform, users: readonly User[]): Promise<void> {
  const held = [...broker.instances.values()].flatMap(({ bindings }) => [...bindings.keys()]);
  for (const { name, channels } of users) {
    // Values are for members of the team alone.
    const own = new HippoClient({ url: hippo.connection.url.href, credentials: basic(name) });
    for (const id of channels)
      for (const { key, value } of await new AddonsClient(own).addonVariables(id, true))
        if (key.endsWith('_PASSWORD')) expect(held).toContain(value!.replace(/^secret-/, ''));
    await own.close();
  }
  const { lines } = await addons.bill();
  const overlapping = lines.filter((line) =>
    lines.some(
      (other) =>
        other !== line && other.addonId === line.addonId && other.from < line.to && line.from < other.to,
    ),
  );
  expect(overlapping).toEqual([]);
}

/** Credentials stand encrypted in the database, and nowhere else. */
function searchForSecrets(): void {
  const secrets = [PASSWORD, broker.password, 'secret-'];
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? walk(path) : [path];
    });
  for (const file of walk(data)) {
    const content = readFileSync(file);
    for (const secret of secrets) expect(content.includes(secret), `${secret} in ${file}`).toBe(false);
  }
}
