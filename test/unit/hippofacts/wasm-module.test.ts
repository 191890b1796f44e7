// What is read of a WebAssembly binary, held against what V8 makes of it.

import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readWasm, readWasmFile, type WasmSource } from '../../../src/hippofacts/wasm-module.ts';
import { runs } from '../../support/runs.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { compile, sketch } from '../../support/wasm.ts';

function isValid(bytes: Uint8Array): boolean {
  try {
    return new WebAssembly.Module(bytes) instanceof WebAssembly.Module;
  } catch {
    return false;
  }
}

/** Bytes, and how much of them has been read. */
function source(bytes: Uint8Array, size = bytes.length): WasmSource & { taken: number; reads: number } {
  return {
    size,
    taken: 0,
    reads: 0,
    read(offset, length) {
      this.reads++;
      this.taken += length;
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
  };
}

const unsigned = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
const text = (value: string): number[] => [...unsigned(Buffer.byteLength(value)), ...Buffer.from(value)];
const section = (id: number, content: number[]): number[] => [id, ...unsigned(content.length), ...content];
const list = (items: number[][]): number[] => [...unsigned(items.length), ...items.flat()];
const START = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** A valid module with these imports, exports of all kinds, and custom sections between. */
const modules = fc
  .record({
    imports: fc.array(
      fc.tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.string({ maxLength: 200 }), fc.nat(4)),
      { maxLength: 6 },
    ),
    exports: fc.uniqueArray(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.nat(4)), {
      maxLength: 8,
      selector: ([name]) => name,
    }),
    custom: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }),
  })
  .map(({ imports, exports, custom }) => {
    const types = [[0], [0x70, 0, 1], [0, 1], [0x7f, 0], [0, 0]];
    // One memory at most.
    const memories = imports.filter(([, , kind]) => kind === 2).length;
    const imported = imports
      .filter(
        ([, , kind], index) =>
          kind !== 2 || memories < 2 || imports.findIndex(([, , k]) => k === 2) === index,
      )
      .map(([module, name, kind]) => [
        ...text(module.toWellFormed()),
        ...text(name.toWellFormed()),
        kind,
        ...(types[kind] ?? []),
      ]);
    const hasMemory = memories > 0;
    const customs = custom.map((bytes) => section(0, [...text('x'), ...bytes]));
    return Buffer.from([
      ...START,
      ...(customs[0] ?? []),
      ...section(1, list([[0x60, 0, 0]])),
      ...section(2, list(imported)),
      ...section(3, list([[0]])),
      ...section(4, list([[0x70, 0, 1]])),
      ...section(5, list(hasMemory ? [] : [[0, 1]])),
      ...section(13, list([[0, 0]])),
      ...section(6, list([[0x7f, 0, 0x41, 0, 0x0b]])),
      ...(customs[1] ?? []),
      ...section(7, list(exports.map(([name, kind]) => [...text(name.toWellFormed()), kind, 0]))),
      ...section(10, list([[2, 0, 0x0b]])),
      ...(customs[2] ?? []),
    ]);
  });

describe('a valid module', () => {
  test('has the imports and exports that V8 finds', async () => {
    await fc.assert(
      fc.asyncProperty(modules, async (bytes) => {
        const module = new WebAssembly.Module(bytes);
        expect(await readWasm(source(bytes))).toEqual({
          kind: 'module',
          imports: WebAssembly.Module.imports(module).map(({ module: from, name, kind }) => ({
            module: from,
            name,
            kind,
          })),
          exports: WebAssembly.Module.exports(module),
        });
      }),
      { numRuns: runs(200) },
    );
  });

  test('of a compiler is read from its file', async () => {
    const file = join(temporaryFolder(), 'm.wasm');
    writeFileSync(file, await compile('export function main(): void {} process.stdout.write("x");'));
    const read = await readWasmFile(file);
    expect(read).toMatchObject({
      kind: 'module',
      exports: expect.arrayContaining([{ name: '_start', kind: 'function' }]) as unknown,
      imports: expect.arrayContaining([
        { module: 'wasi_snapshot_preview1', name: 'fd_write', kind: 'function' },
      ]) as unknown,
    });
  });

  test('costs a few small reads, however large it is', async () => {
    const code = 3_000_000_000;
    const start = Buffer.from([...START, 10, ...unsigned(code)]);
    const end = Buffer.from(section(7, list([[...text('_start'), 0, 0]])));
    const huge: WasmSource & { taken: number } = {
      size: start.length + code + end.length,
      taken: 0,
      read(offset, length) {
        this.taken += length;
        const from =
          offset < start.length ? start.subarray(offset) : end.subarray(offset - start.length - code);
        return Promise.resolve(from.subarray(0, length));
      },
    };
    expect(await readWasm(huge)).toMatchObject({ exports: [{ name: '_start', kind: 'function' }] });
    expect(huge.taken).toBeLessThan(1000);
  });
});

describe('what is no module', () => {
  const module = sketch({ tables: [1], imports: [['a', 'b', [0, 0]]], functions: [[]] });

  test.each<[string, Uint8Array, object]>([
    ['nothing', Buffer.alloc(0), { kind: 'none', reason: 'it is empty' }],
    ['a page', Buffer.from('<!doctype html>'), { kind: 'none', reason: 'it does not begin as one' }],
    [
      'its text',
      Buffer.from('\n(module)'),
      { kind: 'none', reason: expect.stringContaining('wat2wasm') as string },
    ],
    [
      'a pointer',
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:1\n'),
      { kind: 'none', reason: expect.stringContaining('git lfs pull') as string },
    ],
    ['a component', Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0, 7, 1, 0]), { kind: 'component' }],
    ['its first bytes', Buffer.from('\0asm'), { kind: 'damaged' }],
    ['another version', Buffer.from([0, 0x61, 0x73, 0x6d, 2, 0, 0, 0]), { kind: 'damaged' }],
    [
      'a cut module',
      module.subarray(0, -1),
      { kind: 'damaged', reason: expect.stringContaining('1 byte') as string },
    ],
    ['a wrong count', Buffer.from([...START, ...section(7, [5])]), { kind: 'damaged' }],
    ['a wrong size', Buffer.from([...START, ...section(7, [0, 0])]), { kind: 'damaged' }],
    [
      'a name that is no UTF-8',
      Buffer.from([...START, ...section(7, [1, 1, 0xff, 0, 0])]),
      { kind: 'damaged' },
    ],
    ['an endless number', Buffer.from([...START, 7, 0x80, 0x80, 0x80, 0x80, 0x80, 0]), { kind: 'damaged' }],
    ['two lists', Buffer.from([...START, ...section(7, [0]), ...section(7, [0])]), { kind: 'damaged' }],
    [
      'very many sections',
      Buffer.concat([Buffer.from(START), Buffer.alloc(100_000)]),
      { kind: 'unreadable', reason: expect.stringContaining('sections') as string },
    ],
  ])('%s', async (_, bytes, expected) => {
    expect(await readWasm(source(bytes))).toMatchObject(expected);
  });

  test('a list of many megabytes is not read', async () => {
    const bytes = Buffer.from([...START, 7, ...unsigned(50_000_000)]);
    const from = source(bytes, 60_000_000);
    expect(await readWasm(from)).toMatchObject({ kind: 'unreadable' });
    expect(from.taken).toBeLessThan(1000);
  });

  test('random damage never throws, and is never read beyond its end', async () => {
    await fc.assert(
      fc.asyncProperty(
        modules,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(),
        async (bytes, changes, cut) => {
          const damaged = Buffer.from(bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length));
          for (const [at, byte] of changes) if (damaged.length > 0) damaged[at % damaged.length] = byte;
          const from = source(damaged);
          const read = await readWasm(from);
          expect(['module', 'component', 'none', 'damaged', 'unreadable']).toContain(read.kind);
          expect(from.reads).toBeLessThan(5000);
          // What V8 takes is understood.
          if (isValid(damaged)) expect(read.kind).toBe('module');
        },
      ),
      { numRuns: runs(500) },
    );
  });

  test('a file that is not there is an error of the file system', async () => {
    await expect(readWasmFile(join(temporaryFolder(), 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
