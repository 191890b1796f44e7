// Parameters against the schemas that brokers write, hostile ones among them.

import { afterAll, describe, expect, test } from 'vitest';
import { createParameterChecker } from '../../../../src/platform/addons/parameters.ts';

const checker = createParameterChecker(
  new URL('../../../../src/platform/addons/schema-worker.ts', import.meta.url),
);
afterAll(() => checker.close());

const DRAFTS = [
  'http://json-schema.org/draft-04/schema#',
  'http://json-schema.org/draft-06/schema#',
  'http://json-schema.org/draft-07/schema#',
  'https://json-schema.org/draft/2019-09/schema',
  'https://json-schema.org/draft/2020-12/schema',
];

describe.each(DRAFTS)('%s', ($schema) => {
  const schema = {
    $schema,
    type: 'object',
    properties: {
      size: { type: 'integer', minimum: 1, maximum: 10 },
      name: { type: 'string', pattern: '^[a-z]+$' },
    },
    required: ['size'],
    additionalProperties: false,
  };
  test('takes what holds', async () => expect(await checker.check(schema, { size: 3 })).toEqual([]));
  test.each([
    [{}, '/size', 'is required'],
    [{ size: 11 }, '/size', 'has to be 10 or less'],
    [{ size: 's3cret' }, '/size', 'has to be of type integer'],
    [{ size: 1, name: 'S3CRET' }, '/name', 'has to match ^[a-z]+$'],
    [{ size: 1, s: 's3cret' }, '/s', 'is not known to this plan'],
  ])('%j: %s %s', async (parameters, path, message) => {
    const problems = await checker.check(schema, parameters);
    // Said once, and nothing else beside it.
    expect(problems).toEqual([{ path, message }]);
    expect(JSON.stringify(problems).toLowerCase()).not.toContain('s3cret');
  });
});

test('each problem is told once, those of several forms as one', async () => {
  const schema = {
    properties: {
      known: { type: 'object', properties: { deep: { type: 'string' } }, additionalProperties: false },
      list: { type: 'array', items: { enum: ['a', 'b'] } },
      either: { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
      forms: { anyOf: [{ required: ['a'] }, { properties: { b: { type: 'string' } }, required: ['b'] }] },
      'a/b~c': { type: 'string' },
    },
    required: ['x/y'],
    additionalProperties: false,
  };
  const parameters = {
    known: { deep: 1, odd: 1 },
    list: ['a', 'c', 'd'],
    either: 5,
    forms: { b: 5 },
    'a/b~c': 5,
    '100 %ü': 1,
  };
  const problems = await checker.check(schema, parameters);
  expect(problems.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
    { path: '/100 %ü', message: 'is not known to this plan' },
    { path: '/a~1b~0c', message: 'has to be of type string' },
    { path: '/either', message: 'has to be of type string or has to be of type boolean' },
    { path: '/forms', message: 'has none of the forms that this plan takes' },
    { path: '/known/deep', message: 'has to be of type string' },
    { path: '/known/odd', message: 'is not known to this plan' },
    { path: '/list/1', message: 'has to be one of ["a","b"]' },
    { path: '/list/2', message: 'has to be one of ["a","b"]' },
    { path: '/x~1y', message: 'is required' },
  ]);
});

test('draft 4 has its own form of exclusive limits', async () => {
  const schema = {
    $schema: DRAFTS[0],
    properties: { a: { type: 'number', minimum: 1, exclusiveMinimum: true } },
  };
  expect(await checker.check(schema, { a: 1 })).toEqual([{ path: '/a', message: 'has to be more than 1' }]);
  expect(await checker.check(schema, { a: 2 })).toEqual([]);
});

test('references within the schema are followed, others never', async () => {
  const schema = {
    $schema: DRAFTS[4],
    $defs: { a: { type: 'integer' } },
    properties: { a: { $ref: '#/$defs/a' } },
  };
  expect(await checker.check(schema, { a: 'x' })).toHaveLength(1);
  expect(await checker.check({ $ref: 'http://127.0.0.1:1/x' }, { a: 1 })).toEqual([]);
});

test('hostile ones cost their time limit, and the next one is checked', async () => {
  const slow = { properties: { a: { type: 'string', pattern: '^(a+)+$' } } };
  expect(await checker.check(slow, { a: `${'a'.repeat(40)}!` })).toEqual([
    { path: '', message: expect.stringContaining('takes too long') as string },
  ]);
  const endless = { $ref: '#' };
  await checker.check(endless, { a: 1 });
  const wide = {
    allOf: Array.from({ length: 200 }, () => ({ anyOf: [{ not: {} }, { $ref: '#/x' }] })),
    x: {},
  };
  await checker.check(wide, { a: 1 });
  expect(await checker.check({ type: 'object' }, { a: 1 })).toEqual([]);
});

test('too much is refused', async () => {
  expect(await checker.check({}, { a: 'x'.repeat(300_000) })).toHaveLength(1);
});
