// Values for the key at a place, out of the project's files, its modules, git and the server.

import path from 'node:path';
import { cleanName } from '../clean-name.ts';
import { STATIC_FOLDERS } from '../detect.ts';
import type { ProjectFacts } from '../facts.ts';
import { escapePattern } from '../near-miss.ts';
import type { Manifest } from '../parse.ts';
import { quote } from '../quote.ts';
import { hasSecretName } from '../secrets.ts';
import type { Completion, CompletionKind, Resolved } from './completion.ts';
import { moduleSummary, patternSummary } from './describe.ts';
import { baseName } from './free-names.ts';
import { code } from './markdown.ts';
import { nextVersions } from './next-versions.ts';
import { plainPrefix } from './pattern-text.ts';
import type { ValuePlace } from './place.ts';
import { plain, stop } from './snippet.ts';

/** A value as it is meant, without quotes. */
interface Choice {
  readonly value: string;
  readonly kind: CompletionKind;
  readonly label?: string;
  readonly detail?: string;
  readonly documentation?: string;
  /** More is to be typed behind it, so that its text stays open for that. */
  readonly goesOn?: boolean;
  /** It is offered whatever is typed. */
  readonly always?: boolean;
  readonly resolve?: (signal?: AbortSignal) => Promise<Resolved>;
}

type Source = (asked: Asked) => Promise<Choice[]>;

interface Asked {
  readonly manifest: Manifest;
  readonly place: ValuePlace;
  readonly facts: ProjectFacts;
  readonly signal: AbortSignal | undefined;
}

/** By the path of the key. */
const SOURCES: Readonly<Record<string, Source>> = {
  'bindle.name': bindleNames,
  'bindle.version': versions,
  'bindle.authors': authors,
  'handler.route': routes,
  'handler.name': modules,
  'handler.entrypoint': entrypoints,
  'handler.files': patterns,
  'handler.external.bindleId': bindleIds,
  'handler.external.handlerId': handlerIds,
  'export.id': exportIds,
  'export.name': modules,
  'export.entrypoint': entrypoints,
  'export.files': patterns,
};

/** @throws the signal's reason */
export async function valueCompletions(
  manifest: Manifest,
  place: ValuePlace,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<Completion[]> {
  const name = [...place.path, place.key].join('.');
  const source = Object.hasOwn(SOURCES, name) ? SOURCES[name] : undefined;
  const { lines } = manifest.document;
  const range = lines.range(place.word.start, place.word.end);
  // A text of several lines is beyond what a completion may replace.
  if (!source || range.start.line !== range.end.line) return [];
  // A list where a text is wanted, or a text where a list is: check.ts says so.
  const isList = place.field?.type === 'strings';
  if (place.list !== isList && (place.list || place.quotes !== '')) return [];
  const choices = await source({ manifest, place, facts, signal });
  const seen = new Set<string>();
  return choices.flatMap((choice, index) => {
    const { value, kind, label = value, detail, documentation, goesOn = false, resolve } = choice;
    const text = written(value, place, goesOn);
    if (text === undefined || seen.has(label)) return [];
    seen.add(label);
    return {
      label,
      kind,
      edit: { range, text: text.snippet ?? text.plain },
      snippet: text.snippet !== undefined,
      filter: choice.always && place.word.typed !== '' ? place.word.typed : value,
      sort: String(index).padStart(4, '0'),
      again: goesOn,
      ...(detail !== undefined && { detail }),
      ...(documentation !== undefined && { documentation }),
      ...(resolve && { resolve }),
    };
  });
}

/** The value as TOML, with the quotes and brackets that are missing; undefined if it cannot stand in the quotes that are there. */
function written(
  value: string,
  { quotes, open, list, field, comma }: ValuePlace,
  goesOn: boolean,
): { plain: string; snippet?: string } | undefined {
  const isLiteral = quotes.startsWith("'");
  if (isLiteral && /['\p{Cc}]/u.test(value)) return undefined;
  const text = isLiteral ? value : quote(value).slice(1, -1);
  if (quotes !== '' && !open) return { plain: text };
  const [before, after] =
    quotes !== ''
      ? ['', quotes]
      : field?.type === 'strings' && !list
        ? ['["', '"]']
        : ['"', comma ? '",' : '"'];
  return {
    plain: before + text + after,
    ...(goesOn && { snippet: `${plain(before + text)}${stop(1)}${plain(after)}` }),
  };
}

/** Folders that hold what others have made; nobody wants them in a bindle as they are. */
const FOREIGN_FOLDERS = new Set(['node_modules', 'target', '.git']);
/** Patterns for a folder's kinds of files. */
const MAX_EXTENSIONS = 12;

async function patterns({ place, facts, signal }: Asked): Promise<Choice[]> {
  const { typed } = place.word;
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const counted = (value: string): Choice => ({
    value,
    kind: 'pattern',
    resolve: async (stop) => patternSummary(await facts.pattern(value, stop)),
  });
  const plainFolder = plainPrefix(folder);
  if (plainFolder === undefined) {
    // Behind a pattern for folders: the kinds of files that are in them.
    const { matches } = await facts.pattern(`${folder}*`, signal);
    const choices = [
      `${folder}*`,
      ...extensionsOf(matches.map(({ name }) => name)).map((extension) => `${folder}*${extension}`),
    ];
    return remaining(choices.map(counted), place);
  }
  const entries = await facts.folder(plainFolder, signal);
  const folders = entries.filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const files = entries
    .filter(({ name, kind }) => (kind === 'file' || kind === 'link') && !hasSecretName(name))
    .map(({ name }) => name);
  const usual = folders.filter((name) => STATIC_FOLDERS.includes(name));
  const own = [...usual, ...folders.filter((name) => !isForeign(name) && !usual.includes(name))];
  return remaining(
    [
      ...(folder === ''
        ? []
        : [counted(`${folder}*`), ...(folders.length > 0 ? [counted(`${folder}**/*`)] : [])]),
      ...own.flatMap((name): Choice[] => {
        const below = `${folder}${escapePattern(name)}/`;
        return [
          counted(`${below}*`),
          counted(`${below}**/*`),
          { value: below, kind: 'folder', goesOn: true },
        ];
      }),
      ...extensionsOf(files).map((extension) => counted(`${folder}*${extension}`)),
      ...files.map((name): Choice => ({ ...counted(`${folder}${escapePattern(name)}`), kind: 'file' })),
      ...folders.filter(isForeign).map((name): Choice => ({
        value: `${folder}${escapePattern(name)}/`,
        kind: 'folder',
        goesOn: true,
      })),
    ],
    place,
  );
}

function isForeign(name: string): boolean {
  return FOREIGN_FOLDERS.has(name) || name.startsWith('.');
}

/** Endings of names, the most frequent first. */
function extensionsOf(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const extension = path.posix.extname(name);
    if (/^\.[\w-]+$/.test(extension)) counts.set(extension, (counts.get(extension) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, MAX_EXTENSIONS)
    .map(([extension]) => extension);
}

/** Without those that the list has. */
function remaining(choices: Choice[], { items }: ValuePlace): Choice[] {
  return choices.filter(({ value }) => !items.includes(value));
}

async function modules({ place, facts, signal }: Asked): Promise<Choice[]> {
  const { typed } = place.word;
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const resolve = (name: string) => async (stop?: AbortSignal) =>
    moduleSummary(await facts.module(name, stop));
  const known = (await facts.modules(signal)).map(({ name, command }): Choice => {
    const detail = command === undefined ? 'module' : 'not built yet';
    return {
      value: name,
      kind: 'file',
      detail,
      ...(command === undefined
        ? { resolve: resolve(name) }
        : { documentation: `It is not there yet: ${code(command)} makes it.` }),
    };
  });
  const entries = await facts.folder(folder, signal);
  const files = entries.filter(({ name, kind }) => kind !== 'folder' && /\.wasm$/i.test(name));
  const folders = entries.filter(
    ({ name, kind }) => kind === 'folder' && (!name.startsWith('.') || typed.startsWith(`${folder}.`)),
  );
  return [
    ...known,
    ...files.map(({ name }): Choice => ({
      value: folder + name,
      kind: 'file',
      resolve: resolve(folder + name),
    })),
    ...folders.map(({ name }): Choice => ({ value: `${folder}${name}/`, kind: 'folder', goesOn: true })),
  ];
}

async function routes({ manifest, place, facts, signal }: Asked): Promise<Choice[]> {
  const own = place.siblings.get('name');
  const names = [
    ...(own === undefined ? [] : [own]),
    ...(await facts.modules(signal)).map(({ name }) => name),
  ];
  const bases = names.flatMap((name) => baseName(name) ?? []);
  const folders = manifest.handlers.flatMap(({ files }) =>
    (files?.value ?? []).flatMap(
      ({ text }) => cleanName(/^(?:\.\/)?([^*?[/]+)\//.exec(text)?.[1] ?? '') ?? [],
    ),
  );
  const taken = new Set(
    manifest.handlers.filter(({ table }) => table !== place.section).map(({ route }) => route?.value),
  );
  const choice = (value: string, detail: string): Choice => ({ value, kind: 'route', detail });
  return [
    choice('/', 'the front page alone'),
    choice('/...', 'every path'),
    ...[...bases, ...folders].flatMap((base) => [
      choice(`/${base}`, 'this path alone'),
      choice(`/${base}/...`, 'this path and all below it'),
    ]),
  ].filter(({ value }) => !taken.has(value) && value !== '/healthz');
}

async function entrypoints({ place, facts, signal }: Asked): Promise<Choice[]> {
  const name = place.siblings.get('name');
  const module = name === undefined ? undefined : await facts.module(name, signal);
  if (!module?.found || module.wasm?.kind !== 'module') return [];
  return module.wasm.exports
    .filter(({ kind }) => kind === 'function')
    .map(({ name: value }) => ({
      value,
      kind: 'function',
      detail: value === '_start' ? 'what is called without this key' : `of ${name}`,
    }));
}

async function exportIds({ manifest, place, facts, signal }: Asked): Promise<Choice[]> {
  const own = place.siblings.get('name');
  const names = own === undefined ? (await facts.modules(signal)).map(({ name }) => name) : [own];
  const taken = new Set(
    manifest.exports.filter(({ table }) => table !== place.section).map(({ id }) => id?.value),
  );
  return names
    .flatMap((name) => baseName(name) ?? [])
    .filter((id) => !taken.has(id))
    .map((value) => ({ value, kind: 'text' }));
}

async function authors({ place, facts }: Asked): Promise<Choice[]> {
  const author = await facts.author();
  if (author === undefined) return [];
  return remaining([{ value: author, kind: 'person', detail: 'as git has it' }], place);
}

async function bindleNames({ place, facts }: Asked): Promise<Choice[]> {
  const folder = cleanName(path.basename(facts.directory));
  const names = (await facts.server?.bindles(place.word.typed)) ?? [];
  return [
    ...(folder === undefined
      ? []
      : [{ value: folder, kind: 'bindle', detail: 'as the folder is called' } as const]),
    ...names.map((value): Choice => ({
      value,
      kind: 'bindle',
      detail: `on ${facts.server?.origin ?? 'the server'}`,
    })),
  ];
}

async function versions({ manifest, place, facts }: Asked): Promise<Choice[]> {
  const name = manifest.bindle?.name?.value ?? place.siblings.get('name');
  const known = (name === undefined ? undefined : await facts.server?.versions(name)) ?? [];
  const written = manifest.bindle?.version?.value ?? place.word.typed;
  return nextVersions(written, known).map(({ version, how }) => ({
    value: version,
    kind: 'version',
    detail: how,
    always: true,
  }));
}

async function bindleIds({ place, facts: { server } }: Asked): Promise<Choice[]> {
  if (!server) return [];
  const { typed } = place.word;
  const name = typed.slice(0, Math.max(0, typed.lastIndexOf('/')));
  const [names, versionsOfIt] = await Promise.all([
    server.bindles(typed),
    name === '' ? undefined : server.versions(name),
  ]);
  return [
    ...(versionsOfIt ?? []).map((version): Choice => ({ value: `${name}/${version}`, kind: 'version' })),
    ...(names ?? []).map((other): Choice => ({ value: `${other}/`, kind: 'bindle', goesOn: true })),
  ];
}

async function handlerIds({ place, facts: { server } }: Asked): Promise<Choice[]> {
  const id = place.siblings.get('bindleId');
  const bindle = id === undefined ? undefined : await server?.bindle(id);
  if (!bindle || bindle === 'none') return [];
  return bindle.handlers.map(({ id: value, entrypoint }) => ({
    value,
    kind: 'function',
    detail: entrypoint === undefined ? `of ${id}` : `of ${id}, runs ${entrypoint}`,
  }));
}
