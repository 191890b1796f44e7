// WAGI's routing (libraries.md §6).

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchRoute, parseSubRoutes, routeFaults, routePrefix } from '../../../src/hippofacts/routes.ts';

function pick(routes: string[], path: string): string | undefined {
  return matchRoute(
    routes.map((route) => ({ path: route, entrypoint: '_start' })),
    path,
  )?.path;
}

describe('a route', () => {
  test.each([
    ['/', '/', true],
    ['/', '/x', false],
    ['/', '', false],
    ['/foo', '/foo', true],
    ['/foo', '/foo/', false],
    ['/foo', '/foo/bar', false],
    ['/foo', '/Foo', false],
    ['/foo/...', '/foo', true],
    ['/foo/...', '/foo/', true],
    ['/foo/...', '/foo/bar', true],
    ['/foo/...', '/foo/bar/baz', true],
    ['/foo/...', '/foobar', false],
    ['/foo/...', '/', false],
    ['/...', '/', true],
    ['/...', '/anything/at/all', true],
    ['/foo...', '/foo', false],
    ['/foo...', '/foo...', true],
    ['/.../x', '/.../x', true],
    // Paths are compared as they were sent.
    ['/a b', '/a%20b', false],
    ['/a%20b', '/a%20b', true],
  ])('%s and %s: %s', (route, path, matches) => {
    expect(pick([route], path)).toBe(matches ? route : undefined);
  });

  test('that comes first wins', () => {
    expect(pick(['/...', '/foo'], '/foo')).toBe('/...');
    expect(pick(['/foo', '/...'], '/foo')).toBe('/foo');
    expect(pick(['/foo/...', '/foo/bar'], '/foo/bar')).toBe('/foo/...');
    expect(pick([], '/')).toBeUndefined();
  });
});

describe('a table', () => {
  test.each<[string[], unknown[]]>([
    [
      ['/', '/a', '/a/...', '/b/...', '/b/c/...', '/b', '/...'],
      [
        [4, 'shadowed', 3],
        [5, 'shadowed', 3],
      ],
    ],
    [
      ['/...', '/', '/a'],
      [
        [1, 'shadowed', 0],
        [2, 'shadowed', 0],
      ],
    ],
    [
      ['/a', '/a', '/a/...', '/a/...', '/ab'],
      [
        [1, 'shadowed', 0],
        [3, 'shadowed', 2],
      ],
    ],
    [['/b/c/...', '/b/...', '/b/c/d'], [[2, 'shadowed', 0]]],
    [
      ['/healthz', '/healthz/...', '/healthz/x'],
      [
        [0, 'health'],
        [2, 'shadowed', 1],
      ],
    ],
    [
      ['', 'shop', './shop/...', '...'],
      [
        [0, 'unreachable', '/'],
        [1, 'unreachable', '/shop'],
        [2, 'unreachable', '/shop/...'],
        [3, 'unreachable', '/...'],
      ],
    ],
    [
      ['/a?b=c', '/a#b', '/a'],
      [
        [0, 'unreachable', '/a'],
        [1, 'unreachable', '/a'],
      ],
    ],
    [
      ['/a b', '/ü/...', '/a/../b', '/a/./...', '/a\\b'],
      [
        [0, 'unreachable', '/a%20b'],
        [1, 'unreachable', '/%C3%BC/...'],
        [2, 'unreachable', '/b'],
        [3, 'unreachable', '/a/...'],
        [4, 'unreachable', '/a/b'],
      ],
    ],
    [
      ['/shop/*', '/user/:id/edit', '/x/{id}', '/a/.../b', '/a*b'],
      [
        [0, 'literal', '/shop/...'],
        [1, 'literal', '/user/...'],
        [2, 'unreachable', '/x/...'],
        [3, 'literal', '/a/...'],
      ],
    ],
    [['/a%20b', '/~a/b.c', '//a', '/a/'], []],
  ])('%j', (routes, expected) => {
    const faults = [...routeFaults(routes)].map(([index, fault]) => {
      const more = fault.kind === 'shadowed' ? fault.by : 'instead' in fault ? fault.instead : undefined;
      return more === undefined ? [index, fault.kind] : [index, fault.kind, more];
    });
    expect(faults).toEqual(expected);
  });

  test('has the faults that matching shows', () => {
    const part = fc.constantFrom('a', 'b', 'ab', '', '...', 'healthz');
    const route = fc.array(part, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.array(route, { maxLength: 8 }), (routes) => {
        const table = routes.map((path, index) => ({ path, entrypoint: '_start', index }));
        const asked = routes.flatMap((path) => [path, routePrefix(path), `${routePrefix(path)}/q`]);
        const answering = new Set(
          asked.filter((path) => path.startsWith('/')).map((path) => matchRoute(table, path)?.index),
        );
        const faults = routeFaults(routes);
        for (const { index, path } of table) {
          const kind = faults.get(index)?.kind;
          if (path === '/healthz') expect(kind).toBe('health');
          else expect(kind === 'shadowed', `${routes.join()} ${index}`).toBe(!answering.has(index));
        }
      }),
    );
  });
});

test.each([
  ['/foo/...', '/foo'],
  ['/foo', '/foo'],
  ['/...', ''],
  ['/', '/'],
])('%s answers for %j', (route, prefix) => {
  expect(routePrefix(route)).toBe(prefix);
});

describe('printed routes', () => {
  test('go below the route of their module, the last one first', () => {
    expect(parseSubRoutes('/base/...', '/one one\n\n  /two/... two  \n')).toEqual([
      { path: '/base/two/...', entrypoint: 'two' },
      { path: '/base/one', entrypoint: 'one' },
    ]);
    expect(parseSubRoutes('/base', '/one one')).toEqual([{ path: '/base/one', entrypoint: 'one' }]);
    expect(parseSubRoutes('/', '/one\tone\r\n')).toEqual([{ path: '/one', entrypoint: 'one' }]);
    expect(parseSubRoutes('/...', 'one one')).toEqual([{ path: '/one', entrypoint: 'one' }]);
  });

  test.each(['', '\n\n', '/one', '/one one\n/two', '/one one two'])('%j is no list of routes', (text) => {
    expect(parseSubRoutes('/', text)).toBeUndefined();
  });
});
