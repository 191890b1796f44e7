// Code for add-ons that have none: offered when one was added, and when a publish has ended; once for each.

import { listOf } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import type { AddonEvent } from '../marketplace/addon-actions.ts';
import type { Project } from '../projects.ts';
import type { PublishRecord } from '../publish/history.ts';
import type { BindingCode } from './binding-code.ts';
import { boundAddons, distinct, type ChannelAddon } from './bound.ts';
import type { FindAddons } from './find-addons.ts';
import type { Maker } from './maker.ts';

interface Needs {
  readonly app: Pick<App, 'guard' | 'memory' | 'prompts' | 'settings'>;
  readonly connections: Pick<Connections, 'core' | 'peek'>;
  readonly find: Pick<FindAddons, 'projectsOfApp'>;
  readonly maker: Pick<Maker, 'withoutCode'>;
  readonly code: Pick<BindingCode, 'add' | 'insert'>;
}

const SETTING = 'hippo.publish.insertBindings';
const NEVER = "Don't Ask Again";

export class Offers {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** An add-on has come, and its channel has it. */
  async added({ addon, connection, channelId }: AddonEvent): Promise<void> {
    const { app, find, maker, code } = this.#needs;
    const [project] = await find.projectsOfApp(addon.appId, connection);
    if (!project || app.settings.get(SETTING, project.uri) === 'never') return;
    const bound = boundAddons([addon]).filter(
      (one) => channelId === undefined || one.channelId === channelId,
    );
    const [first] = await maker.withoutCode(distinct(bound), project);
    if (!first) return;
    const add = 'Add Binding Code…';
    const answer = await this.#ask([first], `${first.name} is ready in ${first.app}: ${first.channel}.`, add);
    if (answer === add)
      await app.guard.run('Adding binding code', () =>
        code.add({ addonId: addon.id, channelId, connection }),
      );
  }

  /**
   * A publish has ended: offers what is missing, or inserts it, as the setting says. Does not wait for an answer.
   * @returns lines for a terminal: what is missing, and what adds it
   */
  async published(project: Project, record: PublishRecord): Promise<string[]> {
    const missing = await this.#missing(project, record);
    if (missing.length === 0) return [];
    const { app } = this.#needs;
    const isAsked = app.settings.get(SETTING, project.uri) !== 'always';
    void app.guard.run('Inserting binding code', async () => {
      if (isAsked) await this.#offer(project, missing);
      else await this.#insert(project, missing, false);
    });
    return isAsked ? missing.map(({ name }) => lineOf(name)) : [];
  }

  /** What a project's app has, and the project has no code for. Quiet: nothing is started, nobody is asked. */
  async #missing(project: Project, { app, connection }: PublishRecord): Promise<ChannelAddon[]> {
    const { connections, maker, app: editor } = this.#needs;
    if (!app || editor.settings.get(SETTING, project.uri) === 'never') return [];
    const session = await connections.peek(connection);
    if (!session) return [];
    const core = await connections.core();
    const client = new core.AddonsClient(session.client);
    const addons = await client.addons({ appId: app.id }).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'NO_ADDONS') return [];
      throw error;
    });
    return maker.withoutCode(distinct(boundAddons(addons)), project);
  }

  async #offer(project: Project, missing: readonly ChannelAddon[]): Promise<void> {
    const insert = 'Insert Binding Code';
    const names = listOf(missing.map(({ name }) => name));
    const what = `${project.label} has no code for ${names} yet.`;
    if ((await this.#ask(missing, what, insert)) === insert) await this.#insert(project, missing, true);
  }

  async #insert(project: Project, missing: readonly ChannelAddon[], confirm: boolean): Promise<void> {
    for (const addon of missing) await this.#needs.code.insert(project, addon, { confirm });
  }

  /** Once for each add-on. */
  async #ask<T extends string>(
    addons: readonly ChannelAddon[],
    message: string,
    button: T,
  ): Promise<T | undefined> {
    const { memory, prompts, settings } = this.#needs.app;
    const offered = memory.get('bindings.offered') ?? [];
    const news = addons.map(({ addonId }) => addonId).filter((id) => !offered.includes(id));
    if (news.length === 0) return undefined;
    await memory.set('bindings.offered', [...offered, ...news].slice(-MOST_REMEMBERED));
    const answer = await prompts.notify<T | typeof NEVER>('info', message, button, NEVER);
    if (answer === NEVER) {
      await settings.set(SETTING, 'never', 'user');
      return undefined;
    }
    return answer;
  }
}

const MOST_REMEMBERED = 500;

function lineOf(name: string): string {
  return `${name} has no code in this project yet: "Hippo: Add Binding Code…" adds it, and so does \`hippo addons code ${name}\`.`;
}
