// The rules of design.md's "Who may import whom", held against the imports that stand in the code.

import { posix } from 'node:path';
import ts from 'typescript';

/** Path below `src/` with forward slashes → text of the file. */
export type Sources = ReadonlyMap<string, string>;

/** What each front door opens. */
const DOORS: Readonly<Record<string, string>> = {
  'extension.ts': 'editor',
  'cli.ts': 'terminal',
  'platform.ts': 'platform',
};
const DOOR_ROOMS: readonly string[] = ['editor', 'terminal', 'platform', 'webview'];
/** Each may import those behind it. */
const LOWER_ROOMS: readonly string[] = [
  'publish',
  'session',
  'bindings',
  'addons',
  'hippo',
  'hippofacts',
  'bindle',
];
/** Rooms whose folders are rooms of their own. */
const INNER_ROOMS: Readonly<Record<string, readonly string[]>> = {
  // new-app/: the first minutes, which belong to none of the others.
  editor: ['tree', 'marketplace', 'language', 'publish', 'bindings', 'connections', 'new-app'],
  webview: ['marketplace'],
  // language/: what an editor asks at a place in the text.
  hippofacts: ['language'],
  platform: ['bindle', 'hippo', 'addons', 'brokers', 'runtime', 'gateway', 'store'],
};
/** What a room of the platform may import of the others. */
const PLATFORM_IMPORTS: Readonly<Record<string, readonly string[]>> = {
  store: [],
  bindle: ['store'],
  hippo: ['store'],
  addons: ['store'],
  runtime: ['store'],
  gateway: ['store', 'runtime'],
};

interface Import {
  readonly specifier: string;
  /** The module may be absent at run time: only its types are used. */
  readonly typeOnly: boolean;
}

/** One sentence for each violation, in the order of the files; none is what is wanted. */
export function checkRooms(sources: Sources): string[] {
  const files = [...sources].sort(([a], [b]) => (a < b ? -1 : 1));
  const graph = new Map<string, string[]>();
  const problems: string[] = [];
  for (const [file, text] of files) {
    const misplaced = placeProblem(file);
    if (misplaced) {
      problems.push(`${file} ${misplaced}.`);
      continue;
    }
    const values: string[] = [];
    for (const { specifier, typeOnly } of importsOf(file, text)) {
      const target = specifier.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(file), specifier))
        : undefined;
      const problem = target === undefined ? packageProblem(file, specifier) : importProblem(file, target);
      if (problem) problems.push(`${file} imports ${specifier}: ${problem}.`);
      else if (target !== undefined && !typeOnly) values.push(target);
    }
    graph.set(file, values);
  }
  return [...problems, ...circles(graph)];
}

/** Every import of a file, in whatever form: static, dynamic, of a type, by require. */
export function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = [];
  const add = (node: ts.Node | undefined, typeOnly: boolean): void => {
    if (node && ts.isStringLiteralLike(node)) imports.push({ specifier: node.text, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true);
    else if (ts.isExternalModuleReference(node)) add(node.expression, false);
    else if (ts.isCallExpression(node) && isImportCall(node.expression)) add(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false));
  return imports;
}

function isImportCall(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

/** Why a file must not stand where it does. */
function placeProblem(file: string): string | undefined {
  const [room = '', inner, ...rest] = file.split('/');
  if (inner === undefined)
    return Object.hasOwn(DOORS, file) ? undefined : 'is neither a front door nor in a room';
  if (![...DOOR_ROOMS, ...LOWER_ROOMS].includes(room)) return `is in ${room}/, which is not a room`;
  if (rest.length === 0) return room === 'platform' ? 'is in none of the rooms of platform/' : undefined;
  if (INNER_ROOMS[room] && !INNER_ROOMS[room].includes(inner))
    return `is in ${room}/${inner}/, which is not a room`;
  return undefined;
}

function packageProblem(file: string, name: string): string | undefined {
  if (name === 'vscode' && file !== 'extension.ts' && !file.startsWith('editor/'))
    return 'only editor/ and extension.ts know the editor';
  if (name.startsWith('node:') && file.startsWith('webview/')) return 'webview/ runs in a browser';
  return undefined;
}

/** Why `file` must not import `target`; both are paths below `src/`. */
function importProblem(file: string, target: string): string | undefined {
  if (target === '../package.json') return undefined;
  if (target.startsWith('../')) return 'it is outside of src/';
  if (Object.hasOwn(DOORS, target)) return 'nobody imports a front door';
  const [from, to] = [roomOf(file), roomOf(target)];
  if (LOWER_ROOMS.includes(to)) {
    if (from === 'hippofacts' && to !== from && target !== 'bindle/id.ts')
      return 'hippofacts/ imports only bindle/id.ts';
    if (from === 'hippofacts' && isLanguage(target) && !isLanguage(file))
      return 'hippofacts/ is below hippofacts/language/';
    if (file.startsWith('platform/brokers/') && to !== 'addons')
      return 'a broker imports only addons/, brokers/kit/ and its own folder';
    if (LOWER_ROOMS.includes(from) && LOWER_ROOMS.indexOf(from) > LOWER_ROOMS.indexOf(to))
      return `${from}/ is below ${to}/`;
    return undefined;
  }
  if (LOWER_ROOMS.includes(from)) return `${from}/ is below ${to}/`;
  if (from !== to)
    return from === 'editor' && target === 'webview/protocol.ts'
      ? undefined
      : `${from}/ and ${to}/ meet only over HTTP or messages`;
  return from === 'platform' && !Object.hasOwn(DOORS, file) ? platformProblem(file, target) : undefined;
}

function isLanguage(file: string): boolean {
  return file.startsWith('hippofacts/language/');
}

/** The room of a file; a front door counts to the room that it opens. */
function roomOf(file: string): string {
  return DOORS[file] ?? file.split('/', 1)[0] ?? '';
}

function platformProblem(file: string, target: string): string | undefined {
  const [, from = '', fromBroker] = file.split('/');
  const [, to = '', toBroker] = target.split('/');
  if (from === 'brokers')
    return to === 'brokers' && (toBroker === fromBroker || toBroker === 'kit')
      ? undefined
      : 'a broker imports only addons/, brokers/kit/ and its own folder';
  return from === to || PLATFORM_IMPORTS[from]?.includes(to)
    ? undefined
    : `platform/${from}/ and platform/${to}/ meet only in platform.ts`;
}

/** Files that need each other at run time; types alone tie nothing together. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      found.push(`${[...path.slice(start), file].join(' → ')} is a circle.`);
    } else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}
