// Small WASI modules for tests, compiled from AssemblyScript in memory.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param source AssemblyScript; what it exports the module exports, what stands outside of functions is `_start`
 */
export async function compile(source: string, ...options: string[]): Promise<Buffer> {
  let module: Buffer | undefined;
  let problems = '';
  const { error } = await asc.main(
    [
      'module.ts',
      '--config',
      'node_modules/@assemblyscript/wasi-shim/asconfig.json',
      '--outFile',
      'module.wasm',
      ...options,
    ],
    {
      readFile: (name, base) => (name === 'module.ts' ? source : read(resolve(root, base, name))),
      stderr: { write: (text) => void (problems += String(text)) },
      writeFile: (_, content) => void (module = Buffer.from(content)),
      listFiles: (folder, base) => list(resolve(root, base, folder)),
    },
  );
  if (error || !module) throw new Error(`The module does not compile: ${problems}`);
  return module;
}

function read(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /(?<!\.d)\.ts$/.test(name)) : [];
}

/** A module written by hand: what no compiler makes. Every function has the type () → (); each is a body in code. */
export interface Sketch {
  /** Flags and initial pages of each memory; the first is exported as `memory`. */
  memories?: { flags?: number; pages: number; maximum?: number }[];
  /** Initial size of each table of functions. */
  tables?: number[];
  /** `module`, `name` and the bytes of kind and type. */
  imports?: [string, string, number[]][];
  /** Instructions without their final `end`. The last one is exported as `_start`. */
  functions: number[][];
  /** Index of the function that runs when the module is instantiated. */
  start?: number;
}

/** Opcodes (WebAssembly Core §5.4). */
export const op = {
  loop: (...body: number[]): number[] => [0x03, 0x40, ...body, 0x0c, 0, 0x0b],
  constant: (value: number): number[] => [0x41, ...signed(value)],
  drop: [0x1a],
  memoryGrow: (memory = 0): number[] => [0x40, memory],
  tableGrow: (table: number): number[] => [0xfc, 15, table],
  nullFunction: [0xd0, 0x70],
} as const;

export function sketch({
  memories = [{ pages: 1 }],
  tables = [],
  imports = [],
  functions,
  start,
}: Sketch): Buffer {
  const text = (value: string): number[] => [...unsigned(value.length), ...Buffer.from(value)];
  const section = (id: number, items: number[][]): number[] => {
    if (items.length === 0) return [];
    const content = [...unsigned(items.length), ...items.flat()];
    return [id, ...unsigned(content.length), ...content];
  };
  const imported = imports.filter(([, , [kind]]) => kind === 0).length;
  const last = imported + functions.length - 1;
  const limits = ({
    flags = 0,
    pages,
    maximum,
  }: {
    flags?: number;
    pages: number;
    maximum?: number;
  }): number[] => [flags, ...unsigned(pages), ...(maximum === undefined ? [] : unsigned(maximum))];
  return Buffer.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[0x60, 0, 0]]),
    ...section(
      2,
      imports.map(([module, name, type]) => [...text(module), ...text(name), ...type]),
    ),
    ...section(
      3,
      functions.map(() => [0]),
    ),
    ...section(
      4,
      tables.map((size) => [0x70, 0, ...unsigned(size)]),
    ),
    ...section(5, memories.map(limits)),
    ...section(7, [
      ...(memories.length > 0 ? [[...text('memory'), 2, 0]] : []),
      [...text('_start'), 0, ...unsigned(last)],
    ]),
    ...(start === undefined ? [] : [8, 1, start]),
    ...section(
      10,
      functions.map((body) => [...unsigned(body.length + 2), 0, ...body, 0x0b]),
    ),
  ]);
}

function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  const low = value & 0x7f;
  const rest = value >> 7;
  return (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
    ? [low]
    : [low | 0x80, ...signed(rest)];
}
