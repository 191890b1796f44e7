// Where an add-on is used: in code, and in the annotation of HIPPOFACTS. Shown on request, and before it is removed or
// called something else.

import type { AddonItem } from '../../addons/addons.ts';
import { count, listOf } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import { Cancelled } from '../failure.ts';
import type { Project } from '../projects.ts';
import { boundAddons, type ChannelAddon } from './bound.ts';
import type { CodeEditor, CodePlace } from './code.ts';
import type { AddonPlace, FindAddons } from './find-addons.ts';
import type { Maker } from './maker.ts';

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly find: Pick<FindAddons, 'find' | 'projectsOfApp'>;
  readonly maker: Pick<Maker, 'annotationOf' | 'usesOf'>;
  readonly code: CodeEditor;
}

export class Uses {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Beside each other, as references are. @throws what finding the add-on throws */
  async show(about?: AddonPlace): Promise<void> {
    const { find, app, code } = this.#needs;
    const { project, addons } = await find.find('Show Where an Add-on Is Used', about);
    const [only] = addons;
    const addon =
      only && addons.length === 1
        ? only
        : await app.prompts.pick(
            addons.map((one) => ({ label: one.name, description: `${one.app}: ${one.channel}`, value: one })),
            { title: 'Show Where an Add-on Is Used', placeholder: 'Which add-on?' },
          );
    const places = await this.#in(project, [addon]);
    if (places.length === 0)
      return void app.prompts.notify('info', `Nothing in ${project.label} uses ${addon.name}.`);
    await code.peek(places);
  }

  /**
   * Asks whoever is about to take an add-on away from code that uses it. Says nothing where no code does.
   * @param channelId the one that loses it; all of them if absent
   * @param doing `Removing postgresql`
   * @throws Cancelled: not now, or it is looked at first
   */
  async demand(
    addon: AddonItem,
    channelId: string | undefined,
    doing: string,
    action: string,
    connection?: string,
  ): Promise<void> {
    const { app, code, find } = this.#needs;
    const bound = boundAddons([addon]).filter(
      (one) => channelId === undefined || one.channelId === channelId,
    );
    if (bound.length === 0) return;
    const places: CodePlace[] = [];
    for (const project of await find.projectsOfApp(addon.appId, connection))
      places.push(...(await this.#in(project, bound)));
    if (places.length === 0) return;
    const files = [...new Set(places.map(({ path }) => code.nameOf(path)))];
    const shown = files.slice(0, MOST_FILES);
    const more = files.length > shown.length ? [count(files.length - shown.length, 'other file')] : [];
    const show = 'Show Where';
    const answer = await app.prompts.choose(
      `${doing}: ${count(places.length, 'place')} in this workspace uses it.`,
      {
        detail: `${listOf([...shown, ...more])}. They stay as they are, and find nothing there when it is gone.`,
        actions: [action, show],
      },
    );
    if (answer === action) return;
    await code.peek(places);
    throw new Cancelled();
  }

  async #in(project: Project, addons: readonly ChannelAddon[]): Promise<CodePlace[]> {
    const { maker } = this.#needs;
    const found = new Map<string, CodePlace>();
    for (const addon of addons) {
      const uses = await maker.usesOf(addon, project);
      const annotation = await maker.annotationOf(addon, project);
      for (const { path, start, end } of [...uses, ...(annotation ? [annotation] : [])])
        found.set(`${path} ${start}`, { path, start, end });
    }
    return [...found.values()];
  }
}

const MOST_FILES = 5;
