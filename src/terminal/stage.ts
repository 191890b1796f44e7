// A project's bindle in standalone form on disk.

import { writeParcel } from '../bindle/parcel-write.ts';
import { writeStandalone } from '../bindle/standalone.ts';
import type { Made } from './project.ts';

/** Writes it below `directory` and gives its folder. What other bindles bring is on a server and left out. */
export async function stage(made: Made, directory: string, signal: AbortSignal): Promise<string> {
  return writeStandalone(directory, made.invoice, async (label, file) => {
    signal.throwIfAborted();
    if (made.isExternal(label.sha256)) return;
    const parcel = await made.open(label);
    try {
      await writeParcel(file, label, parcel.content(), signal);
    } finally {
      await parcel.close();
    }
  });
}
