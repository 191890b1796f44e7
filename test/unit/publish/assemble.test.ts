import { describe, expect, it } from 'vitest';
import { decodeInvoice, encodeInvoice } from '../../../src/bindle/codec.ts';
import { checkStorable } from '../../../src/bindle/invoice.ts';
import { sameContent } from '../../../src/bindle/same-content.ts';
import type { CollectedEntry, CollectedParcel, Collection } from '../../../src/hippofacts/collection.ts';
import { assemble } from '../../../src/publish/assemble.ts';
import { sha256 } from '../../support/bindles.ts';

const parcel = (name: string, more: Partial<CollectedParcel> = {}): CollectedParcel => ({
  name,
  sha256: sha256(name),
  size: name.length,
  path: `/project/${name}`,
  ...more,
});
const entry = (name: string, more: Partial<CollectedEntry> = {}): CollectedEntry => ({
  ...parcel(name),
  kind: 'handler',
  group: `${name}-files`,
  requires: [`${name}-files`],
  feature: { wagi: { route: '/', file: 'false' } },
  ...more,
});
const collection = (more: Partial<Collection> = {}): Collection => ({
  ok: true,
  problems: [],
  bindle: { name: 'team/shop', version: '1.0.0' },
  entries: [entry('m.wasm')],
  dependencies: [],
  files: [],
  groups: ['m.wasm-files'],
  references: [],
  expansion: { entries: [], problems: [] },
  ...more,
});

describe('an invoice', () => {
  it('has entries, what other bindles bring and files, in that order', () => {
    const invoice = assemble(
      collection({
        entries: [entry('b.wasm'), entry('a.wasm')],
        dependencies: [
          parcel('lib.wasm', {
            mediaType: 'application/x-lib',
            annotations: { hippos_do_not_stage: 'true' },
          }),
        ],
        files: [parcel('z.css', { memberOf: ['b.wasm-files', 'a.wasm-files'] }), parcel('a.png')],
        groups: ['b.wasm-files', 'a.wasm-files'],
      }),
      '1.2.3',
    );
    expect(invoice.parcel?.map(({ label }) => [label.name, label.mediaType])).toEqual([
      ['b.wasm', 'application/wasm'],
      ['a.wasm', 'application/wasm'],
      ['lib.wasm', 'application/x-lib'],
      ['z.css', 'text/css'],
      ['a.png', 'image/png'],
    ]);
    expect(invoice.parcel?.map(({ conditions }) => conditions)).toEqual([
      { requires: ['b.wasm-files'] },
      { requires: ['a.wasm-files'] },
      undefined,
      { memberOf: ['b.wasm-files', 'a.wasm-files'] },
      undefined,
    ]);
    expect(invoice.group).toEqual([{ name: 'b.wasm-files' }, { name: 'a.wasm-files' }]);
    expect(invoice.bindle).toEqual({ name: 'team/shop', version: '1.2.3' });
  });

  it('has no empty parts, which real servers cannot store, and comes back as it was', () => {
    const invoice = assemble(
      collection({ entries: [entry('m.wasm', { requires: [], memberOf: [] })] }),
      '1.0.0',
    );
    expect(JSON.stringify(invoice)).not.toMatch(/\[\]|\{\}/);
    expect(() => checkStorable(invoice)).not.toThrow();
    const full = assemble(
      collection({
        bindle: { name: 'team/shop', version: '1.0.0', description: 'x', authors: ['a', 'b'] },
        annotations: { 'a b': 'c' },
      }),
      '1.0.0',
    );
    expect(full).toMatchObject({ bindle: { authors: ['a', 'b'] }, annotations: { 'a b': 'c' } });
    expect(sameContent(decodeInvoice(encodeInvoice(full, 'toml'), 'toml'), full)).toBe(true);
  });

  it('keeps nothing of the collection that somebody could change', () => {
    const feature = { wagi: { route: '/' } };
    const memberOf = ['g'];
    const made = collection({ entries: [entry('m.wasm', { feature })], files: [parcel('f', { memberOf })] });
    const invoice = assemble(made, '1.0.0');
    feature.wagi.route = '/other';
    memberOf.push('h');
    expect(invoice.parcel?.[0]?.label.feature).toEqual({ wagi: { route: '/' } });
    expect(invoice.parcel?.[1]?.conditions).toEqual({ memberOf: ['g'] });
  });
});
