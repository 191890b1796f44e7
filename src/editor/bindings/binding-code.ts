// "Add Binding Code…": add-on, style, file or cursor, preview, and one change that one undo takes back.

import { sep } from 'node:path';
import type { BindingPlace, BindingPlan, BindingStyle } from '../../bindings/plan.ts';
import type { LanguageInfo } from '../../bindings/templates.ts';
import type { App, Choice } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { Project } from '../projects.ts';
import { describeBound, type ChannelAddon } from './bound.ts';
import { newCode, type CodeEditor, type Cursor } from './code.ts';
import { folderOf } from './environments.ts';
import type { AddonPlace, FindAddons, Found } from './find-addons.ts';
import { STYLES, type Maker } from './maker.ts';

const TITLE = 'Add Binding Code';

interface Needs {
  readonly app: Pick<App, 'guard' | 'prompts'>;
  readonly find: Pick<FindAddons, 'find'>;
  readonly maker: Maker;
  readonly code: CodeEditor;
}

interface LanguageAt {
  readonly language: string;
  /** The code belongs to a handler of HIPPOFACTS. */
  readonly handler: boolean;
}

/** How an insertion ended. */
export type Inserted = 'inserted' | 'there' | 'declined';

export class BindingCode {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Asks for what is not known.
   * @param about what a menu or a page has passed
   * @throws EditorError `NO_PROJECT`, `NO_ADDONS`, `NOT_BOUND`, `NO_CODE`, `NOT_ON_DISK`, `READ_ONLY`, `NOT_EDITED`;
   * BindingError, what finding the add-on throws, Cancelled
   */
  async add(about?: AddonPlace): Promise<void> {
    const found = await this.#needs.find.find(TITLE, about);
    const addon = await this.#pickAddon(found);
    const cursor = this.#cursorIn(found.project);
    const at = await this.#language(found.project, cursor);
    const style = await this.#pickStyle(at, addon);
    const place = await this.#pickPlace(cursor, at);
    await this.#carryOut(found.project, addon, { ...at, style, place, confirm: true });
  }

  /**
   * Into a module of its own, in the project's language and the style that fits it.
   * @throws as `add`
   */
  async insert(project: Project, addon: ChannelAddon, { confirm }: { confirm: boolean }): Promise<Inserted> {
    const at = await this.#language(project, undefined);
    const [first] = await this.#needs.maker.styles(at.language, addon, at.handler);
    if (!first) throw noCode(addon, at.language);
    const place: BindingPlace = { kind: 'file', path: undefined };
    return this.#carryOut(project, addon, { ...at, style: first.style, place, confirm });
  }

  async #carryOut(
    project: Project,
    addon: ChannelAddon,
    {
      language,
      style,
      place,
      confirm,
    }: LanguageAt & { style: BindingStyle; place: BindingPlace; confirm: boolean },
  ): Promise<Inserted> {
    const { maker, code, app } = this.#needs;
    const plan = await maker.plan({
      addon,
      style,
      language,
      place,
      folder: folderOf(project),
      hippofacts: project.file,
    });
    if (plan.changes.length === 0) {
      void this.#sayThere(addon, plan);
      return 'there';
    }
    const title = `Binding code for ${addon.name}`;
    if (!(await code.apply(plan.changes, { title, confirm }))) {
      app.prompts.mention('No binding code was added');
      return 'declined';
    }
    const added = newCode(plan);
    if (added) await code.reveal(added);
    if (plan.notes.length > 0) void app.prompts.notify('info', plan.notes.join(' '));
    return 'inserted';
  }

  async #sayThere({ name }: ChannelAddon, plan: BindingPlan): Promise<void> {
    const { app, code } = this.#needs;
    const place = newCode(plan);
    const show = 'Show It';
    const buttons = place ? [show] : [];
    const notes = plan.notes.length > 0 ? ` ${plan.notes.join(' ')}` : '';
    const button = await app.prompts.notify(
      'info',
      `The binding code for ${name} is all there already.${notes}`,
      ...buttons,
    );
    if (button === show && place) await app.guard.run('Showing binding code', () => code.reveal(place));
  }

  async #pickAddon({ addons }: Found): Promise<ChannelAddon> {
    const [only] = addons;
    if (only && addons.length === 1) return only;
    return this.#needs.app.prompts.pick(
      addons.map((addon) => ({
        label: addon.name,
        description: `${addon.displayName}, ${addon.plan}`,
        detail: `${addon.app}: ${addon.channel}`,
        value: addon,
      })),
      { title: TITLE, placeholder: 'Code for which add-on?' },
    );
  }

  /** Of the active editor, if it is about the project. */
  #cursorIn(project: Project): Cursor | undefined {
    const { cursor } = this.#needs.code;
    if (cursor?.path === undefined) return cursor;
    return cursor.path.startsWith(`${folderOf(project)}${sep}`) ? cursor : undefined;
  }

  /** That of the cursor's file, else that of the project's files, else the one that a person picks. */
  async #language(project: Project, cursor: Cursor | undefined): Promise<LanguageAt> {
    const { maker, app } = this.#needs;
    const here = cursor?.path === undefined ? undefined : await maker.guess(project, cursor.path);
    if (here) return here;
    const languages = await maker.languages();
    const found = await this.#languagesOf(project, languages);
    const [only] = found;
    if (only && found.length === 1) return only;
    const choice = (language: LanguageInfo, at: LanguageAt): Choice<LanguageAt> => ({
      label: language.name,
      description: at.handler ? 'handlers of HIPPOFACTS' : language.extensions.join(', '),
      value: at,
    });
    const others = languages.filter(({ id }) => !found.some(({ language }) => language === id));
    const there = found.flatMap((at) => {
      const info = languages.find(({ id }) => id === at.language);
      return info ? [choice(info, at)] : [];
    });
    return app.prompts.pick(
      [
        ...there,
        ...(there.length > 0 ? [{ separator: 'not in this project yet' }] : []),
        ...others.map((info) => choice(info, { language: info.id, handler: info.styles[0] === 'host-call' })),
      ],
      { title: TITLE, placeholder: 'In which language?' },
    );
  }

  /** Of handlers first, then those with the most files. */
  async #languagesOf(project: Project, languages: readonly LanguageInfo[]): Promise<LanguageAt[]> {
    const { maker, code } = this.#needs;
    const endings = [...new Set(languages.flatMap(({ extensions }) => extensions))];
    const files = await code.texts.find(
      folderOf(project),
      endings.map((ending) => `*${ending}`),
    );
    const tally = new Map<string, { handler: boolean; files: number }>();
    for (const file of files.slice(0, MOST_FILES)) {
      const at = await maker.guess(project, file);
      if (!at) continue;
      const before = tally.get(at.language) ?? { handler: false, files: 0 };
      tally.set(at.language, { handler: before.handler || at.handler, files: before.files + 1 });
    }
    const found = [...tally].sort(
      ([, a], [, b]) => Number(b.handler) - Number(a.handler) || b.files - a.files,
    );
    // Scripts beside a handler's code are no reason to ask.
    const handlers = found.filter(([, { handler }]) => handler);
    return (handlers.length > 0 ? handlers : found).map(([language, { handler }]) => ({ language, handler }));
  }

  async #pickStyle({ language, handler }: LanguageAt, addon: ChannelAddon): Promise<BindingStyle> {
    const styles = await this.#needs.maker.styles(language, addon, handler);
    const [first] = styles;
    if (!first) throw noCode(addon, language);
    if (styles.length === 1 && first.warning === undefined) return first.style;
    return this.#needs.app.prompts.pick(
      styles.map(({ style, warning }) => ({
        label: STYLES[style].label,
        detail: warning ?? STYLES[style].detail,
        value: style,
      })),
      { title: TITLE, placeholder: `How is the code to reach ${describeBound(addon)}?`, active: first.style },
    );
  }

  async #pickPlace(cursor: Cursor | undefined, { language }: LanguageAt): Promise<BindingPlace> {
    const inFile: BindingPlace = { kind: 'file', path: undefined };
    if (!cursor) return inFile;
    const { prompts } = this.#needs.app;
    const picked = await prompts.pick<'cursor' | 'file'>(
      [
        {
          label: 'At the cursor',
          description:
            cursor.path === undefined ? `${cursor.name}, once it is saved` : `${cursor.name}:${cursor.line}`,
          value: 'cursor',
        },
        { label: 'In a module of its own', description: language, value: 'file' },
      ],
      { title: TITLE, placeholder: 'Where is the code to go?' },
    );
    if (picked === 'file') return inFile;
    if (cursor.path === undefined)
      throw new EditorError(
        'NOT_ON_DISK',
        `${cursor.name} is not a file yet: save it in the folder of your app, then add the code at its cursor.`,
      );
    return { kind: 'cursor', path: cursor.path, offset: cursor.offset };
  }
}

/** Looked at to learn a project's languages. */
const MOST_FILES = 60;

function noCode({ displayName }: ChannelAddon, language: string): EditorError {
  return new EditorError(
    'NO_CODE',
    `There is no binding code for ${displayName} in ${language}: its variables are in the add-on's row.`,
  );
}
