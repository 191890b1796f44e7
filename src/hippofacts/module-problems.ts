// Modules that cannot answer, as their binaries show.

import type { ModuleFacts } from './facts.ts';
import { nearest } from './nearest.ts';
import type { Export, Handler } from './parse.ts';
import { shortList, type Problem } from './problem.ts';
import { quote } from './quote.ts';
import { DEFAULT_ENTRYPOINT } from './routes.ts';

/** Whether a module can answer. A publish sends it as it is; every request to it would fail. */
export function moduleProblems(
  entry: Handler | Export,
  { name, wasm }: ModuleFacts & { found: true },
): Problem[] {
  const range = entry.name?.range ?? entry.range;
  if (wasm.kind === 'none' || wasm.kind === 'damaged') {
    const message =
      wasm.kind === 'none'
        ? `${name} is not a WebAssembly module: ${wasm.reason}`
        : `${name} is not a whole WebAssembly module: ${wasm.reason}; build it again`;
    return [{ code: 'not-wasm', severity: 'warning', message, range, files: [name] }];
  }
  if (wasm.kind === 'component') {
    const message = `${name} is a component of WebAssembly's component model: a handler is a module, as the target wasm32-wasip1 makes it`;
    return [{ code: 'wasm-component', severity: 'warning', message, range, files: [name] }];
  }
  if (wasm.kind !== 'module') return [];
  const { entrypoint } = entry;
  // What is half-typed is not held against anything.
  if (entrypoint && entrypoint.value === undefined) return [];
  const wanted = entrypoint?.value ?? DEFAULT_ENTRYPOINT;
  const functions = wasm.exports.filter(({ kind }) => kind === 'function').map((item) => item.name);
  if (functions.includes(wanted)) return [];
  // It prints its routes itself, each with an entrypoint of its own.
  if (!entrypoint && functions.includes('_routes')) return [];
  const near = entrypoint && nearest(wanted, functions);
  const offer =
    near !== undefined
      ? `did you mean ${near}?`
      : functions.length === 0
        ? 'it exports no functions'
        : `it exports ${shortList(functions)}`;
  return [
    {
      code: 'missing-entrypoint',
      severity: 'warning',
      message:
        wanted === ''
          ? `The entrypoint is empty: leave it out, which means ${DEFAULT_ENTRYPOINT}, or name a function; ${offer}`
          : `${name} exports no function ${wanted}: ${offer}`,
      range: entrypoint?.range ?? range,
      ...(near !== undefined && { replacement: quote(near) }),
    },
  ];
}
