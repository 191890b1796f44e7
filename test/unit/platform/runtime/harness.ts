// A runtime with a Bindle server's content and a log, behind an HTTP server on which the Host names the channel.

import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BindleId } from '../../../../src/bindle/id.ts';
import type { Invoice, Parcel } from '../../../../src/bindle/invoice.ts';
import {
  createRuntime,
  type Limits,
  type RunningChannel,
  type Runtime,
  type RuntimeOptions,
} from '../../../../src/platform/runtime/runtime.ts';
import { sha256 } from '../../../support/bindles.ts';
import { ask, type Page } from '../../../support/platform.ts';
import { compile } from '../../../support/wasm.ts';

const programs = {
  process: new URL('../../../../src/platform/runtime/process.ts', import.meta.url),
  worker: new URL('../../../../src/platform/runtime/worker.ts', import.meta.url),
};

export interface HandlerSource {
  source?: string;
  bytes?: Buffer;
  /** Several exports, set up by `_initialize`. */
  reactor?: true;
  entrypoint?: string;
  argv?: string;
}

export interface HostCalls extends Pick<RuntimeOptions, 'hostCall' | 'runEnded'> {
  addons: (channel: string) => NonNullable<RunningChannel['addons']>;
}

export class Channels {
  readonly invoices = new Map<string, Invoice>();
  readonly parcels = new Map<string, Buffer>();
  readonly environments = new Map<string, Record<string, string>>();
  readonly logs = new Map<string, string[]>();
  readonly changes: string[] = [];
  readonly runtime: Runtime;
  readonly server: Server;
  readonly #versions = new Map<string, string>();

  private constructor(limits: Partial<Limits>, { addons = () => [], ...hostCalls }: Partial<HostCalls>) {
    this.runtime = createRuntime({
      programs,
      readInvoice: ({ name, version }: BindleId) => this.invoices.get(`${name}/${version}`),
      readParcel: (digest) => Promise.resolve(this.parcels.get(digest)),
      missingParcels: (digests) => Promise.resolve(digests.filter((digest) => !this.parcels.has(digest))),
      log: (id, text) => void this.logs.set(id, [...(this.logs.get(id) ?? []), text]),
      statusChanged: (id) => void this.changes.push(id),
      limits,
      ...hostCalls,
    });
    this.server = createServer((request, response) => {
      const id = request.headers.host ?? '';
      const environment = this.environments.get(id) ?? {};
      const server = { scheme: 'http', defaultHost: id } as const;
      const channel = { id, bindle: this.bindle(id), environment, addons: addons(id) };
      void this.runtime.handle(channel, server, request, response);
    });
  }

  static async start(limits: Partial<Limits>, hostCalls: Partial<HostCalls> = {}): Promise<Channels> {
    const channels = new Channels(limits, hostCalls);
    await new Promise<void>((resolve) => channels.server.listen(0, '127.0.0.1', resolve));
    return channels;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.runtime.stop();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** What a channel runs: `app.2` is one more channel of the app `app`. */
  bindle(channel: string): BindleId {
    const [name = channel] = channel.split('.');
    return { name, version: this.#versions.get(name) ?? '1.0.0' };
  }

  status(channel: string): ReturnType<Runtime['status']> {
    return this.runtime.status({ id: channel, bindle: this.bindle(channel) });
  }

  visit(channel: string, path = '/', options: Parameters<typeof ask>[1] = {}): Promise<Page> {
    return ask(`http://127.0.0.1:${this.port}${path}`, {
      ...options,
      headers: { ...options.headers, host: channel },
    });
  }

  /** A bindle with one module a route; `files` are required by all of them. */
  async install(
    channel: string,
    handlers: Record<string, HandlerSource>,
    files: Record<string, string> = {},
    version = '1.0.0',
  ): Promise<void> {
    const parcel: Parcel[] = [];
    for (const [route, { source = '', bytes, reactor, entrypoint, argv }] of Object.entries(handlers)) {
      const module = bytes ?? (await compile(source, ...(reactor ? ['--exportStart', '_initialize'] : [])));
      parcel.push({
        label: {
          sha256: this.#store(module),
          mediaType: 'application/wasm',
          name: 'main.wasm',
          size: module.length,
          feature: { wagi: { route, ...(entrypoint ? { entrypoint } : {}), ...(argv ? { argv } : {}) } },
        },
        conditions: { requires: ['files'] },
      });
    }
    for (const [name, text] of Object.entries(files)) {
      const bytes = Buffer.from(text);
      parcel.push({
        label: {
          sha256: this.#store(bytes),
          mediaType: 'text/plain',
          name,
          size: bytes.length,
          feature: { wagi: { file: 'true' } },
        },
        conditions: { memberOf: ['files'] },
      });
    }
    this.#versions.set(channel, version);
    this.invoices.set(`${channel}/${version}`, {
      bindleVersion: '1.0.0',
      bindle: { name: channel, version },
      parcel,
    });
  }

  #store(bytes: Buffer): string {
    this.parcels.set(sha256(bytes), bytes);
    return sha256(bytes);
  }
}

/** AssemblyScript that answers with the value of an expression. */
export function says(expression: string): string {
  return `process.stdout.write('content-type: text/plain\\n\\n' + ${expression});`;
}

/** From /proc (Linux): this process's runtime processes. */
export function runtimeProcesses(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
        const [state, parent] = fields.split(' ');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return state !== 'Z' && Number(parent) === process.pid && command.includes('runtime/process.ts');
      } catch {
        return false;
      }
    });
}

/** MiB that a process has in memory (Linux). */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
