// What a WebAssembly binary exports and imports, read from the file without compiling it: the header of each section,
// and of sections only the two lists. A module of any size costs a few small reads.

import { open } from 'node:fs/promises';
import { count } from './text.ts';
import { MalformedWasm, SECTION, WasmReader, type WasmExport, type WasmImport } from './wasm-sections.ts';

export type { WasmExport, WasmImport, WasmItemKind } from './wasm-sections.ts';

/**
 * `component`: of the component model, whose sections are others. The others say why, as a clause: `none` is no
 * WebAssembly, `damaged` no whole one, of what is `unreadable` nothing can be told.
 */
export type WasmModule =
  | {
      readonly kind: 'module';
      readonly exports: readonly WasmExport[];
      readonly imports: readonly WasmImport[];
    }
  | { readonly kind: 'component' }
  | { readonly kind: 'none' | 'damaged' | 'unreadable'; readonly reason: string };

/** Bytes that can be read in parts. */
export interface WasmSource {
  /** Bytes. */
  readonly size: number;
  /** Fewer where the bytes end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A section's id and its size in LEB128. */
const SECTION_HEADER = 6;
/** Compilers make about twenty. */
const MAX_SECTIONS = 4096;
/** Of a list; an import of WASI has some forty bytes. */
const MAX_LIST_BYTES = 1024 * 1024;

/** @throws errors of the file system */
export async function readWasmFile(file: string): Promise<WasmModule> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    return await readWasm({
      size,
      read: async (offset, length) => {
        const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(size - offset, 0)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      },
    });
  } finally {
    await handle.close();
  }
}

/** @throws what the source throws */
export async function readWasm(source: WasmSource): Promise<WasmModule> {
  const start = await source.read(0, 64);
  const [magic, version] = [Buffer.from(start.subarray(0, 4)), Buffer.from(start.subarray(4, 8))];
  if (!magic.equals(MAGIC)) return { kind: 'none', reason: whatItIs(start) };
  if (version.equals(COMPONENT)) return { kind: 'component' };
  if (start.length < 8) return { kind: 'damaged', reason: 'it ends after a few bytes' };
  if (!version.equals(VERSION)) return { kind: 'damaged', reason: 'its version of WebAssembly is unknown' };
  try {
    return await readSections(source);
  } catch (error) {
    if (error instanceof MalformedWasm) return { kind: 'damaged', reason: 'its sections do not add up' };
    throw error;
  }
}

async function readSections(source: WasmSource): Promise<WasmModule> {
  const lists: { imports?: readonly WasmImport[]; exports?: readonly WasmExport[] } = {};
  let sections = 0;
  for (let at = 8; at < source.size;) {
    if (++sections > MAX_SECTIONS)
      return { kind: 'unreadable', reason: `it has more than ${MAX_SECTIONS} sections` };
    const header = new WasmReader(await source.read(at, SECTION_HEADER));
    const id = header.byte();
    const size = header.number();
    const content = at + header.at;
    at = content + size;
    if (at > source.size)
      return {
        kind: 'damaged',
        reason: `it ends ${count(at - source.size, 'byte')} before its last section does`,
      };
    const name = id === SECTION.imports ? 'imports' : id === SECTION.exports ? 'exports' : undefined;
    if (name === undefined) continue;
    if (lists[name]) throw new MalformedWasm();
    if (size > MAX_LIST_BYTES) return { kind: 'unreadable', reason: `it has too many ${name}` };
    const reader = new WasmReader(await source.read(content, size));
    if (name === 'imports') lists.imports = [...reader.imports()].map(({ flags: _, ...item }) => item);
    else lists.exports = [...reader.exports()];
    if (reader.at !== size) throw new MalformedWasm();
  }
  return { kind: 'module', exports: lists.exports ?? [], imports: lists.imports ?? [] };
}

const MAGIC = Buffer.from('\0asm');
const VERSION = Buffer.from([1, 0, 0, 0]);
/** Of the component model, whose "layer" is in the upper half. */
const COMPONENT = Buffer.from([0x0d, 0, 1, 0]);

/** What lies in the place of a module now and then. */
function whatItIs(start: Uint8Array): string {
  const text = Buffer.from(start).toString('latin1').trimStart();
  if (start.length === 0) return 'it is empty';
  if (text.startsWith('version https://git-lfs'))
    return 'it is the pointer of a file in Git LFS: run "git lfs pull"';
  if (/^\((?:module|component)\b/.test(text) || text.startsWith(';;'))
    return 'it is WebAssembly text: compile it, as with "wat2wasm"';
  return 'it does not begin as one';
}
