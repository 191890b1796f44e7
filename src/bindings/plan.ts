// What binding code comes to: files to make and texts to change, before anything of it is done.

import type { HostInterface } from '../addons/addons.ts';
import type { TextEdit } from '../hippofacts/text-edit.ts';

/** An add-on as one channel has it: all that code needs to know of it. */
export interface BoundAddon {
  /** What the channel calls it: for host calls, and before its variables. */
  readonly name: string;
  /** Name of the offering, as its broker calls it: `postgresql`. */
  readonly offering: string;
  /** As HIPPOFACTS names it, where other brokers have one of that name: `postgresql@broker`. */
  readonly reference?: string | undefined;
  /** As people read it. */
  readonly displayName: string;
  readonly plan: string;
  readonly app: string;
  readonly channel: string;
  readonly interfaces: readonly HostInterface[];
  /** Names of its variables. */
  readonly variables: readonly string[];
}

/** `host-call`: for a handler of HIPPOFACTS; `environment`: for a program that runs natively. */
export type BindingStyle = 'host-call' | 'environment';

/** A language is a folder of `scaffold/bindings/`, or `generic`. */
export type BindingLanguage = string;

/** Where code is to go. */
export type BindingPlace =
  /** At an offset of a file that is there. */
  | { readonly kind: 'cursor'; readonly path: string; readonly offset: number }
  /** Into a module of its own. Absolute; undefined: where projects of the language have it. */
  | { readonly kind: 'file'; readonly path: string | undefined };

/** Reads the workspace as it stands, unsaved changes of open editors too. */
export interface WorkspaceTexts {
  /** @returns undefined if there is no such file */
  read(path: string): Promise<string | undefined>;
  /**
   * Absolute paths of files of these names below a folder, but not in folders of other people's code.
   * @param names of files, or `*.rs` for all that end so
   */
  find(folder: string, names: readonly string[]): Promise<readonly string[]>;
}

export interface BindingWish {
  readonly addon: BoundAddon;
  readonly style: BindingStyle;
  readonly language: BindingLanguage;
  readonly place: BindingPlace;
  /** Absolute path of the project's folder. */
  readonly folder: string;
  /** Absolute path of its HIPPOFACTS; undefined without one. */
  readonly hippofacts: string | undefined;
}

/** One file that changes. */
export type FileChange =
  | { readonly type: 'create'; readonly path: string; readonly text: string; readonly why: string }
  | {
      readonly type: 'edit';
      readonly path: string;
      readonly edits: readonly TextEdit[];
      readonly why: string;
    };

export interface BindingPlan {
  /** None: it is all there already. */
  readonly changes: readonly FileChange[];
  /** What a person should know, or has to do by hand, a sentence each. */
  readonly notes: readonly string[];
  /** Where the new code is to be looked at. */
  readonly reveal: { readonly path: string; readonly offset: number } | undefined;
}
