import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fill } from '../../../src/webview/marketplace/field-values.ts';
import { fieldsOf, flat, type Entries } from '../../../src/webview/marketplace/fields.ts';

const of = (properties: Record<string, unknown>, required: string[] = []) =>
  fieldsOf({ type: 'object', properties, required });
const filled = (property: unknown, entry: string | boolean, required = false) => {
  const { parameters, problems } = fill(of({ a: property }, required ? ['a'] : []), { '/a': entry });
  return problems.get('/a') ?? parameters;
};

describe('fields of a schema', () => {
  test('each kind', () => {
    const kinds = of({
      text: { type: 'string' },
      none: { type: ['null', 'integer'] },
      number: { type: 'number' },
      on: { type: 'boolean' },
      one: { enum: ['a', 1, null] },
      always: { const: 3 },
      many: { type: 'array', items: { type: 'string' } },
      rows: { type: 'array', items: { type: 'object' } },
      inner: { type: 'object', properties: { deep: { type: 'object', properties: { x: {} } } } },
      either: { anyOf: [{ type: 'string' }] },
      anything: {},
      broken: 'no schema',
    }).map(({ key, kind }) => [key, kind]);
    expect(Object.fromEntries(kinds)).toEqual({
      text: 'text',
      none: 'integer',
      number: 'number',
      on: 'boolean',
      one: 'choice',
      always: 'fixed',
      many: 'list',
      rows: 'json',
      inner: 'group',
      either: 'json',
      anything: 'json',
      broken: 'json',
    });
    // Groups go one level down; what is below is JSON.
    expect(
      flat(
        of({ inner: { type: 'object', properties: { deep: { type: 'object', properties: { x: {} } } } } }),
      ),
    ).toMatchObject([{ kind: 'json', pointer: '/inner/deep' }]);
  });

  test.each([
    [undefined],
    [null],
    [{ type: 'object' }],
    [{ type: 'object', additionalProperties: false }],
    ['x'],
  ])('%j takes none', (schema) => {
    expect(fieldsOf(schema)).toEqual([]);
  });

  test('what is no plain object is asked for as JSON', () => {
    for (const schema of [
      { $ref: '#/x' },
      { type: 'object', additionalProperties: { type: 'string' } },
      { allOf: [] },
    ]) {
      const fields = fieldsOf(schema);
      expect(fields).toMatchObject([{ kind: 'json', pointer: '' }]);
      expect(fill(fields, { '': '{"a":1}' }).parameters).toEqual({ a: 1 });
      expect(fill(fields, { '': '[]' }).problems.get('')).toBe('It must be a JSON object.');
      expect(fill(fields, {})).toEqual({ parameters: {}, problems: new Map() });
    }
  });

  test('names with slashes, tildes and of prototypes are names like any other', () => {
    const fields = fieldsOf(
      JSON.parse('{"type":"object","properties":{"a/b~c":{"type":"string"},"__proto__":{"type":"string"}}}'),
    );
    expect(fields.map(({ pointer }) => pointer)).toEqual(['/a~1b~0c', '/__proto__']);
    const { parameters } = fill(
      fields,
      Object.fromEntries([
        ['/a~1b~0c', '1'],
        ['/__proto__', '2'],
      ]),
    );
    expect(JSON.stringify(parameters)).toBe('{"a/b~c":"1","__proto__":"2"}');
  });
});

describe('values', () => {
  test.each([
    [{ type: 'string' }, 'a', { a: 'a' }],
    [{ type: 'string' }, '', {}],
    [{ type: 'string', minLength: 2 }, '𝒳', 'It must have 2 characters or more.'],
    [{ type: 'string', maxLength: 1 }, '𝒳', { a: '𝒳' }],
    [{ type: 'string', maxLength: 1 }, 'ab', 'It may have 1 characters, and has 2.'],
    [{ type: 'string', format: 'email' }, 'x', 'It must be an e-mail address.'],
    [{ type: 'string', format: 'uri' }, 'https://a.example', { a: 'https://a.example' }],
    [{ type: 'string', format: 'unknown' }, 'x', { a: 'x' }],
    // A pattern is the platform's to try, this one above all.
    [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`, { a: `${'a'.repeat(40)}!` }],
    [{ type: 'integer' }, ' 3 ', { a: 3 }],
    [{ type: 'integer' }, '3.5', 'It must be a whole number.'],
    [{ type: 'number' }, 'NaN', 'It must be a number.'],
    [{ type: 'number' }, '1e400', 'It must be a number.'],
    [{ type: 'number', minimum: 2 }, '1.9', 'It must be 2 or more.'],
    [{ type: 'number', maximum: 2 }, '2.1', 'It must be 2 or less.'],
    [{ type: 'number', exclusiveMinimum: 2 }, '2', 'It must be more than 2.'],
    [{ type: 'number', exclusiveMaximum: 2 }, '2', 'It must be less than 2.'],
    [{ type: 'number', multipleOf: 0.1 }, '0.3', { a: 0.3 }],
    [{ type: 'number', multipleOf: 0.1 }, '0.35', 'It must be a multiple of 0.1.'],
    [{ type: 'boolean' }, false, { a: false }],
    [{ enum: ['x', 2, null] }, '1', { a: 2 }],
    [{ enum: ['x', 2, null] }, '2', { a: null }],
    [{ enum: ['x'] }, '7', {}],
    [{ type: 'array', items: { type: 'integer' } }, '1\n\n2\n', { a: [1, 2] }],
    [{ type: 'array', items: { type: 'integer' } }, '1\nx', '“x”: It must be a number.'],
    [{ type: 'array', items: { type: 'string', enum: ['p'] } }, 'q', '“q” must be one of p.'],
    [{ type: 'array', items: { type: 'string' }, minItems: 2 }, 'q', 'It must have 2 lines or more.'],
    [
      { type: 'array', items: { type: 'string' }, uniqueItems: true },
      'q\nq',
      'Each line may come only once.',
    ],
    [{}, '{"x": [1]}', { a: { x: [1] } }],
    [{}, '{x', 'It must be JSON.'],
  ])('%j from %j', (property, entry, expected) => {
    expect(filled(property, entry)).toEqual(expected);
  });

  test('required ones', () => {
    expect(filled({ type: 'string' }, '', true)).toBe('It is required.');
    expect(filled({ type: 'boolean' }, '', true)).toEqual({ a: false });
    expect(filled({ const: 5 }, '', true)).toEqual({ a: 5 });
    expect(filled({ const: 5 }, '')).toEqual({});
  });

  test('a group that nobody has touched is left out, with what it requires', () => {
    const inner = {
      type: 'object',
      required: ['h'],
      properties: { h: { type: 'integer' }, i: { type: 'string' } },
    };
    expect(fill(of({ inner }), {})).toEqual({ parameters: {}, problems: new Map() });
    expect(fill(of({ inner }), { '/inner/i': 'x' }).problems.get('/inner/h')).toBe('It is required.');
    expect(fill(of({ inner }, ['inner']), {}).problems.get('/inner/h')).toBe('It is required.');
    expect(fill(of({ inner }), { '/inner/h': '4' }).parameters).toEqual({ inner: { h: 4 } });
  });

  test('whatever a broker writes as its schema, there is a form, and what it gives is an object', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean())),
        (any, entries) => {
          for (const schema of [
            any,
            { type: 'object', properties: any },
            { type: 'object', properties: { a: any } },
          ]) {
            const fields = fieldsOf(schema);
            const every = Object.fromEntries(flat(fields).map(({ pointer }) => [pointer, '1']));
            for (const one of [entries, every] as Entries[])
              expect(typeof fill(fields, one).parameters).toBe('object');
          }
        },
      ),
    );
  });
});
