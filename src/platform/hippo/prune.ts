// Removes development versions that are neither new nor in use.

import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Pruned } from '../../hippo/api.ts';
import { splitPrerelease } from '../../hippo/rules.ts';
import type { HippoState } from './state.ts';

/** The local time of a development build (bindle.md §8.10); other pre-releases are releases to us. */
const TIMESTAMP = /^\d{17}$/;

export interface PruneOptions {
  readonly state: HippoState;
  readonly bindleIds: () => readonly BindleId[];
  /** Removes bindles and the parcels that nothing lists any more. */
  readonly removeBindles: (ids: readonly BindleId[]) => Promise<{ parcels: number; bytes: number }>;
}

/** @param keep how many of the newest stay, for each name and user */
export async function prune(
  { state, bindleIds, removeBindles }: PruneOptions,
  keep: number,
): Promise<Pruned> {
  const builds = new Map<string, { id: BindleId; timestamp: string }[]>();
  for (const id of bindleIds()) {
    const parts = splitPrerelease(id.version);
    if (!parts || !TIMESTAMP.test(parts.timestamp)) continue;
    const key = JSON.stringify([id.name, parts.name]);
    const known = builds.get(key) ?? [];
    known.push({ id, timestamp: parts.timestamp });
    builds.set(key, known);
  }
  const old = [...builds.values()].flatMap((versions) =>
    versions
      .sort((a, b) => (a.timestamp < b.timestamp ? 1 : -1))
      .slice(keep)
      .map(({ id }) => id)
      .filter(({ name, version }) => !state.isInUse(name, version)),
  );
  // Revisions first: a bindle without a revision is only waste, a revision without its bindle cannot run.
  for (const { name, version } of old) state.forgetVersion(name, version);
  const removed = await removeBindles(old);
  return { bindles: old.map(formatId), ...removed };
}
