// Everything that an editor asks, at one place of one text.

import { checkManifest } from '../../../../src/hippofacts/check.ts';
import type { ProjectFacts } from '../../../../src/hippofacts/facts.ts';
import { actions, type CodeAction } from '../../../../src/hippofacts/language/actions.ts';
import { completions, type Completion } from '../../../../src/hippofacts/language/completion.ts';
import { folds, type Fold } from '../../../../src/hippofacts/language/folds.ts';
import { formatEdits } from '../../../../src/hippofacts/language/format.ts';
import { hover, type Hover } from '../../../../src/hippofacts/language/hover.ts';
import { lenses, type Lens } from '../../../../src/hippofacts/language/lenses.ts';
import { definition, links, type Definition, type Link } from '../../../../src/hippofacts/language/links.ts';
import { outline, type Symbol } from '../../../../src/hippofacts/language/outline.ts';
import { parseManifest, type Manifest } from '../../../../src/hippofacts/parse.ts';
import type { Problem } from '../../../../src/hippofacts/problem.ts';
import type { TextEdit } from '../../../../src/hippofacts/text-edit.ts';

export interface Answers {
  readonly manifest: Manifest;
  readonly problems: readonly Problem[];
  readonly completions: readonly Completion[];
  readonly hover: Hover | undefined;
  readonly outline: readonly Symbol[];
  readonly folds: readonly Fold[];
  readonly links: readonly Link[];
  readonly definition: Definition | undefined;
  readonly lenses: readonly Lens[];
  readonly format: readonly TextEdit[];
  readonly actions: readonly CodeAction[];
}

export function problemsOf(manifest: Manifest): Problem[] {
  return [...manifest.document.problems, ...checkManifest(manifest)];
}

export async function ask(text: string, offset: number, facts: ProjectFacts): Promise<Answers> {
  const manifest = parseManifest(text);
  const problems = problemsOf(manifest);
  const { lines } = manifest.document;
  return {
    manifest,
    problems,
    completions: await completions(manifest, offset, facts),
    hover: await hover(manifest, offset, facts),
    outline: outline(manifest),
    folds: folds(manifest),
    links: await links(manifest, facts),
    definition: await definition(manifest, offset, facts),
    lenses: await lenses(manifest, facts),
    format: formatEdits(text),
    actions: [
      ...(await actions(manifest, lines.range(0, text.length), problems, facts)),
      ...(await actions(manifest, lines.range(offset, offset), [], facts)),
    ],
  };
}
