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
    [{}, '', 'has to have "size"'],
    [{ size: 11 }, '/size', 'has to be 10 or less'],
    [{ size: 's3cret' }, '/size', 'has to be of type integer'],
    [{ size: 1, name: 'S3CRET' }, '/name', 'has to match ^[a-z]+$'],
    [{ size: 1, s: 's3cret' }, '/s', 'is not known to this plan'],
  ])('%j: %s %s', async (parameters, path, message) => {
    const problems = await checker.check(schema, parameters);
    expect(problems).toContainEqual({ path, message });
    expect(JSON.stringify(problems).toLowerCase()).not.toContain('s3cret');
  });
});

test('draft 4 has its own form of exclusive limits', async () => {
  const schema = {
    $schema: DRAFTS[0],
    properties: { a: { type: 'number', minimum: 1, exclusiveMinimum: true } },
  };
  expect(await checker.check(schema, { a: 1 })).toHaveLength(1);
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
