// What is kept between commands: connections, secrets, choices; in files that only their owner reads.

import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConnectionStore, demandEncryption, nameForUrl } from '../../../src/session/connections.ts';
import { createPrivate, readPrivate, removePrivate, writePrivate } from '../../../src/bindle/private-file.ts';
import { ProjectChoices } from '../../../src/session/project-choice.ts';
import { FileSecretStore, type Secret } from '../../../src/session/secret-store.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
let count = 0;
const fresh = (): string => join(folder, String(count++));
const posix = process.platform !== 'win32';
const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('a private file', () => {
  test('is readable by its owner alone, in a folder of the same kind, and replaced whole', async () => {
    const file = join(fresh(), 'deep', 'file');
    expect(await readPrivate(file)).toBeUndefined();
    await writePrivate(file, 'one');
    await writePrivate(file, 'two');
    expect(await readPrivate(file)).toBe('two');
    if (posix) {
      expect(modeOf(file)).toBe(0o600);
      expect(modeOf(join(file, '..'))).toBe(0o700);
    }
    expect(await removePrivate(file)).toBe(true);
    expect(await removePrivate(file)).toBe(false);
  });

  test.runIf(posix)('is as private after it was not', async () => {
    const file = fresh();
    writeFileSync(file, 'open', { mode: 0o644 });
    await writePrivate(file, 'closed');
    expect(modeOf(file)).toBe(0o600);
  });

  test('is made by one of many, and nothing else is left', async () => {
    const file = join(fresh(), 'file');
    const made = await Promise.all(Array.from({ length: 20 }, (_, i) => createPrivate(file, String(i))));
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await readPrivate(file)).toBe(String(made.indexOf(true)));
    expect(readdirSync(join(file, '..'))).toEqual(['file']);
  });

  test('that cannot be read or written is named', async () => {
    const directory = fresh();
    mkdirSync(directory);
    await expect(readPrivate(directory)).rejects.toMatchObject({ code: 'PRIVATE_FILE' });
    const file = fresh();
    writeFileSync(file, '');
    await expect(writePrivate(join(file, 'below'), '')).rejects.toMatchObject({ code: 'PRIVATE_FILE' });
  });
});

describe('secrets', () => {
  const session = { token: 't', expiration: '2030-01-01T00:00:00Z', refreshToken: 'r' };
  const key = { origin: 'https://hippo.example.com', userName: 'ana' };

  test('are told apart by origin and user', async () => {
    const store = new FileSecretStore(fresh());
    await store.set(key, { session, password: 'p' });
    expect(await store.get(key)).toEqual({ session, password: 'p' });
    expect(await store.get({ ...key, userName: 'bob' })).toBeUndefined();
    expect(await store.get({ ...key, origin: 'https://hippo.example.com:8443' })).toBeUndefined();
    // No two keys may run together into one.
    await store.set({ origin: 'a', userName: 'b"]' }, { password: '1' });
    expect(await store.get({ origin: 'a","b"]', userName: '' })).toBeUndefined();
    expect(await store.remove(key)).toBe(true);
    expect(await store.remove(key)).toBe(false);
    expect(await store.get(key)).toBeUndefined();
  });

  test('are files (0600) whose names say nothing', async () => {
    const directory = fresh();
    await new FileSecretStore(directory).set({ ...key, userName: '../../ana' }, { password: 'p' });
    const [file = ''] = readdirSync(directory);
    expect(file).toMatch(/^[0-9a-f]{32}\.json$/);
    if (posix) expect(modeOf(join(directory, file))).toBe(0o600);
  });

  test('written by many at once are never half', async () => {
    const directory = fresh();
    const secret = (i: number): Secret => ({ password: String(i).repeat(20_000) });
    const stores = Array.from({ length: 8 }, () => new FileSecretStore(directory));
    const seen: (Secret | undefined)[] = [];
    await Promise.all(
      stores.map(async (store, i) => {
        for (let round = 0; round < 20; round++) {
          await store.set(key, secret(i));
          seen.push(await store.get(key));
          await store.set({ ...key, userName: `own-${i}` }, secret(i));
        }
      }),
    );
    const allowed = stores.map((_, i) => JSON.stringify(secret(i)));
    expect(seen.every((found) => allowed.includes(JSON.stringify(found)))).toBe(true);
    for (const [i, store] of stores.entries())
      expect(await store.get({ ...key, userName: `own-${i}` })).toEqual(secret(i));
    expect(readdirSync(directory)).toHaveLength(9);
  });

  test('that are damaged are as good as none', async () => {
    const directory = fresh();
    const store = new FileSecretStore(directory);
    await store.set(key, { session });
    writeFileSync(join(directory, readdirSync(directory)[0]!), '{"session":');
    expect(await store.get(key)).toBeUndefined();
  });
});

describe('connections', () => {
  const hippoUrl = 'https://hippo.example.com';

  test('are added, listed, used and removed; the local one is always there', async () => {
    const store = new ConnectionStore(fresh());
    expect(await store.current()).toBe('local');
    expect(await store.list()).toEqual([]);
    await store.add({ name: 'work', hippoUrl, bindleUrl: 'https://bindle.example.com/v1', userName: 'ana' });
    await store.add({ name: 'home', hippoUrl: 'http://localhost:5309' });
    expect((await store.list()).map(({ name }) => name)).toEqual(['home', 'work']);
    await store.use('work');
    expect(await store.current()).toBe('work');
    await store.remove('work');
    expect(await store.current()).toBe('local');
    await expect(store.use('work')).rejects.toMatchObject({
      code: 'NO_SUCH_CONNECTION',
      hint: expect.stringContaining('local, home'),
    });
    await store.use('local');
  });

  test('are files (0600)', async () => {
    const directory = fresh();
    const store = new ConnectionStore(directory);
    await store.add({ name: 'work', hippoUrl });
    await store.use('work');
    expect(readdirSync(directory).sort()).toEqual(['.current', 'work.json']);
    if (posix) for (const file of readdirSync(directory)) expect(modeOf(join(directory, file))).toBe(0o600);
  });

  test('have a name once', async () => {
    const store = new ConnectionStore(fresh());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => store.add({ name: 'x', hippoUrl: `${hippoUrl}:${i + 1}` })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(store.add({ name: 'x', hippoUrl })).rejects.toMatchObject({ code: 'CONNECTION_EXISTS' });
  });

  test.each([
    ['local', hippoUrl],
    ['', hippoUrl],
    ['../x', hippoUrl],
    ['Work', hippoUrl],
    ['.current', hippoUrl],
    ['x'.repeat(64), hippoUrl],
    ['x', 'hippo.example.com'],
    ['x', 'ftp://hippo.example.com'],
    ['x', 'https://ana:secret@hippo.example.com'],
  ])('named %j to %s are refused without a word of secrets', async (name, url) => {
    const refused = new ConnectionStore(fresh()).add({ name, hippoUrl: url });
    await expect(refused).rejects.toMatchObject({ code: 'BAD_CONNECTION' });
    await expect(refused).rejects.not.toThrow(/secret@/);
  });

  test('are found by address, the one in use first', async () => {
    const store = new ConnectionStore(fresh());
    await store.add({ name: 'a', hippoUrl });
    await store.add({ name: 'b', hippoUrl: `${hippoUrl}/` });
    expect((await store.findByOrigin(hippoUrl))?.name).toBe('a');
    await store.use('b');
    expect((await store.findByOrigin(hippoUrl))?.name).toBe('b');
    expect(await store.findByOrigin('https://other.example.com')).toBeUndefined();
  });

  test('that are damaged are named', async () => {
    const directory = fresh();
    const store = new ConnectionStore(directory);
    await store.add({ name: 'x', hippoUrl });
    writeFileSync(join(directory, 'x.json'), '{');
    await expect(store.get('x')).rejects.toMatchObject({ code: 'BAD_CONNECTION' });
  });

  test.each([
    ['https://hippo.example.com', 'hippo.example.com'],
    ['http://localhost:5309', 'localhost-5309'],
    ['http://[::1]:80', '1'],
    ['http://127.0.0.1:8080', '127.0.0.1-8080'],
    [`https://${'a.'.repeat(60)}com`, 'a.'.repeat(60).slice(0, 63)],
  ])('to %s are called %s', (url, name) => {
    expect(nameForUrl(new URL(url)).replace(/-$/, '')).toBe(name);
  });

  test.each([
    ['http://hippo.example.com', false],
    ['http://192.168.1.2', false],
    ['http://localhost.example.com', false],
    ['https://hippo.example.com', true],
    ['http://localhost:5309', true],
    ['http://127.8.8.8', true],
    ['http://[::1]:5309', true],
  ])('carry credentials to %s: %s', (url, allowed) => {
    const demand = (): void => demandEncryption({ hippoUrl: url });
    if (allowed) expect(demand).not.toThrow();
    else expect(demand).toThrow(expect.objectContaining({ code: 'UNENCRYPTED' }));
    expect(() => demandEncryption({ hippoUrl: url, plainHttp: true })).not.toThrow();
  });
});

describe('the choice for a project', () => {
  const choice = { app: { id: '1', name: 'shop' }, channel: { id: '2', name: 'dev' } };

  test('is kept for each project and server, outside of the project', async () => {
    const project = fresh();
    const other = fresh();
    mkdirSync(project);
    mkdirSync(other);
    const directory = fresh();
    const choices = new ProjectChoices(directory);
    await choices.set(project, 'http://localhost:5309', choice);
    await choices.set(project, 'https://x', { app: { id: '3', name: 'y' } });
    expect(await choices.get(project, 'http://localhost:5309')).toEqual(choice);
    expect(await choices.get(project, 'https://y')).toBeUndefined();
    expect(await choices.get(other, 'https://x')).toBeUndefined();
    expect(readdirSync(project)).toEqual([]);
    const [file = ''] = readdirSync(directory);
    if (posix) expect(modeOf(join(directory, file))).toBe(0o600);
    expect(JSON.parse(readFileSync(join(directory, file), 'utf8'))).toMatchObject({
      project: realpathSync(project),
    });
  });

  test.runIf(posix)('goes with the real path', async () => {
    const project = fresh();
    const link = fresh();
    mkdirSync(project);
    symlinkSync(project, link);
    const choices = new ProjectChoices(fresh());
    await choices.set(link, 'o', choice);
    expect(await choices.get(project, 'o')).toEqual(choice);
  });
});
