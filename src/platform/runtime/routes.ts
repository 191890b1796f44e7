// Which handler answers a path: exact routes, and prefixes that end in `/...` (WAGI routing, libraries.md §6).

/** The function that a handler runs where its bindle names none. */
export const DEFAULT_ENTRYPOINT = '_start';

export interface Route {
  /** `/about`, or `/shop/...` for `/shop` and all below it. */
  readonly path: string;
  /** The exported function that answers. */
  readonly entrypoint: string;
}

/** The first route, in the order of the table, that takes `path` (percent-encoded, as the request line has it). */
export function matchRoute<T extends Route>(table: readonly T[], path: string): T | undefined {
  return table.find((route) => matches(route.path, path));
}

/** What the route answers for itself: `/shop` of `/shop/...`, nothing of `/...`. */
export function routePrefix(route: string): string {
  return route.endsWith('/...') ? route.slice(0, -'/...'.length) : route;
}

/**
 * The routes that a module's `_routes` export printed, one `path entrypoint` a line, put below the module's own
 * route and in the order in which they are tried: the one printed last comes first.
 * Undefined if the text is no such list.
 */
export function parseSubRoutes(base: string, printed: string): Route[] | undefined {
  const lines = printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
  if (lines.length === 0 || lines.some((words) => words.length !== 2)) return undefined;
  const prefix = routePrefix(base).replace(/\/$/, '');
  return lines
    .map(([path = '', entrypoint = '']) => ({ path: `${prefix}/${path.replace(/^\//, '')}`, entrypoint }))
    .reverse();
}

function matches(route: string, path: string): boolean {
  if (!route.endsWith('/...')) return route === path;
  const prefix = routePrefix(route);
  return path === prefix || path.startsWith(`${prefix}/`);
}
