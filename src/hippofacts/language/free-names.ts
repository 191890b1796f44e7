// Routes, modules and ids that a manifest has not used yet.

import path from 'node:path';
import { cleanName } from '../clean-name.ts';
import type { DetectedModule } from '../detect.ts';
import { entriesOf, type Manifest } from '../parse.ts';

export const DEFAULT_MODULE = 'main.wasm';

/** `/`, or one named for the module, that no handler has. */
export function freeRoute(manifest: Manifest, module: string): string {
  const taken = new Set(manifest.handlers.map(({ route }) => route?.value));
  const base = baseName(module) ?? 'app';
  for (let number = 1; ; number++) {
    const candidates = number === 1 ? ['/', `/${base}`] : [`/${base}-${number}`];
    const free = candidates.find((route) => !taken.has(route) && route !== '/healthz');
    if (free !== undefined) return free;
  }
}

/** The first module of the project that has no handler or export; else the first; else the usual name. */
export function freeModule(manifest: Manifest, modules: readonly DetectedModule[]): string {
  const taken = new Set(entriesOf(manifest).map(({ name }) => name?.value));
  return (modules.find(({ name }) => !taken.has(name)) ?? modules[0])?.name ?? DEFAULT_MODULE;
}

/** One that no export has. */
export function freeId(manifest: Manifest, module: string): string {
  const taken = new Set(manifest.exports.map(({ id }) => id?.value));
  const base = baseName(module) ?? 'module';
  for (let number = 1; ; number++) {
    const id = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(id)) return id;
  }
}

/** The name of a module's file, as it can stand in a route or an id. */
export function baseName(module: string): string | undefined {
  return cleanName(path.posix.basename(module.replaceAll('\\', '/')).replace(/\.wasm$/i, ''));
}
