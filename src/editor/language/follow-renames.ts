// Files of an app that get another name in the Explorer: what HIPPOFACTS says of them is changed, if a person likes.

import { dirname, isAbsolute, posix, relative, sep } from 'node:path';
import type { Rename } from '../../hippofacts/language/rename-edits.ts';
import type { App } from '../app.ts';
import type { Projects } from '../projects.ts';
import type { Texts } from './texts.ts';
import type { Analysis } from './watched-project.ts';

/** Absolute paths. */
export interface Moved {
  readonly from: string;
  readonly to: string;
}

export class FollowRenames {
  readonly #app: Pick<App, 'prompts'>;
  readonly #projects: Pick<Projects, 'all'>;
  readonly #analysis: () => Promise<Analysis>;
  readonly #texts: Texts;

  constructor(
    app: Pick<App, 'prompts'>,
    projects: Pick<Projects, 'all'>,
    analysis: () => Promise<Analysis>,
    texts: Texts,
  ) {
    this.#app = app;
    this.#projects = projects;
    this.#analysis = analysis;
    this.#texts = texts;
  }

  /** Offers to change each HIPPOFACTS that speaks of what was moved. */
  async offer(moved: readonly Moved[]): Promise<void> {
    for (const { uri, file, label } of await this.#projects.all()) {
      const folder = dirname(file);
      const renames = moved.flatMap((one): Rename[] => {
        const from = within(folder, one.from);
        return from === undefined ? [] : [{ from, to: relative(folder, one.to).replaceAll(sep, '/') }];
      });
      if (renames.length === 0) continue;
      const { parseManifest, renameEdits } = await this.#analysis();
      const find = async (): Promise<ReturnType<typeof renameEdits>> =>
        renameEdits(parseManifest(await this.#texts.read(uri)), renames);
      if ((await find()).length === 0) continue;
      const answer = await this.#app.prompts.notify('info', question(renames, label), 'Change');
      // It may have been changed meanwhile.
      if (answer === 'Change') await this.#texts.edit(uri, await find());
    }
  }
}

/** Relative to the folder, with `/`; undefined for what is not in it, and for the folder itself. */
function within(folder: string, path: string): string | undefined {
  const name = relative(folder, path);
  return name === '' || name.split(sep)[0] === '..' || isAbsolute(name)
    ? undefined
    : name.replaceAll(sep, '/');
}

function question(renames: readonly Rename[], label: string): string {
  const [first] = renames;
  return first && renames.length === 1
    ? `${posix.basename(first.from)} is ${first.to} now. Change the HIPPOFACTS of ${label}, too?`
    : `${renames.length} files have other names now. Change the HIPPOFACTS of ${label}, too?`;
}
