// Pushing with its words to the user, for every command that pushes.

import type { BindleClient } from '../bindle/client.ts';
import type { Invoice, Label } from '../bindle/invoice.ts';
import type { OpenParcel } from '../bindle/parcel-files.ts';
import type { PushResult } from '../bindle/push.ts';
import type { SigningKey } from '../bindle/signing.ts';
import { send } from '../publish/send.ts';
import type { Cancel } from './cancel.ts';
import { pushProgress } from './push-progress.ts';
import type { Screen } from './screen.ts';

export interface PushJob {
  client: BindleClient;
  invoice: Invoice;
  /** What the invoice is signed with, if it was signed here. */
  key: SigningKey | undefined;
  open: (label: Label) => Promise<OpenParcel>;
  cancel: Cancel;
  quiet: boolean;
}

/** @throws SignatureRefused, PushError, BindleError, and what `open` throws */
export async function pushInvoice(screen: Screen, job: PushJob): Promise<PushResult> {
  const { client, invoice, cancel } = job;
  const progress = pushProgress(screen, client.url, job.quiet);
  try {
    return await send(
      {
        client,
        invoice,
        open: job.open,
        signal: cancel.signal,
        abort: cancel.abort,
        onEvent: progress.onEvent,
      },
      job.key,
    );
  } finally {
    progress.clear();
  }
}
