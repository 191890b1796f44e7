// Makes binding code: the room bindings/ with its templates, which are read once.

import { guess, type Guess } from '../../bindings/guess.ts';
import { planBinding } from '../../bindings/plan-binding.ts';
import type { BindingPlan, BindingStyle, BindingWish, BoundAddon } from '../../bindings/plan.ts';
import {
  languages,
  loadTemplates,
  stylesFor,
  type BindingTemplates,
  type LanguageInfo,
  type StyleChoice,
} from '../../bindings/templates.ts';
import { usesOf, withoutBindingCode, type BindingUse } from '../../bindings/uses.ts';
import type { App } from '../app.ts';
import type { Project } from '../projects.ts';
import { annotationOf } from './annotation.ts';
import type { CodeEditor, CodePlace } from './code.ts';
import { folderOf } from './environments.ts';

export class Maker {
  readonly #extension: App['extension'];
  readonly #code: CodeEditor;
  #templates: Promise<BindingTemplates> | undefined;

  constructor({ extension }: Pick<App, 'extension'>, code: CodeEditor) {
    this.#extension = extension;
    this.#code = code;
  }

  /** By name. @throws TemplateError */
  async languages(): Promise<LanguageInfo[]> {
    const templates = await this.#open();
    return languages(templates);
  }

  /** @param path of a file, or where one would be @throws TemplateError */
  async guess(project: Project, path: string): Promise<Guess | undefined> {
    const templates = await this.#open();
    const wish = { path, folder: folderOf(project), hippofacts: project.file };
    return guess(wish, this.#code.texts, templates);
  }

  /** The default first. @throws TemplateError */
  async styles(language: string, addon: BoundAddon, handler: boolean): Promise<StyleChoice[]> {
    const templates = await this.#open();
    return stylesFor(templates, language, addon, handler);
  }

  /** @throws BindingError, TemplateError */
  async plan(wish: BindingWish): Promise<BindingPlan> {
    const templates = await this.#open();
    return planBinding(wish, this.#code.texts, templates);
  }

  /** @throws TemplateError */
  async usesOf(addon: Pick<BoundAddon, 'name' | 'variables'>, project: Project): Promise<BindingUse[]> {
    const templates = await this.#open();
    return usesOf(addon, this.#code.texts, folderOf(project), templates);
  }

  /** Where its HIPPOFACTS asks for it. */
  async annotationOf({ name }: Pick<BoundAddon, 'name'>, { file }: Project): Promise<CodePlace | undefined> {
    const text = await this.#code.texts.read(file);
    const found = text === undefined ? undefined : annotationOf(text, name);
    return found && { path: file, ...found };
  }

  /** Those for which a project has no code. @throws TemplateError */
  async withoutCode<T extends BoundAddon>(addons: readonly T[], project: Project): Promise<T[]> {
    const templates = await this.#open();
    return withoutBindingCode(addons, this.#code.texts, folderOf(project), templates);
  }

  #open(): Promise<BindingTemplates> {
    return (this.#templates ??= loadTemplates(this.#extension.path('scaffold')).catch((error: unknown) => {
      this.#templates = undefined;
      throw error;
    }));
  }
}

/** What a style is called, and what it is for. */
export const STYLES: Readonly<Record<BindingStyle, { label: string; detail: string }>> = {
  'host-call': { label: 'Host call', detail: 'For a handler of HIPPOFACTS: Hippo speaks to the add-on' },
  environment: {
    label: 'Environment variable',
    detail: 'For a program that runs natively: it opens a connection by itself',
  },
};
