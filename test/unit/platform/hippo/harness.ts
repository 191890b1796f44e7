// Hippo's API on a port of its own with a Bindle server that is only a list, for the tests of this folder.

import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { formatId, type BindleId } from '../../../../src/bindle/id.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { readOrCreate } from '../../../../src/platform/hippo/secrets.ts';
import { openHippo, type Hippo, type HippoOptions } from '../../../../src/platform/hippo/hippo.ts';
import { ask, type Page as Answer } from '../../../support/platform.ts';

export const UNKNOWN = '00000000-0000-4000-8000-000000000000';
export const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const PASSWORD = 'correct horse';

export interface JsonAnswer extends Answer {
  json: never;
}

export interface SendOptions {
  /** A bearer; the owner's where absent, none where null. */
  token?: string | null;
  headers?: Record<string, string>;
}

export interface TestHippo {
  hippo: Hippo;
  url: string;
  directory: string;
  ownerToken: string;
  /** The machine's owner. */
  client: HippoClient;
  /** What the Bindle server holds. */
  bindles: BindleId[];
  reported: unknown[];
  removed: string[];
  stopped: string[];
  /** Bodies that are no text are sent as JSON, text as it is. */
  send: (method: string, path: string, body?: unknown, options?: SendOptions) => Promise<JsonAnswer>;
  /** A new account and its client. */
  account: (name: string) => Promise<HippoClient>;
  /** Ends it as a kill would, and starts another one on the same data. */
  restart: () => Promise<void>;
  close: () => Promise<void>;
}

export async function startHippo(root: string, more: Partial<HippoOptions> = {}): Promise<TestHippo> {
  const directory = mkdtempSync(join(root, 'hippo-'));
  const bindles: BindleId[] = [];
  const [reported, removed, stopped]: [unknown[], string[], string[]] = [[], [], []];
  const open = (): Hippo =>
    openHippo({
      directory,
      platformDomain: 'localhost',
      bindle: {
        versions: (name) => bindles.filter((id) => id.name === name).map(({ version }) => version),
        description: (id) =>
          bindles.some((known) => formatId(known) === formatId(id)) ? `About ${formatId(id)}` : undefined,
        names: () => [...new Set(bindles.map(({ name }) => name))].sort(),
        ids: () => bindles,
        store: (invoice) => {
          bindles.push(invoice.bindle);
          return Promise.resolve((invoice.parcel ?? []).length);
        },
        remove: (ids) => {
          for (const id of ids)
            bindles.splice(
              bindles.findIndex((known) => formatId(known) === formatId(id)),
              1,
            );
          return Promise.resolve({ parcels: ids.length, bytes: 0 });
        },
      },
      channelLog: (id) => [`log of ${id}`],
      followLog: async function* (id, signal) {
        yield `live log of ${id}`;
        if (!signal.aborted) await once(signal, 'abort');
      },
      channelRemoved: (id) => removed.push(id),
      channelStopped: (id) => stopped.push(id),
      health: () => ({ Status: 'Healthy' }),
      version: '1.2.3',
      report: (error) => reported.push(error),
      ...more,
    });
  let hippo = open();
  const server = createServer((request, response) => void hippo.handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ownerToken = readOrCreate(hippo.owner.file, () => '');
  const clients: HippoClient[] = [];
  const connect = (credentials: ConstructorParameters<typeof HippoClient>[0]['credentials']): HippoClient => {
    const client = new HippoClient({ url, ...(credentials && { credentials }) });
    clients.push(client);
    return client;
  };
  const client = connect({ type: 'bearer', token: ownerToken });
  return {
    get hippo() {
      return hippo;
    },
    url,
    directory,
    ownerToken,
    client,
    bindles,
    reported,
    removed,
    stopped,
    async send(method, path, body, { token = ownerToken, headers = {} } = {}) {
      const answer = await ask(url + path, {
        method,
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const isJson = /json/.test(String(answer.headers['content-type']));
      return { ...answer, json: (isJson ? JSON.parse(answer.text) : undefined) as never };
    },
    async account(name) {
      await client.register(name, PASSWORD);
      return connect({ type: 'basic', username: name, password: PASSWORD });
    },
    restart() {
      hippo.endStreams();
      hippo.close();
      hippo = open();
      return Promise.resolve();
    },
    async close() {
      hippo.endStreams();
      await Promise.all(clients.map((one) => one.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      hippo.close();
    },
  };
}
