// Binding code as changes of files: imports, the code itself, dependency, guest library, .env.example, HIPPOFACTS.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { lineEndOf } from '../hippofacts/language/line-ends.ts';
import { BindingError, endless, noForm } from './binding-error.ts';
import { fill, fillPattern, fillText, identifier, valuesOf, type Values } from './fill.ts';
import { addImport, headOf } from './imports.ts';
import { isHandler } from './guess.ts';
import { Insertions } from './insertions.ts';
import { findLibrary, type FoundLibrary } from './library.ts';
import type { BindingPlan, BindingWish, WorkspaceTexts } from './plan.ts';
import { planAnnotation, planDependencies, planNames } from './plan-project.ts';
import { PlannedFiles } from './planned-files.ts';
import { hasExtension, importPath, projectOf, relativeName } from './projects.ts';
import { hasWord, placeForDefinition, placeForStatements, scan, unitOf } from './scan.ts';
import { formFor, HANDLER_WARNING, type BindingTemplates, type Form, type Language } from './templates.ts';
import { usesIn, usesOf, type BindingUse } from './uses.ts';

/**
 * What has to change so that code can use an add-on. Once it is done, the same wish changes nothing.
 * @throws BindingError
 */
export async function planBinding(
  wish: BindingWish,
  texts: WorkspaceTexts,
  templates: BindingTemplates,
): Promise<BindingPlan> {
  const language = templates.languages.get(wish.language);
  if (!language)
    throw new BindingError(
      'BINDING_LANGUAGE',
      `There are no templates for ${wish.language}.`,
      `There are some for ${[...templates.languages.keys()].join(', ')}.`,
    );
  const form = formFor(language, wish.style, wish.addon);
  if (!form) throw noForm(wish, language);
  const planning = new Planning(wish, texts, templates, language, form);
  return planning.plan();
}

/** One wish on its way to a plan. */
class Planning {
  readonly #wish: BindingWish;
  readonly #texts: WorkspaceTexts;
  readonly #templates: BindingTemplates;
  readonly #language: Language;
  readonly #form: Form;
  readonly #planned = new PlannedFiles();

  constructor(
    wish: BindingWish,
    texts: WorkspaceTexts,
    templates: BindingTemplates,
    language: Language,
    form: Form,
  ) {
    this.#wish = wish;
    this.#texts = texts;
    this.#templates = templates;
    this.#language = language;
    this.#form = form;
  }

  async plan(): Promise<BindingPlan> {
    const { addon, style, folder, place } = this.#wish;
    const anchor = place.path ?? path.join(folder, '-');
    const project = await this.#project(anchor);
    const there = await this.#codeThatIsThere(project, place.path);
    const library = style === 'host-call' ? await this.#library(project) : undefined;
    let reveal: BindingPlan['reveal'];
    if (there) {
      const name = relativeName(folder, there.path);
      if (place.path !== there.path)
        this.#planned.notes.push(`${name} has code for ${addon.name} already, so that no more was put in.`);
      reveal = { path: there.path, offset: there.start };
    } else reveal = await this.#addCode(project, library);
    if (library) {
      const before = reveal && (await this.#planned.lengthOf(reveal.path, this.#texts));
      await this.#declareLibrary(project, library, reveal?.path ?? anchor);
      // What declares it stands above the code.
      if (reveal && before !== undefined)
        reveal = {
          ...reveal,
          offset: reveal.offset + (await this.#planned.lengthOf(reveal.path, this.#texts)) - before,
        };
    }
    const job = { wish: this.#wish, texts: this.#texts, form: this.#form, planned: this.#planned };
    await planDependencies(job, project);
    if (style === 'environment') {
      await planNames(job, project);
      if (await isHandler(this.#language, { ...this.#wish, path: anchor }, this.#texts))
        this.#planned.notes.push(HANDLER_WARNING);
    }
    await planAnnotation(job);
    return { changes: this.#planned.changes(), notes: this.#planned.notes, reveal };
  }

  /** The project that a file belongs to; for one that is not there yet, the only one below the folder. */
  async #project(anchor: string): Promise<string> {
    const { folder } = this.#wish;
    const found = await projectOf(anchor, folder, this.#language, this.#texts);
    if (found !== undefined) return found;
    const below = new Set(
      (await this.#texts.find(folder, this.#language.projects)).map((file) => path.dirname(file)),
    );
    const [only] = below;
    return only !== undefined && below.size === 1 && this.#wish.place.path === undefined ? only : folder;
  }

  /** Code of the same kind: in the file that is meant, else in another of the project. */
  async #codeThatIsThere(project: string, file: string | undefined): Promise<BindingUse | undefined> {
    const { addon, style } = this.#wish;
    const uses = (await usesOf(addon, this.#texts, project, this.#templates)).filter(
      (use) => use.style === style && hasExtension(use.path, this.#language),
    );
    return uses.find((use) => use.path === file) ?? uses[0];
  }

  async #library(project: string): Promise<FoundLibrary | undefined> {
    const { library } = this.#language;
    if (!library) return undefined;
    const found = await findLibrary(library, project, this.#texts, this.#templates.scaffold);
    for (const { path: file, text } of found.missing)
      this.#planned.creates.set(file, {
        text,
        why: 'what host calls need, to keep and to change as you like',
      });
    return found;
  }

  async #addCode(project: string, library: FoundLibrary | undefined): Promise<BindingPlan['reveal']> {
    const { addon, place, folder } = this.#wish;
    const language = this.#language;
    const name = identifier(addon.name, language);
    const target = place.path ?? (await this.#modulePath(project, name));
    if (!hasExtension(target, language))
      throw new BindingError(
        'BINDING_FILE',
        `${relativeName(folder, target)} is no file of ${language.name}.`,
        `Its files end in ${language.extensions.join(' or ')}.`,
      );
    const before = await this.#texts.read(target);
    const text = before ?? '';
    if (text.includes('\0'))
      throw new BindingError('BINDING_FILE', `${relativeName(folder, target)} is no text.`);
    const file = new Insertions(text);
    const values = this.#values(text, name, target, library);
    const eol = lineEndOf(text);
    const offset = place.kind === 'cursor' ? Math.min(place.offset, text.length) : text.length;
    const spot = placeForStatements(text, scan(text, language), language, offset);
    const use = this.#form.use;
    let offsetOfCode: number | undefined;
    if (spot && use !== undefined && place.kind === 'cursor') {
      const lines = await this.#text(use, values, text);
      const added = lines
        .trimEnd()
        .replaceAll(/^(?=.)/gm, spot.indent)
        .slice(text.slice(spot.start, spot.end).length);
      file.insert(spot.end, added.replaceAll('\n', eol));
      offsetOfCode = spot.end;
    }
    const definition = placeForDefinition(
      text,
      scan(text, language),
      language,
      headOf(text, language).at,
      offset,
    );
    const code = await this.#text(this.#form.code, values, text);
    const added = block(text, definition, code.trimEnd().replaceAll('\n', eol), eol);
    file.insert(definition, added);
    const shift = offsetOfCode !== undefined && offsetOfCode >= definition ? added.length : 0;
    const grown = file.text.length;
    const { bare } = scan(text, language);
    for (const { line, present, aliased, name: symbol } of this.#form.imports ?? []) {
      if (new RegExp(fillPattern(present, values), 'mu').test(bare)) continue;
      const isTaken = symbol !== undefined && values[symbol] !== symbol;
      addImport(file, fill(isTaken && aliased !== undefined ? aliased : line, values), language, eol);
    }
    const after = file.text;
    // Where it would stand in a comment or a string that does not end, there is no place for it.
    if (!usesIn(after, addon, language).some((one) => one.style === this.#wish.style))
      throw endless(relativeName(folder, target));
    const why = `code for ${addon.name}`;
    if (before === undefined) this.#planned.creates.set(target, { text: after, why });
    else this.#planned.files.set(target, { file, why: [why] });
    if (place.kind === 'file' || before === undefined) await this.#declareModule(project, target);
    const at = (offsetOfCode ?? definition) + shift + after.length - grown;
    return { path: target, offset: firstLetter(after, at) };
  }

  #values(text: string, name: string, target: string, library: FoundLibrary | undefined): Values {
    const language = this.#language;
    const found = scan(text, language);
    const free = (wanted: string): string => {
      const suffix = language.case === 'camel' ? 'Addon' : '_addon';
      let candidate = wanted;
      for (let n = 1; hasWord(found, candidate); n++) candidate = `${wanted}${suffix}${n === 1 ? '' : n}`;
      return candidate;
    };
    const values: Record<string, string> = { ...valuesOf(this.#wish.addon), function: free(name) };
    if (library) {
      values['library'] = library.name;
      const to = importPath(target, library.path);
      values['libraryFile'] = to.replace(/^\.\//, '');
      values['libraryImport'] = to.replace(/\.\w+$/, '');
    }
    for (const { name: symbol, present } of this.#form.imports ?? []) {
      if (symbol === undefined) continue;
      const isThere = new RegExp(fillPattern(present, values), 'mu').test(found.bare);
      values[symbol] = isThere || !hasWord(found, symbol) ? symbol : `Hippo${symbol}`;
      if (values[symbol] !== symbol) values['alias'] = values[symbol];
    }
    return values;
  }

  async #text(name: string, values: Values, target: string): Promise<string> {
    const file = path.join(this.#templates.scaffold, 'bindings', this.#language.id, name);
    const text = fillText(await readFile(file, 'utf8'), values, this.#wish.addon, this.#language);
    const own = unitOf(text, '');
    const wanted = unitOf(target, own);
    if (own === '' || wanted !== '\t') return text;
    return text.replaceAll(/^ +/gm, (blank) => '\t'.repeat(Math.round(blank.length / own.length)));
  }

  /** Where a module of its own goes: a name that is free. */
  async #modulePath(project: string, name: string): Promise<string> {
    const { module } = this.#language;
    for (let n = 1; ; n++) {
      const suffix = n === 1 ? '' : this.#language.case === 'camel' ? `Addon${n}` : `_addon${n}`;
      const file = path.join(project, fill(module.path, { function: name + suffix }));
      if ((await this.#texts.read(file)) === undefined) return file;
    }
  }

  /** The file that modules are declared in, for one of the project's. */
  async #root(project: string, file: string): Promise<string | undefined> {
    const roots = (this.#language.roots ?? []).map((name) => path.join(project, name));
    if (roots.includes(file)) return file;
    if (/^src\/bin\/[^/]+$/.test(relativeName(project, file))) return file;
    for (const root of roots) if ((await this.#texts.read(root)) !== undefined) return root;
    return undefined;
  }

  async #declareModule(project: string, target: string): Promise<void> {
    const { declare } = this.#language.module;
    if (declare === undefined) return;
    const name = path.basename(target, path.extname(target));
    const root = await this.#root(project, target);
    if (root === target) return;
    const line = fill(declare, { function: name });
    if (root === undefined || path.dirname(root) !== path.dirname(target))
      this.#planned.notes.push(`Declare it where the program begins: ${line.replaceAll('\n', ' ')}`);
    else await this.#declare(root, line, name);
  }

  async #declareLibrary(project: string, library: FoundLibrary, target: string): Promise<void> {
    const rules = this.#language.library;
    if (rules?.declare === undefined) return;
    const root = await this.#root(project, target);
    const values = { library: library.name };
    if (root === undefined) {
      this.#planned.notes.push(
        `Declare the library where the program begins: ${fill(rules.declare, values)}`,
      );
      return;
    }
    const isBeside = path.dirname(root) === path.dirname(library.path);
    const line =
      isBeside || rules.declareElsewhere === undefined
        ? fill(rules.declare, values)
        : fill(rules.declareElsewhere, {
            ...values,
            libraryPath: relativeName(path.dirname(root), library.path),
          });
    await this.#declare(root, line, library.name);
  }

  /** A line by which a module becomes part of the program, where there is none. */
  async #declare(root: string, line: string, name: string): Promise<void> {
    const known = this.#planned.files.get(root);
    const created = this.#planned.creates.get(root);
    const text = known?.file.text ?? created?.text ?? (await this.#texts.read(root)) ?? '';
    const isIn = (whole: string): boolean =>
      new RegExp(`\\bmod\\s+${name}\\s*[;{]`).test(scan(whole, this.#language).code);
    if (isIn(text)) return;
    const file = known?.file ?? new Insertions(text);
    addImport(file, line, this.#language, lineEndOf(text), true);
    if (!isIn(file.text)) throw endless(relativeName(this.#wish.folder, root));
    const why = `the module ${name}`;
    if (created) this.#planned.creates.set(root, { ...created, text: file.text });
    else this.#planned.files.set(root, { file, why: [...(known?.why ?? []), why] });
  }
}

/** Lines of their own, with an empty line before and behind them. */
function block(text: string, at: number, code: string, eol: string): string {
  const before = text.slice(0, at).replace(/^\uFEFF/, '');
  const opens =
    before.trim() === '' || /\n[ \t]*\r?\n$/.test(before) ? '' : before.endsWith('\n') ? eol : eol + eol;
  const after = text.slice(at);
  const closes = after.trim() === '' || /^[ \t]*\r?\n/.test(after) ? eol : eol + eol;
  return opens + code + closes;
}

function firstLetter(text: string, at: number): number {
  return at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
}
