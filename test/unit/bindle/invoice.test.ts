import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, decode, decodeInvoice, encodeInvoice } from '../../../src/bindle/codec.ts';
import { isVersion, nameProblem, parseId } from '../../../src/bindle/id.ts';
import { checkStorable, readInvoice, type Invoice } from '../../../src/bindle/invoice.ts';
import { mediaTypeOf } from '../../../src/bindle/media-type.ts';
import { sameContent } from '../../../src/bindle/same-content.ts';
import { runs } from '../../support/runs.ts';

const SHA = 'a'.repeat(64);
const label = { sha256: SHA, mediaType: 'text/plain', name: 'a.txt', size: 3 };
const invoice: Invoice = {
  bindleVersion: '1.0.0',
  bindle: { name: 'a/b', version: '1.0.0', authors: ['Ana <ana@example.com>'] },
  parcel: [{ label, conditions: { memberOf: ['g'] } }],
  group: [{ name: 'g' }],
};

describe('ids', () => {
  it.each([
    '1.0.0-rc.1',
    '1.0.0+alice-2021',
    '1.2.3-foo-20210531164909990',
    '1.2.3-0a',
    '1.0.0+001',
    '18446744073709551615.0.0',
    '1.0.0--',
    '1.0.0-a--b',
  ])('takes the version %s', (version) => {
    expect(isVersion(version)).toBe(true);
  });
  it.each([
    '1.2.3-2021.05.31',
    '1.2.3.4',
    '1.2.3-a_b',
    'v1.2.3',
    '1.2',
    '01.2.3',
    '1.2.3 ',
    ' 1.2.3',
    '1.2.3-',
    '1.2.3+',
    '1.2.3-a..b',
    '1.2.3-é',
    '18446744073709551616.0.0',
    '',
    '1.2.x',
    '1.0.0-01',
  ])('refuses the version %j', (version) => {
    expect(isVersion(version)).toBe(false);
  });
  it.each([
    ['a/1.0.0', 'a', '1.0.0'],
    ['example.com/x/y/1.0.0-rc.1', 'example.com/x/y', '1.0.0-rc.1'],
    ['a b/1.0.0', 'a b', '1.0.0'],
  ])('splits %s at the last slash', (text, name, version) => {
    expect(parseId(text)).toEqual({ name, version });
  });
  it.each(['1.0.0', '/1.0.0', 'a/', 'a', 'a/v1', 'a/1.0.0/', ''])('%j is none', (text) => {
    expect(parseId(text)).toBeUndefined();
  });
  it.each([
    '',
    '/a',
    'a/',
    'a//b',
    '../a',
    'a/../b',
    'a/.',
    'a@b',
    'a b',
    'ä',
    'a\n',
    'a?b',
    'a%2Fb',
    'x'.repeat(201),
  ])('the name %j cannot be served', (name) => {
    expect(nameProblem(name)).toBeTypeOf('string');
  });
  it.each(['a', 'A-b_c.d', 'example.com/a/b', '...', 'a..b'])('the name %j can', (name) => {
    expect(nameProblem(name)).toBeUndefined();
  });
});

describe('invoices', () => {
  it.each([
    ['nothing', {}, 'bindleVersion'],
    ['a list', [], ''],
    ['an unknown field', { ...invoice, extra: 1 }, 'extra'],
    ['an unknown bindle field', { ...invoice, bindle: { ...invoice.bindle, foo: 1 } }, 'bindle.foo'],
    ['yanked_signature', { ...invoice, yanked_signature: [] }, 'yanked_signature'],
    ['an empty name', { ...invoice, bindle: { name: '', version: '1.0.0' } }, 'bindle.name'],
    ['a bad version', { ...invoice, bindle: { name: 'a', version: '1.0' } }, 'bindle.version'],
    [
      'a label without size',
      { ...invoice, parcel: [{ label: { ...label, size: undefined } }] },
      'parcel[0].label.size',
    ],
    ['a negative size', { ...invoice, parcel: [{ label: { ...label, size: -1 } }] }, 'parcel[0].label.size'],
    [
      'a fraction as size',
      { ...invoice, parcel: [{ label: { ...label, size: 1.5 } }] },
      'parcel[0].label.size',
    ],
    [
      'a huge size',
      { ...invoice, parcel: [{ label: { ...label, size: 2n ** 60n } }] },
      'parcel[0].label.size',
    ],
    ['sha512', { ...invoice, parcel: [{ label: { ...label, sha512: 'x' } }] }, 'parcel[0].label.sha512'],
    ['a number as annotation', { ...invoice, annotations: { a: 1 } }, 'annotations.a'],
    [
      'a number as feature',
      { ...invoice, parcel: [{ label: { ...label, feature: { wagi: { file: true } } } }] },
      'parcel[0].label.feature.wagi.file',
    ],
    [
      'a role in capitals',
      { ...invoice, signature: [{ by: 'a', signature: '', key: '', role: 'Creator', at: 1 }] },
      'signature[0].role',
    ],
    ['a date', { ...invoice, annotations: new Date(0) }, 'annotations'],
    ['a group without name', { ...invoice, group: [{}] }, 'group[0].name'],
  ])('refuses %s and says where', (_name, value, path) => {
    expect(() => readInvoice(value)).toThrow(expect.objectContaining({ code: 'INVALID_INVOICE', path }));
  });

  it.each([
    ['../../etc', '../x'],
    ['upper case', SHA.toUpperCase()],
    ['short', 'abc'],
    ['empty', ''],
  ])('does not store the digest %s', (_name, sha256) => {
    expect(() => checkStorable({ ...invoice, parcel: [{ label: { ...label, sha256 } }] })).toThrow(
      /64 lower-case hex/,
    );
  });

  it('does not store two sizes of one digest, or a name that leads astray', () => {
    expect(() =>
      checkStorable({ ...invoice, parcel: [{ label }, { label: { ...label, size: 4 } }] }),
    ).toThrow(/differs/);
    expect(() => checkStorable({ ...invoice, bindle: { name: '../a', version: '1.0.0' } })).toThrow(
      /bindle.name/,
    );
    expect(() => checkStorable(invoice)).not.toThrow();
  });

  it('writes what peers accept: wire order, sorted maps, nothing empty', () => {
    const text = encodeInvoice(
      {
        ...invoice,
        group: [],
        annotations: { b: '2', a: '1' },
        signature: [],
        parcel: [{ label: { ...label, annotations: {}, feature: { wagi: { route: '/', file: 'false' } } } }],
      },
      'toml',
    );
    expect(text).not.toMatch(/= ?\[ ?\]|group|signature/);
    expect(text.indexOf('a = "1"')).toBeLessThan(text.indexOf('b = "2"'));
    expect(text.startsWith('bindleVersion = "1.0.0"')).toBe(true);
    expect(text).toContain('[parcel.label.feature.wagi]');
  });

  it('reads numbers with underscores, nulls in JSON and Windows line ends', () => {
    const text = encodeInvoice(invoice, 'toml')
      .replace('size = 3', 'size = 3_000')
      .replaceAll('\n', ' # why\r\n');
    expect(decodeInvoice(text, 'toml').parcel?.[0]?.label.size).toBe(3000);
    const json = JSON.stringify({ ...invoice, yanked: null, annotations: null, signature: null });
    expect(decodeInvoice(json, 'json')).toEqual(invoice);
  });

  it('says in one line what is no TOML or JSON', () => {
    for (const [text, format] of [
      ['a = ', 'toml'],
      ['{', 'json'],
    ] as const)
      expect(() => decode(text, format)).toThrow(
        expect.objectContaining({ code: 'MALFORMED', message: expect.not.stringContaining('\n') }),
      );
  });

  const text = fc.string({ unit: 'grapheme', maxLength: 12 });
  const map = fc.dictionary(text, text, { maxKeys: 4 });
  const arbitrary: fc.Arbitrary<Invoice> = fc.record(
    {
      bindleVersion: fc.constant('1.0.0'),
      bindle: fc.record(
        {
          name: fc.stringMatching(/^[a-z]{1,8}$/),
          version: fc.constant('1.2.3-a'),
          description: text,
          authors: fc.array(text, { minLength: 1, maxLength: 3 }),
        },
        { requiredKeys: ['name', 'version'] },
      ),
      yanked: fc.boolean(),
      annotations: map.filter((value) => Object.keys(value).length > 0),
      parcel: fc.array(
        fc.record(
          {
            label: fc.record(
              {
                sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
                mediaType: text,
                name: text,
                size: fc.nat(),
                feature: fc.constant({ wagi: { route: '/' } }),
              },
              { requiredKeys: ['sha256', 'mediaType', 'name', 'size'] },
            ),
            conditions: fc.record({ requires: fc.array(text, { minLength: 1, maxLength: 3 }) }),
          },
          { requiredKeys: ['label'] },
        ),
        { minLength: 1, maxLength: 6 },
      ),
    },
    { requiredKeys: ['bindleVersion', 'bindle'] },
  );

  it('come back the same from TOML and from JSON', () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        for (const format of ['toml', 'json'] as const)
          expect(decodeInvoice(encodeInvoice(value, format), format)).toEqual(value);
      }),
      { numRuns: runs(300) },
    );
  });

  it('are the same in any order of parcels, groups and members, and differ in anything else', () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (value, seed) => {
        const parcels = value.parcel ?? [];
        const turned = [
          ...parcels.slice(seed % (parcels.length || 1)),
          ...parcels.slice(0, seed % (parcels.length || 1)),
        ];
        const other: Invoice = {
          ...value,
          ...(value.parcel ? { parcel: turned } : {}),
          yanked: !value.yanked,
          signature: [{ by: 'x', signature: '', key: '', role: 'host', at: 1 }],
        };
        expect(sameContent(value, other)).toBe(true);
        expect(
          sameContent(value, {
            ...value,
            bindle: { ...value.bindle, description: `${value.bindle.description ?? ''}!` },
          }),
        ).toBe(false);
        expect(sameContent(value, { ...value, annotations: { ...value.annotations, more: '1' } })).toBe(
          false,
        );
        expect(
          sameContent(value, {
            ...value,
            parcel: [...parcels, { label: { ...label, name: 'one more file.txt' } }],
          }),
        ).toBe(false);
      }),
    );
  });

  it('is canonical once and for all', () => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(canonical(canonical(value))).toEqual(canonical(value));
      }),
    );
  });
});

describe('media types', () => {
  it.each([
    ['a.wasm', 'application/wasm'],
    ['a.js', 'application/javascript'],
    ['a.mjs', 'application/javascript'],
    ['a.ts', 'video/vnd.dlna.mpeg-tts'],
    ['a.toml', 'text/x-toml'],
    ['a.md', 'text/markdown'],
    ['a.map', 'text/plain'],
    ['a.ico', 'image/x-icon'],
    ['a.yaml', 'text/x-yaml'],
    ['a.xml', 'text/xml'],
    ['a.sass', 'text/x-sass'],
    ['a.webmanifest', 'application/manifest+json'],
    ['a.html', 'text/html'],
    ['a.css', 'text/css'],
    ['a.json', 'application/json'],
    ['a.PNG', 'image/png'],
    ['a.jpeg', 'image/jpeg'],
    ['a.svg', 'image/svg+xml'],
    ['a.txt', 'text/plain'],
    ['a.woff2', 'font/woff2'],
    ['a', 'application/octet-stream'],
    ['.js', 'application/octet-stream'],
    ['dir.js/a', 'application/octet-stream'],
    ['a.', 'application/octet-stream'],
    ['a.unknown-thing', 'application/octet-stream'],
    ['a.tar.gz', 'application/gzip'],
    ['a.db', 'application/octet-stream'],
  ])('%s is %s, as the existing CLIs say', (name, type) => {
    expect(mediaTypeOf(name)).toBe(type);
  });
});
