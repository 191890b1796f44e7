// What an invoice says about running it: handlers with their routes, and the files they may read
// (WAGI's reading of a bindle, libraries.md §6).

import type { Invoice, Parcel } from '../../bindle/invoice.ts';
import { DEFAULT_ENTRYPOINT, type Route } from '../../hippofacts/routes.ts';

export interface Handler extends Route {
  /** Of the module. */
  readonly sha256: string;
  /** The module's name in the bindle, for logs. */
  readonly name: string;
  /** Words for the guest's command line, with `${SCRIPT_NAME}` and `${ARGS}`; the CGI form where absent. */
  readonly argv?: string;
  /** True if the handler sees the app's files. */
  readonly files: boolean;
}

export interface AppFile {
  readonly path: string;
  readonly sha256: string;
}

export interface App {
  /** In the order of the invoice, which is the order of matching. */
  readonly handlers: readonly Handler[];
  /** What is mounted at `/` of every handler that requires at least one file. */
  readonly files: readonly AppFile[];
}

/** Handlers are modules of the global group with a route; what they require, directly or not, are their files. */
export function readApp(invoice: Invoice): App {
  const parcels = invoice.parcel ?? [];
  const members = membersByGroup(parcels);
  const files = new Map<string, AppFile>();
  const handlers: Handler[] = [];
  for (const parcel of parcels) {
    const { label } = parcel;
    const wagi = label.feature?.['wagi'];
    const route = wagi?.['route'];
    if (!isModule(parcel) || wagi === undefined || route === undefined) continue;
    const required = requiredFiles(parcel, members);
    for (const file of required)
      files.set(file.label.name, { path: file.label.name, sha256: file.label.sha256 });
    handlers.push({
      path: route,
      entrypoint: wagi['entrypoint'] ?? DEFAULT_ENTRYPOINT,
      sha256: label.sha256,
      name: label.name,
      files: required.length > 0,
      ...(wagi['argv'] === undefined ? {} : { argv: wagi['argv'] }),
    });
  }
  return { handlers, files: [...files.values()] };
}

function isModule({ label, conditions }: Parcel): boolean {
  return label.mediaType === 'application/wasm' && (conditions?.memberOf ?? []).length === 0;
}

function membersByGroup(parcels: readonly Parcel[]): Map<string, Parcel[]> {
  const members = new Map<string, Parcel[]>();
  for (const parcel of parcels)
    for (const group of new Set(parcel.conditions?.memberOf))
      members.set(group, [...(members.get(group) ?? []), parcel]);
  return members;
}

/** Groups that require each other in a circle are entered once. */
function requiredFiles(handler: Parcel, members: ReadonlyMap<string, readonly Parcel[]>): Parcel[] {
  const seen = new Set<string>();
  const files = new Set<Parcel>();
  const open = [...(handler.conditions?.requires ?? [])];
  for (let group = open.pop(); group !== undefined; group = open.pop()) {
    if (seen.has(group)) continue;
    seen.add(group);
    for (const parcel of members.get(group) ?? []) {
      if (parcel.label.feature?.['wagi']?.['file'] === 'true') files.add(parcel);
      open.push(...(parcel.conditions?.requires ?? []));
    }
  }
  return [...files];
}
