import { describe, expect, test } from 'vitest';
import { MAX_KEY_LENGTH, variablesOf } from '../../../src/addons/environment.ts';

const names = (name: string, credentials: object): string[] => [
  ...variablesOf(name, credentials as Record<string, unknown>).keys(),
];

describe('the address', () => {
  test.each([
    [{ uri: 'a' }, { DB_URL: 'a' }],
    [{ url: 'a' }, { DB_URL: 'a' }],
    [{ jdbcUrl: 'a' }, { DB_URL: 'a' }],
    [
      { jdbcUrl: 'j', uri: 'u' },
      { DB_URL: 'u', DB_JDBC_URL: 'j' },
    ],
    [{ url: 'same', uri: 'same' }, { DB_URL: 'same' }],
    [
      { uri: 5, url: 'a' },
      { DB_URL: 'a', DB_URI: '5' },
    ],
  ])('%j', (credentials, expected) => {
    expect(Object.fromEntries(variablesOf('db', credentials))).toEqual(expected);
  });

  test('of two others that differ both are given', () => {
    expect(variablesOf('db', { uri: 'a', url: 'b' }).size).toBe(2);
  });
});

test('names are in upper case, and have nothing but letters, digits and "_"', () => {
  expect(names('my-cache', { 'host name': 'x', pässword: 'y', port: 1 })).toEqual([
    'MY_CACHE_HOST_NAME',
    'MY_CACHE_P_SSWORD',
    'MY_CACHE_PORT',
  ]);
});

test('values are texts: objects as JSON, nothing for null', () => {
  const value = { a: { b: [1] }, c: null, d: true, e: 1.5, f: 'x\0y', g: '' };
  expect(Object.fromEntries(variablesOf('db', value))).toEqual({
    DB_A: '{"b":[1]}',
    DB_D: 'true',
    DB_E: '1.5',
    DB_G: '',
  });
});

test('no name is too long, and none is lost', () => {
  const credentials = Object.fromEntries(
    Array.from({ length: 50 }, (_, index) => [`${'very_long_member_'.repeat(3)}${index}`, `${index}`]),
  );
  const found = variablesOf('a-name-of-twenty-eight-chars', { ...credentials, uri: 'x' });
  expect(found.size).toBe(51);
  expect([...found.keys()].filter((key) => key.length > MAX_KEY_LENGTH)).toEqual([]);
  expect(found.get('A_NAME_OF_TWENTY_EIGHT_CHARS_URL')).toBe('x');
  // The same for each binding.
  expect(names('a-name-of-twenty-eight-chars', { ...credentials, uri: 'y' })).toEqual([...found.keys()]);
});

test('members whose names would be the same are both there', () => {
  const found = variablesOf('db', { 'host-name': 'a', host_name: 'b', HOST_NAME: 'c' });
  expect([...found.values()].sort()).toEqual(['a', 'b', 'c']);
  expect(found.get('DB_HOST_NAME')).toBe('a');
});
