// What can be done at a place: fixes of the problems that stand there, and changes that are often wanted.

import { setImmediate } from 'node:timers/promises';
import type { ProjectFacts } from '../facts.ts';
import type { Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import type { Problem } from '../problem.ts';
import type { TextEdit } from '../text-edit.ts';
import { fixesOf, raisedVersions } from './fixes.ts';
import { refactors } from './refactors.ts';

export interface CodeAction {
  /** A few words that say what it does. */
  readonly title: string;
  readonly kind: 'quickfix' | 'refactor';
  /** Of the whole text; they do not overlap. */
  readonly edits: readonly TextEdit[];
  /** What it mends. */
  readonly problems: readonly Problem[];
  /** The one that is most likely wanted. */
  readonly preferred: boolean;
}

/** Problems of a selection that are looked at: nobody reads a longer list. */
const MAX_PROBLEMS = 20;

/**
 * @param range what is selected, or where the cursor stands
 * @param problems all of the manifest, whoever has found them
 * @throws the signal's reason
 */
export async function actions(
  manifest: Manifest,
  range: Range,
  problems: readonly Problem[],
  facts: ProjectFacts,
  signal?: AbortSignal,
): Promise<CodeAction[]> {
  const found: CodeAction[] = [];
  const here = problems.filter((problem) => touches(problem.range, range)).slice(0, MAX_PROBLEMS);
  for (const problem of here) {
    // Trying fixes takes time: others get their turn between two problems.
    await setImmediate();
    signal?.throwIfAborted();
    for (const [index, { title, edits, choice }] of (
      await fixesOf({ manifest, problem, facts, signal })
    ).entries()) {
      const preferred = index === 0 && !choice;
      const same = found.findIndex((one) => one.title === title && isSame(one.edits, edits));
      const other = found[same];
      // One fix may mend several problems of a place.
      if (other)
        found[same] = {
          ...other,
          problems: [...new Set([...other.problems, problem])],
          preferred: other.preferred || preferred,
        };
      else found.push({ title, kind: 'quickfix', edits, problems: [problem], preferred });
    }
  }
  found.push(...allAuthors(here, problems));
  const version = manifest.bindle?.version;
  const isRaised = here.some(({ code }) => code === 'version-taken');
  if (version && !isRaised && touches({ start: version.key.range.start, end: version.range.end }, range))
    for (const { title, edits } of await raisedVersions(manifest, facts))
      found.push({ title, kind: 'refactor', edits, problems: [], preferred: false });
  for (const { title, edits } of await refactors(manifest, range, facts, signal))
    found.push({ title, kind: 'refactor', edits, problems: [], preferred: false });
  return found;
}

function touches(a: Range, b: Range): boolean {
  return a.start.offset <= b.end.offset && b.start.offset <= a.end.offset;
}

function isSame(some: readonly TextEdit[], others: readonly TextEdit[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ range: { start, end }, text }, index) => {
      const other = others[index];
      return (
        other?.text === text &&
        other.range.start.offset === start.offset &&
        other.range.end.offset === end.offset
      );
    })
  );
}

/** Templates escape all authors or none. */
function allAuthors(here: readonly Problem[], problems: readonly Problem[]): CodeAction[] {
  const escaped = problems.filter(({ code }) => code === 'escaped-author');
  if (escaped.length < 2 || !here.some(({ code }) => code === 'escaped-author')) return [];
  const edits = escaped.flatMap(({ range, replacement }) =>
    replacement === undefined ? [] : { range, text: replacement },
  );
  return [
    {
      title: 'Write all authors without HTML escapes',
      kind: 'quickfix',
      edits,
      problems: escaped,
      preferred: false,
    },
  ];
}
