// Which add-on binding code is about, and the project that it goes to.

import type { AddonsClient } from '../../addons/client.ts';
import type { AppItem } from '../../hippo/api.ts';
import type { App } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { Project, Projects } from '../projects.ts';
import { boundAddons, distinct, type ChannelAddon } from './bound.ts';

/** An add-on, as it is in one channel if that is said. */
export interface AddonPlace {
  readonly addonId: string;
  readonly channelId?: string | undefined;
  /** Name of a connection; the current one if absent. */
  readonly connection?: string | undefined;
}

export interface Found {
  readonly project: Project;
  /** Those that may be meant, at least one. */
  readonly addons: readonly ChannelAddon[];
}

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly connections: Pick<Connections, 'core' | 'use'>;
  readonly projects: Pick<Projects, 'all' | 'choose'>;
}

export class FindAddons {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * @throws EditorError `NO_PROJECT`, `NO_APP`, `NO_ADDONS`, `NOT_BOUND`; HippoError, NoAddonsError, Cancelled
   */
  async find(title: string, about: AddonPlace | undefined): Promise<Found> {
    if (about) return this.#about(title, about);
    const project = await this.#needs.projects.choose(title);
    return { project, addons: await this.of(project) };
  }

  /** All add-ons of a project's app. @throws EditorError `NO_APP`, `NO_ADDONS`; HippoError, NoAddonsError */
  async of(project: Project, connection?: string): Promise<ChannelAddon[]> {
    const core = await this.#needs.connections.core();
    const storageId = await core.storageIdOf(project.file);
    return this.#use(async ({ session, addons }) => {
      const apps = storageId === undefined ? [] : await session.client.findApps(storageId);
      if (apps.length === 0)
        throw new EditorError(
          'NO_APP',
          `No app runs the bindles of ${project.label} yet: publish it, and add an add-on to it.`,
        );
      const all = (await Promise.all(apps.map(({ id }) => addons.addons({ appId: id })))).flat();
      const bound = distinct(boundAddons(all));
      if (bound.length > 0) return bound;
      throw new EditorError(
        'NO_ADDONS',
        all.length > 0
          ? `No add-on of ${nameOf(apps)} is ready for its code yet: wait until one is.`
          : `${nameOf(apps)} has no add-ons yet: add one in the Marketplace first.`,
      );
    }, connection);
  }

  async #about(title: string, { addonId, channelId, connection }: AddonPlace): Promise<Found> {
    const { addon, app } = await this.#use(async ({ session, addons }) => {
      const found = await addons.addon(addonId);
      return { addon: found, app: await session.client.app(found.appId) };
    }, connection);
    const all = boundAddons([addon]);
    const here = channelId === undefined ? all : all.filter((one) => one.channelId === channelId);
    if (here.length === 0)
      throw new EditorError(
        'NOT_BOUND',
        addon.bindings.length === 0
          ? `${addon.name} is attached to no channel: attach it to one, and its code can be added.`
          : `${addon.name} is not ready yet: wait until it is, and its code can be added.`,
      );
    return { project: await this.#projectOf(app, title), addons: distinct(here) };
  }

  /** Whose bindles are the app's. */
  async #projectOf({ storageId, name }: AppItem, title: string): Promise<Project> {
    const fitting = await this.#projectsOf(storageId);
    const [first] = fitting;
    if (!first)
      throw new EditorError(
        'NO_PROJECT',
        `No HIPPOFACTS in this workspace makes the bindles of ${name} (${storageId}): open the folder of its code.`,
      );
    if (fitting.length === 1) return first;
    return this.#needs.app.prompts.pick(
      fitting.map((project) => ({ label: project.label, description: project.path, value: project })),
      { title, placeholder: `Several projects make the bindles of ${name}: which one?` },
    );
  }

  /** Those whose bindles an app runs. @throws HippoError */
  async projectsOfApp(appId: string, connection?: string): Promise<Project[]> {
    const { storageId } = await this.#use(({ session }) => session.client.app(appId), connection);
    return this.#projectsOf(storageId);
  }

  async #projectsOf(storageId: string): Promise<Project[]> {
    const core = await this.#needs.connections.core();
    const fitting: Project[] = [];
    for (const project of await this.#needs.projects.all())
      if ((await core.storageIdOf(project.file)) === storageId) fitting.push(project);
    return fitting;
  }

  async #use<T>(
    work: (hippo: { session: Session; addons: AddonsClient }) => Promise<T>,
    connection?: string,
  ): Promise<T> {
    const { connections } = this.#needs;
    const core = await connections.core();
    return connections.use((session) => work({ session, addons: new core.AddonsClient(session.client) }), {
      connection,
    });
  }
}

function nameOf([first]: readonly AppItem[]): string {
  return first?.name ?? 'The app';
}
