// Loads node:sqlite, which Node 22 still calls experimental and which older ones lack.

import { StoreError } from './errors.ts';

type Sqlite = typeof import('node:sqlite');

/**
 * node:sqlite, without its ExperimentalWarning. It is loaded here and not by an import, so that a program
 * that never opens a database starts on a Node that has none.
 * @throws StoreError `NO_SQLITE`
 */
export function loadSqlite(): Sqlite {
  // Node before 20.16 lacks getBuiltinModule as well.
  const sqlite = withoutExperimentalWarnings(() => process.getBuiltinModule?.('node:sqlite'));
  if (!sqlite)
    throw new StoreError(
      'NO_SQLITE',
      `Node ${process.versions.node} has no SQLite built in: install Node 22.19 or later and start again.`,
    );
  return sqlite;
}

/**
 * Runs `load` with ExperimentalWarnings dropped and every other warning let through. Node reports this one
 * through `process.emitWarning` while the module is loaded; a listener for 'warning' would be too late, since
 * Node's own listener prints beside it.
 */
export function withoutExperimentalWarnings<T>(load: () => T): T {
  const original = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  const emit = process.emitWarning.bind(process) as (...details: unknown[]) => void;
  process.emitWarning = (...details: [warning: string | Error, ...rest: unknown[]]) => {
    if (warningType(details) !== 'ExperimentalWarning') emit(...details);
  };
  try {
    return load();
  } finally {
    if (original) Object.defineProperty(process, 'emitWarning', original);
  }
}

/** `emitWarning` takes the type in an error, in an options object or as its second argument. */
function warningType([warning, options]: [warning: string | Error, ...rest: unknown[]]): unknown {
  if (warning instanceof Error) return warning.name;
  return typeof options === 'object' && options !== null && 'type' in options ? options.type : options;
}
