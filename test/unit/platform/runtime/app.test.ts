// What an invoice says about running it (libraries.md §6).

import { describe, expect, test } from 'vitest';
import type { Conditions, Invoice, Parcel } from '../../../../src/bindle/invoice.ts';
import { readApp } from '../../../../src/platform/runtime/app.ts';

function handler(name: string, wagi: Record<string, string>, conditions?: Conditions): Parcel {
  return parcel(name, 'application/wasm', wagi, conditions);
}

function file(name: string, ...memberOf: string[]): Parcel {
  return parcel(name, 'text/plain', { file: 'true' }, { memberOf });
}

function parcel(
  name: string,
  mediaType: string,
  wagi: Record<string, string>,
  conditions?: Conditions,
): Parcel {
  return {
    label: { sha256: `sha of ${name}`, mediaType, name, size: 1, feature: { wagi } },
    ...(conditions ? { conditions } : {}),
  };
}

function app(...parcels: Parcel[]): ReturnType<typeof readApp> {
  const invoice: Invoice = {
    bindleVersion: '1.0.0',
    bindle: { name: 'a', version: '1.0.0' },
    parcel: parcels,
  };
  return readApp(invoice);
}

describe('handlers', () => {
  test('have a route, and an entrypoint where the bindle names none', () => {
    expect(
      app(handler('a.wasm', { route: '/' }), handler('b.wasm', { route: '/b', entrypoint: 'go' })).handlers,
    ).toEqual([
      { path: '/', entrypoint: '_start', sha256: 'sha of a.wasm', name: 'a.wasm', files: false },
      { path: '/b', entrypoint: 'go', sha256: 'sha of b.wasm', name: 'b.wasm', files: false },
    ]);
  });

  test('may have a command line', () => {
    expect(app(handler('a.wasm', { route: '/', argv: 'a ${ARGS}' })).handlers[0]?.argv).toBe('a ${ARGS}');
  });

  test('are modules of the global group', () => {
    const { handlers } = app(
      parcel('page.html', 'text/html', { route: '/page' }),
      handler('library.wasm', { file: 'false' }),
      handler('member.wasm', { route: '/member' }, { memberOf: ['group'] }),
      handler('global.wasm', { route: '/global' }, { memberOf: [], requires: ['group'] }),
      { label: { sha256: 's', mediaType: 'application/wasm', name: 'bare.wasm', size: 1 } },
    );
    expect(handlers.map(({ name }) => name)).toEqual(['global.wasm']);
  });

  test('of an empty bindle are none', () => {
    expect(readApp({ bindleVersion: '1.0.0', bindle: { name: 'a', version: '1.0.0' } })).toEqual({
      handlers: [],
      files: [],
    });
  });
});

describe('files', () => {
  test('are what handlers require, directly or not', () => {
    const { handlers, files } = app(
      handler('a.wasm', { route: '/' }, { requires: ['one', 'unknown'] }),
      handler('b.wasm', { route: '/b' }),
      file('direct.txt', 'one'),
      parcel('link', 'text/plain', { file: 'false' }, { memberOf: ['one'], requires: ['two'] }),
      file('indirect.txt', 'two'),
      file('other.txt', 'three'),
      file('global.txt'),
    );
    expect(handlers.map(({ files }) => files)).toEqual([true, false]);
    expect(files).toEqual([
      { path: 'direct.txt', sha256: 'sha of direct.txt' },
      { path: 'indirect.txt', sha256: 'sha of indirect.txt' },
    ]);
  });

  test('of all handlers are one file system', () => {
    const { files } = app(
      handler('a.wasm', { route: '/a' }, { requires: ['a'] }),
      handler('b.wasm', { route: '/b' }, { requires: ['b'] }),
      file('a.txt', 'a'),
      file('b.txt', 'b'),
      file('both.txt', 'a', 'b'),
    );
    expect(files.map(({ path }) => path).sort()).toEqual(['a.txt', 'b.txt', 'both.txt']);
  });

  test.each(['True', 'yes', '1', 'false', ''])('are not marked by wagi.file = %j', (mark) => {
    const { handlers, files } = app(
      handler('a.wasm', { route: '/' }, { requires: ['g'] }),
      parcel('x', 'text/plain', { file: mark }, { memberOf: ['g'] }),
    );
    expect(files).toEqual([]);
    expect(handlers[0]?.files).toBe(false);
  });

  test('of groups that require each other end', () => {
    const { files } = app(
      handler('a.wasm', { route: '/' }, { requires: ['one'] }),
      parcel('x', 'text/plain', { file: 'true' }, { memberOf: ['one'], requires: ['two'] }),
      parcel('y', 'text/plain', { file: 'true' }, { memberOf: ['two'], requires: ['one', 'two'] }),
    );
    expect(files.map(({ path }) => path)).toEqual(['x', 'y']);
  });
});
