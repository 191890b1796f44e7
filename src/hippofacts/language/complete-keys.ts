// Tables and keys that can be written at a place: those that must be there first, and none that are there already.

import type { ProjectFacts } from '../facts.ts';
import type { Manifest } from '../parse.ts';
import { docMarkdown, docOf, keyOrder } from '../schema-docs.ts';
import { fieldOf, MANIFEST, type Field } from '../schema.ts';
import type { Completion } from './completion.ts';
import { freeId, freeModule, freeRoute } from './free-names.ts';
import { lineEndOf } from './line-ends.ts';
import { fieldAt, type HeaderPlace, type KeyPlace, type Path } from './place.ts';
import { stop } from './snippet.ts';

export async function keyCompletions(
  manifest: Manifest,
  place: KeyPlace,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Completion[]> {
  const { path, word, alone, followed } = place;
  const isTop = path.length === 0;
  // At the top, tables are written as headers, unless a dot or an equals sign says otherwise.
  const names = isTop && !followed && !place.inline ? [] : keyOrder(path);
  const keys = names
    .filter((name) => isOpen(path, name, place.taken))
    .map((name, index) => key(manifest, place, name, index));
  if (!alone || followed) return keys;
  const headers = await tables(manifest, facts, signal);
  const own = externalHeader(place, lineEndOf(manifest.document.text));
  return [
    ...keys,
    ...[...headers, ...(own ? [own] : [])].map(({ name, header, skeleton, label, sort }) =>
      completion(manifest, {
        label: label ?? header,
        path: name.split('.'),
        start: word.start,
        end: word.end,
        text: skeleton,
        snippet: true,
        filter: name,
        sort: `5${sort}`,
      }),
    ),
  ];
}

export async function headerCompletions(
  manifest: Manifest,
  place: HeaderPlace,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Completion[]> {
  const { text } = manifest.document;
  const { start, end, before, word, filled } = place;
  const written = text.slice(start, word.start);
  const shared = { start, end, snippet: !filled };
  if (before.length > 0) {
    const [name, ...others] = before;
    if (name !== 'handler' || others.length > 0) return [];
    const header = '[handler.external]';
    return [
      completion(manifest, {
        ...shared,
        label: header,
        path: ['handler', 'external'],
        text: filled
          ? header
          : `${header}${lineEndOf(text)}bindleId = "${stop(1)}"${lineEndOf(text)}handlerId = "${stop(2)}"`,
        filter: `${written}external`,
        sort: '0',
      }),
    ];
  }
  const choices = await tables(manifest, facts, signal, place.start);
  // Those with a label of their own have the same header as another: what they differ in are the keys.
  const offered = filled ? choices.filter(({ label }) => label === undefined) : choices;
  return offered.map(({ name, header, skeleton, label, sort }) =>
    completion(manifest, {
      ...shared,
      label: label ?? header,
      path: [name],
      text: filled ? header : skeleton,
      filter: `${written}${name}`,
      sort,
    }),
  );
}

/** True unless the key is there, or goes badly with one that is. */
function isOpen(path: Path, name: string, taken: ReadonlySet<string>): boolean {
  if (taken.has(name)) return false;
  if (path.length !== 1 || path[0] !== 'handler') return true;
  if (name === 'external') return !taken.has('name') && !taken.has('entrypoint');
  return !(taken.has('external') && (name === 'name' || name === 'entrypoint'));
}

function key(manifest: Manifest, place: KeyPlace, name: string, index: number): Completion {
  const { path, word, followed, comma } = place;
  const field = fieldAt([...path, name]);
  const isNeeded = field?.required || (path[0] === 'handler' && name === 'name');
  const value = field && !followed ? ` = ${emptyValue([...path, name], field)}${comma ? ',' : ''}` : '';
  const quoted = /^["']?/.exec(word.typed)?.[0] ?? '';
  return completion(manifest, {
    label: name,
    kind: 'key',
    path: [...path, name],
    start: word.start,
    end: word.end,
    text: `${name}${value}`,
    snippet: value !== '',
    again: value !== '',
    filter: `${quoted}${name}`,
    sort: `${isNeeded ? '0' : '1'}${String(index).padStart(2, '0')}`,
    ...(isNeeded && { detail: 'required' }),
  });
}

function emptyValue(path: Path, field: Field): string {
  switch (field.type) {
    case 'string':
      return `"${stop(1)}"`;
    case 'strings':
      return `["${stop(1)}"]`;
    case 'tables':
      return `[${stop(1)}]`;
    case 'map':
      return `{ ${stop(1)} }`;
    case 'table': {
      const pairs = keyOrder(path).filter((name) => fieldOf(field.fields, name)?.required);
      return `{ ${pairs.map((name, index) => `${name} = "${stop(index + 1)}"`).join(', ')} }`;
    }
  }
}

interface TableChoice {
  readonly name: string;
  readonly header: string;
  /** A snippet: the header, and what has to stand below it. */
  readonly skeleton: string;
  readonly label?: string;
  readonly sort: string;
}

/** The tables that may still be written. @param typed offset of the header that is being typed */
async function tables(
  manifest: Manifest,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
  typed = -1,
): Promise<TableChoice[]> {
  const { document } = manifest;
  const there = new Set(
    [...document.root.entries.values()]
      .filter(({ key: { range }, value }) => {
        const place = value?.range ?? range;
        return place.start.offset !== typed;
      })
      .map(({ key: { text } }) => text),
  );
  const module = freeModule(manifest, await facts.modules(signal));
  const route = freeRoute(manifest, module);
  const lines = (...all: string[]): string => all.join(lineEndOf(document.text));
  const skeletons: Record<keyof typeof MANIFEST, string[]> = {
    bindle: ['[bindle]', `name = "${stop(1, 'name')}"`, `version = "${stop(2, '0.1.0')}"`],
    annotations: ['[annotations]', `${stop(1, 'name')} = "${stop(2, 'text')}"`],
    handler: [
      '[[handler]]',
      `route = "${stop(1, route)}"`,
      `name = "${stop(2, module)}"`,
      `files = [${stop(3)}]`,
    ],
    export: ['[[export]]', `id = "${stop(1, freeId(manifest, module))}"`, `name = "${stop(2, module)}"`],
  };
  const choices = (Object.keys(MANIFEST) as (keyof typeof MANIFEST)[]).flatMap((name): TableChoice[] => {
    const many = MANIFEST[name].type === 'tables';
    if (!many && there.has(name)) return [];
    const [header = '', ...body] = skeletons[name];
    // What is missing comes first, then what there is most of.
    const isNeeded =
      name === 'bindle' || (name === 'handler' && !there.has('handler') && !there.has('export'));
    const sort = `${isNeeded ? '0' : name === 'handler' ? '1' : '2'}${name}`;
    return [{ name, header, skeleton: lines(header, ...body), sort }];
  });
  const external = `external = { bindleId = "${stop(2)}", handlerId = "${stop(3)}" }`;
  return [
    ...choices,
    {
      name: 'handler',
      header: '[[handler]]',
      label: '[[handler]] out of another bindle',
      skeleton: lines('[[handler]]', `route = "${stop(1, '/static/...')}"`, external),
      sort: '3',
    },
  ];
}

/** A table of its own for what the handler above takes from another bindle. */
function externalHeader({ path, taken }: KeyPlace, eol: string): TableChoice | undefined {
  if (path.length !== 1 || path[0] !== 'handler' || !isOpen(path, 'external', taken)) return undefined;
  const header = '[handler.external]';
  const skeleton = [header, `bindleId = "${stop(1)}"`, `handlerId = "${stop(2)}"`].join(eol);
  return { name: 'handler.external', header, skeleton, sort: '4' };
}

interface Written {
  label: string;
  kind?: Completion['kind'];
  path: Path;
  start: number;
  end: number;
  text: string;
  snippet: boolean;
  filter: string;
  sort: string;
  again?: boolean;
  detail?: string;
}

function completion({ document }: Manifest, written: Written): Completion {
  const {
    label,
    kind = 'table',
    path,
    start,
    end,
    text,
    snippet,
    filter,
    sort,
    again = false,
    detail,
  } = written;
  const doc = fieldAt(path) && docOf(path);
  return {
    label,
    kind,
    edit: { range: document.lines.range(start, end), text },
    snippet,
    filter,
    sort,
    again,
    ...(detail !== undefined && { detail }),
    ...(doc && { documentation: docMarkdown(doc) }),
  };
}
