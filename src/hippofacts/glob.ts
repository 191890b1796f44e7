// The files that a pattern means in a project (bindle.md §8.20-23 and its glob table).
//
// As Rust's glob 0.3.0, but for: a file outside the project is a fault; `**` enters a folder once, however many
// links lead to it; names come without `.` and `..`.

import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { compareBytes } from './compare-bytes.ts';
import type { Pattern } from './glob-pattern.ts';
import { leaves, type FolderEntry, type Place, type Project, type Target } from './project.ts';

export interface Match {
  /** Of the name, relative to the project. */
  readonly segments: readonly string[];
  readonly path: string;
  /** The name of the file itself, where a link leads to it. */
  readonly linked?: string;
}

export type GlobFaultKind =
  | 'outside'
  /** A link to a folder that it stands in. */
  | 'loop'
  /** A link to a folder that is entered already. */
  | 'repeated'
  /** A link to what does not exist. */
  | 'dangling'
  | 'unreadable'
  /** A socket, a pipe, a device. */
  | 'special';

export interface GlobFault {
  readonly kind: GlobFaultKind;
  /** What it is about, relative to the project with `/`. */
  readonly name: string;
  readonly cause?: unknown;
}

export interface GlobResult {
  /** Each file once, folder by folder, ordered by the bytes of the names. */
  readonly matches: readonly Match[];
  readonly faults: readonly GlobFault[];
}

export interface GlobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ends with what it has when so many names were compared. */
  readonly names?: number;
  /** Names of folders that `**` does not go into. */
  readonly leaveOut?: ReadonlySet<string>;
}

/** @throws the signal's reason */
export async function glob(
  project: Project,
  pattern: Pattern,
  options: GlobOptions = {},
): Promise<GlobResult> {
  const outside = literalPrefixOutside(project, pattern);
  if (outside !== undefined) return { matches: [], faults: [{ kind: 'outside', name: outside }] };
  const walk = new Walk(project, pattern, options);
  if (!pattern.foldersOnly) await walk.run();
  return walk.result();
}

/** Where the names before the first special character lead, if that is out of the project. */
function literalPrefixOutside(project: Project, { components }: Pattern): string | undefined {
  const names: string[] = [];
  for (const { literal } of components) {
    if (literal === undefined) break;
    names.push(literal);
  }
  const relative = path.relative(project.root.path, path.resolve(project.root.path, ...names));
  return leaves(relative) ? relative.replaceAll(path.sep, '/') : undefined;
}

/** Names that are compared before others get a turn, and before it is seen that the walk is to end. */
const NAMES_IN_A_TURN = 1000;

/** Indexes of the components that the names in a folder are still to be matched with. */
type States = Set<number>;

/** Reads each folder once for all the states that it is reached in. */
class Walk {
  readonly #project: Project;
  readonly #pattern: Pattern;
  readonly #options: GlobOptions;
  readonly #matches = new Map<string, Match>();
  readonly #faults = new Map<string, GlobFault>();
  /** Real folder and state of each `**` that went into it. */
  readonly #entered = new Set<string>();
  /** Links that `**` follows after all folders, so that a folder is found by its own name first. */
  #links: { target: Target; from: Place; states: States }[] = [];
  #stopped = false;
  #compared = 0;

  constructor(project: Project, pattern: Pattern, options: GlobOptions) {
    this.#project = project;
    this.#pattern = pattern;
    this.#options = options;
  }

  async run(): Promise<void> {
    await this.#visit(this.#project.root, new Set([0]));
    while (this.#links.length > 0) {
      const links = this.#links.sort((a, b) =>
        compareSegments(a.target.place.segments, b.target.place.segments),
      );
      this.#links = [];
      for (const { target, from, states } of links) {
        const isLoop = !leaves(path.relative(target.place.real, from.real));
        const fresh = [...states].filter((state) => !this.#entered.has(this.#key(target.place, state)));
        if (isLoop || fresh.length === 0) this.#fault(isLoop ? 'loop' : 'repeated', target.place);
        else await this.#visit(target.place, new Set(fresh));
      }
    }
  }

  result(): GlobResult {
    return {
      matches: [...this.#matches.values()].sort((a, b) => compareSegments(a.segments, b.segments)),
      faults: [...this.#faults.values()].sort((a, b) => compareBytes(a.name, b.name)),
    };
  }

  async #visit(folder: Place, states: States): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const inside = new Map<string, { target: Target; states: States }>();
    const enter = (target: Target, state: number): void => {
      const name = target.place.segments.at(-1) ?? '';
      const known = inside.get(name);
      if (known) known.states.add(state);
      else inside.set(name, { target, states: new Set([state]) });
    };

    const listed: number[] = [];
    let up: States | undefined;
    // Grows while it is read: `.` leads to the next component in the same folder.
    for (const state of states) {
      const component = this.#component(state);
      if (component.recursive) {
        const key = this.#key(folder, state);
        if (this.#entered.has(key)) continue;
        this.#entered.add(key);
        listed.push(state);
        continue;
      }
      const { literal } = component;
      const stays =
        literal === undefined
          ? component.dotFirst && component.matches('.')
          : literal === '.' || literal === '';
      const rises = literal === undefined ? component.dotFirst && component.matches('..') : literal === '..';
      if (stays && !this.#isLast(state)) states.add(state + 1);
      if (rises && !this.#isLast(state)) (up ??= new Set()).add(state + 1);
      if (literal === undefined) listed.push(state);
      else if (!stays && !rises) {
        // A name without special characters is looked up, not matched: a link to nothing is not there.
        const target = await this.#project.find(folder, literal);
        if (target && target.kind !== 'nothing') this.#step(target, state, enter);
      }
    }

    if (listed.length > 0)
      for (const entry of await this.#list(folder)) {
        if (++this.#compared > (this.#options.names ?? Infinity)) this.#stopped = true;
        if (this.#stopped) return;
        if (this.#compared % NAMES_IN_A_TURN === 0) {
          await setImmediate();
          this.#options.signal?.throwIfAborted();
        }
        await this.#compare(folder, entry, listed, enter);
      }

    for (const { target, states: next } of inside.values()) {
      if (this.#stopped) return;
      await this.#enter(folder, target, next);
    }
    if (up) await this.#visit(await this.#project.parent(folder), up);
  }

  async #list(folder: Place): Promise<readonly FolderEntry[]> {
    try {
      return await this.#project.list(folder);
    } catch (error) {
      this.#fault('unreadable', folder, error);
      return [];
    }
  }

  /** Matches a name with the components that read the folder. */
  async #compare(
    folder: Place,
    entry: FolderEntry,
    listed: readonly number[],
    enter: (target: Target, state: number) => void,
  ): Promise<void> {
    for (const state of listed) {
      const { recursive } = this.#component(state);
      const compared = recursive ? state + 1 : state;
      const matched = this.#component(compared).matches(entry.name);
      if (!matched && !(recursive && (entry.kind === 'folder' || entry.kind === 'link'))) continue;
      const target = await this.#project.target(folder, entry);
      const goesIn = recursive && target.kind === 'folder' && !this.#options.leaveOut?.has(entry.name);
      if (goesIn) enter(target, state);
      if (matched) this.#step(target, compared, enter);
    }
  }

  /** A name was matched by a component: it is a file to take, or a folder to go on in. */
  #step(target: Target, state: number, enter: (target: Target, state: number) => void): void {
    if (target.kind === 'folder') {
      if (!this.#isLast(state)) enter(target, state + 1);
    } else if (this.#isLast(state)) this.#take(target);
  }

  async #enter(folder: Place, target: Target, states: States): Promise<void> {
    if (!target.link) return this.#visit(target.place, states);
    const recursive = new Set([...states].filter((state) => this.#component(state).recursive));
    if (recursive.size > 0) this.#links.push({ target, from: folder, states: recursive });
    const others = new Set([...states].filter((state) => !recursive.has(state)));
    if (others.size > 0) await this.#visit(target.place, others);
  }

  #take({ kind, place }: Target): void {
    if (kind === 'nothing') this.#fault('dangling', place);
    else if (kind === 'other') this.#fault('special', place);
    else if (!this.#project.contains(place)) {
      // One is enough to refuse the pattern: there is no need to read the whole disk for the others.
      this.#fault('outside', place);
      this.#stopped = true;
    } else {
      // A way that left the project and came back has a shorter name.
      const segments = place.segments[0] === '..' ? this.#project.segmentsOf(place.real) : place.segments;
      const real = this.#project.segmentsOf(place.real).join('/');
      const linked = real === place.segments.join('/') ? {} : { linked: real };
      this.#matches.set(segments.join('/'), { segments, path: place.path, ...linked });
    }
  }

  #fault(kind: GlobFaultKind, place: Place, cause?: unknown): void {
    const name = place.segments.join('/');
    this.#faults.set(`${kind} ${name}`, { kind, name, ...(cause !== undefined && { cause }) });
  }

  #component(state: number): Pattern['components'][number] {
    const component = this.#pattern.components[state];
    if (!component) throw new RangeError(`The pattern has no component ${state}.`);
    return component;
  }

  #isLast(state: number): boolean {
    return state === this.#pattern.components.length - 1;
  }

  #key(folder: Place, state: number): string {
    return `${state} ${folder.real}`;
  }
}

function compareSegments(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const order = compareBytes(a[at] ?? '', b[at] ?? '');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
