// Told apart by Host alone (design.md, decision 6).

import { describe, expect, test } from 'vitest';
import { destination } from '../../../../src/platform/gateway/hosts.ts';

function to(
  host: string | undefined,
  more: { origin?: string; url?: string } = {},
): ReturnType<typeof destination> {
  const { origin, url = '/' } = more;
  const headers = { ...(host === undefined ? {} : { host }), ...(origin === undefined ? {} : { origin }) };
  return destination({ headers, url });
}

test.each([
  'localhost',
  'localhost:5309',
  '127.0.0.1',
  '127.0.0.1:1',
  '[::1]',
  '[::1]:5309',
  'LOCALHOST:5309',
])('%s is the APIs', (host) => {
  expect(to(host)).toEqual({ kind: 'api' });
});

test.each([
  ['app.localhost', 'app.localhost'],
  ['app.localhost:5309', 'app.localhost'],
  ['App.LocalHost', 'app.localhost'],
  ['app.localhost.', 'app.localhost'],
  ['example.com', 'example.com'],
  ['127.0.0.2', '127.0.0.2'],
  ['0.0.0.0', '0.0.0.0'],
  ['127.1', '127.1'],
  ['2130706433', '2130706433'],
  ['[::ffff:127.0.0.1]', '[::ffff:127.0.0.1]'],
  ['localhost.evil.example', 'localhost.evil.example'],
  ['evil-localhost', 'evil-localhost'],
])('%s is a channel', (host, domain) => {
  expect(to(host)).toEqual({ kind: 'channel', domain });
});

test('localhost with a final dot is no API', () => {
  // Browsers treat it as another origin.
  expect(to('localhost.')).toEqual({ kind: 'channel', domain: 'localhost' });
});

test.each([
  undefined,
  '',
  ':80',
  'a:b',
  'a:80:80',
  'http://localhost',
  'user@localhost:x',
  '[::1',
  '::1',
  'a b:1x',
])('%j is refused', (host) => {
  expect(to(host)).toMatchObject({ kind: 'refused', status: 400 });
});

test.each(['http://localhost/', '*', 'localhost:80', '', undefined])('a request for %j is refused', (url) => {
  expect(destination({ headers: { host: 'localhost' }, url })).toMatchObject({
    kind: 'refused',
    status: 400,
  });
});

describe('the APIs and Origin', () => {
  test.each([
    ['localhost:5309', 'http://localhost:5309'],
    ['127.0.0.1:5309', 'http://127.0.0.1:5309'],
    ['[::1]:5309', 'http://[::1]:5309'],
    ['localhost', 'http://LOCALHOST'],
  ])('%s answers its own pages', (host, origin) => {
    expect(to(host, { origin })).toEqual({ kind: 'api' });
  });

  test.each([
    'http://evil.example',
    'https://localhost:5309',
    'http://localhost:5310',
    'http://localhost',
    'http://app.localhost:5309',
    'http://127.0.0.1:5309',
    'null',
    'vscode-webview://1234',
    'file://',
    '',
  ])('localhost:5309 refuses %j', (origin) => {
    expect(to('localhost:5309', { origin })).toMatchObject({ kind: 'refused', status: 403 });
  });

  test('a channel answers every origin', () => {
    expect(to('app.localhost', { origin: 'http://evil.example' })).toMatchObject({ kind: 'channel' });
  });
});
