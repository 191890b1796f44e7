// All that can be known to be wrong with a manifest: its text, its routes, its files and modules, and what is on the
// server. What a publish refuses is among it, in the same words (collect.ts), and more that it would let pass.

import { setImmediate } from 'node:timers/promises';
import { checkManifest, type Versioning } from './check.ts';
import type { ProjectFacts } from './facts.ts';
import { askDisk, type KnownEntry } from './known-entries.ts';
import { moduleProblems } from './module-problems.ts';
import type { Manifest } from './parse.ts';
import { inOrder, shortList, type Diagnosis, type Finding, type Problem } from './problem.ts';
import { routeProblems } from './route-problems.ts';
import { secretProblems } from './secrets.ts';
import { serverProblems } from './server-problems.ts';
import { listOf } from './text.ts';
import { applySeverities, type Severities } from './severities.ts';

export interface DiagnoseOptions {
  /** What the version will be used for; `dev` without it, as for a publish. */
  readonly versioning?: Versioning;
  /** Names of files, relative to the project, that are published though they look like secrets. */
  readonly allow?: readonly string[];
  /** How loudly each is told. */
  readonly severities?: Severities;
  readonly signal?: AbortSignal;
}

/**
 * Lists in the order of the text, the last of which has all that can be found out: one as soon as the disk is known and, if the server
 * takes longer to answer, another one with what it says. Each stands for itself and holds all of the one before.
 * @param facts undefined where there is no disk: then only the text is looked at
 * @throws the signal's reason
 */
export async function* diagnoseProject(
  manifest: Manifest,
  facts: ProjectFacts | undefined,
  options: DiagnoseOptions = {},
): AsyncGenerator<Diagnosis, void, undefined> {
  const { signal, severities, versioning = 'dev' } = options;
  signal?.throwIfAborted();
  const told = (problems: readonly Problem[], complete = false): Diagnosis => ({
    problems: applySeverities(inOrder(problems), severities),
    complete,
  });
  const text = diagnoseText(manifest, versioning);
  if (!facts) return yield told(text);
  const entries = await askDisk(manifest, facts, signal);
  const local = [...text, ...fileProblems(entries, options.allow)];
  const { server } = facts;
  if (!server) return yield told(local);

  const asked = serverProblems(manifest, entries, facts, server, { versioning, signal });
  // Nobody waits for it where the caller has heard enough.
  asked.catch(() => undefined);
  const remembered = await Promise.race([asked, setImmediate(undefined)]);
  signal?.throwIfAborted();
  if (!remembered) yield told(local);
  const { problems, complete } = remembered ?? (await asked);
  yield told([...local, ...problems], complete);
}

/** The last list. @throws the signal's reason */
export async function diagnoseAll(
  manifest: Manifest,
  facts: ProjectFacts | undefined,
  options: DiagnoseOptions = {},
): Promise<readonly Problem[]> {
  let last: readonly Problem[] = [];
  for await (const { problems } of diagnoseProject(manifest, facts, options)) last = problems;
  return last;
}

/** What the text alone gives away, at once. */
export function diagnoseText(manifest: Manifest, versioning: Versioning = 'dev'): Problem[] {
  return inOrder([
    ...manifest.document.problems,
    ...checkManifest(manifest, versioning),
    ...routeProblems(manifest),
    ...exportProblems(manifest),
  ]);
}

function fileProblems(entries: readonly KnownEntry[], allow: readonly string[] | undefined): Problem[] {
  const problems: Problem[] = [];
  // Told once, where it is named first.
  const unreadable = new Set<string>();
  const cannotRead = (finding: Finding, range: Problem['range']): void => {
    const [name = ''] = finding.files ?? [];
    if (unreadable.has(name)) return;
    unreadable.add(name);
    problems.push({ ...finding, range });
  };
  for (const known of entries) {
    const { entry, module, patterns } = known;
    if (module && entry.name) {
      const { range } = entry.name;
      if (!module.found) problems.push({ ...module.problem, range });
      else if (module.unreadable) cannotRead(module.unreadable, range);
      else problems.push(...moduleProblems(entry, module));
    }
    for (const { item, facts } of patterns) {
      for (const finding of facts.problems) problems.push({ ...finding, range: item.range });
      for (const finding of facts.unreadable) cannotRead(finding, item.range);
    }
    problems.push(...repeatProblems(known));
  }
  const modules = entries.flatMap(({ module }) => (module?.found ? module : []));
  const searched = entries.flatMap(({ patterns }) =>
    patterns.map(({ item, facts: { literal, matches }, secrets }) => ({
      item,
      literal,
      files: matches,
      secrets,
    })),
  );
  return [...problems, ...secretProblems(modules, searched, allow)];
}

/** Files that two patterns match, but for secrets: their names are written out so that they are meant. */
function repeatProblems({ patterns, together }: KnownEntry): Problem[] {
  const secrets = new Set(patterns.flatMap((pattern) => pattern.secrets));
  return (together?.repeats ?? []).flatMap(({ pattern, before, names, all }) => {
    const files = names.filter((name) => !secrets.has(name));
    const item = patterns[pattern]?.item;
    const firsts = before.flatMap((index) => patterns[index]?.item ?? []);
    if (!item || files.length === 0) return [];
    const what =
      all && files.length === names.length
        ? 'All that this pattern matches is'
        : `${shortList(files)} ${files.length === 1 ? 'is' : 'are'}`;
    return {
      code: 'matched-twice',
      severity: 'hint',
      message: `${what} matched by ${listOf(firsts.map(({ text }) => text))} already`,
      range: item.range,
      files,
      related: firsts.map(({ range }) => ({ range, message: 'This pattern matches it first' })),
    };
  });
}

/** Those who refer to an id get the first module that has it. */
function exportProblems({ exports }: Manifest): Problem[] {
  const first = new Map<string, Problem['range']>();
  const problems: Problem[] = [];
  for (const { id } of exports) {
    if (id?.value === undefined) continue;
    const other = first.get(id.value);
    if (!other) first.set(id.value, id.range);
    else
      problems.push({
        code: 'duplicate-export',
        severity: 'warning',
        message: `The id ${id.value} is that of the export on line ${other.start.line + 1}, too: others will get that one`,
        range: id.range,
        related: [{ range: other, message: 'This export has the id first' }],
      });
  }
  return problems;
}
