// What providers have in common: the document as it is known, nothing for whoever has cancelled, and a failure is in
// the log and no more.

import * as vscode from 'vscode';
import type { Guard } from '../guard.ts';
import { toSignal } from './convert.ts';
import type { Known, LanguageDocuments } from './documents.ts';

/** Files on a disk; not the other side of a diff. */
export const SELECTOR: vscode.DocumentSelector = { language: 'hippofacts', scheme: 'file' };
export const LANGUAGE = 'hippofacts';

export type Ask = <T>(
  document: vscode.TextDocument,
  token: vscode.CancellationToken,
  answer: (known: Known, signal: AbortSignal) => T | Promise<T>,
) => Promise<T | undefined>;

export function createAsk(documents: LanguageDocuments, guard: Guard): Ask {
  return (document, token, answer) =>
    guard.quietly('Asking about HIPPOFACTS', async () => {
      const known = await documents.of(document);
      if (!known || token.isCancellationRequested) return undefined;
      return answer(known, toSignal(token));
    });
}
