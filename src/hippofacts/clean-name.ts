// A bindle name made of whatever a folder, file or package is called.

import { nameProblem } from '../bindle/id.ts';

/** Names of folders and files that say how something was built, not what it is. */
const GENERIC = new Set(
  'app bin build debug dist index lib main module optimized out release src target untouched wasm'.split(' '),
);

/** A name that `nameProblem` accepts: accents go, what is not allowed becomes `-`; undefined if nothing is left. */
export function cleanName(text: string): string | undefined {
  const parts = text
    .slice(0, 1000)
    .toWellFormed()
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .split('/')
    .map((part) => part.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, ''))
    .filter((part) => part !== '');
  const name = parts
    .join('/')
    .slice(0, 200)
    .replace(/[-./]+$/, '');
  return nameProblem(name) === undefined ? name : undefined;
}

/** The first of these names that says something, cleaned; `app` if none does. */
export function nameFrom(candidates: readonly string[]): string {
  const cleaned = candidates.flatMap((candidate) => cleanName(candidate) ?? []);
  return cleaned.find((name) => !isGeneric(name)) ?? cleaned[0] ?? 'app';
}

function isGeneric(name: string): boolean {
  return GENERIC.has(name.toLowerCase()) || /^wasm(?:32)?-/.test(name.toLowerCase());
}
