// Documents before a publish, and the problems of HIPPOFACTS files in the Problems view and at their places.

import * as vscode from 'vscode';
import type { Problem, Severity } from '../../hippofacts/problem.ts';
import type { Disposable } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import type { Diagnostics, Documents } from './ports.ts';
import type { Target } from './wish.ts';

export const vscodeDocuments: Documents = {
  async save(target) {
    const file = vscode.Uri.parse(target.uri);
    const folder = vscode.Uri.joinPath(file, '..').path;
    const inside = (path: string): boolean => path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
    const unsaved = vscode.workspace.textDocuments.filter(
      ({ isDirty, isUntitled, uri }) =>
        isDirty &&
        !isUntitled &&
        uri.scheme === file.scheme &&
        uri.authority === file.authority &&
        inside(uri.path),
    );
    for (const document of unsaved)
      if (!(await document.save()))
        throw new EditorError(
          'NOT_SAVED',
          `${vscode.workspace.asRelativePath(document.uri)} could not be saved, so nothing was published.`,
          { remedies: ['retry'] },
        );
  },

  async showProblem(target, { range }) {
    const editor = await vscode.window.showTextDocument(vscode.Uri.parse(target.uri), {
      selection: new vscode.Range(range.start.line, range.start.column, range.start.line, range.start.column),
    });
    // Its words beneath its line, as "Go to Next Problem" shows them.
    if (editor.document.lineCount > range.start.line)
      await vscode.commands.executeCommand('editor.action.marker.next');
  },
};

const SEVERITIES: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

export class VSCodeDiagnostics implements Diagnostics, Disposable {
  /** Of the same name as the problem matcher's owner: what both find stands there once. */
  readonly #collection = vscode.languages.createDiagnosticCollection('hippo');
  readonly #problems = new WeakMap<vscode.Diagnostic, Problem>();

  has({ uri }: Pick<Target, 'uri'>): boolean {
    return this.of(uri).length > 0;
  }

  show({ uri, kind }: Target, problems: readonly Problem[]): void {
    // A module is no text to show them in; the log has them.
    if (kind === 'module') return;
    this.#collection.set(
      vscode.Uri.parse(uri),
      problems.map((problem) => this.#describe(problem)),
    );
  }

  /** Problems of a file, with the places where they are shown. */
  of(uri: string): { problem: Problem; diagnostic: vscode.Diagnostic }[] {
    return (this.#collection.get(vscode.Uri.parse(uri)) ?? []).flatMap((diagnostic) => {
      const problem = this.#problems.get(diagnostic);
      return problem ? [{ problem, diagnostic }] : [];
    });
  }

  dispose(): void {
    this.#collection.dispose();
  }

  #describe(problem: Problem): vscode.Diagnostic {
    const { start, end } = problem.range;
    const range = new vscode.Range(start.line, start.column, end.line, end.column);
    const diagnostic = new vscode.Diagnostic(range, `${problem.message}.`, SEVERITIES[problem.severity]);
    diagnostic.source = 'Hippo';
    diagnostic.code = problem.code;
    this.#problems.set(diagnostic, problem);
    return diagnostic;
  }
}
