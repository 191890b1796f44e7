// Quick fixes and other changes of HIPPOFACTS.

import * as vscode from 'vscode';
import type { CodeAction } from '../../hippofacts/language/actions.ts';
import { shortList, type Problem, type ProblemCode } from '../../hippofacts/problem.ts';
import type { Disposable } from '../disposables.ts';
import type { CommandMap } from '../ids.ts';
import { SELECTOR, type Ask } from './ask.ts';
import { fromRange, toRange, toTextEdit } from './convert.ts';
import type { Diagnoser } from './diagnoser.ts';

const { CodeActionKind: Kind } = vscode;
const FIX_ALL = Kind.SourceFixAll.append('hippofacts');
/** What nobody can have meant otherwise. */
const SAFE: readonly ProblemCode[] = ['escaped-author'];

export function registerActions(ask: Ask, diagnoser: Diagnoser): Disposable {
  const provider: vscode.CodeActionProvider = {
    provideCodeActions: (document, range, { diagnostics, only }, token) =>
      ask(document, token, async ({ analysis, manifest, facts }, signal) => {
        const problems = await diagnoser.problemsOf(document);
        const wants = (kind: vscode.CodeActionKind): boolean => only === undefined || only.contains(kind);
        const { uri } = document;
        // Only who asks for it: it is for a save.
        if (only && Kind.Source.contains(only)) return wants(FIX_ALL) ? fixAll(uri, problems) : [];
        const here = fromRange(document, range);
        const found = await analysis.actions(manifest, here, problems, facts, signal);
        const actions = found.map((action) => toAction(uri, action, diagnostics));
        for (const problem of problems)
          if (problem.code === 'secret' && toRange(problem.range).intersection(range))
            actions.push(allow(uri, problem, diagnostics));
        return actions.filter(({ kind }) => kind && wants(kind));
      }),
  };
  return vscode.languages.registerCodeActionsProvider(SELECTOR, provider, {
    providedCodeActionKinds: [Kind.QuickFix, Kind.Refactor, FIX_ALL],
  });
}

function toAction(
  uri: vscode.Uri,
  { title, kind, edits, problems, preferred }: CodeAction,
  diagnostics: readonly vscode.Diagnostic[],
): vscode.CodeAction {
  const action = new vscode.CodeAction(title, kind === 'quickfix' ? Kind.QuickFix : Kind.RefactorRewrite);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(uri, edits.map(toTextEdit));
  action.diagnostics = shownFor(problems, diagnostics);
  action.isPreferred = preferred;
  return action;
}

/** A secret that is none. */
function allow(
  uri: vscode.Uri,
  problem: Problem,
  diagnostics: readonly vscode.Diagnostic[],
): vscode.CodeAction {
  const { files = [] } = problem;
  const title = `Publish ${shortList(files)} all the same`;
  const command: keyof CommandMap = 'hippo.publish.allow';
  const action = new vscode.CodeAction(title, Kind.QuickFix);
  action.command = { title, command, arguments: [uri.toString(), files] };
  action.diagnostics = shownFor([problem], diagnostics);
  return action;
}

function fixAll(uri: vscode.Uri, problems: readonly Problem[]): vscode.CodeAction[] {
  const edits = problems.flatMap(({ code, range, replacement }) =>
    SAFE.includes(code) && replacement !== undefined ? toTextEdit({ range, text: replacement }) : [],
  );
  if (edits.length === 0) return [];
  const action = new vscode.CodeAction('Mend what has one way to be mended', FIX_ALL);
  action.edit = new vscode.WorkspaceEdit();
  action.edit.set(uri, edits);
  return [action];
}

function shownFor(
  problems: readonly Problem[],
  diagnostics: readonly vscode.Diagnostic[],
): vscode.Diagnostic[] {
  return diagnostics.filter(({ code, range }) =>
    problems.some(
      (problem) =>
        (typeof code === 'object' ? code.value : code) === problem.code &&
        toRange(problem.range).isEqual(range),
    ),
  );
}
