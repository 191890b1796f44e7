// What a manifest means on disk, before any content is read: the module of each entry, the files of each pattern.

import path from 'node:path';
import { findModule } from './find-module.ts';
import { glob, type GlobFaultKind } from './glob.ts';
import { parsePattern, PatternError, type Pattern } from './glob-pattern.ts';
import { entriesOf, type Export, type Handler, type Item, type Manifest } from './parse.ts';
import { shortList, type Finding, type Problem, type ProblemCode, type Severity } from './problem.ts';
import { labelName, Project, type LocalFile } from './project.ts';
import { quote } from './quote.ts';

/** One item of `files`. */
export interface ExpandedPattern {
  readonly item: Item;
  /** It has no special characters, so it names one file. */
  readonly literal: boolean;
  /** Folder by folder, ordered by the bytes of their names. */
  readonly files: readonly LocalFile[];
}

export interface ExpandedEntry {
  readonly entry: Handler | Export;
  /** Undefined for an external handler, and where there is no such file. */
  readonly module: LocalFile | undefined;
  readonly patterns: readonly ExpandedPattern[];
}

export interface Expansion {
  /** Handlers before exports, each in the order of the text. */
  readonly entries: readonly ExpandedEntry[];
  readonly problems: readonly Problem[];
}

export interface ExpandOptions {
  /** The project's folder. */
  readonly directory: string;
  readonly signal?: AbortSignal;
  readonly platform?: NodeJS.Platform;
}

/**
 * Looks at names only. Problems have the places of the modules and patterns that they are about.
 * @throws the signal's reason; errors of the file system if the folder is not there
 */
export async function expand(manifest: Manifest, options: ExpandOptions): Promise<Expansion> {
  const { directory, signal, platform = process.platform } = options;
  const project = await Project.open(directory);
  const patternsOf = new PatternExpander(project, platform === 'win32', signal);
  // Many entries may have the same module.
  const modules = new Map<string, LocalFile | Finding>();
  const entries: ExpandedEntry[] = [];
  const problems: Problem[] = [];
  for (const entry of entriesOf(manifest)) {
    signal?.throwIfAborted();
    let module: LocalFile | undefined;
    const name = entry.name?.value;
    if (entry.name && name !== undefined) {
      const found = modules.get(name) ?? (await findModule(project, name));
      modules.set(name, found);
      if ('path' in found) module = found;
      else problems.push({ ...found, range: entry.name.range });
    }
    const patterns: ExpandedPattern[] = [];
    for (const item of entry.files?.value ?? []) {
      const { literal, files, findings } = await patternsOf.expand(item.text);
      patterns.push({ item, literal, files });
      for (const finding of findings) problems.push({ ...finding, range: item.range });
    }
    entries.push({ entry, module, patterns });
  }
  return { entries, problems };
}

interface Outcome {
  readonly literal: boolean;
  readonly files: readonly LocalFile[];
  readonly findings: readonly Finding[];
}

/** What is wrong for each kind of fault; the names follow. */
const FAULTS: Record<GlobFaultKind, readonly [ProblemCode, Severity, string]> = {
  outside: ['outside-project', 'error', 'reaches out of the project, to'],
  loop: ['link-loop', 'warning', 'does not follow a link to a folder that it stands in:'],
  repeated: ['link-repeated', 'warning', 'does not follow a link to a folder that is included already:'],
  dangling: ['unreadable', 'error', 'matches a link to what does not exist:'],
  unreadable: ['unreadable', 'error', 'needs a folder that cannot be read:'],
  special: ['unreadable', 'error', 'matches what is not a file:'],
};

class PatternExpander {
  readonly #project: Project;
  readonly #windows: boolean;
  readonly #signal: AbortSignal | undefined;
  /** Many entries may have the same pattern. */
  readonly #known = new Map<string, Promise<Outcome>>();

  constructor(project: Project, windows: boolean, signal: AbortSignal | undefined) {
    this.#project = project;
    this.#windows = windows;
    this.#signal = signal;
  }

  expand(text: string): Promise<Outcome> {
    let outcome = this.#known.get(text);
    if (!outcome) {
      outcome = this.#expand(text);
      this.#known.set(text, outcome);
    }
    return outcome;
  }

  async #expand(text: string): Promise<Outcome> {
    const relative = this.#relative(text);
    let pattern: Pattern;
    try {
      pattern = parsePattern(relative ?? text, this.#windows);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const message = `The pattern ${text} is not valid: ${error.message}`;
      return {
        literal: false,
        files: [],
        findings: [{ code: 'invalid-pattern', severity: 'error', message }],
      };
    }
    const { literal } = pattern;
    if (relative === undefined) {
      const message = `The pattern ${text} is outside of the project: write it relative to the HIPPOFACTS`;
      return { literal, files: [], findings: [{ code: 'outside-project', severity: 'error', message }] };
    }

    const { matches, faults } = await glob(this.#project, pattern, this.#signal);
    const findings: Finding[] = [];
    for (const kind of Object.keys(FAULTS) as GlobFaultKind[]) {
      const found = faults.filter((fault) => fault.kind === kind);
      if (found.length > 0) findings.push(explain(text, kind, found));
    }
    const files: LocalFile[] = [];
    for (const { segments, path: file, linked } of matches) {
      const name = labelName(segments);
      if (name !== undefined) files.push({ path: file, name, ...(linked !== undefined && { linked }) });
      else findings.push({ ...badName(text, segments), files: [segments.join('/')] });
    }
    if (matches.length === 0 && !findings.some(({ severity }) => severity === 'error'))
      findings.push(await this.#nothing(text, pattern));
    return { literal, files, findings };
  }

  /** An absolute pattern as one relative to the project; undefined if it is not in there. */
  #relative(text: string): string | undefined {
    if (!path.isAbsolute(text)) return text;
    const separators = this.#windows ? /[/\\]+/ : /\/+/;
    const parts = text.split(separators);
    for (const { path: root } of [this.#project.root, { path: this.#project.root.real }]) {
      const folders = root.split(separators).filter((part) => part !== '');
      const own = parts[0] === '' ? parts.slice(1) : parts;
      const isSame = (folder: string, index: number): boolean =>
        this.#windows ? folder.toLowerCase() === own[index]?.toLowerCase() : folder === own[index];
      if (folders.every(isSame)) return own.slice(folders.length).join('/');
    }
    return undefined;
  }

  async #nothing(text: string, pattern: Pattern): Promise<Finding> {
    const warning = { code: 'no-match', severity: 'warning' } as const;
    const message = `No files matched pattern ${text}`;
    const better = await this.#allFilesIn(text, pattern);
    if (better !== undefined)
      return {
        ...warning,
        message: `${message}: it stands for folders, write ${better} for the files in them`,
        replacement: quote(better),
      };
    if (text.includes('{') && text.includes('}'))
      return {
        ...warning,
        message: `${message}: braces have no special meaning, write one pattern for each`,
      };
    if (text.startsWith('!'))
      return { ...warning, message: `${message}: ! has no special meaning, files cannot be excluded` };
    return { ...warning, message };
  }

  /** What was probably meant by a pattern that stands for folders only. */
  async #allFilesIn(
    text: string,
    { components, foldersOnly, literal }: Pattern,
  ): Promise<string | undefined> {
    if (components.length === 0) return undefined;
    let end = text.length;
    while (text[end - 1] === '/' || (this.#windows && text[end - 1] === '\\')) end--;
    const folder = text.slice(0, end);
    if (foldersOnly) return components.at(-1)?.recursive ? `${folder}/*` : `${folder}/**/*`;
    if (!literal || components.some((component) => component.literal === '..')) return undefined;
    const { kind } = (await this.#project.find(this.#project.root, folder)) ?? {};
    return kind === 'folder' ? `${folder}/**/*` : undefined;
  }
}

function explain(
  pattern: string,
  kind: GlobFaultKind,
  faults: readonly { name: string; cause?: unknown }[],
): Finding {
  const [code, severity, reason] = FAULTS[kind];
  const files = faults.map(({ name }) => name || '.');
  const cause = faults[0]?.cause instanceof Error ? ` (${faults[0].cause.message})` : '';
  return { code, severity, message: `The pattern ${pattern} ${reason} ${shortList(files)}${cause}`, files };
}

function badName(pattern: string, segments: readonly string[]): Finding {
  const message = `The pattern ${pattern} matches ${segments.join('/')}, whose name cannot be used: it would lead out of the bindle`;
  return { code: 'bad-file-name', severity: 'error', message };
}
