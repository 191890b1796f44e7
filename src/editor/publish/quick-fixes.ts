// What mends a problem in HIPPOFACTS at its place: the text that was meant, or a word that a file may be published.

import * as vscode from 'vscode';
import { SPELLINGS } from '../../hippofacts/find.ts';
import { shortList, type Problem } from '../../hippofacts/problem.ts';
import type { CommandMap } from '../ids.ts';
import type { Disposable } from '../disposables.ts';
import type { VSCodeDiagnostics } from './vscode-documents.ts';

const { QuickFix } = vscode.CodeActionKind;

export function registerQuickFixes(diagnostics: VSCodeDiagnostics): Disposable {
  return vscode.languages.registerCodeActionsProvider(
    { scheme: 'file', pattern: `**/{${SPELLINGS.join(',')}}` },
    {
      provideCodeActions: ({ uri }, range) =>
        diagnostics
          .of(uri.toString())
          .filter(({ diagnostic }) => diagnostic.range.intersection(range) !== undefined)
          .flatMap(({ problem, diagnostic }) => fixesOf(uri, problem, diagnostic)),
    },
    { providedCodeActionKinds: [QuickFix] },
  );
}

function fixesOf(uri: vscode.Uri, problem: Problem, diagnostic: vscode.Diagnostic): vscode.CodeAction[] {
  const { replacement, code, files = [] } = problem;
  const fixes: vscode.CodeAction[] = [];
  if (replacement !== undefined) {
    const fix = new vscode.CodeAction(`Replace with ${replacement}`, QuickFix);
    fix.edit = new vscode.WorkspaceEdit();
    fix.edit.replace(uri, diagnostic.range, replacement);
    fix.isPreferred = true;
    fixes.push(fix);
  }
  if (code === 'secret') {
    const title = `Publish ${shortList(files)} all the same`;
    const fix = new vscode.CodeAction(title, QuickFix);
    const command: keyof CommandMap = 'hippo.publish.allow';
    fix.command = { title, command, arguments: [uri.toString(), files] };
    fixes.push(fix);
  }
  for (const fix of fixes) fix.diagnostics = [diagnostic];
  return fixes;
}
