// What is wrong with a manifest that can be told from its text alone (bindle.md §8.3-9, 11).

import { isVersion, nameProblem, parseId } from '../bindle/id.ts';
import { nearest } from './nearest.ts';
import { entriesOf, type Handler, type Manifest } from './parse.ts';
import type { Range } from './position.ts';
import { inOrder, type Problem, type ProblemCode } from './problem.ts';
import { quote } from './quote.ts';
import { fieldOf, MANIFEST, type Field, type Fields } from './schema.ts';
import type { Entry, Table, Value } from './syntax.ts';
import { addonProblems } from './wanted-addons.ts';

/** How the version will be used: as it stands, or with the user and the time appended (bindle.md §8.10). */
export type Versioning = 'production' | 'dev';

/** All that is wrong besides `manifest.document.problems`, in the order of the text. */
export function checkManifest(manifest: Manifest, versioning: Versioning = 'production'): Problem[] {
  const checker = new Checker(manifest);
  checker.fields(manifest.document.root, MANIFEST, 'the manifest');
  checker.strays();
  checker.bindle(versioning);
  for (const handler of manifest.handlers) checker.handler(handler);
  checker.entries();
  return inOrder([...checker.problems, ...addonProblems(manifest)]);
}

const WANTED = {
  string: 'text in quotes',
  strings: 'a list of texts in quotes',
  map: 'a table of texts in quotes',
} as const;

class Checker {
  readonly problems: Problem[] = [];
  readonly #manifest: Manifest;
  /**
   * Keys as far as they are typed, by the table that they are in, undefined where that cannot be told; a header of
   * which nobody knows what it will be is in the root.
   */
  readonly #halfTyped = new Map<Table, (string | undefined)[]>();
  /** Tables whose header is being typed. */
  readonly #opening = new Set<Table>();

  constructor(manifest: Manifest) {
    this.#manifest = manifest;
    const { statements, strays, root } = manifest.document;
    const unplaced = new Set(strays.map(({ table }) => table));
    for (const { broken, kind, table, keys } of statements) {
      if (!broken) continue;
      if (kind === 'header') this.#opening.add(table);
      if (kind === 'header' && !unplaced.has(table)) continue;
      let holder: Table = kind === 'header' ? root : table;
      // `external.bindleI` is a start of `external`, and in there of `bindleId`.
      for (const key of [...keys, undefined]) {
        const typed: (string | undefined)[] = this.#halfTyped.get(holder) ?? [];
        typed.push(key?.text || undefined);
        this.#halfTyped.set(holder, typed);
        const value: Value | undefined = key && holder.entries.get(key.text)?.value;
        if (value?.kind !== 'table') break;
        holder = value;
      }
    }
  }

  /** True if a statement that is being typed in a table may become the one with this key. */
  #mayBecome(table: Table, name: string): boolean {
    const typed = this.#halfTyped.get(table) ?? [];
    return typed.some((letters) => letters === undefined || name.startsWith(letters));
  }

  #report(code: ProblemCode, range: Range, message: string, more: Partial<Problem> = {}): void {
    this.problems.push({ code, severity: 'error', message, range, ...more });
  }

  /** Keys and types of a table; `where` names it in sentences. */
  fields(table: Table, fields: Fields, where: string, complete = true): void {
    for (const entry of table.entries.values()) {
      const field = fieldOf(fields, entry.key.text);
      // A statement that is being typed has its own problem already.
      if (!entry.value) continue;
      if (field) this.#value(entry, entry.value, field);
      else if (!table.guessed) this.#unknown(entry, fields, where);
    }
    if (!complete || this.#opening.has(table)) return;
    for (const [name, { required, type }] of Object.entries(fields))
      if (required && !table.entries.has(name) && !this.#mayBecome(table, name)) {
        const missing = type === 'table' ? `[${name}]` : `\`${name}\``;
        this.#report('missing-field', table.range, `${capitalized(where)} is missing field ${missing}`);
      }
  }

  /** A section that repeats another was reported; what stands in it is checked nevertheless. */
  strays(): void {
    for (const { keys, table } of this.#manifest.document.strays) {
      const field = keys.length === 1 ? fieldOf(MANIFEST, keys[0]?.text ?? '') : undefined;
      if (field && 'fields' in field)
        this.fields(table, field.fields, header(keys[0]?.text ?? '', field), false);
    }
  }

  bindle(versioning: Versioning): void {
    const { name, version, authors } = this.#manifest.bindle ?? {};
    const problem = name?.value === undefined ? undefined : nameProblem(name.value);
    if (name && problem)
      this.#report(
        'invalid-name',
        name.range,
        `The bindle name ${quote(name.value ?? '')} is not valid: ${problem}`,
      );
    if (version?.value !== undefined) {
      const used = versioning === 'dev' ? `${version.value}-user-20260101000000000` : version.value;
      if (!isVersion(used))
        this.#report(
          'invalid-version',
          version.range,
          `Version ${version.value} is not a valid semantic version (e.g. 1.2.3)`,
        );
    }
    for (const author of authors?.value ?? []) {
      const plain = unescapeHtml(author.text);
      if (plain === author.text) continue;
      const message = `The author is written with HTML escapes: write ${quote(plain)}`;
      this.#report('escaped-author', author.range, message, {
        severity: 'warning',
        replacement: quote(plain),
      });
    }
  }

  handler(handler: Handler): void {
    const { name, external, entrypoint } = handler;
    const route = handler.route?.value;
    const which = route === undefined ? 'This handler' : `Route '${route}'`;
    const undecided =
      !name &&
      !external &&
      (this.#opening.has(handler.table) ||
        ['name', 'external'].some((key) => this.#mayBecome(handler.table, key)));
    if (Boolean(name) === Boolean(external) && !undecided)
      this.#report(
        'name-and-external',
        external ? external.key.range : handler.range,
        `${which} must specify exactly one of 'name' and 'external'`,
      );
    if (entrypoint && external)
      this.#report(
        'entrypoint-on-external',
        entrypoint.key.range,
        `${which} may not specify an entrypoint on an external reference`,
      );
    const id = external?.value?.bindleId;
    if (id?.value === undefined) return;
    const parsed = parseId(id.value);
    const problem = parsed
      ? nameProblem(parsed.name)
      : 'write the name, a slash and the version, as in "tools/fileserver/1.0.3"';
    if (problem !== undefined)
      this.#report('invalid-id', id.range, `${quote(id.value)} is not a valid bindle id: ${problem}`);
  }

  entries(): void {
    const { document, bindle } = this.#manifest;
    if (entriesOf(this.#manifest).length > 0) return;
    const { root } = document;
    const isTyped = (name: string): boolean => {
      const entry = root.entries.get(name);
      return (entry !== undefined && !entry.value) || this.#mayBecome(root, name);
    };
    if (['handler', 'export'].some(isTyped)) return;
    this.#report(
      'no-handlers',
      bindle?.range ?? root.range,
      'No handlers are defined: add a [[handler]] with a route and a name, or an [[export]]',
    );
  }

  #unknown(entry: Entry, fields: Fields, where: string): void {
    const { text, range } = entry.key;
    const names = Object.keys(fields);
    const near = nearest(text, names);
    const hint = near
      ? `did you mean \`${near}\`?`
      : `expected one of ${names.map((name) => `\`${name}\``).join(', ')}`;
    const message = `${capitalized(where)} has the unknown field \`${text}\`: ${hint}`;
    this.#report('unknown-field', range, message, near ? { replacement: near } : {});
  }

  #value({ key }: Entry, value: Value, field: Field): void {
    switch (field.type) {
      case 'string':
        if (value.kind !== 'text') this.#wrongType(`\`${key.text}\``, value, field.type);
        return;
      case 'strings':
        if (value.kind !== 'list') this.#wrongType(`\`${key.text}\``, value, field.type);
        else
          for (const item of value.items)
            if (item.kind !== 'text') this.#wrongType(`Every item of \`${key.text}\``, item, 'string');
        return;
      case 'map':
        if (value.kind !== 'table') this.#wrongType(`\`${key.text}\``, value, field.type);
        else
          for (const entry of value.entries.values())
            if (entry.value) this.#value(entry, entry.value, { type: 'string' });
        return;
      case 'table':
        if (value.kind === 'table') this.fields(value, field.fields, header(key.text, field));
        else this.#notThisHeader(key.text, value, field);
        return;
      case 'tables': {
        const tables =
          value.kind === 'tables' ? value.tables : value.kind === 'list' ? value.items : undefined;
        if (!tables) this.#notThisHeader(key.text, value, field);
        // What `[handler]` holds is checked as if it had its second pair of brackets.
        for (const item of tables ?? [value])
          if (item.kind === 'table') this.fields(item, field.fields, header(key.text, field));
          else if (tables) this.#wrongType(`Every item of \`${key.text}\``, item, 'map');
        return;
      }
    }
  }

  #wrongType(what: string, value: Value, wanted: keyof typeof WANTED): void {
    const message = `${what} must be ${WANTED[wanted]}`;
    this.#report('wrong-type', value.range, message, this.#repair(value, wanted));
  }

  /** The value in quotes, or in brackets, where that is all it lacks. */
  #repair(value: Value, wanted: keyof typeof WANTED): Partial<Problem> {
    const { start, end } = value.range;
    const source = this.#manifest.document.text.slice(start.offset, end.offset);
    if (wanted === 'strings' && value.kind === 'text') return { replacement: `[${source}]` };
    if (wanted === 'string' && ['number', 'boolean', 'date'].includes(value.kind))
      return { replacement: quote(source) };
    return {};
  }

  #notThisHeader(name: string, value: Value, field: Field): void {
    const wanted = header(name, field);
    const hasHeader = value.kind === 'tables' || (value.kind === 'table' && value.origin === 'header');
    this.#report('wrong-type', value.range, `\`${name}\` must be written as ${wanted}`, {
      ...(hasHeader && { replacement: wanted }),
    });
  }
}

function header(name: string, field: Field): string {
  return field.type === 'tables' ? `[[${name}]]` : field.type === 'table' ? `[${name}]` : name;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const HTML_ESCAPES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** What templates that write HTML make of `<`, `>`, `&` and quotes. */
function unescapeHtml(text: string): string {
  return text.replace(
    /&(?:(lt|gt|amp|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi,
    (escape, name, decimal, hex) => {
      if (name) return HTML_ESCAPES[String(name).toLowerCase()] ?? escape;
      const code = decimal ? parseInt(String(decimal), 10) : parseInt(String(hex), 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : escape;
    },
  );
}
