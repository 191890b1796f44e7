// Whether the server has the manifest's version already, with other content than the project has now.

import { parseId } from '../bindle/id.ts';
import type { Versioning } from './check.ts';
import type { ExternalInvoice, ExternalParcel } from './external.ts';
import type { ProjectFacts, ServerFacts } from './facts.ts';
import type { KnownEntry } from './known-entries.ts';
import type { Manifest } from './parse.ts';
import type { Problem } from './problem.ts';

export interface TakenOptions {
  readonly facts: ProjectFacts;
  readonly server: ServerFacts;
  readonly versioning: Versioning;
  readonly signal: AbortSignal | undefined;
}

/** Bytes that are hashed to find out: more is left to the publish. */
const MAX_HASHED = 128 * 1024 * 1024;

/**
 * An error for what is published as it is written, and information for builds, whose versions are their own; undefined
 * if it is not certain.
 * @throws the signal's reason
 */
export async function versionProblem(
  { bindle }: Manifest,
  entries: readonly KnownEntry[],
  { facts, server, versioning, signal }: TakenOptions,
): Promise<Problem[] | undefined> {
  const [name, version] = [bindle?.name?.value, bindle?.version?.value];
  const id = `${name}/${version}`;
  if (name === undefined || version === undefined || !bindle?.version || !parseId(id)) return [];
  const known = await server.bindle(id);
  if (known === undefined) return undefined;
  if (known === 'none') return [];
  const isOther = known.yanked || (await differs(known.invoice, entries, facts, signal));
  if (!isOther) return isOther === false ? [] : undefined;
  const how = known.yanked ? 'and yanked' : 'with other content';
  return [
    {
      code: 'version-taken',
      severity: versioning === 'dev' ? 'information' : 'error',
      message: `${id} is on ${server.origin} already, ${how}: raise the version before you publish it as it is written`,
      range: bindle.version.range,
    },
  ];
}

interface LocalParcel {
  readonly name: string;
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Undefined if it is not certain. What other bindles bring is not compared, nor what the manifest says besides. */
async function differs(
  invoice: ExternalInvoice,
  entries: readonly KnownEntry[],
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  // Nothing is certain while something cannot be read or found.
  if (entries.some(({ module, entry }) => entry.name && !module?.found)) return undefined;
  const stored = (invoice.parcel ?? []).filter(
    ({ label }) => label.annotations?.['hippos_do_not_stage'] !== 'true',
  );
  const local = localParcels(entries);
  const bySize = (name: string, size: number): string => `${size} ${name}`;
  const here = new Map([...local.values()].map((parcel) => [bySize(parcel.name, parcel.size), parcel]));
  const there = new Map(stored.map(({ label }) => [bySize(label.name, label.size), label]));
  if (here.size !== there.size || [...here.keys()].some((key) => !there.has(key))) return true;
  if (routesOf(stored) !== localRoutes(entries)) return true;
  let hashed = 0;
  let isCertain = true;
  for (const [key, { path, size }] of here) {
    hashed += size;
    if (hashed > MAX_HASHED) return undefined;
    const sha256 = await facts.sha256(path, signal);
    if (sha256 === undefined) isCertain = false;
    else if (sha256 !== there.get(key)?.sha256) return true;
  }
  return isCertain ? false : undefined;
}

function localParcels(entries: readonly KnownEntry[]): Map<string, LocalParcel> {
  const parcels = new Map<string, LocalParcel>();
  for (const { module, patterns } of entries) {
    if (module?.found) parcels.set(module.path, module);
    for (const { facts } of patterns) for (const file of facts.matches) parcels.set(file.path, file);
  }
  return parcels;
}

function routesOf(parcels: readonly ExternalParcel[]): string {
  return JSON.stringify(
    parcels.flatMap(({ label }) => {
      const { route, entrypoint } = label.feature?.['wagi'] ?? {};
      return route === undefined ? [] : [[route, entrypoint ?? '']];
    }),
  );
}

function localRoutes(entries: readonly KnownEntry[]): string {
  return JSON.stringify(
    entries.flatMap(({ entry }) =>
      entry.kind === 'handler' && !entry.external
        ? [[entry.route?.value ?? '', entry.entrypoint?.value ?? '']]
        : [],
    ),
  );
}
