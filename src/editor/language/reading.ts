// What is read in HIPPOFACTS without changing it: hovers, the outline, folding, links and definitions.

import * as vscode from 'vscode';
import type { Fold } from '../../hippofacts/language/folds.ts';
import type { Symbol as Entry, SymbolKind } from '../../hippofacts/language/outline.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { SELECTOR, type Ask } from './ask.ts';
import { toRange } from './convert.ts';

const { SymbolKind: Kind } = vscode;
const SYMBOLS: Readonly<Record<SymbolKind, vscode.SymbolKind>> = {
  bindle: Kind.Package,
  annotations: Kind.Object,
  handler: Kind.Function,
  export: Kind.Module,
  table: Kind.Object,
  key: Kind.Key,
};

/** Of a pattern; VS Code opens each to show a line of it. */
const MOST_FILES = 200;

export function registerReading(ask: Ask): Disposable {
  const { languages } = vscode;
  const disposables = new Disposables();
  disposables.add(
    languages.registerHoverProvider(SELECTOR, {
      provideHover: (document, position, token) =>
        ask(document, token, async ({ analysis, manifest, facts }, signal) => {
          const { selectRevision: select, devVersion, publisher } = analysis;
          const found = await analysis.hover(manifest, document.offsetAt(position), facts, {
            select,
            buildOf: (version) => devVersion(version, publisher(process.env), new Date()),
            signal,
          });
          return found && new vscode.Hover(new vscode.MarkdownString(found.markdown), toRange(found.range));
        }),
    }),
  );
  disposables.add(
    languages.registerDocumentSymbolProvider(
      SELECTOR,
      {
        provideDocumentSymbols: (document, token) =>
          ask(document, token, ({ analysis, manifest }) => analysis.outline(manifest).map(toSymbol)),
      },
      { label: 'HIPPOFACTS' },
    ),
  );
  disposables.add(
    languages.registerFoldingRangeProvider(SELECTOR, {
      provideFoldingRanges: (document, _context, token) =>
        ask(document, token, ({ analysis, manifest }) => analysis.folds(manifest).map(toFold)),
    }),
  );
  disposables.add(
    languages.registerDocumentLinkProvider(SELECTOR, {
      provideDocumentLinks: (document, token) =>
        ask(document, token, async ({ analysis, manifest, facts }, signal) =>
          (await analysis.links(manifest, facts, signal)).map(
            ({ range, path }) => new vscode.DocumentLink(toRange(range), vscode.Uri.file(path)),
          ),
        ),
    }),
  );
  disposables.add(
    languages.registerDefinitionProvider(SELECTOR, {
      provideDefinition: (document, position, token) =>
        ask(document, token, async ({ analysis, manifest, facts }, signal) => {
          const found = await analysis.definition(manifest, document.offsetAt(position), facts, signal);
          const start = new vscode.Range(0, 0, 0, 0);
          return found?.paths.slice(0, MOST_FILES).map((path) => ({
            originSelectionRange: toRange(found.range),
            targetUri: vscode.Uri.file(path),
            targetRange: start,
          }));
        }),
    }),
  );
  return disposables;
}

function toSymbol({ name, detail, kind, range, selection, children }: Entry): vscode.DocumentSymbol {
  const symbol = new vscode.DocumentSymbol(name, detail, SYMBOLS[kind], toRange(range), toRange(selection));
  symbol.children = children.map(toSymbol);
  return symbol;
}

function toFold({ start, end, kind }: Fold): vscode.FoldingRange {
  return kind === 'comment'
    ? new vscode.FoldingRange(start, end, vscode.FoldingRangeKind.Comment)
    : new vscode.FoldingRange(start, end);
}
