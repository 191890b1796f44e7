// Default names of channels (hippo-api.md §4).

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultDomain } from '../../../../src/platform/hippo/domains.ts';

function domain(app: string, channel: string, first: boolean, ...taken: string[]): string {
  return defaultDomain(app, channel, {
    first,
    platformDomain: 'localhost',
    isTaken: (name) => taken.includes(name),
  });
}

test.each([
  ['demo', 'production', true, 'demo.localhost'],
  ['demo', 'production', false, 'production-demo.localhost'],
  ['My_App', 'Dev', true, 'my-app.localhost'],
  ['My_App', 'Dev_1', false, 'dev-1-my-app.localhost'],
  ['my--app', 'x', true, 'my-app.localhost'],
  ['-app-', 'x', true, 'app.localhost'],
  ['___', 'x', true, 'app.localhost'],
])('of %s:%s (first: %s) is %s', (app, channel, first, expected) => {
  expect(domain(app, channel, first)).toBe(expected);
});

describe('one that is taken', () => {
  test('gets a number', () => {
    expect(domain('demo', 'x', true, 'demo.localhost')).toBe('demo-2.localhost');
    expect(domain('demo', 'x', true, 'demo.localhost', 'demo-2.localhost')).toBe('demo-3.localhost');
  });

  test('stays within the length of a label', () => {
    const long = 'a'.repeat(128);
    const taken = `${'a'.repeat(63)}.localhost`;
    expect(domain(long, 'x', true)).toBe(taken);
    expect(domain(long, 'x', true, taken)).toBe(`${'a'.repeat(61)}-2.localhost`);
  });
});

test('is a domain that Hippo accepts, whatever the names', () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,128}$/);
  fc.assert(
    fc.property(name, name, fc.boolean(), (app, channel, first) => {
      const given = domain(app, channel, first);
      expect(given).toMatch(/^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$/);
      expect(given.split('.')[0]!.length).toBeLessThanOrEqual(63);
      expect(domain(app, channel, first, given)).not.toBe(given);
    }),
  );
});
