// Problems of HIPPOFACTS files in the Problems view and at their places.

import * as vscode from 'vscode';
import type { Problem, Severity } from '../hippofacts/problem.ts';
import type { Disposable } from './disposables.ts';
import { SCHEMES } from './ids.ts';

const SEVERITIES: Readonly<Record<Severity, vscode.DiagnosticSeverity>> = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
  hint: vscode.DiagnosticSeverity.Hint,
};

export class VSCodeProblems implements Disposable {
  /** Of the same name as the problem matcher's owner: what both find stands there once. */
  readonly #collection = vscode.languages.createDiagnosticCollection('hippo');

  show(uri: string, problems: readonly Problem[]): void {
    const file = vscode.Uri.parse(uri);
    this.#collection.set(
      file,
      problems.map((problem) => describe(file, problem)),
    );
  }

  dispose(): void {
    this.#collection.dispose();
  }
}

function describe(uri: vscode.Uri, problem: Problem): vscode.Diagnostic {
  const { code, message, severity, related = [] } = problem;
  const diagnostic = new vscode.Diagnostic(toRange(problem), `${message}.`, SEVERITIES[severity]);
  diagnostic.source = 'Hippo';
  diagnostic.code = { value: code, target: explanationOf(code) };
  diagnostic.relatedInformation = related.map(
    (other) =>
      new vscode.DiagnosticRelatedInformation(new vscode.Location(uri, toRange(other)), other.message),
  );
  // It could as well not be there.
  if (code === 'matched-twice') diagnostic.tags = [vscode.DiagnosticTag.Unnecessary];
  return diagnostic;
}

/** Links of problems cannot be commands: a document, which language/explanations.ts writes. */
function explanationOf(code: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEMES.problem, path: `/${code}.md` });
}

function toRange({ range: { start, end } }: Pick<Problem, 'range'>): vscode.Range {
  return new vscode.Range(start.line, start.column, end.line, end.column);
}
