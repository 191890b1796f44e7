// The entries of a manifest, each with what the disk says of it.

import type { ModuleFacts, PatternFacts, ProjectFacts, TogetherFacts } from './facts.ts';
import { entriesOf, type Export, type Handler, type Item, type Manifest } from './parse.ts';

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

/** Handlers before exports, each in the order of the text. @throws the signal's reason */
export async function askDisk(
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
