// A manifest's text and the files it names as a collection (bindle.md §8.12-29).

import { checkManifest, type Versioning } from './check.ts';
import type { BindleSpec, CollectedEntry, CollectedParcel, Collection, StringMap } from './collection.ts';
import { expand, type ExpandedEntry, type Expansion } from './expand.ts';
import {
  externalDependency,
  externalModule,
  findClashes,
  resolveExternals,
  type LookUp,
} from './external.ts';
import { mapLimited } from './map-limited.ts';
import { parseManifest, type Export, type Handler, type Manifest } from './parse.ts';
import type { Range } from './position.ts';
import { hasErrors, inOrder, type Problem } from './problem.ts';
import type { LocalFile } from './project.ts';
import { findSecrets } from './secrets.ts';
import { unreadable } from './unreadable.ts';

export interface Digest {
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Reads a file; `name` is relative to the project. */
export type HashFile = (path: string, name: string) => Promise<Digest>;

export interface CollectOptions {
  /** The project's folder: that of the HIPPOFACTS. */
  readonly directory: string;
  readonly hash: HashFile;
  /** Without it a reference to another bindle is an error. */
  readonly lookup?: LookUp;
  /** What the version will be used for; `production` without it. */
  readonly versioning?: Versioning;
  /** Names of files, relative to the project, that are published though they look like secrets. */
  readonly allow?: readonly string[];
  readonly signal?: AbortSignal;
  /** How many files are hashed at once; 8 without it. */
  readonly concurrency?: number;
  readonly platform?: NodeJS.Platform;
}

/**
 * Does all it can and reports all that is wrong at once. Nothing is hashed if an error is known before.
 * @throws the signal's reason; errors of the file system if the folder is not there
 */
export async function collect(text: string, options: CollectOptions): Promise<Collection> {
  const { lookup, signal } = options;
  const manifest = parseManifest(text);
  const expansion = await expand(manifest, options);
  const externals = await resolveExternals(manifest.handlers, lookup, signal);
  const problems: Problem[] = [
    ...manifest.document.problems,
    ...checkManifest(manifest, options.versioning),
    ...expansion.problems,
    ...(await findSecrets(expansion, options.allow, signal)),
    ...externals.problems,
    ...findClashes(externals.resolved, expansion),
  ];
  const digests = hasErrors(problems)
    ? new Map<string, Digest>()
    : await hashAll(expansion, options, problems);

  const entries: CollectedEntry[] = [];
  const groups: string[] = [];
  const dependencies = new Parcels();
  const files = new Parcels();
  for (const expanded of expansion.entries) {
    const group = groupName(expanded.entry);
    groups.push(group);
    const external = externals.resolved.get(expanded.entry);
    const entry = external
      ? { ...externalModule(external), group, requires: [group] }
      : localEntry(expanded, group, digests);
    if (entry) entries.push(entry);
    for (const parcel of external?.required ?? []) dependencies.add(externalDependency(parcel), group);
    for (const file of expanded.patterns.flatMap((pattern) => pattern.files)) {
      const digest = digests.get(file.path);
      if (digest) files.add({ ...file, ...digest, feature: { wagi: { file: 'true' } } }, group);
    }
  }

  const annotations = annotationsOf(manifest);
  return {
    ok: !hasErrors(problems),
    problems: inOrder(problems),
    bindle: bindleSpec(manifest),
    ...(annotations && { annotations }),
    entries,
    dependencies: dependencies.list(),
    files: files.list(),
    groups,
    references: [...externals.resolved.values()].map(({ reference }) => reference),
    expansion,
  };
}

/** Parcels of one name and content are one, in all the groups that they are needed in. */
class Parcels {
  readonly #parcels = new Map<string, { parcel: CollectedParcel; groups: Set<string> }>();

  add(parcel: CollectedParcel, group: string): void {
    const key = `${parcel.sha256} ${parcel.name}`;
    const known = this.#parcels.get(key);
    if (known) known.groups.add(group);
    else this.#parcels.set(key, { parcel, groups: new Set([group]) });
  }

  list(): CollectedParcel[] {
    return [...this.#parcels.values()].map(({ parcel, groups }) => ({ ...parcel, memberOf: [...groups] }));
  }
}

/** By path. What cannot be read is a problem where it is named first. */
async function hashAll(
  expansion: Expansion,
  { hash, signal, concurrency = 8 }: CollectOptions,
  problems: Problem[],
): Promise<Map<string, Digest>> {
  const files = new Map<string, { file: LocalFile; range: Range }>();
  const add = (file: LocalFile, range: Range): void => {
    if (!files.has(file.path)) files.set(file.path, { file, range });
  };
  for (const { entry, module, patterns } of expansion.entries) {
    if (module && entry.name) add(module, entry.name.range);
    for (const pattern of patterns) for (const file of pattern.files) add(file, pattern.item.range);
  }
  const digests = new Map<string, Digest>();
  await mapLimited([...files.values()], concurrency, signal, async ({ file, range }) => {
    try {
      digests.set(file.path, await hash(file.path, file.name));
    } catch (error) {
      signal?.throwIfAborted();
      problems.push({ ...unreadable(file.name, error), range });
    }
  });
  return digests;
}

/** Handlers and exports of the same module name have the same group name, as in the existing CLI. */
function groupName(entry: Handler | Export): string {
  const name = entry.name?.value ?? '';
  if (entry.kind === 'export') return `${name}-${entry.id?.value ?? ''}-files`;
  const external = entry.external?.value;
  if (!external) return `${name}-files`;
  const { bindleId, handlerId } = external;
  return `import:${bindleId?.value ?? ''}:${handlerId?.value ?? ''}-at-${entry.route?.value ?? ''}-files`;
}

function localEntry(
  { entry, module }: ExpandedEntry,
  group: string,
  digests: ReadonlyMap<string, Digest>,
): CollectedEntry | undefined {
  const digest = module && digests.get(module.path);
  if (!digest) return undefined;
  const entrypoint = entry.entrypoint?.value;
  const wagi = { file: 'false', ...(entrypoint !== undefined && { entrypoint }) };
  const parcel = { ...module, ...digest, group, requires: [group] };
  if (entry.kind === 'export')
    return {
      ...parcel,
      kind: 'export',
      feature: { wagi },
      annotations: { wagi_handler_id: entry.id?.value ?? '' },
    };
  const route = entry.route?.value ?? '';
  return { ...parcel, kind: 'handler', route, feature: { wagi: { ...wagi, route } } };
}

function bindleSpec({ bindle }: Manifest): BindleSpec {
  const description = bindle?.description?.value;
  const authors = bindle?.authors?.value;
  return {
    name: bindle?.name?.value ?? '',
    version: bindle?.version?.value ?? '',
    ...(description !== undefined && { description }),
    ...(authors && { authors: authors.map(({ text }) => text) }),
  };
}

function annotationsOf({ annotations }: Manifest): StringMap | undefined {
  if (annotations.length === 0) return undefined;
  return Object.fromEntries(
    annotations.flatMap(({ key, value }) => (value === undefined ? [] : [[key.text, value]])),
  );
}
