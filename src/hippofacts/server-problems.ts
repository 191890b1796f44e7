// What does not fit the bindles that are on a server.

import { parseId } from '../bindle/id.ts';
import type { Versioning } from './check.ts';
import type { Expansion } from './expand.ts';
import { findClashes, resolveExternals } from './external.ts';
import type { KnownBindle, ProjectFacts, ServerFacts } from './facts.ts';
import type { KnownEntry } from './known-entries.ts';
import type { Handler, Manifest } from './parse.ts';
import type { Diagnosis, Problem } from './problem.ts';
import { quote } from './quote.ts';
import { versionProblem } from './version-taken.ts';

export interface ServerProblemsOptions {
  readonly versioning: Versioning;
  readonly signal: AbortSignal | undefined;
}

/** @throws the signal's reason */
export async function serverProblems(
  manifest: Manifest,
  entries: readonly KnownEntry[],
  facts: ProjectFacts,
  server: ServerFacts,
  { signal, versioning }: ServerProblemsOptions,
): Promise<Diagnosis> {
  const ids = new Set(manifest.handlers.flatMap(({ external }) => external?.value?.bindleId?.value ?? []));
  const known = new Map<string, KnownBindle | 'none' | undefined>();
  await Promise.all([...ids].map(async (id) => known.set(id, await server.bindle(id))));
  // What nobody knows is left to the publish.
  const handlers = manifest.handlers.filter(
    ({ external }) => known.get(external?.value?.bindleId?.value ?? '') !== undefined,
  );
  const lookup = async (id: string): Promise<KnownBindle['invoice'] | undefined> => {
    const bindle = known.get(id);
    return typeof bindle === 'object' ? bindle.invoice : undefined;
  };
  const { resolved, problems } = await resolveExternals(handlers, lookup, signal);
  const [offered, taken] = await Promise.all([
    offerVersions(problems, handlers, server),
    versionProblem(manifest, entries, { facts, server, versioning, signal }),
  ]);
  return {
    problems: [...offered, ...findClashes(resolved, expansionOf(entries)), ...(taken ?? [])],
    complete: taken !== undefined && ![...known.values()].includes(undefined),
  };
}

function expansionOf(entries: readonly KnownEntry[]): Expansion {
  return {
    problems: [],
    entries: entries.map(({ entry, patterns }) => ({
      entry,
      module: undefined,
      patterns: patterns.map(({ item, facts: { literal, matches } }) => ({ item, literal, files: matches })),
    })),
  };
}

/** A version that is there, for a bindle that is not. */
async function offerVersions(
  problems: readonly Problem[],
  handlers: readonly Handler[],
  server: ServerFacts,
): Promise<Problem[]> {
  const written = new Map(
    handlers.flatMap(({ external }) => {
      const id = external?.value?.bindleId;
      return id?.value === undefined ? [] : [[id.range, id.value]];
    }),
  );
  return Promise.all(
    problems.map(async (problem) => {
      const id = parseId(written.get(problem.range) ?? '');
      const versions = id && (await server.versions(id.name));
      const version = versions?.find((one) => !one.includes('-')) ?? versions?.[0];
      return id && version !== undefined
        ? { ...problem, replacement: quote(`${id.name}/${version}`) }
        : problem;
    }),
  );
}
