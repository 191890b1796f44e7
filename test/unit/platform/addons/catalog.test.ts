// What a broker's catalog may hold: bounds, entries that are not sound, texts and links that are not harmless.

import { describe, expect, test } from 'vitest';
import { CatalogError, readCatalog } from '../../../../src/platform/addons/catalog.ts';
import { PLAN_FREE, service } from '../../../support/scripted-broker.ts';

const read = (...services: unknown[]) => readCatalog({ services });
const withMetadata = (metadata: object) => read(service({ metadata })).offerings[0]!;
const withPlan = (plan: object) => read(service({ plans: [{ ...PLAN_FREE, ...plan }] }));

describe('what is no catalog', () => {
  test.each([undefined, null, 5, 'x', [], {}, { services: null }, { services: {} }])('%j', (body) =>
    expect(() => readCatalog(body)).toThrow(CatalogError),
  );
  test('too many services', () => {
    const many = Array.from({ length: 201 }, (_, id) => service({ id: `${id}`, name: `n${id}` }));
    expect(() => read(...many)).toThrow(/more than 200/);
  });
  test('nested too deeply', () => {
    let deep: object = {};
    for (let depth = 0; depth < 10_000; depth++) deep = { deep };
    expect(() => read(service({ metadata: deep }))).toThrow(/deep/);
  });
});

test('an empty one is one', () => expect(read()).toEqual({ offerings: [], problems: [] }));

describe('an entry that is not sound is left out, and the others stay', () => {
  test.each([
    ['no object', 5],
    ['no id', service({ id: undefined })],
    ['an empty id', service({ id: '' })],
    ['a name with markup', service({ name: '<script>alert(1)</script>' })],
    ['a name with a blank', service({ name: 'a b' })],
    ['a name with a line break', service({ name: 'a\nb' })],
    ['a long name', service({ name: 'x'.repeat(300) })],
    ['a name with "@"', service({ name: 'a@b' })],
    ['no plans', service({ plans: [] })],
    [
      'too many plans',
      service({
        plans: Array.from({ length: 201 }, (_, id) => ({ ...PLAN_FREE, id: `${id}`, name: `p${id}` })),
      }),
    ],
    ['no sound plan', service({ plans: [{ id: 'x' }] })],
    ['bindable missing', service({ bindable: undefined })],
    ['the id of another', service({ name: 'other' })],
    ['the name of another', service({ id: 'other', plans: [{ ...PLAN_FREE, id: 'x' }] })],
  ])('%s', (_, bad) => {
    const { offerings, problems } = read(service(), bad);
    expect(offerings.map(({ name }) => name)).toEqual(['db']);
    expect(problems.join(' ')).toMatch(/left out/);
    expect(problems.join(' ')).not.toContain('<script>');
  });

  test('a plan', () => {
    const plans = [PLAN_FREE, { ...PLAN_FREE, id: 'y' }, { ...PLAN_FREE, name: 'z' }, 5, { id: 1 }];
    const { offerings, problems } = read(service({ plans }));
    expect(offerings[0]!.plans.map(({ name }) => name)).toEqual(['free']);
    expect(problems).toHaveLength(4);
  });
});

describe('texts', () => {
  test('lose what moves the cursor or turns them around, and are bounded', () => {
    const { displayName, description } = read(
      service({ metadata: { displayName: '\u001b[31mRed\u202eder\r\nx' }, description: 'y'.repeat(5000) }),
    ).offerings[0]!;
    expect(displayName).toBe('[31mRed der x');
    expect(description.length).toBeLessThanOrEqual(1000);
  });

  test('of another kind are not there', () => {
    const offering = withMetadata({ displayName: 5, longDescription: [], documentationUrl: {}, imageUrl: 7 });
    expect(offering).toMatchObject({
      displayName: 'db',
      longDescription: null,
      documentationUrl: null,
      imageUrl: null,
    });
  });
});

describe('links', () => {
  test.each([
    'javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'vscode://x',
    'http://example.com/',
    'https://user:password@example.com/',
    'ftp://x/',
    '//example.com',
    'x',
    `https://example.com/${'x'.repeat(3000)}`,
  ])('%s is dropped', (url) => {
    expect(withMetadata({ documentationUrl: url, supportUrl: url })).toMatchObject({
      documentationUrl: null,
      supportUrl: null,
    });
  });
  test.each(['https://example.com/docs', 'http://127.0.0.1:4711/docs', 'http://localhost/x'])(
    '%s stays',
    (url) => {
      expect(withMetadata({ documentationUrl: url }).documentationUrl).toBe(url);
    },
  );
});

describe('a schema', () => {
  const schema = (parameters: object) =>
    withPlan({ schemas: { service_instance: { create: { parameters } } } });
  test('is kept', () => {
    expect(schema({ type: 'object' }).offerings[0]!.plans[0]!.schemas.create).toEqual({ type: 'object' });
  });
  test.each([
    ['refers to another document', { $ref: 'http://169.254.169.254/latest' }],
    ['refers to a file', { properties: { a: { $ref: 'file:///etc/passwd' } } }],
    ['is too large', { description: 'x'.repeat(70_000) }],
  ])('that %s is not used', (_, parameters) => {
    const { offerings, problems } = schema(parameters);
    expect(offerings[0]!.plans[0]!.schemas).toEqual({});
    expect(problems.join()).toMatch(/not used/);
  });
});

describe('costs', () => {
  const costs = (given: unknown) =>
    withPlan({ free: false, metadata: { costs: given } }).offerings[0]!.plans[0]!;
  test('are whole millionths', () => {
    expect(
      costs([
        { amount: { usd: 649.0, EUR: 0.1 }, unit: 'monthly' },
        { amount: { usd: 0.99 }, unit: '1GB of messages' },
      ]).costs,
    ).toEqual([
      { amount: 649_000_000, currency: 'usd', unit: 'MONTHLY' },
      { amount: 100_000, currency: 'eur', unit: 'MONTHLY' },
      { amount: 990_000, currency: 'usd', unit: '1GB of messages' },
    ]);
  });
  test.each([
    5,
    [5],
    [{ amount: { usd: -1 }, unit: 'HOURLY' }],
    [{ amount: { usd: 'x' }, unit: 'HOURLY' }],
    [{ amount: { usd: 1 } }],
    [{ amount: { '<b>': 1 }, unit: 'HOURLY' }],
  ])('%j are none', (given) => expect(costs(given).costs).toEqual([]));
  test('plans are free unless something says otherwise', () => {
    expect(withPlan({}).offerings[0]!.plans[0]!.free).toBe(true);
    expect(costs([]).free).toBe(false);
    expect(
      withPlan({ metadata: { costs: [{ amount: { usd: 1 }, unit: 'HOURLY' }] } }).offerings[0]!.plans[0]!
        .free,
    ).toBe(false);
  });
});
