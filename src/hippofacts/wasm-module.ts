// What a WebAssembly binary exports and imports, read from its sections without compiling it.

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

/** `component`: of the component model, whose sections are others. `damaged` and `none` say why as a clause. */
export type WasmModule =
  | {
      readonly kind: 'module';
      readonly exports: readonly WasmExport[];
      readonly imports: readonly WasmImport[];
    }
  | { readonly kind: 'component' }
  | { readonly kind: 'damaged' | 'none' | 'unreadable'; readonly reason: string };
