// Which language a file is in, and whether it belongs to a handler of HIPPOFACTS.

import path from 'node:path';
import { parseManifest } from '../hippofacts/parse.ts';
import { parseDocument } from '../hippofacts/syntax.ts';
import type { BindingLanguage, BindingStyle, WorkspaceTexts } from './plan.ts';
import { hasExtension, projectOf, relativeName } from './projects.ts';
import type { BindingTemplates, Language } from './templates.ts';

export interface GuessWish {
  /** Absolute path of the file; it need not be there. */
  readonly path: string;
  /** VS Code's word for its language, where that is known. */
  readonly languageId?: string | undefined;
  /** Absolute path of the project's or the workspace's folder. */
  readonly folder: string;
  /** Absolute path of the HIPPOFACTS that the project has. */
  readonly hippofacts: string | undefined;
}

export interface Guess {
  readonly language: BindingLanguage;
  /** The default for it. */
  readonly style: BindingStyle;
  /** A module that HIPPOFACTS names is built from this file. */
  readonly handler: boolean;
}

/** @returns undefined for a file of no language that there is */
export async function guess(
  wish: GuessWish,
  texts: WorkspaceTexts,
  templates: BindingTemplates,
): Promise<Guess | undefined> {
  const { path: file, languageId, folder } = wish;
  const alike = [...templates.languages.values()].filter(
    (one) => hasExtension(file, one) || (languageId !== undefined && one.languageIds.includes(languageId)),
  );
  // Those that know their files by more than the name come first.
  const ordered = alike.sort((a, b) => Number(b.guess !== undefined) - Number(a.guess !== undefined));
  for (const language of ordered) {
    if (language.guess !== undefined && !(await isSure(language, file, folder, texts))) continue;
    const handler = await isHandler(language, wish, texts);
    return { language: language.id, style: handler ? 'host-call' : 'environment', handler };
  }
  return undefined;
}

/**
 * True if code of a language in a project's folder makes modules of HIPPOFACTS.
 * @param path of a file, or of what would be one
 */
export async function isHandler(
  language: Language,
  { path: file, folder, hippofacts }: GuessWish,
  texts: WorkspaceTexts,
): Promise<boolean> {
  const { forms } = language;
  if (!forms.some(({ style }) => style === 'host-call')) return false;
  // Nothing in it opens connections: it makes handlers only.
  if (!forms.some(({ style, offerings }) => style === 'environment' && offerings !== undefined)) return true;
  const text = hippofacts === undefined ? undefined : await texts.read(hippofacts);
  if (hippofacts === undefined || text === undefined) return false;
  const { handlers, exports } = parseManifest(text);
  const modules = [...handlers, ...exports].flatMap(({ name }) => name?.value ?? []);
  const project = (await projectOf(file, folder, language, texts)) ?? folder;
  const root = path.dirname(hippofacts);
  const names = modules.map((name) => relativeName(project, path.resolve(root, name)));
  const binary = /^src\/bin\/([^/]+?)(?:\.rs|\/)/.exec(relativeName(project, file))?.[1];
  const own = binary ?? (await crateName(project, texts));
  const stem = (name: string): string => path.posix.basename(name, '.wasm').replaceAll('-', '_');
  if (own !== undefined && names.some((name) => stem(name) === own.replaceAll('-', '_'))) return true;
  // A module of this project's under another name; programs of their own are not in it.
  return binary === undefined && names.some((name) => name.endsWith('.wasm') && !name.startsWith('..'));
}

async function isSure(
  { guess: signs, projects }: Language,
  file: string,
  folder: string,
  texts: WorkspaceTexts,
): Promise<boolean> {
  if (signs?.path !== undefined && new RegExp(signs.path, 'u').test(relativeName(folder, file))) return true;
  if (signs?.beside !== undefined) {
    const marker = { projects: [signs.beside, ...projects] } as Language;
    const project = await projectOf(file, folder, marker, texts);
    if (project !== undefined && (await texts.read(path.join(project, signs.beside))) !== undefined)
      return true;
  }
  if (signs?.content === undefined) return false;
  return new RegExp(signs.content, 'mu').test((await texts.read(file)) ?? '');
}

/** Of the binary that Cargo makes. */
async function crateName(project: string, texts: WorkspaceTexts): Promise<string | undefined> {
  const text = await texts.read(path.join(project, 'Cargo.toml'));
  const { root } = parseDocument(text ?? '', () => undefined);
  const nameIn = (section: string): string | undefined => {
    const value = root.entries.get(section)?.value;
    const table = value?.kind === 'tables' ? value.tables[0] : value;
    const name = table?.kind === 'table' ? table.entries.get('name')?.value : undefined;
    return name?.kind === 'text' ? name.text : undefined;
  };
  return nameIn('bin') ?? nameIn('package');
}

/** Files that are looked at to tell what a project is written in. */
const MAX_LOOKED_AT = 100;

/**
 * What most files of a project are written in, those of handlers before others.
 * @returns undefined where there is no file of any language that there is
 */
export async function likelyGuess(
  { folder, hippofacts }: Pick<GuessWish, 'folder' | 'hippofacts'>,
  texts: WorkspaceTexts,
  templates: BindingTemplates,
): Promise<Guess | undefined> {
  const endings = new Set(
    [...templates.languages.values()].flatMap(({ extensions }) => extensions.map((one) => `*${one}`)),
  );
  const files = (await texts.find(folder, [...endings])).slice(0, MAX_LOOKED_AT);
  const counts = new Map<string, { guess: Guess; count: number }>();
  for (const file of files) {
    const found = await guess({ path: file, folder, hippofacts }, texts, templates);
    if (!found) continue;
    const known = counts.get(`${found.language} ${found.style}`);
    counts.set(`${found.language} ${found.style}`, { guess: found, count: (known?.count ?? 0) + 1 });
  }
  const rank = ({ guess: { handler }, count }: { guess: Guess; count: number }): number =>
    (handler ? MAX_LOOKED_AT : 0) + count;
  return [...counts.values()].sort((a, b) => rank(b) - rank(a))[0]?.guess;
}
