// Adding, renaming and deleting apps.

import type { App, Choice, Separator } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import { deleteWithAddons } from './delete-with-addons.ts';
import { nameProblem } from './names.ts';
import type { Row, TreeTargets } from './targets.ts';
import { typeName } from './type-name.ts';

export interface CommandNeeds {
  readonly app: App;
  readonly connections: Pick<Connections, 'core'>;
  readonly targets: TreeTargets;
  /** Bindle names in the HIPPOFACTS of the open workspace. */
  readonly projects: () => Promise<ReadonlySet<string>>;
  /** For all that changes something: shows that it is under way, and then what came of it. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
}

const MOST_NAMES = 50;

export class AppCommands {
  readonly #needs: CommandNeeds;

  constructor(needs: CommandNeeds) {
    this.#needs = needs;
  }

  /** @returns the row's app id */
  async add(): Promise<string> {
    const { app, targets, connections, change } = this.#needs;
    const { prompts } = app;
    const title = 'Add App';
    return targets.session(undefined, async (session) => {
      const { client } = session;
      const core = await connections.core();
      const apps = await client.apps();
      const storageId = await prompts.search({
        title,
        placeholder: 'The name of the bindles that it runs',
        steps: { step: 1, of: 2 },
        search: (text, signal) =>
          this.#findNames(session, text, new Set(apps.map((one) => one.storageId)), signal),
      });
      const proposed = core.appNameOf(storageId);
      const name = await prompts.input({
        title,
        prompt: 'A name for the app; the addresses of its channels hold it, too',
        value: apps.some((one) => one.name === proposed) ? '' : proposed,
        steps: { step: 2, of: 2 },
        check: (text) => nameProblem(text, 128, apps, 'an app'),
      });
      const id = await change(() => client.createApp({ name, storageId })).catch((error: unknown) => {
        throw core.isUnknownStorage(error)
          ? new EditorError(
              'UNKNOWN_BINDLES',
              `This Hippo makes no app before there is a bindle "${storageId}": publish one first.`,
              { cause: error },
            )
          : error;
      });
      prompts.mention(`Added ${name}`);
      return id;
    });
  }

  rename(row?: Row): Promise<void> {
    const { app, targets, change } = this.#needs;
    return targets.app(row, 'Rename App', async ({ session: { client }, app: { id, name } }) => {
      const others = (await client.apps()).filter((one) => one.id !== id);
      const renamed = await app.prompts.input({
        title: `Rename ${name}`,
        prompt: 'The new name; the addresses of its channels stay',
        value: name,
        check: (text) => nameProblem(text, 128, others, 'an app'),
      });
      if (renamed === name) return;
      await change(() => client.renameApp(id, renamed));
    });
  }

  delete(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.app(row, 'Delete App', async ({ session, app: { id, name, channels } }) => {
      const count = channels.length === 1 ? '1 channel' : `${channels.length} channels`;
      const lost =
        channels.length === 0 ? 'its revisions are' : `its ${count}, their variables and its revisions are`;
      await typeName(app, {
        title: `Delete ${name}`,
        prompt: `This cannot be undone: ${lost} lost; its bindles stay. Type the app's name, ${name}, to delete it.`,
        name,
      });
      await deleteWithAddons(this.#needs, {
        session,
        where: { appId: id },
        full: name,
        name,
        remove: () => session.client.removeApp(id),
      });
      app.prompts.mention(`Deleted ${name}`);
    });
  }

  /** Names of bindles that begin an app: those of the workspace, those that the server knows, what is typed. */
  async #findNames(
    { client }: Session,
    text: string,
    taken: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<(Choice<string> | Separator)[]> {
    const typed = text.trim();
    const fits = (name: string): boolean => name.toLowerCase().includes(typed.toLowerCase());
    const here = [...(await this.#needs.projects())].filter(fits).sort();
    // Older ones cannot say; whoever knows the name types it.
    const known = await client.storages(typed, { signal }).catch(() => []);
    const others = known.filter((name) => !here.includes(name)).slice(0, MOST_NAMES);
    const choice = (name: string): Choice<string> => ({
      label: name,
      ...(taken.has(name) ? { description: 'an app has them already' } : {}),
      value: name,
    });
    const isNew = typed !== '' && ![...here, ...others].includes(typed) && /^[\w./-]{1,200}$/.test(typed);
    return [
      ...(isNew ? [{ label: typed, description: 'no bindle yet', value: typed }] : []),
      ...(here.length > 0 ? [{ separator: 'in this workspace' }, ...here.map(choice)] : []),
      ...(others.length > 0 ? [{ separator: 'on the server' }, ...others.map(choice)] : []),
    ];
  }
}
