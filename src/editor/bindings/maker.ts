// Makes binding code: the room bindings/ with its templates, loaded on first use.

import type { Guess } from '../../bindings/guess.ts';
import type { BindingPlan, BindingStyle, BindingWish, BoundAddon } from '../../bindings/plan.ts';
import type { BindingTemplates, LanguageInfo, StyleChoice } from '../../bindings/templates.ts';
import type { BindingUse } from '../../bindings/uses.ts';
import type { App } from '../app.ts';
import type { Project } from '../projects.ts';
import type { CodeEditor, CodePlace } from './code.ts';
import { folderOf } from './environments.ts';

type Rooms = typeof import('./bindings.ts');

export class Maker {
  readonly #extension: App['extension'];
  readonly #code: CodeEditor;
  readonly #load: () => Promise<Rooms>;
  #loaded: Promise<{ rooms: Rooms; templates: BindingTemplates }> | undefined;

  constructor(
    { extension }: Pick<App, 'extension'>,
    code: CodeEditor,
    load: () => Promise<Rooms> = () => import('./bindings.ts'),
  ) {
    this.#extension = extension;
    this.#code = code;
    this.#load = load;
  }

  /** By name. @throws TemplateError */
  async languages(): Promise<LanguageInfo[]> {
    const { rooms, templates } = await this.#open();
    return rooms.languages(templates);
  }

  /** @param path of a file, or where one would be @throws TemplateError */
  async guess(project: Project, path: string): Promise<Guess | undefined> {
    const { rooms, templates } = await this.#open();
    const wish = { path, folder: folderOf(project), hippofacts: project.file };
    return rooms.guess(wish, this.#code.texts, templates);
  }

  /** The default first. @throws TemplateError */
  async styles(language: string, addon: BoundAddon, handler: boolean): Promise<StyleChoice[]> {
    const { rooms, templates } = await this.#open();
    return rooms.stylesFor(templates, language, addon, handler);
  }

  /** @throws BindingError, TemplateError */
  async plan(wish: BindingWish): Promise<BindingPlan> {
    const { rooms, templates } = await this.#open();
    return rooms.planBinding(wish, this.#code.texts, templates);
  }

  /** @throws TemplateError */
  async usesOf(addon: Pick<BoundAddon, 'name' | 'variables'>, project: Project): Promise<BindingUse[]> {
    const { rooms, templates } = await this.#open();
    return rooms.usesOf(addon, this.#code.texts, folderOf(project), templates);
  }

  /** Where its HIPPOFACTS asks for it. */
  async annotationOf({ name }: Pick<BoundAddon, 'name'>, { file }: Project): Promise<CodePlace | undefined> {
    const { rooms } = await this.#open();
    const text = await this.#code.texts.read(file);
    const found = text === undefined ? undefined : rooms.annotationOf(text, name);
    return found && { path: file, ...found };
  }

  /** Those for which a project has no code. @throws TemplateError */
  async withoutCode<T extends BoundAddon>(addons: readonly T[], project: Project): Promise<T[]> {
    const { rooms, templates } = await this.#open();
    return rooms.withoutBindingCode(addons, this.#code.texts, folderOf(project), templates);
  }

  #open(): Promise<{ rooms: Rooms; templates: BindingTemplates }> {
    const open = async (): Promise<{ rooms: Rooms; templates: BindingTemplates }> => {
      const rooms = await this.#load();
      return { rooms, templates: await rooms.loadTemplates(this.#extension.path('scaffold')) };
    };
    return (this.#loaded ??= open().catch((error: unknown) => {
      this.#loaded = undefined;
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
