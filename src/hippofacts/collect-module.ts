// A bindle of one `.wasm` file without a HIPPOFACTS: name and version are inferred, and said.

import path from 'node:path';
import { nameFrom } from './clean-name.ts';
import { collect, type CollectOptions } from './collect.ts';
import type { Collection } from './collection.ts';
import { manifestText } from './manifest-text.ts';
import { LineIndex } from './position.ts';
import type { Problem, ProblemCode } from './problem.ts';

const VERSION = '0.1.0';

/** The manifest that says of a module what is taken for granted where there is none. */
export function manifestOfModule(file: string): { directory: string; name: string; text: string } {
  const { dir: directory, base, name: stem } = path.parse(path.resolve(file));
  const folders = directory.split(path.sep).reverse();
  const name = nameFrom([stem, ...folders]);
  const text = manifestText({ name, version: VERSION, handlers: [{ route: '/', name: base }] });
  return { directory, name, text };
}

/**
 * The module as one handler at `/`. Its name is the file's, or that of the nearest folder where the file's says
 * nothing (`main.wasm`); both inferences are in `problems`, as information to be shown. Positions are those of the
 * manifest that would say the same.
 * @throws the signal's reason; errors of the file system if the folder is not there
 */
export async function collectModule(
  file: string,
  options: Omit<CollectOptions, 'directory' | 'lookup' | 'allow'>,
): Promise<Collection> {
  const { directory, name, text } = manifestOfModule(file);
  const collection = await collect(text, { ...options, directory });
  const note = (code: ProblemCode, message: string): Problem => ({
    code,
    severity: 'information',
    message: `There is no HIPPOFACTS: ${message}`,
    range: new LineIndex(text).range(0, 0),
  });
  const notes = [
    note('inferred-name', `the bindle is named ${name}`),
    note('inferred-version', `the version is ${VERSION}`),
  ];
  return { ...collection, problems: [...notes, ...collection.problems] };
}
