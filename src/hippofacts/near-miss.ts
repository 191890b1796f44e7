// What was probably meant by a pattern that matches nothing: other case, a dot in front, folders for their files, braces,
// a folder or a spelling beside it. Every guess has been tried: it matches something.

import { parsePattern, PatternError, type Component, type Pattern } from './glob-pattern.ts';
import { nearest } from './nearest.ts';
import type { Place, Project } from './project.ts';

export interface NearMiss {
  /** Why the pattern matches nothing, and what to write, as a clause. */
  readonly reason: string;
  /** Patterns in its place; none where nothing can be. */
  readonly better: readonly string[];
}

export interface NearMissOptions {
  readonly project: Project;
  /** How many files a pattern matches. */
  readonly count: (text: string) => Promise<number>;
  /** Names, relative to the project, of the files that a pattern of our own matches. */
  readonly find: (pattern: Pattern) => Promise<readonly (readonly string[])[]>;
  readonly windows: boolean;
}

/** @param text relative to the project. @throws the signal's reason, by way of the functions */
export async function nearMiss(
  text: string,
  pattern: Pattern,
  options: NearMissOptions,
): Promise<NearMiss | undefined> {
  const elsewhere = await notHere(text, pattern, options);
  if (elsewhere) return elsewhere;
  const folders = await filesOfFolder(text, pattern, options);
  if (folders) return folders;
  // Guesses look around: not outside of the project.
  if (mayRise(text)) return undefined;
  if (text.startsWith('!'))
    return { reason: '! has no special meaning, files cannot be excluded', better: [] };
  const braces = await withoutBraces(text, options);
  if (braces) return braces;
  const simple: readonly (readonly [reason: string, other: string])[] = [
    ['folders are separated by /', options.windows ? text : text.replaceAll('\\', '/')],
    ['blanks count', text.trim()],
    ['the files are in folders below', intoFolders(text, pattern)],
  ];
  for (const [reason, other] of simple)
    if (other !== text && (await options.count(other)) > 0) return instead(reason, other);
  return respelled(text, pattern, options);
}

/** True for a pattern with `..`, or with what may match it. */
export function mayRise(text: string): boolean {
  return /(?:^|[/\\])(?:\.|\[)(?:\.|[*?[])/.test(text);
}

function instead(reason: string, better: string): NearMiss {
  return { reason: `${reason}, write ${better}`, better: [better] };
}

/** What a shell or another system would understand, and a link that leads nowhere. */
async function notHere(
  text: string,
  { components, literal }: Pattern,
  { project }: NearMissOptions,
): Promise<NearMiss | undefined> {
  if (/^(?:~|\$\{?\w+\}?|[A-Za-z]:)[/\\]/.test(text))
    return { reason: 'it is taken by the letter, write it relative to the HIPPOFACTS', better: [] };
  if (!literal || components.some((component) => component.literal === '..')) return undefined;
  const { kind } = (await project.find(project.root, text)) ?? {};
  return kind === 'nothing' ? { reason: 'it is a link to what does not exist', better: [] } : undefined;
}

/** A pattern that stands for folders only: it never matches a file, whatever is there. */
async function filesOfFolder(
  text: string,
  { components, foldersOnly, literal }: Pattern,
  { project, windows, count }: NearMissOptions,
): Promise<NearMiss | undefined> {
  if (components.length === 0) return undefined;
  let end = text.length;
  while (text[end - 1] === '/' || (windows && text[end - 1] === '\\')) end--;
  const folder = text.slice(0, end);
  const files = async (better: string): Promise<NearMiss> =>
    // All of the project is never meant: there are the build's files and the history.
    /^(?:\.[/\\]?)*$/.test(folder) || (await count(better)) === 0
      ? { reason: 'it stands for a folder, and not for the files in it', better: [] }
      : { reason: `it stands for folders, write ${better} for the files in them`, better: [better] };
  if (foldersOnly) return files(components.at(-1)?.recursive ? `${folder}/*` : `${folder}/**/*`);
  if (!literal || components.some((component) => component.literal === '..')) return undefined;
  const { kind } = (await project.find(project.root, folder)) ?? {};
  return kind === 'folder' ? files(`${folder}/**/*`) : undefined;
}

/** Patterns that braces are written out to. */
const MAX_ALTERNATIVES = 16;

async function withoutBraces(text: string, { count }: NearMissOptions): Promise<NearMiss | undefined> {
  if (!/\{[^{}]*\}/.test(text)) return undefined;
  const reason = 'braces have no special meaning, write one pattern for each';
  const alternatives = writtenOut(text);
  if (alternatives.length > MAX_ALTERNATIVES) return { reason, better: [] };
  const better: string[] = [];
  for (const alternative of alternatives) if ((await count(alternative)) > 0) better.push(alternative);
  return { reason, better };
}

/** `{a,b}/{c,d}` is four patterns; of very many, a few too many. */
function writtenOut(text: string): string[] {
  let texts = [text];
  for (;;) {
    const next = texts.flatMap((one) => {
      const braces = /\{([^{}]*)\}/.exec(one);
      if (!braces) return one;
      const [before, after] = [one.slice(0, braces.index), one.slice(braces.index + braces[0].length)];
      return (braces[1] ?? '').split(',').map((part) => `${before}${part}${after}`);
    });
    if (next.length > MAX_ALTERNATIVES || next.length === texts.length) return next;
    texts = next;
  }
}

/** `img/*.png` for files in `img/icons/`. */
function intoFolders(text: string, { components }: Pattern): string {
  const slash = text.lastIndexOf('/');
  return components.at(-2)?.recursive ? text : `${text.slice(0, slash + 1)}**/${text.slice(slash + 1)}`;
}

/** The pattern with the case, the dots and the spelling of what is there. */
async function respelled(
  text: string,
  pattern: Pattern,
  options: NearMissOptions,
): Promise<NearMiss | undefined> {
  const parts = text.split(options.windows ? /[/\\]/ : '/');
  // Several `**` in a row are one component: such a pattern is not worth the trouble.
  if (parts.length !== pattern.components.length) return undefined;
  const [found] = await options.find(relaxed(parts, pattern));
  if (found) {
    const better = aligned(pattern.components, found, (component, name, index) =>
      respell(parts[index] ?? '', component, name),
    )?.join('/');
    if (better !== undefined && (await options.count(better)) > 0)
      return instead(reasonFor(text, better), better);
  }
  return misspelled(parts, pattern, options);
}

/** The pattern with case, dots in front and Unicode forms left out of account. */
function relaxed(parts: readonly string[], { components }: Pattern): Pattern {
  return {
    foldersOnly: false,
    literal: false,
    components: components.map((component, index) => {
      const part = parts[index] ?? '';
      if (component.recursive || ['', '.', '..'].includes(part)) return component;
      const plain = parseOne(simple(part));
      return {
        literal: undefined,
        recursive: false,
        dotFirst: false,
        matches: (name) => component.matches(name) || (plain?.matches(simple(name)) ?? false),
      };
    }),
  };
}

function simple(name: string): string {
  return name.normalize('NFC').toLowerCase().replace(/^\./, '');
}

function parseOne(text: string): Component | undefined {
  try {
    const [component, ...others] = parsePattern(text).components;
    return others.length === 0 ? component : undefined;
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}

/** Which component stands for which name; `**` is itself. Undefined if `spell` is at a loss, or nothing fits. */
function aligned(
  components: readonly Component[],
  names: readonly string[],
  spell: (component: Component, name: string, index: number) => string | undefined,
): string[] | undefined {
  const from = (index: number, at: number): string[] | undefined => {
    const component = components[index];
    if (!component) return at === names.length ? [] : undefined;
    if (component.recursive) {
      // As few folders as will do.
      for (let next = at; next < names.length; next++) {
        const rest = from(index + 1, next);
        if (rest) return ['**', ...rest];
      }
      return undefined;
    }
    if (component.literal === '' || component.literal === '.') {
      const rest = from(index + 1, at);
      return rest && [component.literal, ...rest];
    }
    const name = names[at];
    const spelled = name === undefined ? undefined : spell(component, name, index);
    const rest = spelled === undefined ? undefined : from(index + 1, at + 1);
    return rest && spelled !== undefined ? [spelled, ...rest] : undefined;
  };
  return from(0, 0);
}

/** What a part of a pattern must be to match a name. */
function respell(part: string, component: Component, name: string): string | undefined {
  if (component.matches(name)) return part;
  if (!/[*?]/.test(part)) return escapePattern(name);
  const cases = [part, part.toLowerCase(), part.toUpperCase()];
  return [...cases, ...cases.map((one) => `.${one}`), ...cases.map((one) => one.replace(/^\./, ''))].find(
    (one) => parseOne(one)?.matches(name),
  );
}

/** A name as a pattern that matches it alone. */
export function escapePattern(name: string): string {
  return name.replace(/[*?[]/g, '[$&]');
}

function reasonFor(text: string, better: string): string {
  if (better.toLowerCase() === text.toLowerCase()) return 'upper and lower case differ';
  if (better.normalize('NFC') === text.normalize('NFC')) return 'its accents are written in another way';
  return 'the dot of a hidden name counts';
}

/** One folder, or the file itself, with its letters mixed up. */
async function misspelled(
  parts: readonly string[],
  { components }: Pattern,
  { project, count }: NearMissOptions,
): Promise<NearMiss | undefined> {
  let folder: Place = project.root;
  for (const [index, { literal }] of components.entries()) {
    if (literal === undefined || literal === '..') return undefined;
    const target = literal === '' || literal === '.' ? undefined : await project.find(folder, literal);
    if (literal === '' || literal === '.') continue;
    if (target?.kind === 'folder') {
      folder = target.place;
      continue;
    }
    if (target) return undefined;
    const names = (await project.list(folder).catch(() => [])).map(({ name }) => name);
    const near = nearest(literal, names);
    if (near === undefined) return undefined;
    const better = [...parts.slice(0, index), escapePattern(near), ...parts.slice(index + 1)].join('/');
    return (await count(better)) > 0 ? instead(`there is no ${literal}`, better) : undefined;
  }
  return undefined;
}
