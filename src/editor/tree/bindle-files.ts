// The files of a stored bindle by path: `hippo-bindle://<connection>/<name>@<version>/<path>`. What is there never
// changes. Knows neither VS Code nor how a server is reached.

import type { BindleId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';

export const SCHEME = 'hippo-bindle';

/** A file or folder of a bindle; '' is its root. */
export interface BindlePath {
  /** Name of the connection to its Hippo. */
  readonly connection: string;
  readonly id: BindleId;
  readonly path: string;
}

/** Parts of its URI. Names hold slashes, which would end the first part of the path; "~" is in none. */
export function uriParts({ connection, id, path }: BindlePath): { authority: string; path: string } {
  return {
    authority: connection,
    path: `/${id.name.replaceAll('/', '~')}@${id.version}${path === '' ? '' : `/${path}`}`,
  };
}

/** Undefined if it is not the URI of a file of a bindle. */
export function readUri({ authority, path }: { authority: string; path: string }): BindlePath | undefined {
  const [, name, version, rest = ''] = /^\/([^/@]+)@([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
  if (!authority || !name || !version) return undefined;
  return {
    connection: authority,
    id: { name: name.replaceAll('~', '/'), version },
    path: rest.replace(/\/$/, ''),
  };
}

/** Where a file is found. A name that is no path below the bindle gives way to its digest. */
export function pathOf({ name, sha256 }: Label): string {
  const segments = name.split('/');
  const unsafe = segments.some((segment) => ['', '.', '..'].includes(segment)) || /[\\\0]/.test(name);
  return unsafe ? `.parcels/${sha256}` : name;
}

export type BindleEntry =
  | { readonly kind: 'file'; readonly label: Label }
  | { readonly kind: 'folder'; readonly names: ReadonlyMap<string, 'file' | 'folder'> };

/** Undefined if nothing is there. */
export function entryAt(invoice: Invoice, path: string): BindleEntry | undefined {
  const names = new Map<string, 'file' | 'folder'>();
  const prefix = path === '' ? '' : `${path}/`;
  for (const { label } of invoice.parcel ?? []) {
    const at = pathOf(label);
    if (at === path) return { kind: 'file', label };
    if (!at.startsWith(prefix)) continue;
    const [first = '', ...rest] = at.slice(prefix.length).split('/');
    names.set(first, rest.length === 0 ? 'file' : 'folder');
  }
  return names.size > 0 || path === '' ? { kind: 'folder', names } : undefined;
}
