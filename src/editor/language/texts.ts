// What commands need of the editor to change a HIPPOFACTS.

import type { Range } from '../../hippofacts/position.ts';
import type { TextEdit } from '../../hippofacts/text-edit.ts';

/** Texts as they stand in editors, saved or not. */
export interface Texts {
  /** @param uri of a file */
  read(uri: string): Promise<string>;
  /** In one step of undo; false if it could not be changed. */
  edit(uri: string, edits: readonly TextEdit[]): Promise<boolean>;
  /** In an editor, with this selected. */
  show(uri: string, range: Range): Promise<void>;
}
