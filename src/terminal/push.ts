// Pushing with its words to the user, for every command that pushes.

import type { BindleClient } from '../bindle/client.ts';
import { BindleError } from '../bindle/http.ts';
import type { Invoice, Label } from '../bindle/invoice.ts';
import { keyringText } from '../bindle/keys.ts';
import type { OpenParcel } from '../bindle/parcel-files.ts';
import { push, type PushResult } from '../bindle/push.ts';
import { keyEntry, type SigningKey } from '../bindle/signing.ts';
import type { Cancel } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
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

/** @throws CommandError, PushError, BindleError, and what `open` throws */
export async function pushInvoice(screen: Screen, job: PushJob): Promise<PushResult> {
  const { client, invoice, cancel } = job;
  const progress = pushProgress(screen, client.url, job.quiet);
  try {
    return await push({
      client,
      invoice,
      open: job.open,
      signal: cancel.signal,
      abort: cancel.abort,
      onEvent: progress.onEvent,
    });
  } catch (error) {
    throw explainSigning(error, job) ?? error;
  } finally {
    progress.clear();
  }
}

/** The words by which servers of 0.9 refuse an invoice for its signatures (bindle.md §3). */
const UNKNOWN_KEY = /must be verified|known key/i;
const UNSIGNED = /no signatures? found|signature found for role/i;

function explainSigning(error: unknown, { client, key }: PushJob): CommandError | undefined {
  if (!(error instanceof BindleError) || error.code !== 'REFUSED' || error.detail === undefined)
    return undefined;
  const { origin } = client.url;
  if (UNSIGNED.test(error.detail))
    return new CommandError(`${origin} takes signed bindles only (${error.detail}).`, {
      hint: 'Push without --no-sign, from the project itself.',
      exitCode: EXIT.denied,
    });
  if (!UNKNOWN_KEY.test(error.detail) || !key) return undefined;
  return new CommandError(`${origin} does not know the key "${key.label}" (${error.detail}).`, {
    hint:
      'The operator of the server must add this entry to its keyring (by default keyring.toml in the folder ' +
      `bindle of its configuration) and restart it:\n\n${keyringText(keyEntry(key))}`,
    exitCode: EXIT.denied,
  });
}
