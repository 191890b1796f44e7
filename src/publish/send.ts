// From a bindle on this machine to a server that has all of it: parcel by parcel, or as a whole through Hippo.

import type { BindleClient } from '../bindle/client.ts';
import { BindleError } from '../bindle/http.ts';
import type { Invoice } from '../bindle/invoice.ts';
import { keyringText } from '../bindle/keys.ts';
import { ParcelFileError } from '../bindle/parcel-files.ts';
import { ParcelCopyError } from '../bindle/parcel-write.ts';
import { push, type PushOptions, type PushResult } from '../bindle/push.ts';
import { keyEntry, type SigningKey } from '../bindle/signing.ts';
import { streamStandalone } from '../bindle/standalone.ts';
import type { HippoClient } from '../hippo/client.ts';
import type { MadeBindle } from './make-bindle.ts';

/** The server wants another signature; the hint says what to do. */
export class SignatureRefused extends Error {
  readonly code: 'UNSIGNED' | 'UNKNOWN_KEY';
  readonly hint: string;
  constructor(code: SignatureRefused['code'], message: string, hint: string, cause: BindleError) {
    super(message, { cause });
    this.name = 'SignatureRefused';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Pushes to a Bindle server.
 * @param key what the invoice is signed with, if it was signed here
 * @throws SignatureRefused, PushError, BindleError, and what `open` throws
 */
export async function send(options: PushOptions, key: SigningKey | undefined): Promise<PushResult> {
  try {
    return await push(options);
  } catch (error) {
    throw explainSigning(error, options.client, key) ?? error;
  }
}

/**
 * Uploads the whole bindle to Hippo, for where its Bindle server cannot be reached from here.
 * @returns how many of the parcels were new to the server
 * @throws HippoError, ParcelFileError, and what opening a parcel throws
 */
export async function sendThroughHippo(
  hippo: HippoClient,
  made: Pick<MadeBindle, 'open'>,
  invoice: Invoice,
  signal?: AbortSignal,
): Promise<number> {
  const archive = streamStandalone(invoice, made.open);
  let failure: unknown;
  archive.on('error', (error) => (failure = error));
  try {
    return (await hippo.uploadBindle(archive, { signal })).parcels;
  } catch (error) {
    // A parcel that could not be read is all that the connection has broken off for.
    const isOurs = [ParcelFileError, ParcelCopyError, BindleError].some((type) => failure instanceof type);
    throw isOurs && !signal?.aborted ? failure : error;
  } finally {
    archive.destroy();
  }
}

/** The words by which servers of 0.9 refuse an invoice for its signatures (bindle.md §3). */
const UNKNOWN_KEY = /must be verified|known key/i;
const UNSIGNED = /no signatures? found|signature found for role/i;

function explainSigning(
  error: unknown,
  client: BindleClient,
  key: SigningKey | undefined,
): SignatureRefused | undefined {
  if (!(error instanceof BindleError) || error.code !== 'REFUSED' || error.detail === undefined)
    return undefined;
  const { origin } = client.url;
  if (UNSIGNED.test(error.detail))
    return new SignatureRefused(
      'UNSIGNED',
      `${origin} takes signed bindles only (${error.detail}).`,
      'Push without --no-sign, from the project itself.',
      error,
    );
  if (!UNKNOWN_KEY.test(error.detail) || !key) return undefined;
  return new SignatureRefused(
    'UNKNOWN_KEY',
    `${origin} does not know the key "${key.label}" (${error.detail}).`,
    'The operator of the server must add this entry to its keyring (by default keyring.toml in the folder ' +
      `bindle of its configuration) and restart it:\n\n${keyringText(keyEntry(key))}`,
    error,
  );
}
