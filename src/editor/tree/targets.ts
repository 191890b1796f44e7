// What a command is about: the row of the tree that a menu has passed, else the app or channel that a person picks.
// It is read again from the server, for rows may be a moment old.

import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { App, Choice, Separator, Step } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import { compareNames, isOfApp, readNodeId } from './nodes.ts';

/** Id of a row of the tree. */
export type Row = string;

export interface AppTarget {
  readonly session: Session;
  readonly app: AppItem;
}

export interface ChannelTarget extends AppTarget {
  readonly channel: ChannelItem;
}

type Summary = AppItem['channels'][number];

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly connections: Pick<Connections, 'use'>;
  /** Bindle names in the HIPPOFACTS of the open workspace. */
  readonly projects: () => Promise<ReadonlySet<string>>;
  /** Name of the connection that the rows are from. */
  readonly connectionOfRows: () => string | undefined;
}

export class TreeTargets {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * @param row of an app, or of anything below it
   * @throws EditorError `NO_APPS`, Cancelled, HippoError; what `work` throws
   */
  app<T>(row: Row | undefined, title: string, work: (target: AppTarget) => Promise<T>): Promise<T> {
    return this.#use(row, async (session) => {
      if (row === undefined) return work({ session, app: await this.#pickApp(session, title) });
      const { kind, owner } = readNodeId(row);
      const { client } = session;
      const id = isOfApp(kind) ? owner : (await client.channel(owner)).appId;
      return work({ session, app: await client.app(id) });
    });
  }

  /**
   * @param row of a channel, of anything below it, or of its app
   * @param steps where the choice is the first of several
   * @throws EditorError `NO_APPS`, `NO_CHANNELS`, Cancelled, HippoError; what `work` throws
   */
  channel<T>(
    row: Row | undefined,
    title: string,
    work: (target: ChannelTarget) => Promise<T>,
    steps?: Step,
  ): Promise<T> {
    return this.#use(row, async (session) => {
      const { client } = session;
      const { kind, owner } = row === undefined ? { kind: undefined, owner: '' } : readNodeId(row);
      const id =
        kind === undefined || isOfApp(kind)
          ? (await this.#pickChannel(session, title, kind && (await client.app(owner)), steps)).id
          : owner;
      const channel = await client.channel(id);
      return work({ session, app: await client.app(channel.appId), channel });
    });
  }

  /** Any session with the Hippo that the rows are from, or the current one. */
  session<T>(row: Row | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#use(row, work);
  }

  #use<T>(row: Row | undefined, work: (session: Session) => Promise<T>): Promise<T> {
    const { connections, connectionOfRows } = this.#needs;
    return connections.use(work, row === undefined ? {} : { connection: connectionOfRows() });
  }

  /** Those of the workspace first. */
  async #apps({ client }: Session): Promise<{ app: AppItem; here: boolean }[]> {
    const [apps, projects] = await Promise.all([client.apps(), this.#needs.projects()]);
    if (apps.length === 0)
      throw new EditorError('NO_APPS', 'There is no app yet: publishing makes one, and so does "Add App".');
    return apps
      .map((app) => ({ app, here: projects.has(app.storageId) }))
      .sort((a, b) => Number(b.here) - Number(a.here) || compareNames(a.app.name, b.app.name));
  }

  async #pickApp(session: Session, title: string): Promise<AppItem> {
    const apps = await this.#apps(session);
    const [only] = apps;
    if (only && apps.length === 1) return only.app;
    return this.#needs.app.prompts.pick(
      apps.map(({ app, here }) => ({
        label: app.name,
        description: [here ? 'in this workspace' : '', app.storageId]
          .filter((part) => part !== '')
          .join(' • '),
        value: app,
      })),
      { title, placeholder: 'Which app?' },
    );
  }

  async #pickChannel(
    session: Session,
    title: string,
    of: AppItem | undefined,
    steps: Step | undefined,
  ): Promise<Summary> {
    const apps = of ? [{ app: of, here: false }] : await this.#apps(session);
    const all = apps.flatMap(({ app }) => app.channels);
    const [only] = all;
    if (!only)
      throw new EditorError(
        'NO_CHANNELS',
        of ? `${of.name} has no channel yet: "Add Channel" makes one.` : 'No app has a channel yet.',
      );
    if (all.length === 1) return only;
    const choices = apps.flatMap(({ app, here }): (Choice<Summary> | Separator)[] => [
      ...(of ? [] : [{ separator: here ? `${app.name} • in this workspace` : app.name }]),
      ...app.channels
        .toSorted((a, b) => compareNames(a.name, b.name))
        .map((channel) => ({
          label: of ? channel.name : `${app.name}: ${channel.name}`,
          description: `runs ${channel.activeRevisionNumber ?? 'nothing yet'}`,
          value: channel,
        })),
    ]);
    return this.#needs.app.prompts.pick(choices, { title, placeholder: 'Which channel?', steps });
  }
}

/** `weather: production`, as messages name a channel. */
export function fullName({ app, channel }: Pick<ChannelTarget, 'app' | 'channel'>): string {
  return `${app.name}: ${channel.name}`;
}
