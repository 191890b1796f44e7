// A project's bindle in standalone form on disk.

import type { Invoice } from '../bindle/invoice.ts';
import { writeParcel } from '../bindle/parcel-write.ts';
import { writeStandalone } from '../bindle/standalone.ts';
import type { MadeBindle } from './make-bindle.ts';

/**
 * Writes it below `directory` and gives its folder.
 * @param options.whole with what other bindles bring, which is on a server already and else left out
 */
export async function stage(
  made: Pick<MadeBindle, 'open' | 'isExternal'>,
  invoice: Invoice,
  directory: string,
  options: { whole?: boolean; signal?: AbortSignal } = {},
): Promise<string> {
  const { whole = false, signal } = options;
  return writeStandalone(directory, invoice, async (label, file) => {
    signal?.throwIfAborted();
    if (!whole && made.isExternal(label.sha256)) return;
    const parcel = await made.open(label);
    try {
      await writeParcel(file, label, parcel.content(), signal);
    } finally {
      await parcel.close();
    }
  });
}
