// The fields of a form for the parameters that a JSON schema describes. What no field can show is asked for as JSON.

/** What the user has put in, by the field's pointer: as it was typed, or whether it is on. */
export type Entries = Readonly<Record<string, string | boolean>>;

export interface Choice {
  readonly label: string;
  readonly value: unknown;
}

export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'fixed' | 'list' | 'json';

export interface Field {
  readonly kind: FieldKind | 'group';
  readonly key: string;
  /** JSON pointer of its value in the parameters. */
  readonly pointer: string;
  readonly label: string;
  readonly description: string;
  readonly required: boolean;
  /** Not to be shown nor kept. */
  readonly secret: boolean;
  readonly schema: Schema;
  /** Of a choice; of a fixed value its only one. */
  readonly choices: readonly Choice[];
  /** Of a group. */
  readonly fields: readonly Field[];
}

export type Schema = Readonly<Record<string, unknown>>;

/** A form with more is no help. */
const MOST_FIELDS = 100;
/** Words that say more than a field can check or show. */
const BEYOND = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'patternProperties',
  'dependentSchemas',
];
const SIMPLE = ['string', 'number', 'integer', 'boolean'];

/**
 * The fields of the parameters, in the order of the schema; none if it takes none or says nothing. Where it is not
 * a plain object of properties, one field takes all of them as JSON: its pointer is empty.
 */
export function fieldsOf(schema: unknown): readonly Field[] {
  if (!isSchema(schema)) return [];
  if (isPlainObject(schema)) {
    const fields = propertiesOf(schema, '', true);
    if (fields.length > 0 && fields.length <= MOST_FIELDS) return fields;
    if (fields.length === 0 && schema['additionalProperties'] === false) return [];
    if (fields.length === 0 && Object.keys(schema).every((key) => ['$schema', 'type', 'title'].includes(key)))
      return [];
  }
  const whole = field('json', 'parameters', '', schema, false);
  return [
    { ...whole, label: 'Parameters', description: whole.description || 'As JSON, for example {"size": 2}.' },
  ];
}

function propertiesOf(schema: Schema, pointer: string, groups: boolean): Field[] {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? (schema['required'] as unknown[]) : [];
  return Object.entries(properties).map(([key, property]) =>
    fieldOf(
      key,
      `${pointer}/${escapePointer(key)}`,
      isSchema(property) ? property : {},
      required.includes(key),
      groups,
    ),
  );
}

function fieldOf(key: string, pointer: string, schema: Schema, required: boolean, groups: boolean): Field {
  const make = (
    kind: Field['kind'],
    choices: readonly Choice[] = [],
    fields: readonly Field[] = [],
  ): Field => ({
    ...field(kind, key, pointer, schema, required),
    choices,
    fields,
  });
  if (BEYOND.some((word) => Object.hasOwn(schema, word))) return make('json');
  if (Object.hasOwn(schema, 'const')) return make('fixed', [choice(schema['const'])]);
  if (Array.isArray(schema['enum']))
    return make('choice', (schema['enum'] as unknown[]).slice(0, 1000).map(choice));
  const type = typeOf(schema);
  if (type === 'string') return make('text');
  if (type === 'number' || type === 'integer' || type === 'boolean') return make(type);
  if (type === 'array' && isSchema(schema['items']) && isSimple(schema['items'])) return make('list');
  if (groups && isPlainObject(schema)) {
    const fields = propertiesOf(schema, pointer, false);
    if (fields.length > 0) return make('group', [], fields);
  }
  return make('json');
}

function field(kind: Field['kind'], key: string, pointer: string, schema: Schema, required: boolean): Field {
  return {
    kind,
    key,
    pointer,
    label: textOf(schema['title']) || key,
    description: textOf(schema['description']),
    required,
    secret: schema['format'] === 'password' || schema['writeOnly'] === true,
    schema,
    choices: [],
    fields: [],
  };
}

/** All fields that take something, those in groups, too. */
export function flat(fields: readonly Field[]): readonly Field[] {
  return fields.flatMap((one) => (one.kind === 'group' ? one.fields : [one]));
}

/** The only type of a schema, beside null. */
export function typeOf({ type }: Schema): string | undefined {
  const types = (Array.isArray(type) ? (type as unknown[]) : [type]).filter((one) => one !== 'null');
  return types.length === 1 && typeof types[0] === 'string' ? types[0] : undefined;
}

function isSimple(items: Schema): boolean {
  return SIMPLE.includes(typeOf(items) ?? '') && !BEYOND.some((word) => Object.hasOwn(items, word));
}

function isPlainObject(schema: Schema): boolean {
  const type = typeOf(schema);
  if (type !== 'object' && !(type === undefined && isSchema(schema['properties']))) return false;
  return !BEYOND.some((word) => Object.hasOwn(schema, word));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function choice(value: unknown): Choice {
  return { value, label: typeof value === 'string' ? value : JSON.stringify(value) };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
