// Keys that a table must have and has not, with a value for each to begin with.

import path from 'node:path';
import { cleanName } from '../clean-name.ts';
import type { ProjectFacts } from '../facts.ts';
import type { Manifest } from '../parse.ts';
import { quote } from '../quote.ts';
import type { Table } from '../syntax.ts';
import { nextVersions } from './next-versions.ts';
import { freeId, freeModule, freeRoute } from './free-names.ts';
import { fieldsAt, type Path } from './place.ts';

export interface MissingKey {
  readonly table: Table;
  /** Of the table. */
  readonly path: Path;
  readonly name: string;
}

/** In the tables whose place begins at the offset, but for the manifest's own tables. */
export function missingKeys(manifest: Manifest, offset: number): MissingKey[] {
  const { bindle, handlers, exports } = manifest;
  const tables: [Path, Table | undefined][] = [
    [['bindle'], bindle?.table],
    ...handlers.flatMap(({ table, external }): [Path, Table | undefined][] => [
      [['handler'], table],
      [['handler', 'external'], external?.value?.table],
    ]),
    ...exports.map(({ table }): [Path, Table] => [['export'], table]),
  ];
  return tables.flatMap(([at, table]) => {
    if (table?.range.start.offset !== offset) return [];
    return Object.entries(fieldsAt(at) ?? {})
      .filter(([name, { required }]) => required && !table.entries.has(name))
      .map(([name]) => ({ table, path: at, name }));
  });
}

/** TOML to begin with: what the project suggests, or an example. */
export async function firstValue(
  manifest: Manifest,
  { path: at, name, table }: MissingKey,
  facts: ProjectFacts,
  signal: AbortSignal | undefined,
): Promise<string> {
  const own = table.entries.get('name')?.value;
  const module = own?.kind === 'text' ? own.text : freeModule(manifest, await facts.modules(signal));
  switch ([...at, name].join('.')) {
    case 'bindle.name':
      return quote(cleanName(path.basename(facts.directory)) ?? 'app');
    case 'bindle.version':
      return quote(await firstVersion(manifest, facts));
    case 'handler.route':
      return quote(freeRoute(manifest, module));
    case 'handler.name':
    case 'export.name':
      return quote(module);
    case 'export.id':
      return quote(freeId(manifest, module));
    case 'handler.external.bindleId':
      return quote('example.com/app/1.0.0');
    case 'handler.external.handlerId':
      return quote(await firstHandler(table, facts));
    default:
      return quote('');
  }
}

async function firstVersion(manifest: Manifest, { server }: ProjectFacts): Promise<string> {
  const name = manifest.bindle?.name?.value;
  const known = (name === undefined ? undefined : await server?.versions(name)) ?? [];
  return nextVersions('', known)[0]?.version ?? '0.1.0';
}

async function firstHandler(table: Table, { server }: ProjectFacts): Promise<string> {
  const id = table.entries.get('bindleId')?.value;
  const bindle = id?.kind === 'text' ? await server?.bindle(id.text) : undefined;
  return (bindle && bindle !== 'none' ? bindle.handlers[0]?.id : undefined) ?? 'static';
}
