// What a command is about: what a menu, a CodeLens or the tree has passed, else the project that a person means.

import { posix } from 'node:path';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { ResourceLike } from '../ids.ts';
import type { Project, Projects } from '../projects.ts';
import { readNodeId } from '../tree/nodes.ts';
import type { Row } from '../tree/targets.ts';
import type { Target, Wish } from './wish.ts';

/** A HIPPOFACTS or a module; the id of an app's or a channel's row in the tree. */
export type Place = ResourceLike | Row;

export class Targets {
  readonly #app: Pick<App, 'prompts'>;
  readonly #projects: Projects;
  readonly #connections: Connections;

  constructor(app: Pick<App, 'prompts'>, projects: Projects, connections: Connections) {
    this.#app = app;
    this.#projects = projects;
    this.#connections = connections;
  }

  /** @throws EditorError `NO_PROJECT`, `NOT_ON_DISK`; Cancelled */
  async of(where: Place | undefined, title: string): Promise<{ target: Target; wish: Wish }> {
    if (where === undefined) return { target: projectTarget(await this.#projects.choose(title)), wish: {} };
    if (typeof where === 'string') return this.#ofNode(where, title);
    if (where.scheme !== 'file')
      throw new EditorError(
        'NOT_ON_DISK',
        `${posix.basename(where.toString())} is not a file on a disk: it cannot be published from here.`,
      );
    return { target: this.at(where.toString()), wish: {} };
  }

  /** A HIPPOFACTS, or a module by the end of its name. */
  at(uri: string): Target {
    const project = this.#projects.at(uri);
    if (!/\.wasm$/i.test(uri)) return projectTarget(project);
    return { ...project, kind: 'module', label: decodeURIComponent(posix.basename(uri)) };
  }

  /** The project whose bindles are the app's; to the one channel that is meant, if it is one. */
  async #ofNode(id: string, title: string): Promise<{ target: Target; wish: Wish }> {
    const { kind, owner } = readNodeId(id);
    const core = await this.#connections.core();
    const { app, channel } = await this.#connections.use(async ({ client }) => {
      if (kind === 'app') return { app: await client.app(owner), channel: undefined };
      const found = await client.channel(owner);
      return { app: await client.app(found.appId), channel: found.id };
    });
    const fitting: Project[] = [];
    for (const project of await this.#projects.all())
      if ((await core.storageIdOf(project.file)) === app.storageId) fitting.push(project);
    const [first] = fitting;
    if (!first)
      throw new EditorError(
        'NO_PROJECT',
        `No HIPPOFACTS in this workspace makes the bindles of ${app.name} (${app.storageId}).`,
      );
    const project =
      fitting.length === 1
        ? first
        : await this.#app.prompts.pick(
            fitting.map((one) => ({ label: one.label, description: one.path, value: one })),
            { title, placeholder: `Several projects make the bindles of ${app.name}: which one?` },
          );
    const target = projectTarget(project);
    return { target, wish: { app: app.id, ...(channel === undefined ? {} : { channel }) } };
  }
}

function projectTarget(project: Project): Target {
  return { ...project, kind: 'project' };
}
