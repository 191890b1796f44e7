// What making an app needs of VS Code's windows: folders to choose and to open, files to show.

import type { Event } from '../disposables.ts';
import type { ResourceLike } from '../ids.ts';

export interface Folders {
  /** A HIPPOFACTS has come or gone, anywhere in the workspace. */
  readonly onDidChangeManifests: Event<void>;
  /** A page of VS Code's own has come to the front: settings, the welcome page with the walkthroughs, … */
  readonly onDidShowPage: Event<void>;
  /**
   * A dialog for a folder that is there.
   * @param action the word on its button
   * @returns its absolute path
   * @throws Cancelled
   */
  choose(title: string, action: string): Promise<string>;
  /** In this window, which starts anew, or in another one. @param folder absolute path */
  open(folder: string, where: 'here' | 'elsewhere'): Promise<void>;
  /** To the workspace of this window, which may start anew. @param folder absolute path */
  add(folder: string): Promise<void>;
  /** @param file absolute path */
  show(file: string): Promise<void>;
  /** As menus pass it to commands. @param file absolute path */
  resource(file: string): ResourceLike;
  /** The steps that begin with the local Hippo. */
  showWalkthrough(): Promise<void>;
}
