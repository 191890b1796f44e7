// Reads what Bindle servers hold, for who looks at it: nothing is started for that, and nobody is asked.

import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindleClient } from '../../bindle/client.ts';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import { LOCAL } from '../../session/connections.ts';
import type { App } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';

/** So many invoices are kept: they never change, and a folder that is opened asks for the same again and again. */
const KEPT = 20;

type Needs = Pick<Connections, 'core' | 'session'>;

export class BindleReader {
  readonly #connections: Needs;
  readonly #places: App['places'];
  readonly #invoices = new Map<string, Promise<Invoice>>();

  constructor(connections: Needs, places: App['places']) {
    this.#connections = connections;
    this.#places = places;
  }

  /** @throws EditorError `NOT_RUNNING`; SessionError, BindleError */
  invoice(connection: string, id: BindleId): Promise<Invoice> {
    const key = `${connection} ${formatId(id)}`;
    let reading = this.#invoices.get(key);
    if (!reading) {
      reading = this.#with(connection, (bindle) => bindle.getInvoice(id, { yanked: true }));
      this.#invoices.set(key, reading);
      reading.catch(() => this.#invoices.delete(key));
      for (const old of [...this.#invoices.keys()].slice(0, -KEPT)) this.#invoices.delete(old);
    }
    return reading;
  }

  /** Its bytes, checked against its digest. @throws as `invoice`, and ParcelCopyError */
  async content(connection: string, id: BindleId, label: Label): Promise<Uint8Array> {
    const { downloadParcel } = await this.#connections.core();
    return this.#with(connection, async (bindle) => {
      const folder = await mkdtemp(join(tmpdir(), 'hippo-file-'));
      try {
        const file = join(folder, randomUUID());
        await downloadParcel(bindle, id, label, file);
        return await readFile(file);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  async #with<T>(connection: string, work: (bindle: BindleClient) => Promise<T>): Promise<T> {
    const bindle = await (await this.#session(connection)).bindle();
    try {
      return await work(bindle);
    } finally {
      await bindle.close();
    }
  }

  async #session(name: string): Promise<Session> {
    const { findLocalPlatform } = await this.#connections.core();
    if (name === LOCAL && !(await findLocalPlatform(this.#places)))
      throw new EditorError('NOT_RUNNING', 'The local Hippo, which has this file, does not run.');
    return this.#connections.session({ connection: name, ask: false });
  }
}
