// Which handler answers an address.

import type { Handler, Manifest } from '../parse.ts';
import { DEFAULT_ENTRYPOINT, HEALTH_PATH, matchRoute } from '../routes.ts';

export interface FoundHandler {
  /** As a request has it. */
  readonly path: string;
  /** Undefined where none answers; WAGI itself answers `/healthz`. */
  readonly handler: Handler | undefined;
}

/**
 * By the routes of the manifest: those that a module adds when it is loaded are not known here.
 * @param address a URL, or its path
 * @returns undefined for what is neither
 */
export function findHandler(manifest: Manifest, address: string): FoundHandler | undefined {
  const trimmed = address.trim();
  const full = trimmed.startsWith('/') ? `http://localhost${trimmed}` : trimmed;
  if (!URL.canParse(full)) return undefined;
  const { pathname, protocol } = new URL(full);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  const table = manifest.handlers.flatMap((handler) =>
    handler.route?.value === undefined
      ? []
      : { path: handler.route.value, entrypoint: DEFAULT_ENTRYPOINT, handler },
  );
  const found = pathname === HEALTH_PATH ? undefined : matchRoute(table, pathname);
  return { path: pathname, handler: found?.handler };
}
