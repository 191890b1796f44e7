// Formatting of HIPPOFACTS: blanks and line ends alone.

import * as vscode from 'vscode';
import { Disposables, type Disposable } from '../disposables.ts';
import { SELECTOR, type Ask } from './ask.ts';
import { fromRange, toTextEdit } from './convert.ts';

export function registerFormatting(ask: Ask): Disposable {
  const { languages } = vscode;
  const disposables = new Disposables();
  const format = (
    document: vscode.TextDocument,
    range: vscode.Range | undefined,
    { insertSpaces, tabSize }: vscode.FormattingOptions,
    token: vscode.CancellationToken,
  ): Promise<vscode.TextEdit[] | undefined> =>
    ask(document, token, ({ analysis }) =>
      analysis
        .formatEdits(document.getText(), {
          indent: insertSpaces ? ' '.repeat(tabSize) : '\t',
          ...(range ? { range: fromRange(document, range) } : {}),
        })
        .map(toTextEdit),
    );
  disposables.add(
    languages.registerDocumentFormattingEditProvider(SELECTOR, {
      provideDocumentFormattingEdits: (document, options, token) =>
        format(document, undefined, options, token),
    }),
  );
  disposables.add(
    languages.registerDocumentRangeFormattingEditProvider(SELECTOR, {
      provideDocumentRangeFormattingEdits: format,
    }),
  );
  return disposables;
}
