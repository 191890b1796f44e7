// What is known of a project besides the manifest's text: its files, its modules, and what the server holds.
//
// Asked by diagnose-project.ts and by language/; answered by project-facts.ts from the disk, and for the server by a
// room further up. Nothing here throws, but for the signal's reason.

import type { DetectedModule } from './detect.ts';
import type { ExternalInvoice } from './external.ts';
import type { Finding } from './problem.ts';
import type { FolderEntry, LocalFile } from './project.ts';
import type { WasmModule } from './wasm-module.ts';

export interface ProjectFacts {
  /** The project's folder, absolute. */
  readonly directory: string;
  /** What one pattern of `files` matches now; remembered until the disk changes. */
  pattern(text: string, signal?: AbortSignal): Promise<PatternFacts>;
  /** Names of files that one pattern matches and that look like secrets: their texts are read, once. */
  secrets(pattern: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** What the patterns of one entry match together. */
  together(patterns: readonly string[], signal?: AbortSignal): Promise<TogetherFacts>;
  /** The module that `name` means. */
  module(name: string, signal?: AbortSignal): Promise<ModuleFacts>;
  /** A folder's entries by name, relative to the project with `/` (`''` is the project); [] where there is none. */
  folder(name: string, signal?: AbortSignal): Promise<readonly FolderEntry[]>;
  /** Where the modules of this project are or will be, and what builds them; the one that a build makes first. */
  modules(signal?: AbortSignal): Promise<readonly DetectedModule[]>;
  /** Digest of a file's bytes, 64 lower-case hex digits; undefined if it cannot be read. */
  sha256(path: string, signal?: AbortSignal): Promise<string | undefined>;
  /** Of git's configuration: `Name <mail>`. */
  author(): Promise<string | undefined>;
  /** Undefined without a connection. */
  readonly server?: ServerFacts;
}

export interface MatchedFile extends LocalFile {
  /** Bytes. */
  readonly size: number;
}

export interface PatternFacts {
  /** It has no special characters, so it names one file. */
  readonly literal: boolean;
  /** Each file once, folder by folder, ordered by the bytes of their names. */
  readonly matches: readonly MatchedFile[];
  /** Of all matches. */
  readonly bytes: number;
  readonly problems: readonly Finding[];
  /** Matches that cannot be read, each with its name in `files`. */
  readonly unreadable: readonly Finding[];
}

export interface TogetherFacts {
  /** Each file once. */
  readonly files: number;
  /** Each file once. */
  readonly bytes: number;
  /** Patterns that match files which one before them matches already, in their order. */
  readonly repeats: readonly Repeat[];
}

export interface Repeat {
  /** Index of the later pattern. */
  readonly pattern: number;
  /** Indexes of the patterns that match one of `names` first. */
  readonly before: readonly number[];
  readonly names: readonly string[];
  /** The pattern matches nothing else. */
  readonly all: boolean;
}

export type ModuleFacts =
  | { readonly found: false; readonly problem: Finding }
  | {
      readonly found: true;
      /** As it will stand in the bindle: relative to the project, with `/`. */
      readonly name: string;
      /** Absolute. */
      readonly path: string;
      /** Bytes. */
      readonly size: number;
      /** What is in the binary, or why that cannot be told. */
      readonly wasm: WasmModule;
      /** Set if the file cannot be read. */
      readonly unreadable?: Finding;
    };

/**
 * What the current connection's servers hold. Remembered for a minute; undefined where it is not known, because
 * nobody answered in the short time that is waited. Never throws.
 */
export interface ServerFacts {
  /** For sentences: the server's origin. */
  readonly origin: string;
  /** A bindle by `name/version`. */
  bindle(id: string): Promise<KnownBindle | 'none' | undefined>;
  /** Names of bindles that begin so. */
  bindles(start: string): Promise<readonly string[] | undefined>;
  /** Versions of one name, the highest first. */
  versions(name: string): Promise<readonly string[] | undefined>;
  /** Channels of the apps of this storage id. */
  channels(name: string): Promise<readonly KnownChannel[] | undefined>;
}

export interface KnownBindle {
  /** What other bindles can refer to by `handlerId`. */
  readonly handlers: readonly { readonly id: string; readonly entrypoint?: string }[];
  readonly yanked: boolean;
  readonly invoice: ExternalInvoice;
}

export interface KnownChannel {
  readonly app: string;
  readonly channel: string;
  /** The range rule; undefined where a revision is pinned. */
  readonly rule?: string;
  /** The version that it runs. */
  readonly runs?: string;
  /** Where it answers. */
  readonly address?: string;
}
