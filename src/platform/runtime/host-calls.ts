// What a guest imports for its host calls (scaffold/hostcalls/ABI.md): requests are taken from its memory, responses
// are kept for it until it has read and closed them. Whatever it passes, a wrong argument is answered by a number.

import type { HostInterface } from '../../addons/addons.ts';
import {
  ABI_LIMITS,
  ABI_VERSION,
  importModule,
  INTERFACES,
  OPERATIONS,
  STATUS,
} from '../../addons/host-calls.ts';

export interface HostCalls {
  /** Of the channel's add-ons. */
  readonly interfaces: readonly HostInterface[];
  /** Waits for the response; undefined if nobody answers. Gets bytes of its own to keep. */
  readonly call: (
    interface_: HostInterface,
    operation: string,
    request: Uint8Array,
  ) => Uint8Array | undefined;
}

type HostFunction = (...values: number[]) => number;

const HOST_MODULE = 'hippo_host';

/** @param memory of the guest; undefined as long as it has none */
export function hostCallImports(
  { interfaces, call }: HostCalls,
  memory: () => WebAssembly.Memory | undefined,
): Record<string, Record<string, HostFunction>> {
  if (interfaces.length === 0) return {};
  const responses = new Map<number, { readonly bytes: Uint8Array; read: number }>();
  let lastHandle = 0;

  /** The guest's own bytes, not a copy; undefined where they are not all in its memory. */
  const bytesAt = (pointer: number, length: number): Uint8Array | undefined => {
    const buffer = memory()?.buffer;
    const [start, size] = [pointer >>> 0, length >>> 0];
    return buffer === undefined || start + size > buffer.byteLength
      ? undefined
      : new Uint8Array(buffer, start, size);
  };

  const caller =
    (interface_: HostInterface, operation: string): HostFunction =>
    (pointer = 0, length = 0) => {
      const request = bytesAt(pointer, length);
      if (request === undefined) return STATUS.badPointer;
      if (request.length > ABI_LIMITS.request) return STATUS.requestTooLarge;
      if (responses.size >= ABI_LIMITS.handles) return STATUS.tooManyHandles;
      const bytes = call(interface_, operation, request.slice());
      if (bytes === undefined) return STATUS.unavailable;
      responses.set(++lastHandle, { bytes, read: 0 });
      return lastHandle;
    };

  const imports: Record<string, Record<string, HostFunction>> = {
    [HOST_MODULE]: {
      version: () => ABI_VERSION,
      length: (handle = 0) => responses.get(handle)?.bytes.length ?? STATUS.badHandle,
      read: (handle = 0, pointer = 0, length = 0) => {
        const response = responses.get(handle);
        if (response === undefined) return STATUS.badHandle;
        const target = bytesAt(pointer, length);
        if (target === undefined) return STATUS.badPointer;
        const part = response.bytes.subarray(response.read, response.read + target.length);
        target.set(part);
        response.read += part.length;
        return part.length;
      },
      close: (handle = 0) => (responses.delete(handle) ? 0 : STATUS.badHandle),
    },
  };
  for (const name of interfaces)
    imports[importModule(name)] = Object.fromEntries(
      OPERATIONS[name].map((operation) => [operation, caller(name, operation)]),
    );
  return imports;
}

/**
 * Why a module cannot be instantiated with these interfaces, as a clause that continues "main.wasm failed: …";
 * undefined if host calls are not the reason.
 */
export function lackingHostCalls(
  module: WebAssembly.Module,
  interfaces: readonly HostInterface[],
): string | undefined {
  const imported = WebAssembly.Module.imports(module);
  for (const name of INTERFACES) {
    const functions = imported.filter((item) => item.module === importModule(name));
    if (functions.length > 0 && !interfaces.includes(name))
      return `it imports ${importModule(name)}, which needs an add-on ${KINDS[name]} on this channel: hippo addons add ${EXAMPLES[name]}`;
    const operations: readonly string[] = OPERATIONS[name];
    const unknown = functions.find((item) => !operations.includes(item.name));
    if (unknown !== undefined)
      return `it imports ${unknown.name} from ${unknown.module}, which version ${ABI_VERSION} of the host calls does not have`;
  }
  return imported.some(({ module: from }) => from === HOST_MODULE) && interfaces.length === 0
    ? `it imports ${HOST_MODULE}, which needs an add-on on this channel: hippo addons add ${EXAMPLES.sql}`
    : undefined;
}

const KINDS: Readonly<Record<HostInterface, string>> = {
  sql: 'with a database',
  kv: 'that keeps keys and values',
};
const EXAMPLES: Readonly<Record<HostInterface, string>> = { sql: 'postgresql', kv: 'redis' };
