// The text of a new HIPPOFACTS.

import { quote } from './quote.ts';

export interface NewManifest {
  readonly name: string;
  readonly version: string;
  readonly description?: string;
  readonly authors?: readonly string[];
  readonly handlers: readonly NewHandler[];
}

export interface NewHandler {
  readonly route: string;
  /** The module's file, relative to the project. */
  readonly name: string;
  readonly files?: readonly string[];
  /** Stands above it, on one line. */
  readonly comment?: string;
}

/** Tables and keys in the order in which people read them. */
export function manifestText({ name, version, description, authors, handlers }: NewManifest): string {
  const sections = [
    [
      '[bindle]',
      pair('name', name),
      pair('version', version),
      pair('description', description),
      pair('authors', authors),
    ],
    ...handlers.map(({ route, name: module, files, comment }) => [
      comment && `# ${comment}`,
      '[[handler]]',
      pair('route', route),
      pair('name', module),
      pair('files', files),
    ]),
  ];
  return sections.map((lines) => `${lines.filter(Boolean).join('\n')}\n`).join('\n');
}

function pair(key: string, value: string | readonly string[] | undefined): string | undefined {
  if (value === undefined || (value.length === 0 && typeof value !== 'string')) return undefined;
  const written = typeof value === 'string' ? quote(value) : `[${value.map(quote).join(', ')}]`;
  return `${key} = ${written}`;
}
