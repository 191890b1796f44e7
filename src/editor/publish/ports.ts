// What publishing needs of VS Code beside the App: documents and diagnostics.

import type { Problem } from '../../hippofacts/problem.ts';
import type { Target } from './wish.ts';

export interface Documents {
  /**
   * Saves the HIPPOFACTS, and whatever else is unsaved in the project's folder.
   * @throws EditorError `NOT_SAVED`
   */
  save(target: Target): Promise<void>;
  /** Opens the HIPPOFACTS at a problem in it, with its words. */
  showProblem(target: Target, problem: Problem): Promise<void>;
}

/** Problems of HIPPOFACTS files at their places. */
export interface Diagnostics {
  /** In the place of all that were shown for this file. */
  show(target: Target, problems: readonly Problem[]): void;
}
