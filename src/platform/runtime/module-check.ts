// Looks into a module before it is compiled for what V8's flags do not bound (WebAssembly Core §5.5): every memory
// and table of a guest may grow to the flags' limit, so their number is what has to be small.

import { MalformedWasm, MEMORY, SECTION, WasmReader } from '../../hippofacts/wasm-sections.ts';

const MAX_BYTES = 128 * 1024 * 1024;
const MAX_TABLES = 8;

/**
 * Why a module is not run, as a clause that continues "main.wasm failed: …"; undefined if nothing speaks against
 * it. Bytes that are no WebAssembly pass: the compiler says what is wrong with them.
 */
export function refusal(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_BYTES) return `its module is larger than ${MAX_BYTES} bytes`;
  try {
    return refusalOf(count(bytes));
  } catch (error) {
    if (error instanceof MalformedWasm) return undefined;
    throw error;
  }
}

interface Counts {
  memories: number;
  tables: number;
  imported: 'memory' | 'table' | undefined;
  /** The flags of every memory, joined. */
  memoryFlags: number;
}

function refusalOf({ memories, tables, imported, memoryFlags }: Counts): string | undefined {
  if (memories > 1) return `its module has ${memories} memories: a handler may have one`;
  if (imported !== undefined)
    return `its module imports a ${imported}: a handler brings its own, there is nobody to share with`;
  if (memoryFlags & MEMORY.shared) return 'its module has a shared memory: a handler runs in one thread';
  if (memoryFlags & MEMORY.wide) return 'its module has a 64-bit memory: WASI preview 1 has 32-bit addresses';
  if (tables > MAX_TABLES) return `its module has ${tables} tables: a handler may have ${MAX_TABLES}`;
  return undefined;
}

function count(bytes: Uint8Array): Counts {
  const counts: Counts = { memories: 0, tables: 0, imported: undefined, memoryFlags: 0 };
  const reader = new WasmReader(bytes);
  // The magic number and the version, which the compiler checks.
  reader.skipTo(8);
  for (const { id } of reader.sections()) {
    if (id === SECTION.tables) counts.tables += reader.number();
    if (id === SECTION.memories)
      for (const flags of reader.memories()) {
        counts.memories++;
        counts.memoryFlags |= flags;
      }
    if (id !== SECTION.imports) continue;
    for (const { kind, flags } of reader.imports()) {
      if (kind !== 'memory' && kind !== 'table') continue;
      counts.imported ??= kind;
      counts.memoryFlags |= flags;
      if (kind === 'memory') counts.memories++;
      else counts.tables++;
    }
  }
  return counts;
}
