// Which handler answers a path, for the runtime and for whoever checks a manifest: exact routes, and prefixes that end
// in `/...`; the first in the order of the manifest wins (WAGI's routing, libraries.md §6).

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

/** The path that WAGI answers by itself, before it looks at routes. */
export const HEALTH_PATH = '/healthz';

/** Why a handler of a table is never asked, or not for what its route seems to say. */
export type RouteFault =
  /** All that it could answer goes to the handler at `by`, which comes first. */
  | { readonly kind: 'shadowed'; readonly by: number }
  /** WAGI answers it. */
  | { readonly kind: 'health' }
  /** No request has such a path. `instead`: what was probably meant. */
  | { readonly kind: 'unreachable'; readonly reason: string; readonly instead?: string }
  /** It is taken by the letter: only `/...` at the end stands for more than itself. */
  | { readonly kind: 'literal'; readonly instead: string };

/** A fault for each route of a table, by its index; in time linear in the length of all. */
export function routeFaults(routes: readonly string[]): Map<number, RouteFault> {
  const faults = new Map<number, RouteFault>();
  // The first that answers this very path, and the first that answers it and all below.
  const exact = new Map<string, number>();
  const prefixes = new Map<string, number>();
  for (const [index, route] of routes.entries()) {
    const path = routePrefix(route);
    const isPrefix = path !== route;
    const unreachable = whyUnreachable(route);
    if (unreachable) {
      faults.set(index, { kind: 'unreachable', ...unreachable });
      continue;
    }
    const by = firstAbove(path, prefixes);
    const same = isPrefix ? undefined : exact.get(route);
    const first = Math.min(by ?? Infinity, same ?? Infinity);
    if (!isPrefix && route === HEALTH_PATH) faults.set(index, { kind: 'health' });
    else if (first !== Infinity) faults.set(index, { kind: 'shadowed', by: first });
    else {
      const instead = meantPrefix(route);
      if (instead !== undefined) faults.set(index, { kind: 'literal', instead });
    }
    const known = isPrefix ? prefixes : exact;
    if (!known.has(path)) known.set(path, index);
  }
  return faults;
}

/** The first prefix that takes a path and all below it. */
function firstAbove(path: string, prefixes: ReadonlyMap<string, number>): number | undefined {
  let first = prefixes.get(path);
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const above = prefixes.get(path.slice(0, slash));
    if (above !== undefined && above < (first ?? Infinity)) first = above;
  }
  return first;
}

/** Why no request reaches a route, and one near it that a request does reach. */
function whyUnreachable(route: string): { reason: string; instead?: string } | undefined {
  const found = faultOf(route);
  let instead = found?.instead;
  // What is left of one fault may have another one.
  for (let more = instead === undefined ? undefined : faultOf(instead); more; more = faultOf(instead)) {
    instead = more.instead;
    if (instead === undefined) break;
  }
  return found && { reason: found.reason, ...(instead !== undefined && { instead }) };
}

/** Routes are held against the path as a request has it: from its first `/` on, escaped, without the query. */
function faultOf(route: string): { reason: string; instead?: string } | undefined {
  if (!route.startsWith('/')) {
    const instead = route === '' || route === '.' ? '/' : `/${route.replace(/^\.?[/\\]+/, '')}`;
    return { reason: 'the path of a request begins with /', instead };
  }
  const cut = /[?#]/.exec(route)?.index;
  if (cut !== undefined)
    return {
      reason: `a route is compared with the path alone, which ends before ${route.charAt(cut)}`,
      instead: route.slice(0, cut) + (route.endsWith('/...') ? '/...' : ''),
    };
  const path = routePrefix(route);
  const sent = asSent(path);
  if (sent === path) return undefined;
  if (sent === undefined) return { reason: 'no request has such a path' };
  const meant = path === route ? sent : `${sent.replace(/\/$/, '')}/...`;
  return { reason: `a request has ${path} as ${sent}`, instead: meantPrefix(route) ?? meant };
}

/** A path as browsers write it into a request; undefined where they cannot. */
function asSent(path: string): string | undefined {
  if (path === '') return '';
  try {
    return new URL(`http://localhost${path}`).pathname;
  } catch {
    return undefined;
  }
}

/** What somebody means who writes stars, or names for parts of the path. */
function meantPrefix(route: string): string | undefined {
  const parts = routePrefix(route).split('/');
  for (const [index, part] of parts.entries()) {
    const above = parts.slice(0, index);
    if (/^(?:\*+|\.\.\.|:\w+|<\w+>|\{\w+\}|\[\w+\]|\*\w+)$/.test(part)) return [...above, '...'].join('/');
    // `/shop*` and `/shop...`
    const [, name] = /^([^*]+?)(?:\*+|\.\.\.)$/.exec(part) ?? [];
    if (name !== undefined) return [...above, name, '...'].join('/');
    if (part.startsWith('*')) return [...above, '...'].join('/');
  }
  return undefined;
}

function matches(route: string, path: string): boolean {
  if (!route.endsWith('/...')) return route === path;
  const prefix = routePrefix(route);
  return path === prefix || path.startsWith(`${prefix}/`);
}
