// The schema for other editors: it is that of schema.ts, and says of files what the check says.

import { parse } from '@iarna/toml';
import { describe, expect, test } from 'vitest';
import { checkManifest } from '../../../../src/hippofacts/check.ts';
import { manifestSchema, type JsonSchema } from '../../../../src/hippofacts/language/json-schema.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import { docOf, keyOrder } from '../../../../src/hippofacts/schema-docs.ts';
import { MANIFEST, type Fields } from '../../../../src/hippofacts/schema.ts';
import { corpus, RICH } from './corpus.ts';

test('the file is what the code says; `npx vitest run FILE --update` writes it anew', async () => {
  const text = `${JSON.stringify(manifestSchema(), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../../syntaxes/hippofacts.schema.json');
});

test('every table and key has words, and nothing else has', () => {
  const check = (path: string[], fields: Fields): void => {
    expect(keyOrder(path).toSorted()).toEqual(Object.keys(fields).toSorted());
    for (const [name, field] of Object.entries(fields)) {
      const doc = docOf([...path, name]);
      expect(doc?.summary).toMatch(/\.$/);
      expect(parse(doc?.example ?? '')).not.toEqual({});
      if ('fields' in field) check([...path, name], field.fields);
    }
  };
  check([], MANIFEST);
});

/** The keywords of draft-07 that the schema uses. */
function isValid(schema: JsonSchema, value: unknown): boolean {
  const list = (name: string): JsonSchema[] => (schema[name] ?? []) as JsonSchema[];
  const object = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  const properties = (schema['properties'] ?? {}) as Record<string, JsonSchema>;
  const more = schema['additionalProperties'];
  const kind = Array.isArray(value) ? 'array' : typeof value;
  return (
    (schema['type'] === undefined || schema['type'] === kind) &&
    (typeof value !== 'string' ||
      (new RegExp((schema['pattern'] ?? '') as string, 'u').test(value) &&
        value.length <= ((schema['maxLength'] ?? Infinity) as number))) &&
    (!Array.isArray(value) || value.every((item) => isValid((schema['items'] ?? {}) as JsonSchema, item))) &&
    (!object ||
      (((schema['required'] ?? []) as string[]).every((name) => name in object) &&
        Object.entries(object).every(([name, inner]) => {
          const known = properties[name];
          if (known) return isValid(known, inner);
          return more === false ? false : isValid((more ?? {}) as JsonSchema, inner);
        }))) &&
    (schema['anyOf'] === undefined || list('anyOf').some((one) => isValid(one, value))) &&
    (schema['oneOf'] === undefined || list('oneOf').filter((one) => isValid(one, value)).length === 1) &&
    (schema['not'] === undefined || !isValid(schema['not'] as JsonSchema, value))
  );
}

function accepts(text: string): boolean {
  return isValid(manifestSchema(), parse(text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')));
}

const withAddons = (addons: string): string =>
  RICH.replace('[annotations]', `[annotations]\nhippo_addons = "${addons}"`);

test.each(['', 'redis', 'postgresql:small, redis:free as cache', ' redis@market:xl  as  my-cache_2 ,sqlite'])(
  'add-ons: "%s"',
  (addons) => {
    const text = withAddons(addons);
    expect(text).not.toBe(RICH);
    expect(checkManifest(parseManifest(text))).toEqual([]);
    expect(accepts(text)).toBe(true);
  },
);

describe('it says what the check says', () => {
  test.each(corpus().map(({ name, text }) => [name, text]))('of %s', (_name, text) => {
    const isFine = !checkManifest(parseManifest(text)).some(({ severity }) => severity === 'error');
    expect(accepts(text)).toBe(isFine);
  });

  test.each([
    ['an unknown key', RICH.replace('entrypoint =', 'entry =')],
    ['an unknown table', `${RICH}\n[extra]\nx = "1"\n`],
    ['no version', RICH.replace(/^version.*$/m, '')],
    ['no route', RICH.replace('route = "/"', '')],
    ['a number for a text', RICH.replace('"web"', '1')],
    ['a text for a list', RICH.replace('["img/birds/kea.jpg"]', '"img/birds/kea.jpg"')],
    ['a module from two places', RICH.replace('route = "/dotted"', 'route = "/dotted"\nname = "bin/a.wasm"')],
    ['a version of two parts', RICH.replace('"1.2.3"', '"1.2"')],
    ['an add-on of two plans', withAddons('postgresql:small:large')],
    ['an add-on too few', withAddons('postgresql,,redis')],
    ['an add-on whose name is none', withAddons('redis as 1')],
    ['an add-on with words behind it', withAddons('redis and postgresql')],
    ['a name with blanks', RICH.replace('"team/birds"', '"team birds"')],
  ])('of %s', (_what, text) => {
    expect(checkManifest(parseManifest(text))).not.toEqual([]);
    expect(accepts(text)).toBe(false);
  });
});
