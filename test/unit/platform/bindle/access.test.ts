// Who may do what (bindle.md §4).

import { afterEach, describe, expect, it } from 'vitest';
import type { BindleServerOptions, Principal } from '../../../../src/platform/bindle/server.ts';
import { makeBindle, sha256 } from '../../../support/bindles.ts';
import { everything, serverFactory, type TestServer } from './harness.ts';

const start = serverFactory();
const servers: TestServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    expect(server.errors).toEqual([]);
    await server.close();
  }
});

const basic = (user: string, password: string): { authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});
const ADMIN = basic('admin', 'sw0rdf1sh');
const BEA = basic('bea', 'secret');
const authenticate: NonNullable<BindleServerOptions['authenticate']> = async ({ authorization }) => {
  if (authorization === undefined) return 'anonymous';
  if (authorization === ADMIN.authorization) return { name: 'admin' };
  return authorization === BEA.authorization ? { name: 'bea' } : 'refused';
};
async function guarded(options: Partial<BindleServerOptions> = {}): Promise<TestServer> {
  const server = await start({ authenticate, ...options });
  servers.push(server);
  return server;
}

const TOML = 'bindleVersion = "1.0.0"\n[bindle]\nname = "a"\nversion = "1.0.0"\n';
const post = (server: TestServer, headers: Record<string, string>, body = TOML) =>
  server.call('POST', '/v1/_i', { headers: { 'content-type': 'application/toml', ...headers }, body });
const UNAUTHORIZED = { status: 401, value: { error: 'unauthorized' } };
const DENIED = { status: 403, value: { error: 'access denied' } };

describe('with accounts', () => {
  it('reading is open and writing is not', async () => {
    const server = await guarded();
    expect((await post(server, ADMIN)).status).toBe(201);
    for (const path of ['/v1/_i/a/1.0.0', '/v1/_q', '/v1/bindle-keys', '/v1/_r/missing/a/1.0.0'])
      expect((await server.call('GET', path)).status).toBe(200);
    expect((await server.call('HEAD', '/v1/_i/a/1.0.0')).status).toBe(200);
    expect((await server.call('GET', '/v1/zzz')).status).toBe(404);
    expect(await post(server, {}, TOML.replace('"a"', '"b"'))).toMatchObject(DENIED);
    expect(await server.call('DELETE', '/v1/_i/a/1.0.0')).toMatchObject(DENIED);
    expect(await server.call('POST', `/v1/_i/a/1.0.0@${sha256('x')}`, { body: 'x' })).toMatchObject(DENIED);
    expect(await server.call('OPTIONS', '/v1/_i/a/1.0.0')).toMatchObject(DENIED);
    expect(await server.call('POST', '/v1/zzz')).toMatchObject(DENIED);
    expect((await server.call('DELETE', '/v1/_i/a/1.0.0', { headers: ADMIN })).status).toBe(200);
  });

  it('credentials that do not hold are refused, for reading too', async () => {
    const server = await guarded();
    for (const headers of [
      basic('admin', 'wrong'),
      basic('nobody', ''),
      { authorization: 'Basic' },
      { authorization: '' },
      { authorization: 'Bearer ' },
      { authorization: 'Basic not base64!' },
    ]) {
      for (const [method, path] of [
        ['GET', '/v1/_q'],
        ['GET', '/v1/_i/a/1.0.0'],
        ['POST', '/v1/_i'],
        ['GET', '/v1/zzz'],
      ] as const) {
        const answer = await server.call(method, path, { headers });
        expect(answer).toMatchObject(UNAUTHORIZED);
        expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
      }
    }
  });

  it('nobody without an account has a parcel read', async () => {
    const server = await guarded();
    const bindle = makeBindle('a', '1.0.0', { file: 'x'.repeat(100_000) });
    const text = JSON.stringify(bindle.invoice);
    await server.call('POST', '/v1/_i', {
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: text,
    });
    const socket = await server.connect();
    const answer = everything(socket);
    socket.write(
      `POST /v1/_i/a/1.0.0@${[...bindle.content.keys()][0]} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n`,
    );
    expect(await answer).toMatch(/^HTTP\/1\.1 403 /);
  });

  it('a failing authenticator lets nobody in', async () => {
    const server = await start({
      authenticate: () => {
        throw new Error('the accounts cannot be read');
      },
    });
    for (const headers of [{}, ADMIN])
      expect(await server.call('GET', '/v1/_q', { headers })).toMatchObject({
        status: 500,
        value: { error: 'resource could not be loaded' },
      });
    expect(server.errors).toHaveLength(2);
    await server.close();
  });

  it('reading can be closed by the authenticator', async () => {
    const server = await guarded({
      authenticate: async (headers) => {
        const who = await authenticate(headers, '');
        return who === 'anonymous' ? 'refused' : who;
      },
    });
    expect(await server.call('GET', '/v1/_q')).toMatchObject(UNAUTHORIZED);
    expect((await server.call('GET', '/v1/_q', { headers: ADMIN })).status).toBe(200);
  });
});

describe('names that belong to somebody', () => {
  it('are pushed, completed and yanked by them alone, and read by all', async () => {
    const asked: [Principal | 'anonymous', string][] = [];
    const server = await guarded({
      mayWrite: async (who, name) => {
        asked.push([who, name]);
        return who !== 'anonymous' && (who.name === 'admin' || name.startsWith(`${who.name}/`));
      },
    });
    const bindle = makeBindle('bea/app', '1.0.0', { file: 'content' });
    const digest = sha256('content');
    const path = '/v1/_i/bea/app/1.0.0';
    const text = JSON.stringify(bindle.invoice);
    const json = { 'content-type': 'application/json' };
    expect(await post(server, BEA)).toMatchObject(DENIED);
    expect((await post(server, { ...BEA, ...json }, text)).status).toBe(202);
    const carl = await guarded({ mayWrite: () => false });
    expect(await post(carl, { ...BEA, ...json }, text)).toMatchObject(DENIED);
    expect((await server.call('POST', `${path}@${digest}`, { headers: BEA, body: 'content' })).status).toBe(
      200,
    );
    expect((await server.call('GET', `${path}@${digest}`)).text).toBe('content');
    expect((await post(server, ADMIN)).status).toBe(201);
    expect(await server.call('DELETE', '/v1/_i/a/1.0.0', { headers: BEA })).toMatchObject(DENIED);
    expect(await server.call('POST', `/v1/_i/a/1.0.0@${digest}`, { headers: BEA })).toMatchObject(DENIED);
    expect((await server.call('DELETE', path, { headers: BEA })).status).toBe(200);
    expect(asked).toContainEqual([{ name: 'bea' }, 'bea/app']);
  });
});

describe('without accounts', () => {
  it('everybody may write, and credentials mean nothing', async () => {
    const server = await start();
    servers.push(server);
    expect((await post(server, {})).status).toBe(201);
    expect((await server.call('DELETE', '/v1/_i/a/1.0.0', { headers: basic('any', 'body') })).status).toBe(
      200,
    );
  });
});
