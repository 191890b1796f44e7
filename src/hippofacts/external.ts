// What a handler takes from another bindle: the module that is exported there, and the files that it needs
// (bindle.md §8.25-28).

import { parseId } from '../bindle/id.ts';
import type { CollectedEntry, CollectedParcel, Reference, StringMap } from './collection.ts';
import type { Expansion } from './expand.ts';
import { mapLimited } from './map-limited.ts';
import type { Export, Handler } from './parse.ts';
import { nearest } from './nearest.ts';
import type { Range } from './position.ts';
import { shortList, type Problem } from './problem.ts';
import { quote } from './quote.ts';

/** Finds another bindle by `name/version`, yanked or not; undefined if there is none. */
export type LookUp = (bindleId: string) => Promise<ExternalInvoice | undefined>;

/** What must be known of another bindle's invoice; a Bindle invoice has this shape. */
export interface ExternalInvoice {
  readonly parcel?: readonly ExternalParcel[];
}

export interface ExternalParcel {
  readonly label: {
    readonly sha256: string;
    readonly mediaType: string;
    readonly name: string;
    readonly size: number;
    readonly annotations?: StringMap;
    readonly feature?: Readonly<Record<string, StringMap>>;
  };
  readonly conditions?: { readonly memberOf?: readonly string[]; readonly requires?: readonly string[] };
}

/** A handler whose module is in another bindle. */
export interface ResolvedExternal {
  readonly reference: Reference;
  readonly route: string;
  readonly module: ExternalParcel;
  readonly required: readonly ExternalParcel[];
}

export interface ResolvedExternals {
  readonly resolved: ReadonlyMap<Handler | Export, ResolvedExternal>;
  readonly problems: readonly Problem[];
}

/** Marks what another bindle brings: it is on a server already and need not be sent from here. */
const DO_NOT_STAGE = { hippos_do_not_stage: 'true' } as const;
/** Bindles looked up at once. */
const CONCURRENCY = 4;

/** Looks up each bindle once. @throws the signal's reason */
export async function resolveExternals(
  handlers: readonly Handler[],
  lookup: LookUp | undefined,
  signal: AbortSignal | undefined,
): Promise<ResolvedExternals> {
  const resolved = new Map<Handler, ResolvedExternal>();
  const problems: Problem[] = [];
  const references = handlers.flatMap((handler) => {
    const { bindleId, handlerId } = handler.external?.value ?? {};
    if (!bindleId?.value || handlerId?.value === undefined) return [];
    return {
      handler,
      bindleId: bindleId.value,
      handlerId: handlerId.value,
      range: handler.external?.range ?? bindleId.range,
    };
  });
  const ids = [...new Set(references.map(({ bindleId }) => bindleId))].filter(
    (id) => parseId(id) !== undefined,
  );
  const found = new Map<string, ExternalInvoice | Error>();
  await mapLimited(ids, CONCURRENCY, signal, async (id) => {
    found.set(id, await tryLookUp(id, lookup, signal));
  });

  for (const { handler, bindleId, handlerId, range } of references) {
    const invoice = found.get(bindleId);
    if (!invoice) continue;
    const ref = `${bindleId}:${handlerId}`;
    const notFound = (reason: string, where: Range | undefined, near?: string): void => {
      problems.push({
        code: 'external-not-found',
        severity: 'error',
        message: `Could not assemble parcel for external ref ${ref}: ${reason}`,
        range: where ?? range,
        ...(near !== undefined && { replacement: quote(near) }),
      });
    };
    const fields = handler.external?.value;
    if (invoice instanceof Error) {
      notFound(invoice.message, fields?.bindleId?.range);
      continue;
    }
    const module = invoice.parcel?.find(
      ({ label }) => ownValue(label.annotations, 'wagi_handler_id') === handlerId,
    );
    if (!module) {
      const ids = exportIds(invoice);
      const offer = ids.length > 0 ? `it exports ${shortList(ids)}` : 'it exports none';
      const reason = `external invoice does not contain specified parcel; ${offer}`;
      notFound(reason, fields?.handlerId?.range, nearest(handlerId, ids));
      continue;
    }
    const { parcels, doubles } = requiredParcels(invoice, module);
    for (const { dropped, kept } of doubles) {
      const reason = `${dropped.label.name} is left out, because it has the same content as ${kept.label.name}`;
      const message = `From external ref ${ref}, ${reason}`;
      problems.push({ code: 'external-content', severity: 'warning', message, range });
    }
    const sha256s = [...new Set([module, ...parcels].map(({ label }) => label.sha256))];
    const reference = { bindleId, handlerId, sha256s, range };
    resolved.set(handler, { reference, route: handler.route?.value ?? '', module, required: parcels });
  }
  return { resolved, problems };
}

/** The module with the features of its library, but for the route, which this manifest gives. */
export function externalModule({ module, route }: ResolvedExternal): Omit<CollectedEntry, 'group'> {
  const { feature } = module.label;
  return {
    ...externalParcel(module),
    kind: 'external',
    route,
    feature: { ...feature, wagi: { ...feature?.wagi, route, file: 'false' } },
  };
}

/** A file that the module needs. */
export function externalDependency(parcel: ExternalParcel): CollectedParcel {
  const { feature } = parcel.label;
  return { ...externalParcel(parcel), ...(feature && { feature }) };
}

/** Without `origin`: real servers cannot store it beside annotations or features (bindle.md §0, trap 4). */
function externalParcel({ label: { name, sha256, size, mediaType } }: ExternalParcel): CollectedParcel {
  return { name, sha256, size, mediaType, annotations: DO_NOT_STAGE };
}

/** All files of a bindle are put into one folder, so a name cannot be a local file's and another bindle's. */
export function findClashes(resolved: ResolvedExternals['resolved'], expansion: Expansion): Problem[] {
  const local = new Set<string>();
  for (const { patterns } of expansion.entries)
    for (const { files } of patterns) for (const { name } of files) local.add(name);
  return [...resolved.values()].flatMap(({ required, reference: { range } }) =>
    required
      .filter(({ label }) => local.has(label.name))
      .map(({ label: { name } }) => ({
        code: 'external-clash',
        severity: 'error',
        message: `${name} occurs both as a local file and as a dependency of an external reference`,
        range,
        files: [name],
      })),
  );
}

async function tryLookUp(
  id: string,
  lookup: LookUp | undefined,
  signal: AbortSignal | undefined,
): Promise<ExternalInvoice | Error> {
  if (!lookup) return new Error('no Bindle server is set to look it up on');
  try {
    return (await lookup(id)) ?? new Error('external invoice not found on server');
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** What other bindles can refer to. */
function exportIds({ parcel }: ExternalInvoice): string[] {
  const ids = (parcel ?? []).flatMap(({ label }) => ownValue(label.annotations, 'wagi_handler_id') ?? []);
  return [...new Set(ids)];
}

interface Requirements {
  parcels: ExternalParcel[];
  /** Left out because another has the same content, which the existing CLI does too. */
  doubles: { dropped: ExternalParcel; kept: ExternalParcel }[];
}

/**
 * All members of the groups that a parcel requires, and of those that they require, each content once. The order
 * is the existing CLI's, since it decides which of two names of one content is kept; but a group is looked at
 * once, so that groups which require each other come to an end.
 */
function requiredParcels(invoice: ExternalInvoice, parcel: ExternalParcel): Requirements {
  const parcels = new Map<string, ExternalParcel>();
  const doubles = new Map<string, Requirements['doubles'][number]>();
  const seen = new Set<string>();
  let groups = [...(parcel.conditions?.requires ?? [])];
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    if (seen.has(group)) continue;
    seen.add(group);
    const members = membersOf(invoice, group);
    for (const member of members) {
      const { sha256, name } = member.label;
      const kept = parcels.get(sha256);
      if (!kept) parcels.set(sha256, member);
      else if (kept.label.name !== name) doubles.set(`${sha256} ${name}`, { dropped: member, kept });
    }
    const required = members.flatMap(({ conditions }) => conditions?.requires ?? []);
    groups = [...new Set([...groups, ...required])];
  }
  return { parcels: [...parcels.values()], doubles: [...doubles.values()] };
}

function membersOf(invoice: ExternalInvoice, group: string): ExternalParcel[] {
  return (invoice.parcel ?? []).filter(({ conditions }) => conditions?.memberOf?.includes(group));
}

function ownValue(map: StringMap | undefined, key: string): string | undefined {
  return map && Object.hasOwn(map, key) ? map[key] : undefined;
}
