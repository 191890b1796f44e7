// Every HIPPOFACTS of the workspace is an app: finds them, and asks which one is meant where more than one fits.

import { posix } from 'node:path';
import { SPELLINGS } from '../hippofacts/find.ts';
import type { App, Choice } from './app.ts';
import { EditorError } from './failure.ts';

export interface Project {
  /** URI of its HIPPOFACTS. */
  readonly uri: string;
  /** Absolute path of it. */
  readonly file: string;
  /** The folder of the workspace in which it is; undefined for a file from elsewhere. */
  readonly workspaceFolder: { readonly name: string; readonly uri: string } | undefined;
  /** For people: the name of its folder. */
  readonly label: string;
  /** Its folder from that of the workspace on, with forward slashes; '' if it is that. */
  readonly path: string;
}

type Needs = Pick<App, 'workspace' | 'prompts' | 'memory'>;

export class Projects {
  readonly #app: Needs;

  constructor(app: Needs) {
    this.#app = app;
  }

  /** All of the workspace, by folder and path. */
  async all(): Promise<Project[]> {
    const uris = await this.#app.workspace.findByName(SPELLINGS);
    return uris.map((uri) => this.at(uri)).sort((a, b) => (a.uri < b.uri ? -1 : 1));
  }

  /** The project of a HIPPOFACTS, or of whatever file is taken for one. */
  at(uri: string): Project {
    const { workspace } = this.#app;
    const inside = workspace.folders
      .filter((folder) => uri.startsWith(withSlash(folder.uri)))
      // A folder of the workspace may lie in another one.
      .sort((a, b) => b.uri.length - a.uri.length)[0];
    const folder = posix.dirname(uri);
    const path = inside ? decodeURIComponent(folder.slice(withSlash(inside.uri).length)) : '';
    return {
      uri,
      file: workspace.pathOf(uri),
      workspaceFolder: inside && { name: inside.name, uri: inside.uri },
      label: path === '' && inside ? inside.name : decodeURIComponent(posix.basename(folder)),
      path,
    };
  }

  /** The project that a file belongs to: the nearest HIPPOFACTS in its folder or above. */
  async around(uri: string): Promise<Project | undefined> {
    const fits = (await this.all()).filter((project) =>
      uri.startsWith(withSlash(posix.dirname(project.uri))),
    );
    return fits.sort((a, b) => b.uri.length - a.uri.length)[0];
  }

  /**
   * The one that is meant: the only one, else the one that a person picks; what the active editor is about, or else
   * what was picked last, is the first offer.
   * @throws EditorError `NO_PROJECT`; Cancelled
   */
  async choose(title: string): Promise<Project> {
    const { prompts, memory, workspace } = this.#app;
    const all = await this.all();
    const [only] = all;
    if (!only)
      throw new EditorError(
        'NO_PROJECT',
        workspace.folders.length === 0
          ? 'No folder is open: open the one with your app.'
          : 'There is no HIPPOFACTS in this workspace.',
      );
    if (all.length === 1) return only;
    const active = workspace.activeFile === undefined ? undefined : await this.around(workspace.activeFile);
    const last = memory.get('project.last');
    const first = all.find(({ uri }) => uri === (active?.uri ?? last));
    const several = workspace.folders.length > 1;
    const choices = all.map((project): Choice<Project> => ({
      label: project.label,
      description: [several ? project.workspaceFolder?.name : undefined, project.path]
        .filter((part) => part !== undefined && part !== '' && part !== project.label)
        .join(' • '),
      detail: posix.basename(project.uri),
      value: project,
    }));
    const chosen = await prompts.pick(choices, { title, placeholder: 'Which app?', active: first });
    await memory.set('project.last', chosen.uri);
    return chosen;
  }
}

function withSlash(uri: string): string {
  return uri.endsWith('/') ? uri : `${uri}/`;
}
