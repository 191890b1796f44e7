// Looks into a module before it is compiled for what V8's flags do not bound (WebAssembly Core §5.5): every memory
// and table of a guest may grow to the flags' limit, so their number is what has to be small.

const MAX_BYTES = 128 * 1024 * 1024;
const MAX_TABLES = 8;

const IMPORTS = 2;
const TABLES = 4;
const MEMORIES = 5;

/** External kinds of an import. */
const FUNCTION = 0;
const TABLE = 1;
const MEMORY = 2;
const GLOBAL = 3;

/**
 * Why a module is not run, as a clause that continues "main.wasm failed: …"; undefined if nothing speaks against
 * it. Bytes that are no WebAssembly pass: the compiler says what is wrong with them.
 */
export function refusal(bytes: Uint8Array): string | undefined {
  if (bytes.length > MAX_BYTES) return `its module is larger than ${MAX_BYTES} bytes`;
  try {
    return refusalOf(readSections(new Reader(bytes)));
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
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

const SHARED = 0x02;
const WIDE = 0x04;

function refusalOf({ memories, tables, imported, memoryFlags }: Counts): string | undefined {
  if (memories > 1) return `its module has ${memories} memories: a handler may have one`;
  if (imported !== undefined)
    return `its module imports a ${imported}: a handler brings its own, there is nobody to share with`;
  if (memoryFlags & SHARED) return 'its module has a shared memory: a handler runs in one thread';
  if (memoryFlags & WIDE) return 'its module has a 64-bit memory: WASI preview 1 has 32-bit addresses';
  if (tables > MAX_TABLES) return `its module has ${tables} tables: a handler may have ${MAX_TABLES}`;
  return undefined;
}

function readSections(reader: Reader): Counts {
  const counts: Counts = { memories: 0, tables: 0, imported: undefined, memoryFlags: 0 };
  // The magic number and the version, which the compiler checks.
  reader.skip(8);
  while (!reader.atEnd) {
    const id = reader.byte();
    const end = reader.number() + reader.at;
    if (id === IMPORTS) readImports(reader, counts);
    if (id === TABLES) counts.tables += reader.number();
    if (id === MEMORIES) {
      const count = reader.number();
      counts.memories += count;
      for (let index = 0; index < count; index++) counts.memoryFlags |= reader.limits();
    }
    reader.skipTo(end);
  }
  return counts;
}

function readImports(reader: Reader, counts: Counts): void {
  for (let left = reader.number(); left > 0; left--) {
    reader.skip(reader.number());
    reader.skip(reader.number());
    const kind = reader.byte();
    if (kind === FUNCTION) reader.number();
    else if (kind === MEMORY) {
      counts.memories++;
      counts.imported ??= 'memory';
      counts.memoryFlags |= reader.limits();
    } else if (kind === TABLE) {
      counts.tables++;
      counts.imported ??= 'table';
      reader.type();
      reader.limits();
    } else if (kind === GLOBAL) {
      reader.type();
      reader.byte();
    } else {
      // A tag: an attribute and a type.
      reader.byte();
      reader.number();
    }
  }
}

class MalformedError extends Error {}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new MalformedError();
    return byte;
  }

  /** LEB128 without sign (§5.2.2); of 64-bit numbers only the size is read. */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedError();
  }

  skip(bytes: number): void {
    this.skipTo(this.at + bytes);
  }

  skipTo(position: number): void {
    if (position < this.at) throw new MalformedError();
    this.at = position;
  }

  /** @returns the flags */
  limits(): number {
    const flags = this.byte();
    this.number();
    if (flags & 1) this.number();
    return flags;
  }

  /** A value type: one byte, or a reference with its heap type (§5.3.5). */
  type(): void {
    const byte = this.byte();
    if (byte === 0x63 || byte === 0x64) this.number();
  }
}
