// The manifest's schema for other editors, as JSON Schema draft-07: syntaxes/hippofacts.schema.json.

import { SEMVER } from '../../bindle/id.ts';
import { docOf, keyOrder } from '../schema-docs.ts';
import { fieldOf, MANIFEST, type Field, type Fields } from '../schema.ts';
import { ADDONS_ANNOTATION } from '../wanted-addons.ts';
import type { Path } from './place.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What parseWantedAddons takes, but for names that come twice. */
const ADDON =
  '\\s*[^\\s:@,]+(?:@[a-zA-Z0-9_-]+)?(?::[^\\s:,]+)?(?:\\s+as\\s+[a-zA-Z][a-zA-Z0-9_-]{0,27})?\\s*';

/** Keys of a table of texts that mean something here. */
const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = { annotations: [ADDONS_ANNOTATION] };

/** What JSON Schema can say besides the types, by the path of the key. */
const PATTERNS: Readonly<Record<string, JsonSchema>> = {
  'bindle.name': { pattern: '^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*$', maxLength: 200 },
  'bindle.version': { pattern: SEMVER.source },
  [`annotations.${ADDONS_ANNOTATION}`]: { pattern: `^(?:\\s*|${ADDON}(?:,${ADDON})*)$` },
  'handler.external.bindleId': { pattern: '^.+/[^/]+$' },
};

const RULES: Readonly<Record<string, JsonSchema>> = {
  '': { anyOf: [{ required: ['handler'] }, { required: ['export'] }] },
  handler: {
    oneOf: [{ required: ['name'] }, { required: ['external'] }],
    not: { required: ['entrypoint', 'external'] },
  },
};

export function manifestSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'HIPPOFACTS',
    description: 'Which WebAssembly modules answer which routes, and which files belong to them.',
    ...tableSchema([], MANIFEST),
  };
}

function tableSchema(path: Path, fields: Fields): JsonSchema {
  const names = keyOrder(path);
  const required = names.filter((name) => fieldOf(fields, name)?.required);
  return {
    type: 'object',
    properties: Object.fromEntries(
      names.flatMap((name) => {
        const field = fieldOf(fields, name);
        return field ? [[name, fieldSchema([...path, name], field)]] : [];
      }),
    ),
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...RULES[path.join('.')],
  };
}

function fieldSchema(path: Path, field: Field): JsonSchema {
  const { summary, more } = docOf(path) ?? {};
  const description = [summary, more].filter(Boolean).join('\n\n');
  const text = { type: 'string', ...PATTERNS[path.join('.')] };
  switch (field.type) {
    case 'string':
      return { description, ...text };
    case 'strings':
      return { description, type: 'array', items: text };
    case 'map':
      return {
        description,
        type: 'object',
        ...mapProperties(path),
        additionalProperties: { type: 'string' },
      };
    case 'table':
      return { description, ...tableSchema(path, field.fields) };
    case 'tables':
      return { description, type: 'array', items: tableSchema(path, field.fields) };
  }
}

function mapProperties(path: Path): JsonSchema {
  const names = KNOWN_KEYS[path.join('.')];
  return names === undefined
    ? {}
    : {
        properties: Object.fromEntries(
          names.map((name) => [name, fieldSchema([...path, name], { type: 'string' })]),
        ),
      };
}
