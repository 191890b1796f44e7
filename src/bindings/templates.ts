// The languages of scaffold/bindings/: a folder each, with a language.json and the texts that it names. A language is
// added by adding files; README.md there says what they are.

import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Static } from 'typebox';
import { Check, Errors } from 'typebox/value';
import { LanguageFile } from './language-file.ts';
import type { BindingLanguage, BindingStyle, BoundAddon } from './plan.ts';

/** What is offered for one language. */
export interface LanguageInfo {
  /** Its folder. */
  readonly id: BindingLanguage;
  /** As people read it: `Rust`. */
  readonly name: string;
  /** What VS Code calls it: `rust`. */
  readonly languageIds: readonly string[];
  /** How its files end: `.rs`. */
  readonly extensions: readonly string[];
  /** `host-call`: it makes handlers; `environment`: it runs natively. The usual one first. */
  readonly styles: readonly BindingStyle[];
}

export type Form = Static<typeof LanguageFile>['forms'][number];
export type Library = NonNullable<Static<typeof LanguageFile>['library']>;

export interface Language extends Static<typeof LanguageFile> {
  readonly id: BindingLanguage;
}

/** All languages by id. */
export interface BindingTemplates {
  readonly scaffold: string;
  readonly languages: ReadonlyMap<BindingLanguage, Language>;
}

/** A file of scaffold/bindings is not as it has to be. */
export class TemplateError extends Error {
  readonly code = 'BINDING_TEMPLATE';
  constructor(file: string, problem: string) {
    super(`${file} ${problem}.`);
    this.name = 'TemplateError';
  }
}

/**
 * @param scaffold the folder of that name
 * @throws TemplateError
 */
export async function loadTemplates(scaffold: string): Promise<BindingTemplates> {
  const folder = path.join(scaffold, 'bindings');
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
      .map(async (id): Promise<[string, Language]> => [
        id,
        { ...(await readLanguage(path.join(folder, id))), id },
      ]),
  );
  return { scaffold, languages: new Map(found) };
}

/** What there is, by name. */
export function languages(templates: BindingTemplates): LanguageInfo[] {
  return [...templates.languages.values()]
    .map((language) => ({
      id: language.id,
      name: language.name,
      languageIds: language.languageIds,
      extensions: language.extensions,
      styles: stylesIn(language),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By its id or its name, in any case. */
export function findLanguage(templates: BindingTemplates, wanted: string): Language | undefined {
  const name = wanted.toLowerCase();
  return [...templates.languages.values()].find(
    (one) =>
      one.id === name ||
      one.name.toLowerCase() === name ||
      one.extensions.includes(`.${name}`) ||
      one.languageIds.includes(name),
  );
}

/** A style that an add-on can be used in. */
export interface StyleChoice {
  readonly style: BindingStyle;
  /** What has to be known before it is taken, a sentence. */
  readonly warning: string | undefined;
}

/** Said where a handler would read a variable. */
export const HANDLER_WARNING =
  'A handler reads the variable, but cannot open a connection with it: WebAssembly modules have no sockets.';

/**
 * The styles of a language that fit an add-on, the default first; none where the language has nothing for it.
 * @param handler the code belongs to a handler of HIPPOFACTS
 */
export function stylesFor(
  templates: BindingTemplates,
  id: BindingLanguage,
  addon: BoundAddon,
  handler: boolean,
): StyleChoice[] {
  const language = templates.languages.get(id);
  if (!language) return [];
  const all = stylesIn(language).filter((style) => formFor(language, style, addon) !== undefined);
  // Native programs have no host that they could call.
  const fitting = handler || all.length === 1 ? all : all.filter((style) => style === 'environment');
  return fitting
    .sort((a) => (a === 'host-call' ? -1 : 1))
    .map((style) => ({
      style,
      warning: handler && style === 'environment' ? HANDLER_WARNING : undefined,
    }));
}

/** What a language has for an add-on: that of its interfaces or its offering, else the one for all others. */
export function formFor(language: Language, style: BindingStyle, addon: BoundAddon): Form | undefined {
  const forms = language.forms.filter((form) => form.style === style);
  if (style === 'host-call') {
    return forms.find((form) => addon.interfaces.some((one) => one === form.interface));
  }
  if (addon.variables.length === 0) return undefined;
  const special = forms.find(
    ({ offerings }) => offerings?.includes(addon.offering.toLowerCase()) && urlOf(addon) !== undefined,
  );
  return special ?? forms.find(({ offerings }) => offerings === undefined);
}

/** The variable that holds the address; undefined without one. */
export function urlOf({ variables }: BoundAddon): string | undefined {
  return variables.find((key) => /_URL$/.test(key) && !/_JDBC_URL$/.test(key));
}

function stylesIn({ forms }: Language): BindingStyle[] {
  const styles: BindingStyle[] = ['host-call', 'environment'];
  return styles.filter((style) => forms.some((form) => form.style === style));
}

async function readLanguage(folder: string): Promise<Static<typeof LanguageFile>> {
  const file = path.join(folder, 'language.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) throw new TemplateError(file, 'cannot be read');
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new TemplateError(file, `is not JSON: ${(error as Error).message}`);
  }
  if (!Check(LanguageFile, read)) {
    const [first] = Errors(LanguageFile, read);
    throw new TemplateError(file, `is not as README.md says: ${first?.instancePath} ${first?.message}`);
  }
  for (const source of patternsOf(read)) {
    try {
      new RegExp(source.replaceAll(/\{\{\w+\}\}/g, 'x'), 'u');
    } catch (error) {
      throw new TemplateError(file, `has a pattern that is none: ${(error as Error).message}`);
    }
  }
  const texts = read.forms.flatMap(({ code, use }) => (use === undefined ? [code] : [code, use]));
  for (const name of texts) {
    const found = await readFile(path.join(folder, name)).catch(() => undefined);
    if (!found) throw new TemplateError(path.join(folder, name), `is not there, although ${file} names it`);
  }
  return read;
}

function patternsOf({ syntax, imports, hostCall, guess, forms }: Static<typeof LanguageFile>): string[] {
  return [
    syntax.comment,
    syntax.string,
    syntax.block,
    imports.is,
    imports.before,
    hostCall,
    guess?.path,
    guess?.content,
    ...forms.flatMap((form) => (form.imports ?? []).map(({ present }) => present)),
  ].filter((one) => one !== undefined);
}
