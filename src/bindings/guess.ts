// Which language a file is in, and whether it belongs to a handler of HIPPOFACTS.

import type { BindingLanguage, BindingStyle, WorkspaceTexts } from './plan.ts';
import type { BindingTemplates } from './templates.ts';

export interface GuessWish {
  /** Absolute path of the file; it need not be there. */
  readonly path: string;
  /** VS Code's word for its language, where that is known. */
  readonly languageId?: string | undefined;
  /** Absolute path of the project's or the workspace's folder. */
  readonly folder: string;
  /** Absolute path of the HIPPOFACTS that the project has. */
  readonly hippofacts: string | undefined;
}

export interface Guess {
  readonly language: BindingLanguage;
  /** The default for it. */
  readonly style: BindingStyle;
  /** A module that HIPPOFACTS names is built from this file. */
  readonly handler: boolean;
}

/** @returns undefined for a file of no language that there is */
export function guess(
  _wish: GuessWish,
  _texts: WorkspaceTexts,
  _templates: BindingTemplates,
): Promise<Guess | undefined> {
  return Promise.resolve(undefined);
}
