// Accounts, passwords, sessions and tokens.

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeJwt, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Session } from '../../../../src/hippo/api.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { openHippo, type HippoOptions } from '../../../../src/platform/hippo/hippo.ts';
import { hashPassword, verifyPassword } from '../../../../src/platform/hippo/passwords.ts';
import { openSecrets } from '../../../../src/platform/hippo/secrets.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { PASSWORD, startHippo, type JsonAnswer, type TestHippo } from './harness.ts';

const root = temporaryFolder();
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

let now: number;
let hippo: TestHippo;
beforeEach(async () => {
  now = Date.UTC(2030, 0, 1);
  hippo = await startHippo(root, { now: () => now });
});
afterEach(() => hippo.close());

function signIn(userName: string, password: string): Promise<JsonAnswer> {
  return hippo.send('POST', '/api/auth-tokens', { userName, password }, { token: null });
}

async function session(userName: string): Promise<Required<Session>> {
  await hippo.client.register(userName, PASSWORD);
  return (await signIn(userName, PASSWORD)).json;
}

function refresh(refreshToken: string): Promise<JsonAnswer> {
  return hippo.send('POST', '/api/auth-tokens/refresh', { refreshToken }, { token: null });
}

async function works(token: string): Promise<boolean> {
  const { status } = await hippo.send('GET', '/api/apps', undefined, { token });
  expect([200, 401]).toContain(status);
  return status === 200;
}

describe('accounts', () => {
  test('are made by administrators where registration is closed to others', async () => {
    const body = { userName: 'ana', password: PASSWORD };
    const refused = await hippo.send('POST', '/api/accounts', body, { token: null });
    expect(refused).toMatchObject({
      status: 403,
      json: { detail: expect.stringContaining('registration closed') },
    });
    const { token } = await session('bea');
    expect((await hippo.send('POST', '/api/accounts', body, { token })).status).toBe(403);
    expect((await hippo.send('POST', '/api/accounts', body)).status).toBe(200);
  });

  test('have a team of their own name', async () => {
    const client = await hippo.account('ana');
    expect(await client.whoami()).toMatchObject({
      userName: 'ana',
      administrator: false,
      teams: [{ name: 'ana' }],
    });
    const [team] = await client.teams();
    expect(team).toMatchObject({ name: 'ana', members: [{ userName: 'ana' }] });
    await expect(client.removeTeam(team!.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(client.removeTeamMember(team!.id, 'ana')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test.each([
    [{ userName: '', password: PASSWORD }, 'UserName'],
    [{ userName: 'a b', password: PASSWORD }, 'UserName'],
    [{ userName: 'a'.repeat(65), password: PASSWORD }, 'UserName'],
    [{ userName: 'ANA', password: PASSWORD }, 'UserName'],
    [{ userName: 'Builders', password: PASSWORD }, 'UserName'],
    [{ userName: 'x', password: '' }, 'Password'],
    [{ userName: 'x', password: '12345' }, 'Password'],
    [{ userName: 'x', password: 'x'.repeat(1025) }, 'Password'],
  ])('%j is refused', async (body, property) => {
    const ana = await hippo.account('ana');
    await ana.createTeam('builders');
    const { status, json } = await hippo.send('POST', '/api/accounts', body);
    expect(status).toBe(400);
    expect(json).toHaveProperty(['errors', property]);
  });

  test('keep passwords as scrypt with its parameters', async () => {
    const stored = await hashPassword('pässword');
    expect(stored).toMatch(/^scrypt\$32768\$8\$1\$[^$]+\$[^$]+$/);
    expect(await hashPassword('pässword')).not.toBe(stored);
    expect(await verifyPassword('pässword', stored)).toBe(true);
    expect(await verifyPassword('passwort', stored)).toBe(false);
    for (const none of [null, undefined, '', 'plain'])
      expect(await verifyPassword('plain', none)).toBe(false);
  });
});

describe('signing in', () => {
  test('gives a JWT of half an hour', async () => {
    const { token, expiration } = await session('ana');
    expect(expiration).toBe(new Date(now + 30 * MINUTE).toISOString());
    expect(decodeJwt(token)).toMatchObject({ unique_name: 'ana', exp: now / 1000 + 1800 });
    expect(await works(token)).toBe(true);
    now += 30 * MINUTE + 1000;
    expect(await works(token)).toBe(false);
  });

  test('tells nobody which accounts there are', async () => {
    await hippo.client.register('ana', PASSWORD);
    const [wrong, nobody, owner] = [
      await signIn('ana', 'wrong password'),
      await signIn('nobody', 'wrong password'),
      await signIn('owner', 'wrong password'),
    ];
    expect(wrong.json).toEqual({ title: 'Login failed.', status: 400, detail: 'Credentials are not valid.' });
    expect([nobody.status, nobody.text]).toEqual([wrong.status, wrong.text]);
    expect([owner.status, owner.text]).toEqual([wrong.status, wrong.text]);
  });

  test('is limited for each account, and after a while possible again', async () => {
    await hippo.client.register('ana', PASSWORD);
    const attempts = await Promise.all(Array.from({ length: 14 }, () => signIn('ana', 'wrong password')));
    expect(attempts.filter(({ status }) => status === 400)).toHaveLength(10);
    const limited = await signIn('ANA', PASSWORD);
    expect(limited).toMatchObject({ status: 429, headers: { 'retry-after': '300' } });
    // An account that does not exist is limited in the same way, another one is not.
    expect((await signIn('bea', 'x')).status).toBe(400);
    now += 5 * MINUTE;
    expect((await signIn('ana', PASSWORD)).status).toBe(200);
  });

  test('a good one starts the count again', async () => {
    await hippo.client.register('ana', PASSWORD);
    for (let round = 0; round < 3; round++) {
      for (let attempt = 0; attempt < 6; attempt++) await signIn('ana', 'wrong password');
      expect((await signIn('ana', PASSWORD)).status).toBe(200);
      // What has held is remembered for a while, and counts no attempts.
      now += 6 * MINUTE;
    }
  });

  test('tokens of others are none', async () => {
    const { token } = await session('ana');
    const [header, body, signature] = token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const claims = { ...decodeJwt(token), unique_name: 'owner' };
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32));
    for (const bad of [
      `${header}.${body}.`,
      `${none}.${body}.`,
      `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`,
      forged,
      `${token}x`,
    ])
      expect(await works(bad)).toBe(false);
    for (const authorization of ['Bearer', `Basic ${token}`, `Digest ${token}`, 'Basic !!', 'Bearer a b'])
      expect(
        (await hippo.send('GET', '/api/apps', undefined, { token: null, headers: { authorization } })).status,
      ).toBe(401);
  });
});

describe('refresh tokens', () => {
  test('give the next pair and are used up', async () => {
    const first = await session('ana');
    now += 29 * MINUTE;
    const second = (await refresh(first.refreshToken)).json as Required<Session>;
    expect(second.refreshToken).not.toBe(first.refreshToken);
    now += 5 * MINUTE;
    expect(await works(second.token)).toBe(true);
    // It comes again, long after: somebody has stolen it, and nobody can tell who. All of them end.
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(await works(second.token)).toBe(false);
    expect((await refresh(second.refreshToken)).status).toBe(401);
  });

  test('may be used by two commands in the same moment', async () => {
    const { refreshToken } = await session('ana');
    const [one, two] = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect((await refresh((one.json as Session).refreshToken!)).status).toBe(200);
    expect((await refresh((two.json as Session).refreshToken!)).status).toBe(200);
  });

  test('end with the session, after a month without use, and not with the process', async () => {
    const ana = await session('ana');
    await hippo.restart();
    expect(await works(ana.token)).toBe(true);
    await hippo.send('POST', '/api/auth-tokens/revoke', { refreshToken: ana.refreshToken }, { token: null });
    expect(await works(ana.token)).toBe(false);
    expect((await refresh(ana.refreshToken)).status).toBe(401);
    const again = (await signIn('ana', PASSWORD)).json as Required<Session>;
    now += 31 * DAY;
    expect((await refresh(again.refreshToken)).status).toBe(401);
  });
});

describe('deploy tokens', () => {
  test('expire, and end with the app and with the membership of who made them', async () => {
    const client = await hippo.account('ana');
    const make = async (name: string): Promise<[string, string]> => {
      const appId = await client.createApp({ name, storageId: name });
      return [appId, (await client.createDeployToken({ appId })).token];
    };
    const [, first] = await make('first');
    const [second, ofSecond] = await make('second');
    expect(await works(first)).toBe(true);
    await client.removeApp(second);
    expect(await works(ofSecond)).toBe(false);
    now += 91 * DAY;
    expect(await works(first)).toBe(false);

    const bea = await hippo.account('bea');
    const team = await bea.createTeam('both');
    await bea.addTeamMember(team, 'ana');
    const appId = await bea.createApp({ name: 'shared', storageId: 'shared', teamId: team });
    const { token } = await client.createDeployToken({ appId });
    expect(await works(token)).toBe(true);
    await bea.removeTeamMember(team, 'ana');
    expect(await works(token)).toBe(false);
  });

  test('are shown once and kept by their digest', async () => {
    const appId = await hippo.client.createApp({ name: 'a', storageId: 'a' });
    const { token, expiration } = await hippo.client.createDeployToken({ appId, name: 'ci' });
    expect(token).toMatch(/^hippo_deploy_[\w-]{43}$/);
    expect(Date.parse(expiration)).toBe(now + 90 * DAY);
    const [listed] = await hippo.client.deployTokens();
    expect(listed).toMatchObject({ name: 'ci', appId, createdBy: 'owner', lastUsedAt: null });
    expect(JSON.stringify(listed)).not.toContain(token);
    await works(token);
    expect((await hippo.client.deployTokens())[0]?.lastUsedAt).toBe(new Date(now).toISOString());
    await hippo.restart();
    expect(readFileSync(join(hippo.directory, 'hippo.db'), 'latin1')).not.toContain(token);
  });

  test.each(['2029-12-31T00:00:00Z', '2032-01-01T00:00:00Z', 'tomorrow'])(
    'cannot last until %s',
    async (expiration) => {
      const appId = await hippo.client.createApp({ name: 'a', storageId: 'a' });
      await expect(hippo.client.createDeployToken({ appId, expiration })).rejects.toMatchObject({
        code: 'INVALID',
        fields: { Expiration: [expect.any(String)] },
      });
    },
  );
});

describe('the owner of the machine', () => {
  test('is known by a file that nobody else can read, the same after a restart', async () => {
    const file = hippo.hippo.owner.file;
    if (process.platform !== 'win32') {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(join(hippo.directory, 'platform-key')).mode & 0o777).toBe(0o600);
    }
    expect(await hippo.client.whoami()).toMatchObject({ userName: 'owner', administrator: true });
    await hippo.restart();
    expect(await works(hippo.ownerToken)).toBe(true);
  });

  test('secrets that are kept cannot be read without the key', () => {
    const secrets = openSecrets(join(hippo.directory, 'platform-key'));
    const encrypted = secrets.encrypt('text');
    expect(encrypted.includes('text')).toBe(false);
    expect(secrets.decrypt(encrypted)).toBe('text');
    encrypted[encrypted.length - 1]! ^= 1;
    expect(() => secrets.decrypt(encrypted)).toThrow();
    const other = openSecrets(join(hippo.directory, 'other'));
    expect(() => other.decrypt(secrets.encrypt('text'))).toThrow(/platform-key.*from a copy/);
  });

  test('a key that is missing is not replaced by another one, which would open nothing', () => {
    const file = join(hippo.directory, 'platform-key');
    rmSync(file);
    const options = { directory: hippo.directory } as HippoOptions;
    expect(() => openHippo(options)).toThrow(/platform-key is missing.*from a copy/);
    expect(existsSync(file)).toBe(false);
  });
});

test('a client with a name and a password signs in by itself, and again when it has to', async () => {
  await hippo.client.register('ana', PASSWORD);
  const sessions: (Session | undefined)[] = [];
  const client = new HippoClient({
    url: hippo.url,
    credentials: { type: 'basic', username: 'ana', password: PASSWORD },
    onSession: (session) => void sessions.push(session),
    now: () => now,
  });
  await Promise.all(Array.from({ length: 8 }, () => client.apps()));
  expect(sessions).toHaveLength(1);
  // By its clock the token has ended: refreshed, once for all.
  now += 31 * MINUTE;
  await Promise.all(Array.from({ length: 8 }, () => client.apps()));
  expect(sessions).toHaveLength(2);
  // The session has ended behind its back: it signs in again, and no call is lost.
  await hippo.send('POST', '/api/auth-tokens/revoke', { refreshToken: sessions[1]!.refreshToken! });
  const created = await Promise.all(
    Array.from({ length: 8 }, (_, index) => client.createApp({ name: `app-${index}`, storageId: 'x' })),
  );
  expect(new Set(created).size).toBe(8);
  expect(await client.apps()).toHaveLength(8);
  await client.signOut();
  expect(sessions.at(-1)).toBeUndefined();
  await client.close();
});
