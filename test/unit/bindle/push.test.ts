import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BindleClient } from '../../../src/bindle/client.ts';
import type { Label } from '../../../src/bindle/invoice.ts';
import { ParcelFiles } from '../../../src/bindle/parcel-files.ts';
import { push, type PushEvent, type PushOptions } from '../../../src/bindle/push.ts';
import { generateKey, keyEntry, signInvoice } from '../../../src/bindle/signing.ts';
import { makeBindle, sha256, type TestBindle } from '../../support/bindles.ts';
import { startReferenceServer, type ReferenceServer } from '../../support/reference-server.ts';

let server: ReferenceServer;
let client: BindleClient;
beforeEach(async () => {
  server = await startReferenceServer();
  client = new BindleClient({ url: server.url });
});
afterEach(async () => {
  await client.close();
  await server.close();
});

const many = (number: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: number }, (_, index) => [`f${index}.txt`, `content ${index}`]));
const run = (bindle: TestBindle, more: Partial<PushOptions> = {}) =>
  push({ client, invoice: bindle.invoice, open: bindle.open, pause: 1, ...more });
const holdsAll = (bindle: TestBindle): boolean =>
  [...bindle.content].every(([sha, bytes]) => server.parcels.get(sha)?.equals(bytes));
const uploads = (): string[] => server.log.filter((line) => line.startsWith('POST') && line.includes('@'));

describe('push', () => {
  it('sends the invoice, then each missing digest once', async () => {
    const bindle = makeBindle('a/b', '1.0.0', { ...many(20), 'same1.txt': 'twice', 'same2.txt': 'twice' });
    const events: PushEvent[] = [];
    const result = await run(bindle, { onEvent: (event) => events.push(event) });
    expect(result.created).toBe(true);
    expect(result.sent).toHaveLength(21);
    expect(uploads()).toHaveLength(21);
    expect(server.log[0]).toBe('POST /v1/_i');
    expect(holdsAll(bindle)).toBe(true);
    const missing = events.find((event) => event.type === 'missing');
    expect(missing?.labels).toHaveLength(21);
    expect(missing?.bytes).toBe([...bindle.content.values()].reduce((sum, { length }) => sum + length, 0));
    const progress = events
      .filter((event) => event.type === 'progress')
      .reduce((sum, { bytes }) => sum + bytes, 0);
    expect(progress).toBe(missing?.bytes);
  });

  it('sends only what the server lacks, and nothing on a repeat', async () => {
    const bindle = makeBindle('a', '1.0.0', many(5));
    const [first] = bindle.content;
    server.parcels.set(...first!);
    expect((await run(bindle)).sent).toHaveLength(4);
    server.log.length = 0;
    const again = await run(bindle);
    expect(again).toMatchObject({ created: false, sent: [] });
    expect(uploads()).toEqual([]);
  });

  it('keeps to its parallelism and sends Content-Length', async () => {
    const lengths: (string | undefined)[] = [];
    server.intercept = (req) => {
      if (req.url?.includes('@')) lengths.push(req.headers['content-length']);
      return false;
    };
    const bindle = makeBindle('a', '1.0.0', many(40));
    await run(bindle, { parallelism: 3 });
    expect(server.mostUploads).toBeLessThanOrEqual(3);
    expect(lengths).toHaveLength(40);
    expect(lengths.every((length) => length !== undefined)).toBe(true);
  });

  it('accepts an invoice that is there with equal content, in another order and otherwise signed', async () => {
    const bindle = makeBindle('a', '1.0.0', many(3));
    server.invoices.set('a/1.0.0', {
      ...signInvoice(bindle.invoice, generateKey('someone', ['creator']), 'creator', 1),
      parcel: [...bindle.invoice.parcel!].reverse(),
    });
    expect(await run(bindle)).toMatchObject({ created: false });
    expect(holdsAll(bindle)).toBe(true);
  });

  it.each([
    ['another file', { 'f0.txt': 'other' }],
    ['one file more', { ...many(3), 'more.txt': '1' }],
    ['one file less', many(2)],
    ['another name', { 'g0.txt': 'content 0', 'f1.txt': 'content 1', 'f2.txt': 'content 2' }],
  ])('says that the id is taken by other content: %s', async (_name, files) => {
    server.invoices.set('a/1.0.0', makeBindle('a', '1.0.0', files).invoice);
    await expect(run(makeBindle('a', '1.0.0', many(3)))).rejects.toMatchObject({
      code: 'CONTENT_DIFFERS',
      message: expect.stringContaining('a/1.0.0'),
    });
    expect(uploads()).toEqual([]);
  });

  it('says that a yanked id cannot be used again', async () => {
    const bindle = makeBindle('a', '1.0.0', many(1));
    server.invoices.set('a/1.0.0', { ...bindle.invoice, yanked: true });
    await expect(run(bindle)).rejects.toMatchObject({ code: 'YANKED' });
  });

  it('names a parcel that is stuck on the server', async () => {
    const bindle = makeBindle('a', '1.0.0', many(3));
    const stuck = bindle.invoice.parcel![1]!.label;
    server.parcels.set(stuck.sha256, null);
    await expect(run(bindle)).rejects.toMatchObject({
      code: 'STUCK',
      stuck: [stuck.name],
      hint: expect.stringContaining(stuck.sha256),
    });
    // The others went through all the same.
    expect([...server.parcels.values()].filter((bytes) => bytes !== null)).toHaveLength(2);
  });

  it('names it too when the server mostly just hangs up', async () => {
    const bindle = makeBindle('a', '1.0.0', { 'big.bin': 'x' });
    let asked = 0;
    server.intercept = (req) => {
      if (!req.url?.includes('@') || ++asked === 3) return false;
      req.socket.destroy();
      return true;
    };
    server.parcels.set(sha256('x'), null);
    await expect(run(bindle)).rejects.toMatchObject({ code: 'STUCK', stuck: ['big.bin'] });
    expect(asked).toBe(5);
  });

  it('sees that a server which claims to have all lacks a poisoned parcel', async () => {
    const bindle = makeBindle('a', '1.0.0', { 'f.txt': 'x' });
    server.parcels.set(sha256('x'), null); // so POST _i answers 201 with nothing missing
    await expect(run(bindle)).rejects.toMatchObject({ code: 'STUCK' });
  });

  it('takes a 409 for a parcel that somebody else has sent as success', async () => {
    const bindle = makeBindle('a', '1.0.0', many(4));
    server.intercept = (req) => {
      const sha = /@(.+)$/.exec(req.url ?? '')?.[1];
      if (sha !== undefined && !server.parcels.has(sha)) server.parcels.set(sha, bindle.content.get(sha)!);
      return false;
    };
    await run(bindle);
    expect(holdsAll(bindle)).toBe(true);
  });

  it.each([
    [
      '500 before the upload',
      (req: { resume(): void }, res: { writeHead(n: number): { end(t: string): void } }) => (
        req.resume(),
        res.writeHead(500).end('error = "resource could not be loaded"')
      ),
    ],
    ['a dropped connection', (req: { destroy(): void }) => req.destroy()],
  ])('tries again after %s', async (_name, fail) => {
    const failed = new Set<string>();
    server.intercept = (req, res) => {
      const key = `${req.method} ${req.url}`;
      if (req.method !== 'POST' || failed.has(key)) return false;
      failed.add(key);
      (fail as (a: unknown, b: unknown) => void)(req, res);
      return true;
    };
    const bindle = makeBindle('a', '1.0.0', many(6));
    const retries: PushEvent[] = [];
    await run(bindle, { onEvent: (event) => event.type === 'retry' && retries.push(event) });
    expect(holdsAll(bindle)).toBe(true);
    expect(failed.size).toBe(7);
    expect(retries.length).toBeGreaterThan(0);
  });

  it('sees that its invoice was stored although the answer was lost', async () => {
    let lost = false;
    server.intercept = (req) => {
      if (req.url !== '/v1/_i' || lost) return false;
      lost = true;
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        server.invoices.set('a/1.0.0', makeBindle('a', '1.0.0', many(2)).invoice);
        req.socket.destroy();
      });
      return true;
    };
    const bindle = makeBindle('a', '1.0.0', many(2));
    await run(bindle);
    expect(holdsAll(bindle)).toBe(true);
  });

  it('gives up with the last reason when a server keeps failing, and at once when none answers', async () => {
    server.intercept = (_req, res) => {
      res.writeHead(503, { 'content-type': 'text/plain' }).end('maintenance');
      return true;
    };
    const bindle = makeBindle('a', '1.0.0', many(1));
    await expect(run(bindle)).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringContaining('maintenance'),
    });
    const asked = server.log.length;
    await server.close();
    await expect(run(bindle)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(server.log).toHaveLength(asked);
  });

  it('does not send what cannot be opened, and ends the others first', async () => {
    const bindle = makeBindle('a', '1.0.0', many(30));
    const bad = bindle.invoice.parcel![4]!.label.sha256;
    const open = (label: Label) =>
      label.sha256 === bad ? Promise.reject(new Error('changed')) : bindle.open(label);
    await expect(run(bindle, { open })).rejects.toThrow('changed');
    expect(server.parcels.has(bad)).toBe(false);
    expect([...server.parcels.values()].every((bytes) => bytes !== null)).toBe(true);
  });

  it('says that a file changed while it was sent', async () => {
    const bindle = makeBindle('a', '1.0.0', { 'big.bin': 'announced' });
    const open = () =>
      Promise.resolve({
        size: 9,
        content: () => Readable.from([Buffer.from('different')]),
        changed: () => Promise.resolve(true),
        close: () => Promise.resolve(),
      });
    await expect(run(bindle, { open })).rejects.toMatchObject({
      code: 'PARCEL_REFUSED',
      message: expect.stringContaining('big.bin changed'),
      stuck: ['big.bin'],
    });
  });

  it('sends large files chunk by chunk, byte for byte', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hippo-push-'));
    try {
      const contents = [3, 9_000_001, 20_000_000, 8 * 1024 * 1024].map((size) => randomBytes(size));
      const bindle = makeBindle(
        'a',
        '1.0.0',
        Object.fromEntries(contents.map((bytes, index) => [`f${index}`, bytes])),
      );
      const files = new ParcelFiles();
      for (const [index, bytes] of contents.entries()) writeFileSync(join(folder, `f${index}`), bytes);
      await run(bindle, { open: (label) => files.open(join(folder, label.name), label) });
      expect(holdsAll(bindle)).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not send for ever what the server forgets', async () => {
    const bindle = makeBindle('a', '1.0.0', { 'f.txt': 'x' });
    server.intercept = (req, res) => {
      if (!req.url?.includes('@')) return false;
      req.resume();
      res.writeHead(200, { 'content-type': 'application/toml' }).end('message = "parcel created"');
      return true;
    };
    await expect(run(bindle)).rejects.toMatchObject({
      code: 'SERVER',
      message: expect.stringContaining('has taken f.txt'),
    });
    expect(uploads().length).toBeLessThanOrEqual(5);
  });

  it('asks for no parcel that is not in the invoice', async () => {
    const bindle = makeBindle('a', '1.0.0', many(1));
    server.intercept = (req, res) => {
      if (!req.url?.includes('_r/missing')) return false;
      res
        .writeHead(200, { 'content-type': 'application/toml' })
        .end(
          `[[missing]]\nsha256 = "${'0'.repeat(64)}"\nname = "/etc/passwd"\nsize = 1\nmediaType = "a/b"\n`,
        );
      return true;
    };
    await expect(run(bindle)).rejects.toMatchObject({ code: 'NOT_BINDLE' });
  });

  it('is refused without a known key and goes through with one', async () => {
    await server.close();
    server = await startReferenceServer({ strategy: 'GreedyVerification' });
    client = new BindleClient({ url: server.url });
    const bindle = makeBindle('a', '1.0.0', many(2));
    const key = generateKey('ana', ['creator']);
    const invoice = signInvoice(bindle.invoice, key, 'creator', 1);
    await expect(run(bindle)).rejects.toMatchObject({
      code: 'REFUSED',
      detail: expect.stringContaining('No signatures'),
    });
    await expect(run(bindle, { invoice })).rejects.toMatchObject({
      code: 'REFUSED',
      detail: expect.stringContaining('must be verified'),
    });
    server.keyring.push(keyEntry(key));
    await run(bindle, { invoice });
    expect(holdsAll(bindle)).toBe(true);
  });
});

describe('cancel', () => {
  /** Holds every upload at the server until it is let go. */
  function gate(): { arrived: (number: number) => Promise<void>; release: () => void } {
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    let waiting = 0;
    const watchers: { number: number; resolve: () => void }[] = [];
    server.intercept = async (req) => {
      if (!req.url?.includes('@')) return false;
      waiting++;
      watchers.filter(({ number }) => waiting >= number).forEach(({ resolve }) => resolve());
      await opened;
      return false;
    };
    return {
      arrived: (number) =>
        new Promise((resolve) => (waiting >= number ? resolve() : watchers.push({ number, resolve }))),
      release: open,
    };
  }

  it('starts nothing new and finishes what is in flight', async () => {
    const { arrived, release } = gate();
    const bindle = makeBindle('a', '1.0.0', many(20));
    const cancel = new AbortController();
    const events: PushEvent[] = [];
    const pushing = run(bindle, {
      signal: cancel.signal,
      parallelism: 4,
      onEvent: (event) => events.push(event),
    });
    const ended = expect(pushing).rejects.toMatchObject({
      code: 'CANCELLED',
      stuck: [],
      message: expect.stringContaining('4 uploaded files'),
    });
    await arrived(4);
    cancel.abort();
    release();
    await ended;
    expect(events).toContainEqual({ type: 'finishing', uploads: 4 });
    expect(uploads()).toHaveLength(4);
    expect([...server.parcels.values()].every((bytes) => bytes !== null)).toBe(true);
    server.intercept = undefined;
    expect((await run(bindle)).sent).toHaveLength(16);
    expect(holdsAll(bindle)).toBe(true);
  });

  it('drops uploads on the second and names what may be stuck', async () => {
    const { arrived, release } = gate();
    const bindle = makeBindle('a', '1.0.0', many(10));
    const first = new AbortController();
    const second = new AbortController();
    const pushing = run(bindle, { signal: first.signal, abort: second.signal, parallelism: 2 });
    const ended = expect(pushing).rejects.toMatchObject({
      code: 'CANCELLED',
      stuck: ['f0.txt', 'f1.txt'],
      message: expect.stringMatching(/f0\.txt, f1\.txt/),
    });
    await arrived(2);
    first.abort();
    second.abort();
    await ended;
    release();
  });

  it('drops uploads at once on our own server, which forgets them', async () => {
    const { arrived, release } = gate();
    const inner = server.intercept!;
    server.intercept = (req, res) => {
      res.setHeader('server', 'hippo-platform');
      return inner(req, res);
    };
    const bindle = makeBindle('a', '1.0.0', many(10));
    const cancel = new AbortController();
    const pushing = run(bindle, { signal: cancel.signal, parallelism: 2 });
    const ended = expect(pushing).rejects.toMatchObject({ code: 'CANCELLED', stuck: [] });
    await arrived(2);
    cancel.abort();
    await ended;
    release();
  });

  it.each(['/_i', '/_r/missing'])(
    'ends at the second, at the latest, while %s is not answered',
    async (path) => {
      let arrive: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => (arrive = resolve));
      server.intercept = (req) => {
        if (!req.url?.includes(path)) return false;
        arrive();
        return true;
      };
      const first = new AbortController();
      const second = new AbortController();
      const ended = expect(
        run(makeBindle('a', '1.0.0', many(1)), { signal: first.signal, abort: second.signal }),
      ).rejects.toMatchObject({ code: 'CANCELLED', stuck: [] });
      await arrived;
      first.abort();
      // An invoice that is half-stored harms a real server; a question harms nobody.
      if (path === '/_i') second.abort();
      await ended;
    },
  );

  it('does nothing when it is cancelled before it starts', async () => {
    const cancel = new AbortController();
    cancel.abort();
    await expect(run(makeBindle('a', '1.0.0', many(1)), { signal: cancel.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(server.log).toEqual([]);
  });
});
