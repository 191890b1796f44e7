import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { BindleClient } from '../../../src/bindle/client.ts';
import { parseBaseUrl } from '../../../src/bindle/http.ts';
import { makeBindle } from '../../support/bindles.ts';
import { startReferenceServer } from '../../support/reference-server.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function clientOf(options: ConstructorParameters<typeof BindleClient>[0]): BindleClient {
  const client = new BindleClient(options);
  cleanups.push(() => client.close());
  return client;
}

async function reference(options = {}): ReturnType<typeof startReferenceServer> {
  const server = await startReferenceServer(options);
  cleanups.push(() => server.close());
  return server;
}

/** A server that gives one answer to everything. */
async function answering(status: number, type: string | undefined, body: string): Promise<string> {
  return listen(
    createServer((req, res) => {
      req.resume();
      res.writeHead(status, type === undefined ? {} : { 'content-type': type }).end(body);
    }),
  );
}

const id = { name: 'example.com/shop', version: '1.0.0+build.1' };

describe('the routes', () => {
  it('creates, reads, lists what is missing, uploads, downloads, searches and yanks', async () => {
    const server = await reference();
    const client = clientOf({ url: server.url });
    const bindle = makeBindle(id.name, id.version, { 'a.txt': 'one', 'b.txt': 'two' });
    const created = await client.createInvoice(bindle.invoice);
    expect(created.missing).toHaveLength(2);
    expect(created.invoice.signature?.[0]?.role).toBe('host');
    expect(await client.missing(id)).toHaveLength(2);
    for (const [sha, bytes] of bindle.content) await client.sendParcel(id, sha, bytes.length, bytes);
    expect(await client.missing(id)).toEqual([]);
    const [sha, bytes] = [...bindle.content][0]!;
    expect(await readText(await client.getParcel(id, sha))).toBe(bytes.toString());
    expect((await client.search({ query: 'shop' })).invoices.map(({ bindle: { name } }) => name)).toEqual([
      id.name,
    ]);
    expect((await client.keys()).key[0]?.roles).toEqual(['host']);
    expect(await client.health()).toBe('0.9.2');
    await client.yank(id);
    await client.yank(id);
    await expect(client.getInvoice(id)).rejects.toMatchObject({ code: 'YANKED', status: 403 });
    expect((await client.getInvoice(id, { yanked: true })).yanked).toBe(true);
    // The id goes literally, `+` and all: servers decode nothing.
    expect(server.log).toContain('GET /v1/_r/missing/example.com/shop/1.0.0+build.1');
  });

  it('encodes a query and takes absent parts for everything', async () => {
    const server = await reference();
    const client = clientOf({ url: server.url });
    await client.search({});
    await client.search({
      query: 'a b',
      version: '>=1, <2',
      limit: 3,
      offset: 0,
      strict: false,
      yanked: true,
    });
    expect(server.log).toEqual([
      'GET /v1/_q',
      'GET /v1/_q?query=a+b&version=%3E%3D1%2C+%3C2&limit=3&offset=0&strict=false&yanked=true',
    ]);
  });

  it('reads answers in JSON too, with nulls for what is absent', async () => {
    const body = JSON.stringify({
      bindleVersion: '1.0.0',
      yanked: null,
      bindle: { name: 'a', version: '1.0.0', description: null, authors: null },
      annotations: null,
      parcel: null,
      group: null,
      signature: null,
    });
    const client = clientOf({ url: await answering(200, 'application/json; charset=utf-8', body) });
    expect(await client.getInvoice({ name: 'a', version: '1.0.0' })).toEqual({
      bindleVersion: '1.0.0',
      bindle: { name: 'a', version: '1.0.0' },
    });
  });
});

describe('refusals', () => {
  it.each([
    [400, 'application/toml', 'error = "bad"', 'REFUSED', /bad/],
    [401, 'application/toml', 'error = "unauthorized"', 'UNAUTHORIZED', /does not accept these credentials/],
    [401, undefined, '', 'UNAUTHORIZED', /does not accept/],
    [403, 'application/toml', 'error = "access denied"', 'FORBIDDEN', /access denied/],
    [403, 'application/toml', 'error = "bindle is yanked"', 'YANKED', /yanked/],
    [404, 'application/toml', 'error = "resource not found"', 'NOT_FOUND', /no such bindle/],
    [404, undefined, '', 'NOT_BINDLE', /not as a Bindle server/],
    [404, 'text/html', '<html>nginx</html>', 'NOT_BINDLE', /text\/html/],
    [200, 'text/html', '<html>hello</html>', 'NOT_BINDLE', /text\/html/],
    [200, 'application/json', '{"hello":1}', 'NOT_BINDLE', /not as a Bindle server/],
    [200, 'application/toml', 'half = ', 'NOT_BINDLE', /not as a Bindle server/],
    [405, 'text/plain', 'HTTP method not allowed', 'REFUSED', /not allowed/],
    [407, 'text/html', '', 'UNREACHABLE', /proxy/],
    [409, 'application/toml', 'error = "resource already exists"', 'EXISTS', /already exists/],
    [413, 'application/toml', 'error = "too large"', 'REFUSED', /too large/],
    [422, 'application/toml', 'error = "cannot create a yanked bindle"', 'REFUSED', /yanked bindle/],
    [500, 'application/toml', 'error = "resource could not be loaded"', 'SERVER', /could not be loaded/],
    [502, 'text/html', '<html>bad gateway</html>', 'NOT_BINDLE', /502/],
    [500, undefined, '', 'NOT_BINDLE', /500/],
  ])('%i %s %s is %s', async (status, type, body, code, message) => {
    const client = clientOf({ url: `${await answering(status, type, body)}/v1` });
    await expect(client.getInvoice(id)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it.each(['../../healthz', 'a?b', 'a#b', 'a%2Fb', 'a b', 'a/../b'])(
    'asks for nothing under the name %j',
    async (name) => {
      const server = await reference();
      const client = clientOf({ url: server.url });
      const hostile = { name, version: '1.0.0' };
      for (const call of [
        client.getInvoice(hostile),
        client.missing(hostile),
        client.yank(hostile),
        client.getParcel(hostile, 'a'),
      ])
        await expect(call).rejects.toMatchObject({ code: 'BAD_ID' });
      expect(server.log).toEqual([]);
    },
  );

  it('reads no more than an invoice can have', async () => {
    const url = await listen(
      createServer((_req, res) => {
        res.writeHead(200, { 'content-type': 'application/toml' });
        const more = (): void => {
          while (!res.destroyed && res.write('# endless\n'.repeat(10_000)));
          res.once('drain', more);
        };
        more();
      }),
    );
    await expect(clientOf({ url }).getInvoice(id)).rejects.toMatchObject({ code: 'NOT_BINDLE' });
  });

  it('takes no digest for a path, and passes no control characters on', async () => {
    const evil = `bindleVersion = "1.0.0"\n[bindle]\nname = "a"\nversion = "1.0.0"\n[[parcel]]\n[parcel.label]\nsha256 = "../../x"\nname = "x"\nmediaType = "a/b"\nsize = 1\n`;
    await expect(
      clientOf({ url: await answering(200, 'application/toml', evil) }).getInvoice(id),
    ).rejects.toMatchObject({ code: 'NOT_BINDLE' });
    const shouting = await answering(400, 'application/toml', 'error = "a\\u001b[2Jb\\nc."');
    await expect(clientOf({ url: shouting }).getInvoice(id)).rejects.toMatchObject({
      message: 'The server refuses this: a [2Jb.',
    });
  });

  it('names /v1 when the address lacks it', async () => {
    const server = await reference();
    const client = clientOf({ url: server.url.replace('/v1', '') });
    await expect(client.getInvoice(id)).rejects.toMatchObject({
      code: 'NOT_BINDLE',
      hint: expect.stringContaining(server.url),
    });
  });

  it('tells that nothing answers', async () => {
    const server = createServer();
    const url = await listen(server);
    await cleanups.pop()!();
    await expect(clientOf({ url }).missing(id)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringContaining('hippo platform start'),
    });
  });

  it('tells that a connection broke off, in the headers and in the body', async () => {
    const cut = await listen(createServer((req) => req.socket.destroy()));
    await expect(clientOf({ url: cut }).missing(id)).rejects.toMatchObject({ code: 'BROKEN' });
    const short = await listen(
      createServer((_req, res) => {
        res.writeHead(200, { 'content-type': 'application/toml', 'content-length': 100 });
        res.write('missing');
        res.socket?.end();
      }),
    );
    await expect(clientOf({ url: short }).missing(id)).rejects.toMatchObject({ code: 'BROKEN' });
  });

  it.each(['', 'localhost:8080', 'ftp://x/v1', '/v1', 'http://', 'http://user:secret@host/v1'])(
    'refuses the address %j',
    (url) => {
      expect(() => parseBaseUrl(url)).toThrow(
        expect.objectContaining({ code: 'BAD_URL', message: expect.not.stringContaining('secret') }),
      );
    },
  );
});

describe('credentials', () => {
  it('are sent before they are asked for, basic and bearer', async () => {
    const seen: (string | undefined)[] = [];
    const url = await listen(
      createServer((req, res) => {
        seen.push(req.headers.authorization);
        res.writeHead(200, { 'content-type': 'application/toml' }).end('missing = []');
      }),
    );
    await clientOf({ url, credentials: { type: 'basic', username: 'ana', password: 'pä:ss' } }).missing(id);
    await clientOf({ url, credentials: { type: 'bearer', token: 'abc' } }).missing(id);
    await clientOf({ url }).missing(id);
    expect(seen).toEqual([`Basic ${Buffer.from('ana:pä:ss').toString('base64')}`, 'Bearer abc', undefined]);
  });

  it('says which of them is wrong: none, or bad ones', async () => {
    const server = await reference({ htpasswd: 'ana:right' });
    const bindle = makeBindle('a', '1.0.0', {});
    await expect(clientOf({ url: server.url }).createInvoice(bindle.invoice)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      hint: expect.stringContaining('--bindle-username'),
    });
    const wrong = clientOf({
      url: server.url,
      credentials: { type: 'basic', username: 'ana', password: 'wrong-secret' },
    });
    await expect(wrong.createInvoice(bindle.invoice)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.not.stringContaining('secret'),
    });
    const right = clientOf({
      url: server.url,
      credentials: { type: 'basic', username: 'ana', password: 'right' },
    });
    await right.createInvoice(bindle.invoice);
  });

  it('do not follow a redirect to another origin', async () => {
    const seen: (string | undefined)[] = [];
    const target = await listen(
      createServer((req, res) => {
        seen.push(req.headers.authorization);
        res.writeHead(200, { 'content-type': 'application/toml' }).end('missing = []');
      }),
    );
    const url = await listen(
      createServer((_req, res) => res.writeHead(302, { location: `${target}/elsewhere` }).end()),
    );
    const client = clientOf({ url, credentials: { type: 'bearer', token: 'secret' } });
    expect(await client.missing(id)).toEqual([]);
    expect(seen).toEqual([undefined]);
    // A POST is not repeated elsewhere.
    await expect(client.createInvoice(makeBindle('a', '1.0.0', {}).invoice)).rejects.toMatchObject({
      status: 302,
    });
  });

  it('gives up on endless redirects', async () => {
    const url = await listen(createServer((_req, res) => res.writeHead(302, { location: '/again' }).end()));
    await expect(clientOf({ url }).missing(id)).rejects.toMatchObject({ name: 'BindleError' });
  });
});

describe('certificates', () => {
  const fixture = (name: string): string =>
    readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');
  const secure = async (): Promise<string> => {
    const server = createTlsServer(
      { key: fixture('server-key.pem'), cert: fixture('server.pem') },
      (_req, res) => res.writeHead(200, { 'content-type': 'application/toml' }).end('missing = []'),
    );
    return (await listen(server)).replace('http:', 'https:');
  };

  it('of an unknown authority are refused with a way out, taken with its certificate or unchecked', async () => {
    const url = await secure();
    await expect(clientOf({ url }).missing(id)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      hint: expect.stringContaining('--ca-file'),
    });
    expect(await clientOf({ url, ca: fixture('ca.pem') }).missing(id)).toEqual([]);
    expect(await clientOf({ url, insecure: true }).missing(id)).toEqual([]);
  });

  it('are not asked of a server that speaks plain http', async () => {
    const url = (await answering(200, 'application/toml', 'missing = []')).replace('http:', 'https:');
    await expect(clientOf({ url }).missing(id)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      hint: expect.stringContaining('http://'),
    });
  });
});

describe('proxies', () => {
  async function proxy(target: string): Promise<{ url: string; asked: string[] }> {
    const asked: string[] = [];
    const { port } = new URL(target);
    const server = createServer((req, res) => {
      asked.push(req.url ?? '');
      req.pipe(
        httpRequest(
          { port, path: new URL(req.url ?? '').pathname, method: req.method, headers: req.headers },
          (answer) => {
            res.writeHead(answer.statusCode ?? 500, answer.headers);
            answer.pipe(res);
          },
        ),
      );
    });
    server.on('connect', (req, socket) => {
      asked.push(`CONNECT ${req.url} ${req.headers['proxy-authorization'] ?? ''}`.trim());
      const upstream = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(upstream).pipe(socket);
      });
    });
    return { url: await listen(server), asked };
  }

  it('of the standard variables are used, but never for this machine', async () => {
    const server = await reference();
    const { url, asked } = await proxy(server.url);
    const saved = { ...process.env };
    try {
      Object.assign(process.env, { HTTP_PROXY: url, http_proxy: url });
      delete process.env['NO_PROXY'];
      delete process.env['no_proxy'];
      await expect(clientOf({ url: 'http://bindle.example/v1' }).missing(id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain('bindle.example');
      await expect(clientOf({ url: server.url }).missing(id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(asked).toHaveLength(1);
      process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:1';
      await expect(clientOf({ url: 'http://bindle.example/v1' }).missing(id)).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringMatching(/proxy that http_proxy names/),
      });
      process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'garbage';
      expect(() => new BindleClient({ url: 'http://bindle.example/v1' })).toThrow(/no address of a proxy/);
    } finally {
      for (const key of ['HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'])
        if (saved[key] === undefined) delete process.env[key];
        else process.env[key] = saved[key];
    }
  });

  it('of settings go before the variables, with what belongs to them', async () => {
    const server = await reference();
    const [{ url, asked }, other] = [await proxy(server.url), await proxy(server.url)];
    const target = 'http://bindle.example/v1';
    const saved = process.env['http_proxy'];
    try {
      process.env['http_proxy'] = other.url;
      const through = { proxy: url };
      await expect(clientOf({ url: target, network: through }).missing(id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(asked).toHaveLength(1);
      await expect(
        clientOf({ url: target, network: { ...through, noProxy: '.example' } }).missing(id),
      ).rejects.toMatchObject({ code: 'UNREACHABLE' });
      await expect(clientOf({ url: target, network: { proxy: false } }).missing(id)).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringContaining('Nothing answers'),
      });
      await expect(clientOf({ url: server.url, network: through }).missing(id)).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      expect(asked).toHaveLength(1);
      expect(other.asked).toEqual([]);
      await expect(
        clientOf({ url: target, network: { proxy: 'http://127.0.0.1:1' } }).missing(id),
      ).rejects.toMatchObject({ message: expect.stringContaining('the setting http.proxy names') });
      expect(() => new BindleClient({ url: target, network: { proxy: 'garbage' } })).toThrow(
        'The setting http.proxy holds no address of a proxy.',
      );
    } finally {
      if (saved === undefined) delete process.env['http_proxy'];
      else process.env['http_proxy'] = saved;
    }
  });

  it('are told who we are, and trusted as the settings say', async () => {
    const key = readFileSync(new URL('../../fixtures/tls/server-key.pem', import.meta.url));
    const cert = readFileSync(new URL('../../fixtures/tls/server.pem', import.meta.url));
    const secure = await listen(
      createTlsServer({ key, cert }, (_req, res) =>
        res.writeHead(200, { 'content-type': 'application/toml' }).end('missing = []'),
      ),
    );
    const { url, asked } = await proxy(secure);
    const network = { proxy: url, proxyAuthorization: 'Basic YQ==' };
    await expect(clientOf({ url: 'https://bindle.example/v1', network }).missing(id)).rejects.toMatchObject({
      message: expect.stringContaining('certificate'),
    });
    const lax = { ...network, strictTls: false, systemCertificates: true };
    expect(await clientOf({ url: 'https://bindle.example/v1', network: lax }).missing(id)).toEqual([]);
    expect(new Set(asked)).toEqual(new Set(['CONNECT bindle.example:443 Basic YQ==']));
    // This machine itself is not meant by that.
    const local = secure.replace('http:', 'https:');
    await expect(clientOf({ url: local, network: lax }).missing(id)).rejects.toMatchObject({
      message: expect.stringContaining('certificate'),
    });
  });
});

it('credentials from a function are asked for before each request', async () => {
  const seen: (string | undefined)[] = [];
  const url = await listen(
    createServer((req, res) => {
      seen.push(req.headers.authorization);
      req.resume();
      res.writeHead(200, { 'content-type': 'application/toml' }).end('missing = []');
    }),
  );
  const tokens = ['one', 'two'];
  const client = clientOf({
    url,
    credentials: async () => {
      const token = tokens.shift();
      return token === undefined ? undefined : { type: 'bearer', token };
    },
  });
  for (let call = 0; call < 3; call++) await client.missing(id);
  expect(seen).toEqual(['Bearer one', 'Bearer two', undefined]);
});
