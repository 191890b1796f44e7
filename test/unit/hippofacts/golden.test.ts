// What the original `hippo` CLI made of whole projects: its recorded answers, and its own tests in new words.

import { parse } from '@iarna/toml';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mediaTypeOf } from '../../../src/bindle/media-type.ts';
import type { CollectedParcel, Collection } from '../../../src/hippofacts/collection.ts';
import type { ExternalInvoice, ExternalParcel } from '../../../src/hippofacts/external.ts';
import { collectIn, makeFolder } from './folders.ts';

const GOLDEN = path.resolve('test/fixtures/hippofacts');

/** As publish/ makes an invoice of a collection, plainly. */
function invoiceOf({ bindle, annotations, entries, dependencies, files, groups }: Collection): object {
  const parcel = [...entries, ...dependencies, ...files].map((found: CollectedParcel) => {
    const { name, sha256, size, memberOf, requires, feature } = found;
    const mediaType = found.mediaType ?? mediaTypeOf(name);
    const label = { sha256, mediaType, name, size, ...(feature && { feature }) };
    return {
      label: { ...label, ...(found.annotations && { annotations: found.annotations }) },
      conditions: { ...(memberOf && { memberOf }), ...(requires && { requires }) },
    };
  });
  return {
    bindleVersion: '1.0.0',
    bindle,
    ...(annotations && { annotations }),
    parcel,
    group: groups.map((name) => ({ name })),
  };
}

interface Golden {
  invoice?: { parcel: ExternalParcel[] };
  error?: string;
  warnings: string[];
}

/** Parcels after those of the entries come in no fixed order; `memberOf` may hold doubles. */
function comparable<T extends { parcel: ExternalParcel[] }>(invoice: T, entries: number): T {
  const parcels = invoice.parcel.map(({ label, conditions }) => ({
    label,
    conditions: {
      ...conditions,
      ...(conditions?.memberOf && { memberOf: [...new Set(conditions.memberOf)] }),
    },
  }));
  const order = (parcel: ExternalParcel): string => `${parcel.label.name} ${parcel.label.sha256}`;
  const others = parcels.slice(entries).sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return { ...invoice, parcel: [...parcels.slice(0, entries), ...others] };
}

function externalInvoices(folder: string): (id: string) => Promise<ExternalInvoice | undefined> {
  const invoices = new Map<string, ExternalInvoice>();
  if (existsSync(folder))
    for (const file of readdirSync(folder)) {
      const invoice = parse(readFileSync(path.join(folder, file), 'utf8')) as unknown as ExternalInvoice & {
        bindle: { name: string; version: string };
      };
      invoices.set(`${invoice.bindle.name}/${invoice.bindle.version}`, invoice);
    }
  return (id) => Promise.resolve(invoices.get(id));
}

describe('golden cases', () => {
  test.each(readdirSync(GOLDEN).filter((name) => name !== 'README.md'))('%s', async (name) => {
    const app = path.join(GOLDEN, name, 'app');
    const golden = JSON.parse(readFileSync(path.join(GOLDEN, name, 'expected.json'), 'utf8')) as Golden;
    const text = readFileSync(path.join(app, 'HIPPOFACTS'), 'utf8');
    const lookup = externalInvoices(path.join(GOLDEN, name, 'external'));
    const collection = await collectIn(app, text, { lookup });
    const messages = collection.problems.map(({ message }) => message);
    if (golden.error !== undefined) {
      expect(collection.ok).toBe(false);
      // The first sentence of each, without what Rust says about where and why.
      const words = [
        /Version .*/,
        /Could not assemble parcel for file/,
        /Route .*/,
        /No handlers/,
        /unknown field `\w+`/,
      ].flatMap((pattern) => pattern.exec(golden.error ?? '')?.[0] ?? []);
      expect(words).toHaveLength(1);
      expect(messages.join('\n')).toContain(words[0]);
      return;
    }
    expect(messages).toEqual(golden.warnings);
    const entries = collection.entries.length;
    const expected = comparable(golden.invoice!, entries);
    if (name === 'external-handler') {
      // On purpose different: an external handler keeps what its library says of it.
      const external = expected.parcel.find(({ label }) => label.name === 'fileserver.wasm');
      Object.assign(external!.label.feature!.wagi!, { entrypoint: 'serve' });
    }
    expect(comparable(invoiceOf(collection) as typeof expected, entries)).toEqual(expected);
  });
});

const file = (
  sha256: string,
  name: string,
  conditions: ExternalParcel['conditions'] = {},
): ExternalParcel => ({
  label: { sha256, name, mediaType: 'application/octet-stream', size: 1 },
  conditions,
});
const exported = (
  sha256: string,
  name: string,
  id: string,
  conditions: ExternalParcel['conditions'] = {},
): ExternalParcel => ({
  label: { sha256, name, mediaType: 'application/wasm', size: 100, annotations: { wagi_handler_id: id } },
  conditions,
});

/** The library that the original's tests refer to. */
const FILE_SERVER: ExternalInvoice = {
  parcel: [
    file('987654', 'experimental.wasm'),
    exported('123456789', 'file_server.gr.wasm', 'static'),
    exported('13463', 'gallery.wasm', 'image_gallery', { requires: ['igfiles'] }),
    file('134632', 'images.db', { memberOf: ['igfiles'] }),
    file('444444', 'thumbnails.db', { memberOf: ['igfiles'], requires: ['thumbfiles'] }),
    file('555555', 'deep.txt', { memberOf: ['thumbfiles'] }),
    file('666666', 'unused.txt', { memberOf: ['a group that does not exist'] }),
  ],
};
const lookup = (): Promise<ExternalInvoice> => Promise.resolve(FILE_SERVER);

const bindle = (version = '1.2.3'): string => `[bindle]\nname = "weather"\nversion = "${version}"\n`;
const handler = (name: string, more = ''): string =>
  `[[handler]]\nroute = "/${name}"\nname = "${name}"\n${more}\n`;
const external = (id: string, files: string): string =>
  `[[handler]]\nexternal.bindleId = "deislabs/fileserver/1.0.3"\nexternal.handlerId = "${id}"\nroute = "/images"\nfiles = ${files}\n`;

const membersOf = (collection: Collection, group: string): string[] =>
  [...collection.dependencies, ...collection.files]
    .filter(({ memberOf }) => memberOf?.includes(group))
    .map(({ name }) => name);

describe('the cases of the original CLI’s own tests', () => {
  test('three handlers share a script', async () => {
    const folder = await makeFolder({
      'out/fake.wasm': 'fake',
      'out/lies.wasm': 'lies',
      'out/fakeissimo.wasm': 'fake',
      'scripts/real.js': 'real',
      'scripts/ignore.json': '{}',
    });
    const collection = await collectIn(
      folder,
      bindle() +
        handler('out/fake.wasm', 'files = ["scripts/*.js"]') +
        handler('out/lies.wasm', 'files = ["scripts/*.js", "scripts/*.json"]') +
        handler('out/fakeissimo.wasm', 'entrypoint = "even_faker"'),
    );
    expect(collection.ok).toBe(true);
    expect(collection.bindle).toEqual({ name: 'weather', version: '1.2.3' });
    expect(collection.groups).toEqual([
      'out/fake.wasm-files',
      'out/lies.wasm-files',
      'out/fakeissimo.wasm-files',
    ]);
    const [fake, lies, fakeissimo] = collection.entries;
    expect(fake?.feature).toEqual({ wagi: { file: 'false', route: '/out/fake.wasm' } });
    expect(lies).toMatchObject({ requires: ['out/lies.wasm-files'] });
    expect(lies).not.toHaveProperty('memberOf');
    expect(fakeissimo?.feature?.wagi?.entrypoint).toBe('even_faker');
    expect(
      collection.files.map(({ name, memberOf, feature }) => ({ name, groups: memberOf?.length, feature })),
    ).toEqual([
      { name: 'scripts/real.js', groups: 2, feature: { wagi: { file: 'true' } } },
      { name: 'scripts/ignore.json', groups: 1, feature: { wagi: { file: 'true' } } },
    ]);
  });

  test('patterns that match nothing give no files, and a handler may also be a file', async () => {
    const names = [
      'no-assets',
      'empty-assets',
      'no-match',
      'no-directory',
      'specific-file-missing',
      'other-wasms',
    ];
    const folder = await makeFolder({
      'scripts/one.js': '1',
      ...Object.fromEntries(names.map((name) => [`wasm/${name}.wasm`, name])),
    });
    const files = [
      '',
      'files = []',
      'files = ["scripts/*.biscuits"]',
      'files = ["biscuits/*.txt"]',
      'files = ["scripts/x.txt"]',
      'files = ["wasm/no*.wasm"]',
    ];
    const text =
      bindle('1.0.0') + names.map((name, index) => handler(`wasm/${name}.wasm`, files[index])).join('');
    const collection = await collectIn(folder, text);
    expect(collection.ok).toBe(true);
    for (const name of names.slice(0, 5))
      expect(membersOf(collection, `wasm/${name}.wasm-files`)).toEqual([]);
    expect(membersOf(collection, 'wasm/other-wasms.wasm-files')).toHaveLength(3);
    const doubled = [...collection.entries, ...collection.files].filter(
      ({ name }) => name === 'wasm/no-assets.wasm',
    );
    expect(doubled.map(({ requires, memberOf }) => [requires?.length, memberOf?.length])).toEqual([
      [1, undefined],
      [undefined, 1],
    ]);
  });

  test('files of nested folders', async () => {
    const nested = [
      'scripts/justsome.json',
      'scripts/real.js',
      'styles/css/suspicious.css',
      'styles/sass/iffy.sass',
    ];
    const folder = await makeFolder({
      'out/fake.wasm': 'fake',
      ...Object.fromEntries(nested.map((name) => [`assets/${name}`, name])),
    });
    const collection = await collectIn(
      folder,
      bindle() + handler('out/fake.wasm', 'files = ["assets/**/*"]'),
    );
    expect(membersOf(collection, 'out/fake.wasm-files')).toEqual(nested.map((name) => `assets/${name}`));
  });

  const toast = {
    'out/fake.wasm': 'fake',
    'toast/burnt.jpg': '1',
    'toast/light.jpg': '2',
    'toast/white.jpg': '3',
  };

  test('an external handler without files of its own', async () => {
    const folder = await makeFolder(toast);
    const text = bindle() + handler('out/fake.wasm') + external('static', '["toast/*.jpg"]');
    const { entries, dependencies, files } = await collectIn(folder, text, { lookup });
    expect([...entries, ...dependencies, ...files]).toHaveLength(5);
    expect(entries[1]).toMatchObject({
      kind: 'external',
      name: 'file_server.gr.wasm',
      sha256: '123456789',
      mediaType: 'application/wasm',
      size: 100,
    });
  });

  test('an external handler brings what it requires, and what that requires', async () => {
    const folder = await makeFolder(toast);
    const text = bindle() + handler('out/fake.wasm') + external('image_gallery', '["toast/*.jpg"]');
    const { entries, dependencies, files } = await collectIn(folder, text, { lookup });
    expect([...entries, ...dependencies, ...files]).toHaveLength(8);
    expect(dependencies.map(({ name }) => name)).toEqual(['images.db', 'thumbnails.db', 'deep.txt']);
  });

  test('what an external handler brings cannot have the name of a local file', async () => {
    const folder = await makeFolder({ ...toast, 'thumbnails.db': 'mine' });
    const text = bindle() + handler('out/fake.wasm') + external('image_gallery', '["toast/*.jpg", "*.db"]');
    const { ok, problems } = await collectIn(folder, text, { lookup });
    expect(ok).toBe(false);
    expect(problems.map(({ message }) => message)).toEqual([
      'thumbnails.db occurs both as a local file and as a dependency of an external reference',
    ]);
  });

  test('a library of exports', async () => {
    const folder = await makeFolder({
      'wasm/server.wasm': 's',
      'wasm/gallery.wasm': 'g',
      'gallery/images.db': 'i',
      'gallery/thumbnails.db': 't',
    });
    const text = `${bindle()}[[export]]
name = "wasm/server.wasm"
id = "serve_all_the_things"
[[export]]
name = "wasm/gallery.wasm"
entrypoint = "serve_pix"
id = "image_gallery"
files = ["gallery/images.db", "gallery/thumbnails.db"]`;
    const collection = await collectIn(folder, text);
    expect(collection.ok).toBe(true);
    const [server, gallery] = collection.entries;
    expect(server?.annotations).toEqual({ wagi_handler_id: 'serve_all_the_things' });
    expect(gallery?.feature?.wagi).toEqual({ file: 'false', entrypoint: 'serve_pix' });
    const group = 'wasm/gallery.wasm-image_gallery-files';
    expect(gallery?.requires).toEqual([group]);
    expect(membersOf(collection, group)).toEqual(['gallery/images.db', 'gallery/thumbnails.db']);
  });

  test('the README’s example', async () => {
    const files = [
      'photo/adelie.png',
      'photo/rockhopper.png',
      'stock/kea.jpg',
      'stock/little-blue.jpg',
      'stock/wipers.jpg',
    ];
    const modules = ['bin/penguin.wasm', 'bin/cassowary.wasm', 'bin/kea.wasm'];
    const folder = await makeFolder(Object.fromEntries([...files, ...modules].map((name) => [name, name])));
    const collection = await collectIn(
      folder,
      bindle() +
        handler('bin/penguin.wasm', 'files = ["photo/adelie.png", "photo/rockhopper.png", "stock/*.jpg"]') +
        handler('bin/cassowary.wasm', '# files key is optional') +
        handler('bin/kea.wasm', 'files = ["stock/kea.jpg", "stock/wipers.jpg"]'),
    );
    const groups = Object.fromEntries(collection.files.map(({ name, memberOf }) => [name, memberOf?.length]));
    expect(groups).toEqual({
      'photo/adelie.png': 1,
      'photo/rockhopper.png': 1,
      'stock/kea.jpg': 2,
      'stock/little-blue.jpg': 1,
      'stock/wipers.jpg': 2,
    });
  });
});
