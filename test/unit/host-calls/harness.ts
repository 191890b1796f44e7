// Channels whose guests make host calls to services of their own, and guests that pass on what a visitor sends.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostInterface } from '../../../src/addons/addons.ts';
import { hostInterface } from '../../../src/addons/host-calls.ts';
import { createServices, type Services } from '../../../src/platform/addons/services/services.ts';
import type { ServiceLimits } from '../../../src/platform/addons/services/service.ts';
import type { Limits } from '../../../src/platform/runtime/runtime.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { Channels } from '../platform/runtime/harness.ts';

export const sqliteProgram = new URL(
  '../../../src/platform/addons/services/sqlite-process.ts',
  import.meta.url,
);

export class HostCallChannels {
  readonly folder = temporaryFolder();
  /** Channel → add-on → credentials. */
  readonly credentials = new Map<string, Map<string, Record<string, unknown>>>();
  readonly reported: unknown[] = [];
  readonly services: Services;
  #channels: Channels | undefined;

  constructor(limits: Partial<ServiceLimits> = {}) {
    this.services = createServices({
      credentialsOf: (channel, addon) => this.credentials.get(channel)?.get(addon),
      sqliteDirectory: this.folder,
      sqliteProgram,
      log: (channel, text) => this.log(channel).push(text),
      report: (error) => this.reported.push(error),
      limits,
    });
  }

  async start(limits: Partial<Limits> = {}): Promise<void> {
    this.#channels = await Channels.start(limits, {
      hostCall: (call, signal) => this.services.call(call, signal),
      runEnded: (runId) => this.services.runEnded(runId),
      addons: (channel) =>
        [...(this.credentials.get(channel) ?? [])].map(([name, credentials]) => ({
          name,
          interface: hostInterface(credentials),
        })),
    });
  }

  async stop(): Promise<void> {
    await this.#channels?.stop();
    await this.services.stop();
    if (this.reported.length > 0) throw new AggregateError(this.reported, 'The host has failed.');
  }

  get channels(): Channels {
    if (this.#channels === undefined) throw new Error('start it first');
    return this.#channels;
  }

  log(channel: string): string[] {
    const { logs } = this.channels;
    const lines = logs.get(channel) ?? [];
    logs.set(channel, lines);
    return lines;
  }

  bind(channel: string, addon: string, credentials: Record<string, unknown>): void {
    const bound = this.credentials.get(channel) ?? new Map<string, Record<string, unknown>>();
    this.credentials.set(channel, bound.set(addon, credentials));
  }

  /** Credentials of a new SQLite file. */
  sqliteFile(maxBytes = 10 * 1024 * 1024): { uri: string; max_bytes: number } {
    const id = randomBytes(16).toString('hex');
    writeFileSync(this.pathOf({ uri: `sqlite:${id}` }), '');
    return { uri: `sqlite:${id}`, max_bytes: maxBytes };
  }

  pathOf({ uri }: { uri: string }): string {
    return join(this.folder, `${uri.slice('sqlite:'.length)}.db`);
  }

  /** A channel whose guest makes the host calls that its visitor sends, one on each line. */
  async install(channel: string, ...interfaces: HostInterface[]): Promise<void> {
    await this.channels.install(channel, { '/': { source: relay(interfaces) } });
  }

  /** Makes these host calls in one run, one after the other. */
  async call(channel: string, ...calls: [operation: string, request: unknown][]): Promise<Response[]> {
    const body = calls
      .map(
        ([operation, request]) =>
          `${operation} ${typeof request === 'string' ? request : JSON.stringify(request)}`,
      )
      .join('\n');
    const page = await this.channels.visit(channel, '/', { method: 'POST', body });
    if (page.status !== 200) throw new Error(`${page.status}: ${page.text}\n${this.log(channel).join('\n')}`);
    return page.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Response);
  }
}

export interface Response {
  version: number;
  error?: { code: string; message: string; sqlState?: string };
  rows?: unknown[][];
  columns?: { name: string; type: string }[];
  affected?: number;
  [key: string]: unknown;
}

const FUNCTIONS: Record<HostInterface, readonly string[]> = {
  sql: ['query', 'begin', 'commit', 'rollback'],
  kv: ['get', 'set', 'delete', 'increment', 'expire', 'list'],
};

/** AssemblyScript: standard input is lines of operation and request, standard output a response or a number each. */
export function relay(interfaces: readonly HostInterface[]): string {
  const operations = interfaces.flatMap((name) => FUNCTIONS[name].map((operation) => ({ name, operation })));
  return `
    ${operations
      .map(
        ({ name, operation }) =>
          `@external('hippo_${name}', '${operation}') declare function ${operation}_(pointer: usize, length: i32): i32;`,
      )
      .join('\n')}
    @external('hippo_host', 'length') declare function length_(handle: i32): i32;
    @external('hippo_host', 'read') declare function read_(handle: i32, pointer: usize, length: i32): i32;
    @external('hippo_host', 'close') declare function close_(handle: i32): i32;

    function call(operation: string, request: string): i32 {
      const bytes = String.UTF8.encode(request);
      const pointer = changetype<usize>(bytes);
      ${operations.map(({ operation }) => `if (operation == '${operation}') return ${operation}_(pointer, bytes.byteLength);`).join('\n')}
      return -100;
    }

    const parts: string[] = [];
    const buffer = new ArrayBuffer(65536);
    const input = new Array<u8>();
    for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer)) {
      const bytes = Uint8Array.wrap(buffer, 0, n);
      for (let i = 0; i < n; i++) input.push(bytes[i]);
    }
    process.stdout.write('content-type: text/plain\\n\\n');
    const lines = String.UTF8.decodeUnsafe(input.dataStart, input.length).split('\\n');
    for (let i = 0; i < lines.length; i++) {
      const blank = lines[i].indexOf(' ');
      const operation = lines[i].substring(0, blank);
      if (operation == 'spin') while (true) {}
      if (operation == 'trap') unreachable();
      const handle = call(operation, lines[i].substring(blank + 1));
      if (handle <= 0) {
        process.stdout.write(handle.toString() + '\\n');
        continue;
      }
      const response = new ArrayBuffer(length_(handle));
      read_(handle, changetype<usize>(response), response.byteLength);
      close_(handle);
      process.stdout.write(response);
      process.stdout.write('\\n');
    }
  `;
}
