// Places and edits of a text as VS Code has them.

import * as vscode from 'vscode';
import type { Range } from '../../hippofacts/position.ts';
import type { TextEdit } from '../../hippofacts/text-edit.ts';

export function toRange({ start, end }: Range): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}

export function fromRange(document: vscode.TextDocument, { start, end }: vscode.Range): Range {
  const place = (position: vscode.Position): Range['start'] => ({
    offset: document.offsetAt(position),
    line: position.line,
    column: position.character,
  });
  return { start: place(start), end: place(end) };
}

export function toTextEdit({ range, text }: TextEdit): vscode.TextEdit {
  return vscode.TextEdit.replace(toRange(range), text);
}

export function toSignal(token: vscode.CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
