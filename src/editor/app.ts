// What features see of the editor, so that their logic runs, and is tested, without VS Code. vscode-app.ts makes
// the real one, test/support/fake-app.ts one for tests.

import type { Places } from '../session/places.ts';
import type { Commands } from './commands.ts';
import type { Disposable, Event } from './disposables.ts';
import type { Guard } from './guard.ts';
import type { ContextMap, SettingMap, UserMemory, ViewId, WorkspaceMemory } from './ids.ts';

export interface App {
  readonly log: Log;
  readonly commands: Commands;
  /** Wraps everything that a person starts and that may fail. */
  readonly guard: Guard;
  readonly settings: Settings;
  readonly context: ContextKeys;
  /** What is remembered with the workspace. */
  readonly memory: Memory<WorkspaceMemory>;
  /** What is remembered with the user. */
  readonly userMemory: Memory<UserMemory>;
  readonly secrets: Secrets;
  readonly clock: Clock;
  readonly prompts: Prompts;
  readonly workspace: Workspace;
  readonly links: Links;
  readonly statusBar: StatusBar;
  readonly terminals: TerminalEnvironment;
  /** Where this product keeps things on the machine of the extension host. */
  readonly places: Places;
  readonly extension: Extension;
}

/** The output channel. What is secret is masked before it gets there. */
export interface Log {
  trace(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  /** With the stack and the causes of the error. */
  error(message: string, error?: unknown): void;
  /** This very text is masked from now on, wherever it stands. */
  conceal(secret: string): void;
  /** The text as the channel would have it. */
  mask(text: string): string;
  show(): void;
}

/** Whose setting it is: the URI of a folder of the workspace is that folder's. */
export type SettingTarget = 'user' | 'workspace' | { readonly folder: string };

export interface Settings {
  /** @param resource URI of what it is for, where folders may differ */
  get<K extends keyof SettingMap>(key: K, resource?: string): SettingMap[K];
  set<K extends keyof SettingMap>(key: K, value: SettingMap[K], target: SettingTarget): Promise<void>;
  /** Tells of a change of any of these keys, or of all below one: `http` means all of `http.…`. */
  onDidChange(keys: readonly string[], listener: () => unknown): Disposable;
}

export interface ContextKeys {
  set<K extends keyof ContextMap>(key: K, value: ContextMap[K]): void;
  /** What was set last. */
  get<K extends keyof ContextMap>(key: K): ContextMap[K] | undefined;
}

export interface Memory<Map> {
  get<K extends keyof Map>(key: K): Map[K] | undefined;
  /** @param value undefined forgets it */
  set<K extends keyof Map>(key: K, value: Map[K] | undefined): Promise<void>;
}

export interface Secrets {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
  /** One has been set or removed, in this window or another. */
  readonly onDidChange: Event<void>;
}

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs it once, unless what it gives is disposed of before. */
  after(milliseconds: number, run: () => unknown): Disposable;
}

export interface Choice<T> {
  readonly label: string;
  readonly description?: string;
  readonly detail?: string;
  readonly value: T;
}

/** A line between choices. */
export interface Separator {
  readonly separator: string;
}

export interface Step {
  /** From 1. */
  readonly step: number;
  readonly of: number;
}

export interface PickOptions<T> {
  readonly title: string;
  readonly placeholder: string;
  /** The choice that is there at first. */
  readonly active?: T | undefined;
  readonly steps?: Step | undefined;
}

export interface InputOptions {
  readonly title: string;
  readonly prompt: string;
  readonly value?: string | undefined;
  readonly placeholder?: string | undefined;
  readonly password?: boolean;
  readonly steps?: Step | undefined;
  /** What is wrong with it, in one sentence; undefined if nothing is. */
  readonly check?: ((value: string) => string | undefined | Promise<string | undefined>) | undefined;
}

export interface SearchOptions<T> extends Omit<PickOptions<T>, 'active'> {
  /** What is typed at first. */
  readonly value?: string | undefined;
  /** What is offered for a text; asked again whenever the text has changed, and then the signal ends the last one. */
  readonly search: (
    text: string,
    signal: AbortSignal,
  ) => Promise<readonly (Choice<T> | Separator)[]> | readonly (Choice<T> | Separator)[];
}

export interface ConfirmOptions {
  readonly detail?: string;
  /** The word on the button. */
  readonly action: string;
}

export interface ProgressOptions {
  readonly title: string;
  /** `window` is the status bar; a view's id shows a bar in that view. */
  readonly where: 'notification' | 'window' | { readonly view: ViewId };
  /** Only a notification can be cancelled. */
  readonly cancellable?: boolean;
}

/** @param percent of the whole, in addition to what was reported before */
export type Report = (message: string, percent?: number) => void;

export interface Prompts {
  /** @throws Cancelled */
  pick<T>(
    choices: readonly (Choice<T> | Separator)[] | Promise<readonly (Choice<T> | Separator)[]>,
    options: PickOptions<T>,
  ): Promise<T>;
  /** A list that follows what is typed. @throws Cancelled; what `search` throws */
  search<T>(options: SearchOptions<T>): Promise<T>;
  /** @throws Cancelled */
  input(options: InputOptions): Promise<string>;
  /** A modal dialog, for what needs an answer at once. @throws Cancelled */
  confirm(message: string, options: ConfirmOptions): Promise<void>;
  /** A modal dialog with several ways on. @throws Cancelled */
  choose<T extends string>(message: string, options: { detail?: string; actions: readonly T[] }): Promise<T>;
  /** A notification. @returns the button that was pressed, undefined if it was closed or ignored */
  notify<T extends string>(
    level: 'info' | 'warning' | 'error',
    message: string,
    ...buttons: readonly T[]
  ): Promise<T | undefined>;
  /** A text in the status bar for a few seconds, where a notification would be too much. */
  mention(message: string): void;
  progress<T>(
    options: ProgressOptions,
    work: (report: Report, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

export interface Folder {
  readonly name: string;
  readonly uri: string;
  /** Absolute path on the machine of the extension host. */
  readonly path: string;
}

export interface Workspace {
  readonly folders: readonly Folder[];
  readonly isTrusted: boolean;
  readonly onDidTrust: Event<void>;
  readonly onDidChangeFolders: Event<void>;
  /** URI of the file in the active editor. */
  readonly activeFile: string | undefined;
  /** Files of these names, anywhere in the workspace but in folders of other people's code. @returns URIs, sorted */
  findByName(names: readonly string[]): Promise<string[]>;
  /** The path of a `file:` URI, or of its counterpart on a remote machine. */
  pathOf(uri: string): string;
}

export interface Links {
  /** Who sits at the window is, or may be, at another machine than this code: the window is a remote one or in a browser. */
  readonly elsewhere: boolean;
  /** Opens an address in the user's browser, by whatever way leads there from where the user sits. */
  open(url: string): Promise<void>;
  /** It was opened. */
  readonly onDidOpen: Event<string>;
  /** The same, without opening: the address as the user's browser needs it (remote and web windows). */
  external(url: string): Promise<string>;
  copy(text: string): Promise<void>;
}

export interface StatusItem extends Disposable {
  /** @param text with icons as `$(name)` */
  show(item: {
    readonly text: string;
    readonly tooltip: string;
    readonly warning?: boolean;
    /** For screen readers: the text without icons, and the state that they stand for. */
    readonly label: string;
  }): void;
  hide(): void;
}

export interface StatusBar {
  item(
    id: string,
    options: { readonly name: string; readonly command: keyof import('./ids.ts').CommandMap },
  ): StatusItem;
}

/** Variables of the terminals and tasks of this window, over those of the user. */
export interface TerminalEnvironment {
  /** These and no others. */
  set(variables: Readonly<Record<string, string>>, appendToPath: string | undefined, why: string): void;
  /** These besides those that are there, which may be of an earlier time of this workspace. */
  add(variables: Readonly<Record<string, string>>, appendToPath: string, why: string): void;
  clear(): void;
}

export interface Extension {
  /** `publisher.name` */
  readonly id: string;
  readonly version: string;
  /** Absolute path of a file that comes with the extension. */
  path(file: string): string;
  /** A folder for what belongs to no workspace; it may not be there yet. */
  readonly storage: string;
}
