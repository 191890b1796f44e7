// What a manifest and its files come to: everything an invoice is made of, and what is wrong.

import type { Expansion } from './expand.ts';
import type { Range } from './position.ts';
import type { Problem } from './problem.ts';

export type StringMap = Readonly<Record<string, string>>;

/** A file or module of the bindle to be; the fields are a Bindle label's, `memberOf` and `requires` its conditions. */
export interface CollectedParcel {
  /** Where the content is; undefined for what another bindle brings, which is on a server already. */
  readonly path?: string;
  readonly name: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Only of what another bindle brings: that of a local file follows from its name. */
  readonly mediaType?: string;
  readonly annotations?: StringMap;
  readonly feature?: Readonly<Record<string, StringMap>>;
  /** Each group once. */
  readonly memberOf?: readonly string[];
  readonly requires?: readonly string[];
}

/** A handler or export: its module and the group of its files. */
export interface CollectedEntry extends CollectedParcel {
  readonly kind: 'handler' | 'external' | 'export';
  /** Also the one name in `requires`. */
  readonly group: string;
  readonly route?: string;
}

/** What a handler takes from another bindle. */
export interface Reference {
  /** As it is written. */
  readonly bindleId: string;
  readonly handlerId: string;
  /** Of the module and all that it requires, each once. */
  readonly sha256s: readonly string[];
  readonly range: Range;
}

export interface BindleSpec {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly authors?: readonly string[];
}

export interface Collection {
  /** False if any problem is an error: then nothing may be published, and the rest is what could be had. */
  readonly ok: boolean;
  /** In the order of the text; `range` is in the text that was collected. */
  readonly problems: readonly Problem[];
  /** As written; what is missing or of another type is empty. */
  readonly bindle: BindleSpec;
  readonly annotations?: StringMap;
  /** Handlers, then exports, in the order of the text. */
  readonly entries: readonly CollectedEntry[];
  /** Brought by other bindles, in the order of the handlers that need them. */
  readonly dependencies: readonly CollectedParcel[];
  /** One for each name and content, in the order in which entries and patterns name them. */
  readonly files: readonly CollectedParcel[];
  /** One for each entry, in their order; two entries with one name have it twice. */
  readonly groups: readonly string[];
  readonly references: readonly Reference[];
  /** Which files each pattern matched. */
  readonly expansion: Expansion;
}
