// A project's bindle in standalone form on disk.

import type { Invoice } from '../bindle/invoice.ts';
import { writeParcel } from '../bindle/parcel-write.ts';
import { writeStandalone } from '../bindle/standalone.ts';
import type { MadeBindle } from './make-bindle.ts';

/** Writes it below `directory` and gives its folder; what other bindles bring is left out: a server has it. */
export async function stage(
  made: Pick<MadeBindle, 'open' | 'isExternal'>,
  invoice: Invoice,
  directory: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<string> {
  return writeStandalone(directory, invoice, async (label, file) => {
    signal?.throwIfAborted();
    if (made.isExternal(label.sha256)) return;
    const parcel = await made.open(label);
    try {
      await writeParcel(file, label, parcel.content(), signal);
    } finally {
      await parcel.close();
    }
  });
}
