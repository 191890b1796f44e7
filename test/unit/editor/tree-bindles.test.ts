// Files of stored bindles: where they are found, and what is done with the bindle of a revision.

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { formatId, type BindleId } from '../../../src/bindle/id.ts';
import type { Invoice, Label } from '../../../src/bindle/invoice.ts';
import { generateKey, signInvoice } from '../../../src/bindle/signing.ts';
import { readStandalone } from '../../../src/bindle/standalone.ts';
import type { Session } from '../../../src/editor/connections/connections.ts';
import { BindleCommands } from '../../../src/editor/tree/bindle-commands.ts';
import { entryAt, pathOf, readUri, uriParts } from '../../../src/editor/tree/bindle-files.ts';
import { BindleReader } from '../../../src/editor/tree/bindle-reader.ts';
import { nodeId } from '../../../src/editor/tree/nodes.ts';
import { TreeTargets } from '../../../src/editor/tree/targets.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { startHippo, type TestHippo } from '../platform/hippo/harness.ts';

function label(name: string, content: string): Label {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name, sha256, size: Buffer.byteLength(content), mediaType: 'text/plain' };
}

function invoiceOf(version: string, files: Record<string, string>): Invoice {
  return {
    bindleVersion: '1.0.0',
    bindle: { name: 'acme/weather', version },
    parcel: Object.entries(files).map(([name, content]) => ({ label: label(name, content) })),
  };
}

describe('where a file is', () => {
  test.each([
    ['acme/weather', '1.0.0', 'static/style.css', '/acme~weather@1.0.0/static/style.css'],
    ['weather', '1.0.0-ana-20260101000000000+build', '', '/weather@1.0.0-ana-20260101000000000+build'],
    ['a.b/c-d_e', '0.1.0', 'ä b/c#?.txt', '/a.b~c-d_e@0.1.0/ä b/c#?.txt'],
  ])('%s %s %s', (name, version, path, expected) => {
    const at = { connection: 'far.example-1', id: { name, version }, path };
    expect(uriParts(at)).toEqual({ authority: 'far.example-1', path: expected });
    expect(readUri(uriParts(at))).toEqual(at);
  });

  test.each([
    ['', '/a@1/b'],
    ['local', '/'],
    ['local', '/nothing'],
    ['local', '/@1.0.0/x'],
  ])('not at %s %s', (authority, path) => {
    expect(readUri({ authority, path })).toBeUndefined();
  });

  test.each([
    ['a/b.txt', 'a/b.txt'],
    ['/etc/passwd', '.parcels/'],
    ['../up', '.parcels/'],
    ['a//b', '.parcels/'],
    ['a/./b', '.parcels/'],
    ['a\\b', '.parcels/'],
    ['', '.parcels/'],
  ])('one named %j is at %s', (name, expected) => {
    expect(pathOf(label(name, 'x'))).toMatch(new RegExp(`^${expected.replace('.', '\\.')}`));
  });

  test('in folders', () => {
    const invoice = invoiceOf('1.0.0', {
      'app.wasm': 'w',
      'static/a.css': 'a',
      'static/img/b.png': 'b',
      '../x': 'x',
    });
    const folder = (path: string): unknown => {
      const entry = entryAt(invoice, path);
      return entry?.kind === 'folder' ? Object.fromEntries(entry.names) : entry?.label.name;
    };
    expect(folder('')).toEqual({ 'app.wasm': 'file', static: 'folder', '.parcels': 'folder' });
    expect(folder('static')).toEqual({ 'a.css': 'file', img: 'folder' });
    expect(folder('static/img/b.png')).toBe('static/img/b.png');
    expect(folder('stat')).toBeUndefined();
    expect(folder('static/none')).toBeUndefined();
    expect(entryAt({ ...invoice, parcel: [] }, '')).toEqual({ kind: 'folder', names: new Map() });
  });
});

describe('the bindle of a revision', () => {
  let root: string;
  let hippo: TestHippo;
  let app: FakeApp;
  let commands: BindleCommands;
  let rowOf: (version: string) => string;
  const shown: unknown[] = [];
  const invoices = new Map<string, Invoice>();
  const parcels = new Map<string, string>();
  let saveAs: string;

  const bindle = {
    url: new URL('http://127.0.0.1:1/v1'),
    getInvoice: (id: BindleId) => Promise.resolve(invoices.get(formatId(id))),
    getParcel: (_: BindleId, sha256: string) =>
      Promise.resolve(Readable.from([Buffer.from(parcels.get(sha256) ?? '')])),
    close: () => Promise.resolve(),
  };

  function store(version: string, files: Record<string, string>): void {
    for (const content of Object.values(files)) parcels.set(label('', content).sha256, content);
    invoices.set(`acme/weather/${version}`, invoiceOf(version, files));
  }

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'hippo-tree-'));
    hippo = await startHippo(root);
    const appId = await hippo.client.createApp({ name: 'weather', storageId: 'acme/weather' });
    const channelId = await hippo.client.createChannel({ appId, name: 'production' });
    for (const revisionNumber of ['1.0.0', '1.1.0', '1.2.0'])
      await hippo.client.registerRevision({ appStorageId: 'acme/weather', revisionNumber });
    const revisions = await hippo.client.revisions({ appId });
    rowOf = (version) =>
      nodeId.revision(
        channelId,
        revisions.find(({ revisionNumber }) => revisionNumber === version)?.id ?? '',
      );
    store('1.0.0', { 'app.wasm': 'old', 'static/same.css': 'same', 'static/gone.css': 'gone' });
    store('1.1.0', { 'app.wasm': 'new', 'static/same.css': 'same', 'static/more.css': 'more' });
    store('1.2.0', { 'app.wasm': 'new', 'static/same.css': 'same', 'static/more.css': 'more' });
  });
  afterAll(async () => {
    await hippo.close();
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach(() => {
    shown.length = 0;
    app = new FakeApp(join(root, 'home'));
    const session = {
      connection: { name: 'test', hippoUrl: hippo.url },
      client: hippo.client,
      bindle: () => Promise.resolve(bindle),
    } as unknown as Session;
    const connections = {
      core: () => import('../../../src/editor/core.ts'),
      use: <T>(work: (session: Session) => Promise<T>) => work(session),
    };
    const projects = () => Promise.resolve(new Set<string>());
    const targets = new TreeTargets({ app, connections, projects, connectionOfRows: () => 'test' });
    saveAs = join(root, 'saved.tar.gz');
    commands = new BindleCommands(
      { app, connections, targets, projects, change: (work) => work() },
      {
        open: async (file) => void shown.push(['open', uriParts(file).path]),
        compare: async (a, b, title) =>
          void shown.push(['compare', uriParts(a).path, uriParts(b).path, title]),
        compareAll: async (title, files) =>
          void shown.push([
            'all',
            title,
            files.map((file) => [
              file.before && uriParts(file.before).path,
              file.after && uriParts(file.after).path,
            ]),
          ]),
        chooseFile: async (name) => {
          shown.push(['save', name]);
          return saveAs;
        },
      },
    );
  });
  afterEach(() => expect(app.unused).toBe(0));

  test('is opened file by file', async () => {
    app.answer('static/gone.css');
    await commands.openFile(rowOf('1.0.0'));
    expect(app.asked[0]?.offers).toEqual(['app.wasm', 'static/gone.css', 'static/same.css']);
    expect(shown).toEqual([['open', '/acme~weather@1.0.0/static/gone.css']]);
  });

  test.each([
    [
      '$(diff-modified) app.wasm',
      ['compare', '/acme~weather@1.0.0/app.wasm', '/acme~weather@1.1.0/app.wasm', 'app.wasm (1.0.0 ↔ 1.1.0)'],
    ],
    ['$(diff-added) static/more.css', ['open', '/acme~weather@1.1.0/static/more.css']],
    ['$(diff-removed) static/gone.css', ['open', '/acme~weather@1.0.0/static/gone.css']],
    [
      '$(diff-multiple) All of Them',
      [
        'all',
        'weather 1.0.0 ↔ 1.1.0',
        [
          ['/acme~weather@1.0.0/app.wasm', '/acme~weather@1.1.0/app.wasm'],
          [undefined, '/acme~weather@1.1.0/static/more.css'],
          ['/acme~weather@1.0.0/static/gone.css', undefined],
        ],
      ],
    ],
  ])('is compared with another, the older on the left: %s', async (choice, expected) => {
    app.answer('1.0.0', choice);
    await commands.compare(rowOf('1.1.0'));
    expect(app.asked[0]?.offers).toEqual(['1.2.0', '1.0.0']);
    expect(shown).toEqual([expected]);
  });

  test('may be as another is', async () => {
    app.answer('1.2.0', '1.1.0');
    await commands.compare();
    expect(app.notifications.map(({ message }) => message)).toEqual([
      'weather 1.1.0 ↔ 1.2.0: their files are the same.',
    ]);
  });

  test('is downloaded whole, once somebody has agreed to who made it', async () => {
    app.answer(CANCEL);
    await expect(commands.download(rowOf('1.0.0'))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(shown).toEqual([]);
    app.answer('Download');
    await commands.download(rowOf('1.0.0'));
    expect(shown).toEqual([['save', 'weather-1.0.0.tar.gz']]);
    const { invoice, close } = await readStandalone(saveAs);
    expect(invoice).toEqual(invoices.get('acme/weather/1.0.0'));
    await close();
    expect(app.mentions).toEqual(['Downloaded acme/weather/1.0.0']);
  });

  test('leaves nothing where a file is damaged', async () => {
    const { sha256 } = label('', 'old');
    parcels.set(sha256, 'tampered with');
    saveAs = join(root, 'broken', 'saved.tar.gz');
    app.answer('Download');
    await expect(commands.download(rowOf('1.0.0'))).rejects.toThrow();
    saveAs = join(root, 'damaged.tar.gz');
    app.answer('Download');
    await expect(commands.download(rowOf('1.0.0'))).rejects.toMatchObject({ code: expect.any(String) });
    parcels.set(sha256, 'old');
    expect(readdirSync(root).filter((name) => name.startsWith('damaged'))).toEqual([]);
    expect(existsSync(join(root, 'broken'))).toBe(false);
  });

  test('that is signed by an unknown key says so', async () => {
    const signed = signInvoice(
      invoiceOf('1.1.0', { 'app.wasm': 'new' }),
      generateKey('ana', ['creator']),
      'creator',
      0,
    );
    invoices.set('acme/weather/1.1.0', signed);
    app.answer('Download');
    await commands.download(rowOf('1.1.0'));
    expect(app.asked[0]?.title).toBe('Download acme/weather/1.1.0 all the same?');
  });

  test('is read for the window: each invoice once, contents checked, nothing started', async () => {
    let asked = 0;
    let instance = 'first';
    const reader = new BindleReader({
      core: () => import('../../../src/editor/core.ts'),
      peek: async (name) => {
        if (name === 'local') return undefined;
        const connection = { name, hippoUrl: 'https://far.example' };
        const open = (): Promise<unknown> => {
          asked++;
          return Promise.resolve(bindle);
        };
        return { connection, platform: { instance }, bindle: open } as unknown as Session;
      },
    });
    const id = { name: 'acme/weather', version: '1.2.0' };
    const [one, two] = await Promise.all([reader.invoice('far', id), reader.invoice('far', id)]);
    expect(one).toBe(two);
    expect(asked).toBe(1);
    const css = one.parcel?.[1]?.label as Label;
    expect(Buffer.from(await reader.content('far', id, css)).toString()).toBe('same');
    await expect(reader.content('far', id, { ...css, sha256: label('', 'other').sha256 })).rejects.toThrow();
    await expect(reader.invoice('local', id)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    // What answers there now may have another bindle of this name and version.
    const before = asked;
    instance = 'second';
    expect(await reader.invoice('far', id)).toEqual(one);
    expect(asked).toBe(before + 1);
  });
});
