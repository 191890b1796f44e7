// Uploads that go wrong, race or come from somebody hostile (issue "Bindle" F).

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { promises, statSync, truncateSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import type { Invoice } from '../../../../src/bindle/invoice.ts';
import { StoreError } from '../../../../src/platform/store/errors.ts';
import { FileParcelStore } from '../../../../src/platform/store/file-parcels.ts';
import type { ParcelStore } from '../../../../src/platform/store/parcels.ts';
import { makeBindle, sha256, type TestBindle } from '../../../support/bindles.ts';
import { everything, serverFactory, until, type TestServer } from './harness.ts';

const start = serverFactory();
let server: TestServer;
beforeEach(async () => {
  server = await start();
});
afterEach(async () => {
  expect(server.errors).toEqual([]);
  await server.close();
});

/** A bindle of one random parcel, its invoice stored already. */
async function pushed(
  size: number,
  on = server,
): Promise<{ invoice: Invoice; digest: string; content: Buffer; path: string }> {
  const content = randomBytes(size);
  const { invoice } = makeBindle('a', '1.0.0', { file: content });
  expect((await on.create(invoice)).status).toBe(202);
  const digest = sha256(content);
  return { invoice, digest, content, path: `/v1/_i/a/1.0.0@${digest}` };
}
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('close', () => resolve()));
const head = (path: string, ...headers: string[]): string =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
/** Resolves once no upload leaves a file. */
const nothingLeft = (): Promise<void> => waitFor(() => expect(server.parcelFiles()).toEqual([]));
const missing = async (): Promise<number> =>
  ((await server.call('GET', '/v1/_r/missing/a/1.0.0')).value['missing'] as unknown[]).length;

/** The same server started again, with little patience. */
async function impatiently(): Promise<TestServer> {
  const { directory } = server;
  await server.close();
  return (server = await start({ directory, idleMs: 50 }));
}

describe('a race', () => {
  it('of one parcel ends with the parcel and without a 500', async () => {
    const { invoice, digest, content, path } = await pushed(1_000_000);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => server.upload(invoice, digest, content)),
    );
    const statuses = new Set(answers.map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 200 && status !== 409)).toEqual([]);
    expect(statuses).toContain(200);
    expect((await server.call('GET', path)).body.equals(content)).toBe(true);
    expect(server.parcelFiles()).toEqual([digest]);
  });

  it('of right and wrong content ends with the right one', async () => {
    const { invoice, digest, content, path } = await pushed(500_000);
    const wrong = Buffer.from(content).reverse();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => server.upload(invoice, digest, index % 2 ? content : wrong)),
    );
    for (const [index, { status }] of answers.entries())
      expect(index % 2 ? [200, 409] : [400, 409]).toContain(status);
    expect((await server.call('GET', path)).body.equals(content)).toBe(true);
    expect(server.parcelFiles()).toEqual([digest]);
  });

  it('of one invoice has one winner', async () => {
    const { invoice } = makeBindle('a', '1.0.0', { file: 'content' });
    const variants = Array.from({ length: 12 }, (_, index) => ({
      ...invoice,
      annotations: { n: String(index) },
    }));
    const answers = await Promise.all(variants.map((variant) => server.create(variant)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([202, ...Array<number>(11).fill(409)]);
    const winner = answers.findIndex(({ status }) => status === 202);
    const stored = (await server.call('GET', '/v1/_i/a/1.0.0')).value as unknown as Invoice;
    expect(stored.annotations).toEqual({ n: String(winner) });
  });

  it('with a yank lets the upload end, and nothing more', async () => {
    const { content, path, invoice } = await pushed(100_000);
    const socket = await server.connect();
    const answer = everything(socket);
    socket.write(head(path, `Content-Length: ${content.length}`, 'Connection: close'));
    socket.write(content.subarray(0, 50_000));
    expect((await server.call('DELETE', '/v1/_i/a/1.0.0')).status).toBe(200);
    expect((await server.upload(invoice, sha256(content), content)).status).toBe(403);
    socket.write(content.subarray(50_000));
    // Whether it was looked at before or after the yank, it is told the truth.
    expect(await answer).toMatch(/^HTTP\/1\.1 (200|403) /);
    expect((await server.call('GET', path)).status).toBe(403);
  });
});

describe('an upload that breaks off', () => {
  it.each([0, 1000, 700_000])('after %i bytes leaves nothing, and can be repeated', async (sent) => {
    const { invoice, digest, content, path } = await pushed(1_000_000);
    const socket = await server.connect();
    socket.write(head(path, `Content-Length: ${content.length}`));
    if (sent > 300_000) {
      // It is a file by now, which goes with the connection.
      socket.write(content.subarray(0, sent));
      await waitFor(() => expect(server.parcelFiles()).toHaveLength(1));
    } else await new Promise<void>((resolve) => socket.write(content.subarray(0, sent), () => resolve()));
    socket.destroy();
    await nothingLeft();
    expect(await missing()).toBe(1);
    expect((await server.upload(invoice, digest, content)).status).toBe(200);
    expect(await missing()).toBe(0);
  });

  it('by closing only its own side is no whole one', async () => {
    const { content, path } = await pushed(1_000_000);
    const socket = await server.connect();
    const answer = everything(socket);
    socket.end(
      head(path, `Content-Length: ${content.length}`) + content.subarray(0, 1000).toString('latin1'),
    );
    expect(await answer).not.toMatch(/^HTTP\/1\.1 200/);
    await nothingLeft();
    expect(await missing()).toBe(1);
  });

  it('in chunks without the last one is no whole one', async () => {
    const { content, path } = await pushed(10);
    const socket = await server.connect();
    const answer = everything(socket);
    socket.write(head(path, 'Transfer-Encoding: chunked'));
    socket.write('a\r\n');
    socket.end(content);
    expect(await answer).not.toMatch(/^HTTP\/1\.1 200/);
    await nothingLeft();
    expect(await missing()).toBe(1);
  });

  it('by falling silent is closed', async () => {
    const { path } = await pushed(1_000_000);
    const impatient = await impatiently();
    const socket = await impatient.connect();
    socket.on('error', () => undefined);
    socket.write(head(path, 'Content-Length: 1000000') + 'x'.repeat(500_000));
    await closed(socket);
    await nothingLeft();
  });

  it('at the server, being closed, leaves nothing', async () => {
    const { path } = await pushed(1_000_000);
    const socket = await server.connect();
    socket.on('error', () => undefined);
    socket.write(head(path, 'Content-Length: 1000000') + 'x'.repeat(600_000));
    await waitFor(() => expect(server.parcelFiles()).toHaveLength(1));
    await server.bindle.close();
    expect(server.parcelFiles()).toEqual([]);
    const answer = await server.call('GET', '/v1/_q');
    expect(answer).toMatchObject({ status: 503, value: { error: 'the server is being stopped' } });
  });
});

describe('a peer that is still sending', () => {
  /** Sends everything before it looks at the answer. */
  const blindly = async (path: string, bytes: number, ...headers: string[]): Promise<string> => {
    const socket = await server.connect();
    socket.write(head(path, `Content-Length: ${bytes}`, ...headers));
    const piece = Buffer.alloc(1_000_000);
    for (let left = bytes; left > 0; left -= piece.length)
      if (!socket.write(piece.subarray(0, left))) await once(socket, 'drain');
    const answer = await until(socket, /\r\n\r\n/);
    socket.destroy();
    return answer;
  };

  it('gets the answer, not a broken pipe', async () => {
    const { invoice, digest, content, path } = await pushed(20_000_000);
    expect((await server.upload(invoice, digest, content)).status).toBe(200);
    expect(await blindly(path, content.length)).toMatch(/^HTTP\/1\.1 409 /);
    expect(await blindly(path, 30_000_000)).toMatch(/^HTTP\/1\.1 409 /);
    expect(await blindly('/v1/_i/un/known/1.0.0@x', 30_000_000)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await blindly('/v1/zzz', 30_000_000)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await blindly('/v1/_i', 30_000_000, 'Content-Type: application/toml')).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('gets it every time with undici and a stream', async () => {
    const { invoice, digest, content, path } = await pushed(5_000_000);
    await server.upload(invoice, digest, content);
    const dispatcher = new Agent();
    const chunks = Array.from({ length: 77 }, (_, index) =>
      content.subarray(index * 65_536, (index + 1) * 65_536),
    );
    for (let time = 0; time < 20; time++) {
      const answer = await request(`http://127.0.0.1:${server.port}${path}`, {
        dispatcher,
        method: 'POST',
        body: Readable.from(chunks),
        ...(time % 2 ? { headers: { 'content-length': String(content.length) } } : {}),
      });
      expect(answer.statusCode).toBe(409);
      expect(await answer.body.text()).toContain('resource already exists');
    }
    await dispatcher.close();
  });

  it('of too much in chunks is told early, and its connection stays of use', async () => {
    const { path } = await pushed(1000);
    const socket = await server.connect();
    socket.write(head(path, 'Transfer-Encoding: chunked'));
    socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    expect(await until(socket, /\r\n\r\n./s)).toMatch(
      /^HTTP\/1\.1 400 .*parcel size does not match invoice/s,
    );
    socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n0\r\n\r\n`);
    socket.write('GET /v1/_q HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(await until(socket, /invoices/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
    expect(server.parcelFiles()).toEqual([]);
  });

  it('of another length than announced in the invoice is told before it sends', async () => {
    const { path } = await pushed(1000);
    for (const length of [0, 999, 1001, 1_000_000_000]) {
      const socket = await server.connect();
      socket.write(head(path, `Content-Length: ${length}`));
      expect(await until(socket, /\r\n\r\n./s)).toMatch(
        /^HTTP\/1\.1 400 .*parcel size does not match invoice/s,
      );
      socket.destroy();
    }
  });

  it('without end is cut off', async () => {
    const { path } = await pushed(1000);
    const socket = await server.connect();
    socket.on('error', () => undefined);
    socket.write(head(path, 'Transfer-Encoding: chunked'));
    const piece = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
    const send = (): void => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', send);
    socket.resume();
    send();
    await closed(socket);
    expect(socket.bytesWritten).toBeLessThan(1_000_000_000);
  });
});

describe('Expect: 100-continue', () => {
  it('is told to go on when the parcel is wanted', async () => {
    const { content, path } = await pushed(100_000);
    const socket = await server.connect();
    socket.write(head(path, `Content-Length: ${content.length}`, 'Expect: 100-continue'));
    expect(await until(socket, /\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(content);
    expect(await until(socket, /parcel created/)).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it.each([
    ['a parcel that is here', 409, '/v1/_i/a/1.0.0@'],
    ['an unknown invoice', 404, '/v1/_i/b/1.0.0@'],
  ])('is spared the sending of %s', async (_, status, prefix) => {
    const { invoice, digest, content } = await pushed(100_000);
    await server.upload(invoice, digest, content);
    const socket = await server.connect();
    const answer = everything(socket);
    socket.write(head(prefix + digest, `Content-Length: ${content.length}`, 'Expect: 100-continue'));
    // The connection ends: whether a body follows now, the server cannot know.
    expect(await answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} .*connection: close\\r\\n`, 'is'));
  });

  it('works for an invoice', async () => {
    const socket = await server.connect();
    const body = 'bindleVersion = "1.0.0"\n[bindle]\nname = "a"\nversion = "1.0.0"\n';
    socket.write(head('/v1/_i', `Content-Length: ${body.length}`, 'Expect: 100-continue'));
    expect(await until(socket, /\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await until(socket, /signature/)).toMatch(/^HTTP\/1\.1 201 /);
    socket.destroy();
  });
});

describe('a malformed request', () => {
  it.each([
    ['two ways of length', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['a signed length', ['Content-Length: +5']],
    ['an odd encoding', ['Transfer-Encoding: chunked, identity']],
    ['a folded header', ['X: a', ' b', 'Content-Length: 5']],
    ['a bare header name', ['Content-Length : 5']],
    ['an endless path', [`X: ${'a'.repeat(20_000)}`]],
  ])('with %s is refused and its connection closed', async (_, headers) => {
    const { path } = await pushed(5);
    const socket = await server.connect();
    socket.on('error', () => undefined);
    const answer = everything(socket);
    socket.write(`${head(path, ...headers)}0\r\n\r\nGET /v1/_q HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 4\d\d (?!.*HTTP\/1\.1)/s);
    expect(await missing()).toBe(1);
  });

  it.each([
    ['a blank', '/v1/_i/a b/1.0.0'],
    ['raw UTF-8', '/v1/_i/ä/1.0.0'],
    ['a control character', '/v1/_i/\u0000/1.0.0'],
    ['40,000 characters', `/v1/_i/${'a/'.repeat(20_000)}1.0.0`],
  ])('for a path with %s is refused', async (_, path) => {
    const socket = await server.connect();
    socket.on('error', () => undefined);
    const answer = everything(socket);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('for anything outside the store finds nothing', async () => {
    for (const path of [
      '/v1/_i/../../etc/passwd',
      '/v1/_i/../../../1.0.0',
      '/v1/_i/%2e%2e/%2e%2e/1.0.0',
      `/v1/_i/a/1.0.0@../../host_key.toml`,
      '/v1/_i/a/1.0.0@..%2f..%2fhost_key.toml',
      '/v1/../host_key.toml',
      '/v1/_r/missing/../../x/1.0.0',
    ])
      expect([400, 404]).toContain((await server.call('GET', path)).status);
  });
});

describe('a parcel on disk', () => {
  const onDisk = (digest: string): string => join(server.directory, 'parcels', digest.slice(0, 2), digest);

  it('that was cut short counts as missing everywhere and is replaced', async () => {
    const { invoice, digest, content, path } = await pushed(10_000);
    await server.upload(invoice, digest, content);
    truncateSync(onDisk(digest), 4096);
    expect((await server.call('GET', path)).status).toBe(404);
    expect((await server.call('HEAD', path)).status).toBe(404);
    expect(await missing()).toBe(1);
    const other = { ...invoice, bindle: { name: 'b', version: '1.0.0' } };
    expect((await server.create(other)).status).toBe(202);
    expect((await server.upload(other, digest, content)).status).toBe(200);
    expect((await server.call('GET', path)).body.equals(content)).toBe(true);
    expect(await missing()).toBe(0);
  });

  it('that was deleted counts as missing everywhere and can be sent again', async () => {
    const { invoice, digest, content, path } = await pushed(10_000);
    await server.upload(invoice, digest, content);
    await rm(onDisk(digest));
    expect((await server.call('GET', path)).status).toBe(404);
    expect(await missing()).toBe(1);
    expect((await server.upload(invoice, digest, content)).status).toBe(200);
  });

  it('makes an invoice that gives it another size a malformed one', async () => {
    const { invoice, digest, content } = await pushed(10_000);
    await server.upload(invoice, digest, content);
    const other = structuredClone({ ...invoice, bindle: { name: 'b', version: '1.0.0' } });
    other.parcel![0]!.label.size = 9999;
    const answer = await server.create(other);
    expect(answer.status).toBe(400);
    expect(answer.value['error']).toContain(`${digest} with 9999 bytes, but it has 10000`);
    expect((await server.call('GET', '/v1/_i/b/1.0.0')).status).toBe(404);
  });

  it('cannot be completed through an invoice that gave it another size before', async () => {
    const { invoice, digest, content } = await pushed(10_000);
    const other = structuredClone({ ...invoice, bindle: { name: 'b', version: '1.0.0' } });
    other.parcel![0]!.label.size = 9999;
    expect((await server.create(other)).status).toBe(202);
    expect((await server.upload(invoice, digest, content)).status).toBe(200);
    expect((await server.call('GET', `/v1/_i/b/1.0.0@${digest}`)).status).toBe(404);
    expect((await server.upload(other, digest, content)).status).toBe(400);
    expect((await server.upload(other, digest, content.subarray(1))).status).toBe(400);
    expect((await server.call('GET', `/v1/_i/a/1.0.0@${digest}`)).body.equals(content)).toBe(true);
  });
});

describe('a reader', () => {
  it('that goes away does no harm', async () => {
    const { invoice, digest, content, path } = await pushed(20_000_000);
    await server.upload(invoice, digest, content);
    for (let time = 0; time < 5; time++) {
      const socket = await server.connect();
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await until(socket, /HTTP\/1\.1 200/);
      socket.destroy();
    }
    expect((await server.call('GET', path)).body.equals(content)).toBe(true);
  });

  it('that never reads is closed', async () => {
    const { invoice, digest, content, path } = await pushed(50_000_000);
    await server.upload(invoice, digest, content);
    const impatient = await impatiently();
    const socket = await impatient.connect();
    socket.on('error', () => undefined);
    socket.pause();
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await waitFor(async () => expect(await impatient.connections()).toBe(0));
    socket.destroy();
  });
});

describe('a failing store', () => {
  /** A server whose parcels' files are written by these operations. */
  async function onDisk(
    code: string,
  ): Promise<{ failing: TestServer; mend: () => void; clean: () => Promise<void> }> {
    const directory = await mkdtemp(join(tmpdir(), 'hippo-test-'));
    let broken = true;
    const parcels = await FileParcelStore.open(join(directory, 'parcels'), {
      files: {
        ...promises,
        statSync,
        open: async (...parameters: Parameters<typeof promises.open>) => {
          if (broken) throw Object.assign(new Error(code), { code });
          return promises.open(...parameters);
        },
      },
    });
    const failing = await start({ directory, parcels });
    return {
      failing,
      mend: () => (broken = false),
      clean: async () => {
        await failing.close();
        await rm(directory, { recursive: true });
      },
    };
  }

  it('on a full disk answers 507, keeps nothing, and goes on when there is room', async () => {
    const { failing, mend, clean } = await onDisk('ENOSPC');
    const { invoice, digest, content } = await pushed(1_000_000, failing);
    const answer = await failing.upload(invoice, digest, content);
    expect(answer.status).toBe(507);
    expect(answer.value['error']).toContain('disk');
    expect(failing.errors).toEqual([]);
    expect(failing.parcelFiles()).toEqual([]);
    mend();
    expect((await failing.upload(invoice, digest, content)).status).toBe(200);
    await clean();
  });

  it('that cannot write answers 500 without a word of why, and reports it', async () => {
    const { failing, mend, clean } = await onDisk('EIO');
    const { invoice, digest, content } = await pushed(1_000_000, failing);
    const answer = await failing.upload(invoice, digest, content);
    expect(answer).toMatchObject({ status: 500, value: { error: 'resource could not be loaded' } });
    expect(failing.errors).toMatchObject([{ name: 'StoreError', code: 'IO' }]);
    mend();
    expect((await failing.upload(invoice, digest, content)).status).toBe(200);
    await clean();
  });

  it('may be any other that keeps to the interface', async () => {
    const kept = new Map<string, Buffer>();
    const parcels: ParcelStore = {
      size: async (name) => kept.get(name)?.length,
      sizes: async (asked) =>
        new Map(
          [...asked].flatMap((name) => (kept.has(name) ? [[name, kept.get(name)!.length] as const] : [])),
        ),
      put: async (name, _size, content) => {
        if (kept.size > 0) throw new StoreError('DISK_FULL', 'One is enough.');
        const chunks: Uint8Array[] = [];
        for await (const chunk of content) chunks.push(chunk);
        kept.set(name, Buffer.concat(chunks));
      },
      open: async (name) => {
        const content = kept.get(name);
        return content && { size: content.length, stream: Readable.from([content]) };
      },
      remove: async (name) => kept.delete(name),
      list: async function* () {
        yield* kept.keys();
      },
    };
    const other = await start({ parcels });
    const bindle: TestBindle = makeBindle('a', '1.0.0', { a: 'one', b: 'two' });
    await other.create(bindle.invoice);
    expect((await other.upload(bindle.invoice, sha256('one'), 'one')).status).toBe(200);
    expect((await other.upload(bindle.invoice, sha256('two'), 'two')).status).toBe(507);
    expect((await other.call('GET', `/v1/_i/a/1.0.0@${sha256('one')}`)).text).toBe('one');
    await other.close();
  });
});
