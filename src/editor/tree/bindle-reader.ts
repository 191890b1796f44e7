// Reads what Bindle servers hold, for who looks at it: nothing is started for that, and nobody is asked.

import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BindleClient } from '../../bindle/client.ts';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';

/** So many invoices are kept: they never change, and a folder that is opened asks for the same again and again. */
const KEPT = 20;

type Needs = Pick<Connections, 'core' | 'peek'>;

export class BindleReader {
  readonly #connections: Needs;
  readonly #invoices = new Map<string, Promise<Invoice>>();

  constructor(connections: Needs) {
    this.#connections = connections;
  }

  /** @throws EditorError `NOT_RUNNING`; SessionError, BindleError */
  async invoice(name: string, id: BindleId): Promise<Invoice> {
    const session = await this.#session(name);
    const { connection, platform } = session;
    // By the same name there may be another server by now, and a local Hippo that was made anew has other bindles.
    const key = [connection.hippoUrl, connection.bindleUrl, platform?.instance, formatId(id)].join(' ');
    let reading = this.#invoices.get(key);
    if (!reading) {
      reading = withBindle(session, (bindle) => bindle.getInvoice(id, { yanked: true }));
      this.#invoices.set(key, reading);
      reading.catch(() => this.#invoices.delete(key));
      for (const old of [...this.#invoices.keys()].slice(0, -KEPT)) this.#invoices.delete(old);
    }
    return reading;
  }

  /** Its bytes, checked against its digest. @throws as `invoice`, and ParcelCopyError */
  async content(connection: string, id: BindleId, label: Label): Promise<Uint8Array> {
    const { downloadParcel } = await this.#connections.core();
    return withBindle(await this.#session(connection), async (bindle) => {
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

  async #session(name: string): Promise<Session> {
    const session = await this.#connections.peek(name);
    if (session) return session;
    throw new EditorError('NOT_RUNNING', 'The local Hippo, which has this file, does not run.');
  }
}

/** A client of the Bindle server for as long as the work takes. */
export async function withBindle<T>(
  session: Pick<Session, 'bindle'>,
  work: (bindle: BindleClient) => Promise<T>,
): Promise<T> {
  const bindle = await session.bindle();
  try {
    return await work(bindle);
  } finally {
    await bindle.close();
  }
}
