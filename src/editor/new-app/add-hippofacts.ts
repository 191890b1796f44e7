// "Add HIPPOFACTS to This Folder": as `hippo new`, then opens it.

import { findManifest } from '../../hippofacts/find.ts';
import type { App, Folder } from '../app.ts';
import type { Core } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { ResourceLike } from '../ids.ts';
import type { Folders } from './folders.ts';

export class AddHippofacts {
  readonly #app: Pick<App, 'prompts' | 'workspace' | 'log'>;
  readonly #core: () => Promise<Core>;
  readonly #folders: Folders;

  constructor(app: Pick<App, 'prompts' | 'workspace' | 'log'>, core: () => Promise<Core>, folders: Folders) {
    this.#app = app;
    this.#core = core;
    this.#folders = folders;
  }

  /**
   * @param resource a folder; asked for if absent and the workspace has several
   * @throws EditorError `NO_FOLDER`, `EXISTS`; errors of the file system; Cancelled
   */
  async add(resource?: ResourceLike): Promise<void> {
    const folder = resource?.fsPath ?? (await this.#askFolder()).path;
    const { proposeManifest, writeNewManifest } = await this.#core();
    const text = await proposeManifest(folder);
    try {
      const file = await writeNewManifest(folder, text);
      this.#app.log.info(`Wrote ${file}`);
      await this.#folders.show(file);
    } catch (error) {
      if ((error as { code?: string }).code !== 'EXISTS') throw error;
      const { file } = await findManifest(folder);
      throw new EditorError('EXISTS', `${folder} has a HIPPOFACTS already.`, {
        help: [{ label: 'Open It', run: async () => (await this.#folders.show(file), false) }],
        cause: error,
      });
    }
  }

  async #askFolder(): Promise<Folder> {
    const { workspace, prompts } = this.#app;
    const [only, ...more] = workspace.folders;
    if (!only)
      throw new EditorError('NO_FOLDER', 'No folder is open: open the one with your app.', {
        help: [{ label: 'Open Folder', run: async () => (await this.#openOne(), false) }],
      });
    if (more.length === 0) return only;
    return prompts.pick(
      workspace.folders.map((folder) => ({ label: folder.name, description: folder.path, value: folder })),
      { title: 'Add HIPPOFACTS', placeholder: 'To which folder?' },
    );
  }

  async #openOne(): Promise<void> {
    await this.#folders.open(await this.#folders.choose('Open the Folder of Your App', 'Open'), 'here');
  }
}
