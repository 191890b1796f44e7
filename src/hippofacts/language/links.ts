// Where names and patterns lead: to files of the project.

import type { ProjectFacts } from '../facts.ts';
import { entriesOf, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import { contentRange, nodeAt } from './node-at.ts';

export interface Link {
  /** The text without its quotes. */
  readonly range: Range;
  /** Absolute; of a pattern, its only match. */
  readonly path: string;
}

export interface Definition {
  readonly range: Range;
  /** Absolute, in the order of the patterns' matches. */
  readonly paths: readonly string[];
}

/** @throws the signal's reason */
export async function links(manifest: Manifest, facts: ProjectFacts, signal?: AbortSignal): Promise<Link[]> {
  const found: Link[] = [];
  for (const { name, files } of entriesOf(manifest)) {
    if (name?.value !== undefined) {
      const module = await facts.module(name.value, signal);
      if (module.found) found.push({ range: contentRange(manifest, name.range), path: module.path });
    }
    for (const { text, range } of files?.value ?? []) {
      const [match, ...others] = (await facts.pattern(text, signal)).matches;
      // Of several, one is chosen by way of their definitions.
      if (match && others.length === 0)
        found.push({ range: contentRange(manifest, range), path: match.path });
    }
  }
  return found;
}

/** The files that a module's name or a pattern stands for. @throws the signal's reason */
export async function definition(
  manifest: Manifest,
  offset: number,
  facts: ProjectFacts,
  signal?: AbortSignal,
): Promise<Definition | undefined> {
  const node = nodeAt(manifest, offset);
  if (node?.text === undefined || node.path.length !== 2) return undefined;
  const [table, key] = node.path;
  if (table !== 'handler' && table !== 'export') return undefined;
  const range = contentRange(manifest, node.range);
  if (key === 'name') {
    const module = await facts.module(node.text, signal);
    return module.found ? { range, paths: [module.path] } : undefined;
  }
  if (key !== 'files') return undefined;
  const { matches } = await facts.pattern(node.text, signal);
  return matches.length === 0 ? undefined : { range, paths: matches.map(({ path }) => path) };
}
