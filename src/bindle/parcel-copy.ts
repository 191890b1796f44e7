// Parcels of a server into files.

import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BindleClient } from './client.ts';
import { BindleError, connectionError } from './http.ts';
import { formatId, type BindleId } from './id.ts';
import type { Label } from './invoice.ts';
import { ParcelFiles, type OpenParcel } from './parcel-files.ts';
import { ParcelCopyError, writeParcel } from './parcel-write.ts';

/** Downloads one parcel into a file. @throws BindleError, ParcelCopyError */
export async function downloadParcel(
  client: BindleClient,
  id: BindleId,
  label: Label,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  const body = await client.getParcel(id, label.sha256, { signal }).catch((error: unknown) => {
    if (!(error instanceof BindleError) || error.code !== 'NOT_FOUND') throw error;
    throw new ParcelCopyError(
      'NOT_THERE',
      `${formatId(id)} is not whole on ${client.url.origin}: it lacks ${label.name}.`,
      'Who pushed it can complete it by pushing it again.',
      { cause: error },
    );
  });
  try {
    await writeParcel(file, label, body as AsyncIterable<Buffer>, signal);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    // Our own errors are sentences; what is left is a connection that broke off in the body.
    throw error instanceof ParcelCopyError ? error : connectionError(error, client.url);
  } finally {
    body.destroy();
  }
}

/** A parcel of another server as one that can be sent: it is downloaded and checked first. */
export async function openRemoteParcel(
  client: BindleClient,
  id: BindleId,
  label: Label,
  directory: string,
  signal?: AbortSignal,
): Promise<OpenParcel> {
  const file = join(directory, `${label.sha256}-${randomUUID()}`);
  await downloadParcel(client, id, label, file, signal);
  const parcel = await new ParcelFiles().open(file, label);
  return {
    ...parcel,
    close: async () => {
      await parcel.close();
      await rm(file, { force: true });
    },
  };
}
