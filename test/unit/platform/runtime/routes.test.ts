// WAGI's routing (libraries.md §6).

import { describe, expect, test } from 'vitest';
import { matchRoute, parseSubRoutes, routePrefix } from '../../../../src/platform/runtime/routes.ts';

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
