// All that can be known to be wrong with a manifest: its text, its routes, its files and modules, and what is on the
// server. What a publish refuses is among it, in the same words (collect.ts), and more that it would let pass.

import { setImmediate } from 'node:timers/promises';
import { checkManifest, type Versioning } from './check.ts';
import type { Expansion } from './expand.ts';
import { findClashes, resolveExternals } from './external.ts';
import type {
  KnownBindle,
  ModuleFacts,
  PatternFacts,
  ProjectFacts,
  ServerFacts,
  TogetherFacts,
} from './facts.ts';
import { nearest } from './nearest.ts';
import { entriesOf, type Export, type Handler, type Item, type Manifest } from './parse.ts';
import { inOrder, shortList, type Finding, type Problem, type Related } from './problem.ts';
import { quote } from './quote.ts';
import { DEFAULT_ENTRYPOINT, HEALTH_PATH, routeFaults, type RouteFault } from './routes.ts';
import { secretProblems } from './secrets.ts';
import { applySeverities, type Severities } from './severities.ts';
import { versionProblem } from './version-taken.ts';

export interface DiagnoseOptions {
  /** What the version will be used for; `dev` without it, as for a publish. */
  readonly versioning?: Versioning;
  /** Names of files, relative to the project, that are published though they look like secrets. */
  readonly allow?: readonly string[];
  /** How loudly each is told. */
  readonly severities?: Severities;
  readonly signal?: AbortSignal;
}

/** An entry, and what the disk says of it. */
export interface KnownEntry {
  readonly entry: Handler | Export;
  /** Undefined for an external handler, and while its name is half-typed. */
  readonly module: ModuleFacts | undefined;
  readonly patterns: readonly KnownPattern[];
  readonly together: TogetherFacts | undefined;
}

export interface KnownPattern {
  readonly item: Item;
  readonly facts: PatternFacts;
  readonly secrets: readonly string[];
}

/**
 * Lists in the order of the text, the last of which is complete: one as soon as the disk is known and, if the server
 * takes longer to answer, another one with what it says. Each stands for itself and holds all of the one before.
 * @param facts undefined where there is no disk: then only the text is looked at
 * @throws the signal's reason
 */
export async function* diagnoseProject(
  manifest: Manifest,
  facts: ProjectFacts | undefined,
  options: DiagnoseOptions = {},
): AsyncGenerator<readonly Problem[], void, undefined> {
  const { signal, severities } = options;
  signal?.throwIfAborted();
  const told = (problems: readonly Problem[]): readonly Problem[] =>
    applySeverities(inOrder(problems), severities);
  const text = diagnoseText(manifest, options.versioning);
  if (!facts) return yield told(text);
  const entries = await askDisk(manifest, facts, signal);
  const local = [...text, ...fileProblems(entries, options.allow)];
  const { server } = facts;
  if (!server) return yield told(local);

  const asked = serverProblems(manifest, entries, facts, server, options);
  // Nobody waits for it where the caller has heard enough.
  asked.catch(() => undefined);
  const remembered = await Promise.race([asked, setImmediate(undefined)]);
  signal?.throwIfAborted();
  if (!remembered) yield told(local);
  yield told([...local, ...(remembered ?? (await asked))]);
}

/** The complete list. @throws the signal's reason */
export async function diagnoseAll(
  manifest: Manifest,
  facts: ProjectFacts | undefined,
  options: DiagnoseOptions = {},
): Promise<readonly Problem[]> {
  let last: readonly Problem[] = [];
  for await (const problems of diagnoseProject(manifest, facts, options)) last = problems;
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

async function askDisk(
  manifest: Manifest,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<KnownEntry[]> {
  return Promise.all(
    entriesOf(manifest).map(async (entry): Promise<KnownEntry> => {
      const name = entry.name?.value;
      const items = entry.files?.value ?? [];
      const [module, together, ...patterns] = await Promise.all([
        name === undefined ? undefined : facts.module(name, signal),
        items.length > 1
          ? facts.together(
              items.map(({ text }) => text),
              signal,
            )
          : undefined,
        ...items.map(async (item): Promise<KnownPattern> => {
          const known = await facts.pattern(item.text, signal);
          const secrets = known.literal ? [] : await facts.secrets(item.text, signal);
          return { item, facts: known, secrets };
        }),
      ]);
      return { entry, module, together, patterns };
    }),
  );
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
    const { entry, module, patterns, together } = known;
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
    for (const { pattern, before, names, all } of together?.repeats ?? []) {
      const [item, first] = [patterns[pattern]?.item, patterns[before]?.item];
      if (item && first)
        problems.push({
          code: 'matched-twice',
          severity: 'hint',
          message: `${all ? 'All that this pattern matches is' : `${shortList(names)} ${names.length === 1 ? 'is' : 'are'}`} matched by ${first.text} already`,
          range: item.range,
          files: names,
          related: [{ range: first.range, message: 'This pattern matches it first' }],
        });
    }
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

/** Whether a module can answer. A publish sends it as it is; every request to it would fail. */
function moduleProblems(entry: Handler | Export, { name, wasm }: ModuleFacts & { found: true }): Problem[] {
  const range = entry.name?.range ?? entry.range;
  if (wasm.kind === 'none' || wasm.kind === 'damaged') {
    const message =
      wasm.kind === 'none'
        ? `${name} is not a WebAssembly module: ${wasm.reason}`
        : `${name} is not a whole WebAssembly module: ${wasm.reason}; build it again`;
    return [{ code: 'not-wasm', severity: 'warning', message, range, files: [name] }];
  }
  if (wasm.kind === 'component') {
    const message = `${name} is a component of WebAssembly's component model: a handler is a module, as the target wasm32-wasip1 makes it`;
    return [{ code: 'wasm-component', severity: 'warning', message, range, files: [name] }];
  }
  if (wasm.kind !== 'module') return [];
  const { entrypoint } = entry;
  // What is half-typed is not held against anything.
  if (entrypoint && entrypoint.value === undefined) return [];
  const wanted = entrypoint?.value ?? DEFAULT_ENTRYPOINT;
  const functions = wasm.exports.filter(({ kind }) => kind === 'function').map((item) => item.name);
  if (functions.includes(wanted)) return [];
  // It prints its routes itself, each with an entrypoint of its own.
  if (!entrypoint && functions.includes('_routes')) return [];
  const near = entrypoint && nearest(wanted, functions);
  const offer =
    near !== undefined
      ? `did you mean ${near}?`
      : functions.length === 0
        ? 'it exports no functions'
        : `it exports ${shortList(functions)}`;
  return [
    {
      code: 'missing-entrypoint',
      severity: 'warning',
      message: `${name} exports no function ${wanted}: ${offer}`,
      range: entrypoint?.range ?? range,
      ...(near !== undefined && { replacement: quote(near) }),
    },
  ];
}

function routeProblems({ handlers }: Manifest): Problem[] {
  const routed = handlers.flatMap(({ route }) =>
    route?.value === undefined ? [] : { text: route.value, range: route.range },
  );
  const faults = routeFaults(routed.map(({ text }) => text));
  return [...faults].flatMap(([index, fault]) => {
    const route = routed[index];
    if (!route) return [];
    const by = fault.kind === 'shadowed' ? routed[fault.by] : undefined;
    return { severity: 'warning', range: route.range, ...describeRoute(route.text, fault, by) };
  });
}

type Described = Pick<Problem, 'code' | 'message' | 'replacement' | 'related'>;

function describeRoute(
  route: string,
  fault: RouteFault,
  by: { text: string; range: Problem['range'] } | undefined,
): Described {
  const related = (message: string): { related?: Related[] } =>
    by ? { related: [{ range: by.range, message }] } : {};
  switch (fault.kind) {
    case 'shadowed': {
      const line = (by?.range.start.line ?? 0) + 1;
      const message =
        by?.text === route
          ? `Route '${route}' never answers: the handler on line ${line} has the same route and comes first`
          : `Route '${route}' never answers: '${by?.text}' on line ${line} comes first and takes it`;
      return { code: 'route-shadowed', message, ...related('This route comes first') };
    }
    case 'health':
      return {
        code: 'route-healthz',
        message: `Route '${route}' never answers: ${HEALTH_PATH} is answered by WAGI itself, before any handler`,
      };
    case 'unreachable': {
      const { reason, instead } = fault;
      const message = `Route '${route}' never answers: ${reason}`;
      return {
        code: 'route-unreachable',
        message: instead === undefined ? message : `${message}, write ${instead}`,
        ...(instead !== undefined && { replacement: quote(instead) }),
      };
    }
    case 'literal':
      return {
        code: 'route-wildcard',
        message: `Route '${route}' is taken by the letter: ${fault.instead} answers for all that lies below`,
        replacement: quote(fault.instead),
      };
  }
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

async function serverProblems(
  manifest: Manifest,
  entries: readonly KnownEntry[],
  facts: ProjectFacts,
  server: ServerFacts,
  { signal, versioning = 'dev' }: DiagnoseOptions,
): Promise<Problem[]> {
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
  const taken = await versionProblem(manifest, entries, { facts, server, versioning, signal });
  return [...problems, ...findClashes(resolved, expansionOf(entries)), ...taken];
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
