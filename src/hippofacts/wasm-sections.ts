// The sections of a WebAssembly binary and the lists in them (WebAssembly Core §5.5), read without compiling it.

export type WasmItemKind = 'function' | 'table' | 'memory' | 'global' | 'tag';

export interface WasmExport {
  readonly name: string;
  readonly kind: WasmItemKind;
}

export interface WasmImport {
  readonly module: string;
  readonly name: string;
  readonly kind: WasmItemKind;
}

export interface WasmImportEntry extends WasmImport {
  /** The flags of its limits, if it is a memory: see `MEMORY`. */
  readonly flags: number;
}

/** Ids of the sections that are read. */
export const SECTION = { imports: 2, tables: 4, memories: 5, exports: 7 } as const;

/** Flags of a memory (§5.3.11 and the threads and memory64 proposals). */
export const MEMORY = { shared: 0x02, wide: 0x04 } as const;

/** By the number that imports and exports have for them. */
const KINDS: readonly WasmItemKind[] = ['function', 'table', 'memory', 'global', 'tag'];

/** What the binary's own numbers contradict. */
export class MalformedWasm extends Error {
  constructor() {
    super('The sections of the module do not add up.');
    this.name = 'MalformedWasm';
  }
}

export class WasmReader {
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
    if (byte === undefined) throw new MalformedWasm();
    return byte;
  }

  /** LEB128 without sign (§5.2.2), of at most 32 bits; of 64-bit numbers the size is right, and the low digits are not. */
  number(bits: 32 | 64 = 32): number {
    let value = 0;
    for (let shift = 0; shift < bits; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value >= 2 ** bits) throw new MalformedWasm();
        return value;
      }
    }
    throw new MalformedWasm();
  }

  skipTo(position: number): void {
    if (position < this.at) throw new MalformedWasm();
    this.at = position;
  }

  /** Section by section; what is not read of one is skipped. */
  *sections(): Generator<{ id: number; end: number }> {
    while (!this.atEnd) {
      const id = this.byte();
      const end = this.number() + this.at;
      yield { id, end };
      this.skipTo(end);
    }
  }

  /** Of an import section, one after the other: a hostile module has millions. */
  imports(): Generator<WasmImportEntry> {
    return this.#list(() => {
      const module = this.#name();
      const name = this.#name();
      const kind = this.#kind();
      return { module, name, kind, flags: this.#type(kind) };
    });
  }

  /** Of an export section. */
  exports(): Generator<WasmExport> {
    return this.#list(() => {
      const name = this.#name();
      const kind = this.#kind();
      this.number();
      return { name, kind };
    });
  }

  /** The flags of each memory in a memory section. */
  memories(): Generator<number> {
    return this.#list(() => this.#limits());
  }

  *#list<T>(item: () => T): Generator<T> {
    for (let left = this.number(); left > 0; left--) yield item();
  }

  #name(): string {
    const length = this.number();
    const start = this.at;
    const end = start + length;
    if (end > this.#bytes.length) throw new MalformedWasm();
    this.at = end;
    try {
      return UTF8.decode(this.#bytes.subarray(start, end));
    } catch {
      throw new MalformedWasm();
    }
  }

  #kind(): WasmItemKind {
    const kind = KINDS[this.byte()];
    if (kind === undefined) throw new MalformedWasm();
    return kind;
  }

  /** The type of an import; the flags of a memory's. */
  #type(kind: WasmItemKind): number {
    if (kind === 'memory') return this.#limits();
    if (kind === 'function') this.number();
    else if (kind === 'table') {
      this.#valueType();
      this.#limits();
    } else if (kind === 'global') {
      this.#valueType();
      this.byte();
    } else {
      // A tag: an attribute and a type.
      this.byte();
      this.number();
    }
    return 0;
  }

  /** @returns the flags */
  #limits(): number {
    const flags = this.byte();
    this.number(64);
    if (flags & 1) this.number(64);
    return flags;
  }

  /** One byte, or a reference with its heap type (§5.3.5). */
  #valueType(): void {
    const byte = this.byte();
    if (byte === 0x63 || byte === 0x64) this.number(64);
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
