// The add-on variables of a channel for a program that runs on this machine: handed over in memory alone, to who was
// allowed to have them.

import { dirname } from 'node:path';
import { listOf } from '../../hippofacts/text.ts';
import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { App } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { Project } from '../projects.ts';

export interface EnvironmentWish {
  /** Whose app is meant, where that is not said. */
  readonly project?: Project | undefined;
  /** Name or id; where there is none, the app whose bindles are the project's. */
  readonly app?: string | undefined;
  /** Name or id; where there is none, the app's only one, or the one that a person picks. */
  readonly channel?: string | undefined;
  /** Name of a connection; the current one if absent. */
  readonly connection?: string | undefined;
  /** What gets them, for people: `npm start`. */
  readonly program: string;
}

export interface AddonEnvironment {
  /** Secrets. */
  readonly variables: Readonly<Record<string, string>>;
  /** `shop: dev`. */
  readonly where: string;
}

type Needs = Pick<App, 'log' | 'memory' | 'prompts' | 'workspace'>;

export class Environments {
  readonly #app: Needs;
  readonly #connections: Pick<Connections, 'core' | 'use'>;

  constructor(app: Needs, connections: Pick<Connections, 'core' | 'use'>) {
    this.#app = app;
    this.#connections = connections;
  }

  /**
   * Asks once for each channel before it gives them to anybody.
   * @throws EditorError `UNTRUSTED`, `NO_VARIABLES`; SessionError, NoAddonsError, HippoError, Cancelled
   */
  async of(wish: EnvironmentWish): Promise<AddonEnvironment> {
    const { log, workspace } = this.#app;
    if (!workspace.isTrusted)
      throw new EditorError(
        'UNTRUSTED',
        'Programs get the variables of add-ons when you trust this workspace, which says what they do with them.',
        { remedies: ['manageTrust'] },
      );
    const core = await this.#connections.core();
    return this.#connections.use(
      async (session) => {
        const { app, channel } = await this.#find(session, wish);
        const client = new core.AddonsClient(session.client);
        const where = `${app.name}: ${channel.name}`;
        const names = await client.addonVariables(channel.id, false);
        if (names.length === 0)
          throw new EditorError('NO_VARIABLES', `No add-on gives ${where} variables: add one to it first.`);
        const addons = [...new Set(names.map(({ addonName }) => addonName))];
        await this.#ask(`${session.client.url.origin} ${channel.id}`, where, addons, wish.program);
        const variables: Record<string, string> = {};
        for (const { key, value } of await client.addonVariables(channel.id, true)) {
          if (value === undefined) continue;
          if (isTelling(key, value)) log.conceal(value);
          variables[key] = value;
        }
        log.info(`${wish.program} gets the variables of ${listOf(addons)} in ${where}`);
        return { variables, where };
      },
      { connection: wish.connection },
    );
  }

  async #find(session: Session, wish: EnvironmentWish): Promise<{ app: AppItem; channel: ChannelItem }> {
    const core = await this.#connections.core();
    const storageId = wish.project && (await core.storageIdOf(wish.project.file));
    try {
      return await core.currentChannel(session.client, { ...wish, storageId });
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'WHICH_CHANNEL' && code !== 'WHICH_APP') throw error;
      const apps = (await session.client.apps()).filter(
        (app) =>
          app.channels.length > 0 &&
          (wish.app === undefined || wish.app === app.name || wish.app === app.id) &&
          (storageId === undefined || wish.app !== undefined || app.storageId === storageId),
      );
      const channels = apps.flatMap((app) => app.channels.map(({ id, name }) => ({ app, id, name })));
      if (channels.length === 0) throw error;
      const { app, id } = await this.#app.prompts.pick(
        channels.map((one) => ({ label: `${one.app.name}: ${one.name}`, value: one })),
        { title: `Run with Add-ons`, placeholder: `Which channel's variables is ${wish.program} to have?` },
      );
      return { app, channel: await session.client.channel(id) };
    }
  }

  async #ask(key: string, where: string, addons: readonly string[], program: string): Promise<void> {
    const { memory, prompts } = this.#app;
    const allowed = memory.get('bindings.allowed') ?? [];
    if (allowed.includes(key)) return;
    await prompts.confirm(`Give programs of this workspace the add-on variables of ${where}?`, {
      detail: `${program} reads the credentials of ${listOf(addons)}, and works with the same data as the channel. They are handed over in memory and written nowhere. You are not asked again for this channel.`,
      action: 'Give Variables',
    });
    await memory.set('bindings.allowed', [...(memory.get('bindings.allowed') ?? []), key]);
  }
}

/** The folder in which a program of a project runs. */
export function folderOf({ file }: Project): string {
  return dirname(file);
}

/** Names of hosts and numbers of ports stand everywhere: to mask them would make every log unreadable. */
function isTelling(key: string, value: string): boolean {
  return /(?:PASSWORD|SECRET|TOKEN|KEY|URL|URI)$/.test(key) || value.length >= 20;
}
