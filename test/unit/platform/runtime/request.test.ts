// The CGI environment and command line of a request (RFC 3875, libraries.md §6).

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cgiEnvironment,
  commandLine,
  pathOf,
  type CgiRequest,
  type CgiServer,
} from '../../../../src/platform/runtime/request.ts';

const server: CgiServer = { scheme: 'http', defaultHost: 'app.localhost:5309' };

function request(target: string, more: Partial<CgiRequest> = {}): CgiRequest {
  return {
    method: 'GET',
    target,
    httpVersion: '1.1',
    headers: { host: 'example.com:3000' },
    contentLength: 0,
    remoteAddress: '192.168.0.1',
    ...more,
  };
}

function environment(
  route: string,
  target: string,
  more: Partial<CgiRequest> = {},
  own = {},
): Record<string, string> {
  return cgiEnvironment(request(target, more), route, server, own);
}

test('says everything that CGI knows, empty where it is unknown', () => {
  expect(
    environment('/path/...', '/path/test%3brun?foo=bar', {
      method: 'POST',
      contentLength: 1234,
      headers: {
        host: 'example.com:3000',
        'x-test-header': 'hello',
        accept: 'text/html',
        'content-type': 'text/plain',
        authorization: 'supersecret',
        connection: 'sensitive',
      },
    }),
  ).toEqual({
    AUTH_TYPE: '',
    CONTENT_LENGTH: '1234',
    CONTENT_TYPE: 'text/plain',
    X_FULL_URL: 'http://example.com:3000/path/test%3brun?foo=bar',
    GATEWAY_INTERFACE: 'CGI/1.1',
    X_MATCHED_ROUTE: '/path/...',
    QUERY_STRING: 'foo=bar',
    REMOTE_ADDR: '192.168.0.1',
    REMOTE_HOST: '192.168.0.1',
    REMOTE_USER: '',
    REQUEST_METHOD: 'POST',
    SCRIPT_NAME: '/path',
    X_RAW_PATH_INFO: '/test%3brun',
    PATH_INFO: '/test;run',
    PATH_TRANSLATED: '/test;run',
    SERVER_NAME: 'example.com',
    SERVER_PORT: '3000',
    SERVER_PROTOCOL: 'HTTP/1.1',
    SERVER_SOFTWARE: 'WAGI/1',
    HTTP_HOST: 'example.com:3000',
    HTTP_X_TEST_HEADER: 'hello',
    HTTP_ACCEPT: 'text/html',
    HTTP_CONTENT_TYPE: 'text/plain',
  });
});

describe('paths', () => {
  test.each([
    ['/', '/', '/', ''],
    ['/foo', '/foo', '/foo', ''],
    ['/foo/...', '/foo', '/foo', ''],
    ['/foo/...', '/foo/', '/foo', '/'],
    ['/foo/...', '/foo/bar/baz', '/foo', '/bar/baz'],
    ['/...', '/', '/', '/'],
    ['/...', '/foo/bar', '/', '/foo/bar'],
    ['/foo/...', '/foo/a%20b%2Fc', '/foo', '/a b/c'],
    ['/foo/...', '/foo/%E2%82%AC', '/foo', '/€'],
    ['/foo/...', '/foo/100%', '/foo', '/100%'],
    ['/foo/...', '/foo/%zz%4', '/foo', '/%zz%4'],
    ['/foo/...', '/foo/%FF', '/foo', '/\uFFFD'],
  ])('%s for %s', (route, target, scriptName, pathInfo) => {
    expect(environment(route, target)).toMatchObject({
      SCRIPT_NAME: scriptName,
      PATH_INFO: pathInfo,
      PATH_TRANSLATED: pathInfo,
      X_MATCHED_ROUTE: route,
    });
  });

  test('and the query are told apart at the first question mark', () => {
    expect(environment('/...', '/a?b?c=d&e')).toMatchObject({ PATH_INFO: '/a', QUERY_STRING: 'b?c=d&e' });
    expect(environment('/...', '/a?')).toMatchObject({ PATH_INFO: '/a', QUERY_STRING: '' });
    expect(pathOf('/a%3Fb?c')).toBe('/a%3Fb');
  });
});

describe('host and port', () => {
  test.each([
    ['example.com:31337', 'example.com', '31337'],
    ['example.com', 'example.com', '5309'],
    ['example.com:', 'example.com', '5309'],
    [':8080', 'app.localhost', '8080'],
    ['[::1]:8080', '[::1]', '8080'],
    ['[::1]', '[::1]', '5309'],
    [undefined, 'app.localhost', '5309'],
  ])('of %j', (host, name, port) => {
    const headers = host === undefined ? {} : { host };
    expect(environment('/', '/', { headers })).toMatchObject({ SERVER_NAME: name, SERVER_PORT: port });
  });

  test('fall back to localhost:80', () => {
    const bare = cgiEnvironment(request('/', { headers: {} }), '/', { scheme: 'http', defaultHost: '' }, {});
    expect(bare).toMatchObject({
      SERVER_NAME: 'localhost',
      SERVER_PORT: '80',
      X_FULL_URL: 'http://localhost:80/',
    });
  });
});

describe('headers', () => {
  test('that are no visible ASCII are called corrupt', () => {
    expect(environment('/', '/', { headers: { 'x-name': 'J\u00fcrgen' } })['HTTP_X_NAME']).toBe(
      'CORRUPT VALUE',
    );
    expect(environment('/', '/', { headers: { 'x-tab': 'a\tb' } })['HTTP_X_TAB']).toBe('a\tb');
  });

  test('that would pass for others do not', () => {
    const headers = {
      'x-user': 'real',
      x_user: 'forged',
      x_alone: 'kept',
      proxy: 'http://evil.example',
      'content-length': '1',
      content_length: '99',
    };
    const variables = environment('/', '/', { headers, contentLength: 1 });
    expect(variables).toMatchObject({
      HTTP_X_USER: 'real',
      HTTP_X_ALONE: 'kept',
      HTTP_CONTENT_LENGTH: '1',
      CONTENT_LENGTH: '1',
    });
    expect(variables).not.toHaveProperty('HTTP_PROXY');
  });

  test('that came several times are joined', () => {
    expect(environment('/', '/', { headers: { 'set-cookie': ['a=1', 'b=2'] } })['HTTP_SET_COOKIE']).toBe(
      'a=1, b=2',
    );
  });
});

test('a body of unknown length has none', () => {
  expect(environment('/', '/', { contentLength: undefined })).toMatchObject({ CONTENT_LENGTH: '' });
});

test("the app's variables never stand in for what the request says", () => {
  const own = { GREETING: 'hi', SERVER_SOFTWARE: 'mine', HTTP_HOST: 'mine', REMOTE_USER: 'root' };
  expect(environment('/', '/', {}, own)).toMatchObject({
    GREETING: 'hi',
    SERVER_SOFTWARE: 'WAGI/1',
    HTTP_HOST: 'example.com:3000',
    REMOTE_USER: '',
  });
});

describe('the command line', () => {
  test.each([
    ['/a/b', ['/a/b']],
    ['/a?x=1&y&z=%20', ['/a', 'x=1', 'y', 'z=%20']],
    ['/a?', ['/a', '']],
    ['/a?&', ['/a', '', '']],
  ])('of %s is path and query', (target, expected) => {
    expect(commandLine(request(target))).toEqual(expected);
  });

  test.each([
    ['', '/a?x=1', []],
    ['run --now', '/a?x=1', ['run', '--now']],
    ['${SCRIPT_NAME} ${ARGS}', '/a?x=1&y=2', ['/a', 'x=1', 'y=2']],
    ['${SCRIPT_NAME} -- ${ARGS}', '/a', ['/a', '--']],
    ['  a\t${ARGS}\n b ', '/a?x', ['a', 'x', 'b']],
    ['${OTHER}', '/a', ['${OTHER}']],
    // What a visitor sends is not a template.
    ['${ARGS} end', '/$&?$$', ['$$', 'end']],
    ['${SCRIPT_NAME}', '/$&?$$', ['/$&']],
  ])('%j for %s', (template, target, expected) => {
    expect(commandLine(request(target), template)).toEqual(expected);
  });
});

test('no request breaks it', () => {
  fc.assert(
    fc.property(
      fc.webPath(),
      fc.webQueryParameters(),
      fc.dictionary(fc.stringMatching(/^[a-z-]{1,10}$/), fc.string()),
      fc.constantFrom('/...', '/a/...', '/'),
      (path, query, headers, route) => {
        const variables = environment(route, `/${path}?${query}`, { headers });
        expect(variables['QUERY_STRING']).toBe(query);
        for (const [name, value] of Object.entries(variables)) {
          expect(name).toMatch(/^[A-Z_]+$/);
          expect(typeof value).toBe('string');
        }
        expect(variables).not.toHaveProperty('HTTP_AUTHORIZATION');
      },
    ),
  );
});
