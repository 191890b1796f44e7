// What can be wrong with a HIPPOFACTS: a code to look up, a sentence to read and the place it is about.

import type { Range } from './position.ts';

/**
 * An error stops a publish, a warning is shown, information only says what was decided or is known, and a hint is for
 * those who look.
 */
export type Severity = 'error' | 'warning' | 'information' | 'hint';

/** What each means: problem-codes.ts, and the README's table. */
export type ProblemCode =
  // The text is not TOML.
  | 'bad-escape'
  | 'control-character'
  | 'duplicate-key'
  | 'duplicate-table'
  | 'missing-comma'
  | 'missing-equals'
  | 'missing-value'
  | 'multi-line-table'
  | 'syntax'
  | 'too-deep'
  | 'too-long'
  | 'trailing-text'
  | 'unclosed-header'
  | 'unclosed-list'
  | 'unclosed-table'
  | 'unclosed-text'
  | 'unquoted-text'
  // It is TOML, but no manifest.
  | 'addon-syntax'
  | 'addon-twice'
  | 'entrypoint-on-external'
  | 'escaped-author'
  | 'invalid-id'
  | 'invalid-name'
  | 'invalid-version'
  | 'missing-field'
  | 'name-and-external'
  | 'no-handlers'
  | 'unknown-field'
  | 'wrong-type'
  // It is a manifest, and does not do what it seems to.
  | 'duplicate-export'
  | 'route-healthz'
  | 'route-shadowed'
  | 'route-unreachable'
  | 'route-wildcard'
  // It does not fit the files.
  | 'bad-file-name'
  | 'invalid-pattern'
  | 'link-loop'
  | 'link-repeated'
  | 'matched-twice'
  | 'missing-entrypoint'
  | 'missing-module'
  | 'no-match'
  | 'not-wasm'
  | 'outside-project'
  | 'secret'
  | 'unreadable'
  | 'wasm-component'
  // It does not fit the bindles that are on a server.
  | 'external-clash'
  | 'external-content'
  | 'external-not-found'
  | 'version-taken'
  // Decided where there is no manifest to say it.
  | 'inferred-name'
  | 'inferred-version';

export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** One sentence without a full stop at its end. */
  readonly message: string;
  readonly range: Range;
  /** The text that should stand in the place of `range` (TOML, quotes included), where there is one. */
  readonly replacement?: string;
  /** Names of the files it is about, relative to the project with `/`. */
  readonly files?: readonly string[];
  /** Other places in the text that have to do with it. */
  readonly related?: readonly Related[];
}

export interface Related {
  readonly range: Range;
  /** What is there, in a few words. */
  readonly message: string;
}

/** A problem before it is known which place in the text it is about. */
export type Finding = Omit<Problem, 'range'>;

/** What can be told by then. */
export interface Diagnosis {
  readonly problems: readonly Problem[];
  /** False if a server has not said all: it has not answered, or not yet, or what it says could not be compared. */
  readonly complete: boolean;
}

const OF_SERVERS: ReadonlySet<ProblemCode> = new Set([
  'external-clash',
  'external-content',
  'external-not-found',
  'version-taken',
]);

/** Nobody finds it, or finds that it is over, without a server. */
export function isOfServer({ code }: Problem): boolean {
  return OF_SERVERS.has(code);
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/** In the order of the text. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.range.start.offset - b.range.start.offset);
}

/** `HIPPOFACTS:5:1: error: ...`, as compilers write it: line and column from 1. */
export function formatProblem(file: string, { range, severity, message }: Problem): string {
  return `${file}:${range.start.line + 1}:${range.start.column + 1}: ${severity}: ${message}`;
}

/** The first few names, and how many more there are. */
export function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
