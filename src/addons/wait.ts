// Waiting until what was asked of an add-on is done.

import { setTimeout as delay } from 'node:timers/promises';
import { HippoError } from '../hippo/errors.ts';
import { visible } from '../hippofacts/text.ts';
import type { AddonItem, OperationItem } from './addons.ts';
import type { AddonsClient } from './client.ts';
import { operationText } from './words.ts';

export interface WaitForAddonOptions {
  readonly signal?: AbortSignal | undefined;
  /** The broker's own words, each time they are others. */
  readonly onProgress?: (words: string) => void;
}

/** The operation has ended and did not work; the message has the broker's own words. */
export class AddonFailedError extends Error {
  readonly code = 'ADDON_FAILED';
  readonly hint: string;
  constructor(addon: AddonItem, operation: OperationItem) {
    const { name, appName, state } = addon;
    const words = operation.message ?? addon.message;
    super(
      `${name} of ${appName}: ${operationText(operation)} failed${words === null ? '' : `: ${visible(words).replace(/\.$/, '')}`}.`,
    );
    this.name = 'AddonFailedError';
    this.hint =
      state === 'usable'
        ? 'It works as before.'
        : state === 'attention'
          ? `\`hippo addons show ${name} --app ${appName}\` says what to do.`
          : state === 'failed'
            ? `It cannot be used: \`hippo addons remove ${name} --app ${appName}\` removes what is left of it.`
            : `\`hippo addons show ${name} --app ${appName}\` says how it is.`;
  }
}

/** Milliseconds between two looks: at first and, growing, in the end. */
const FIRST_PAUSE = 100;
const LAST_PAUSE = 2000;
/** Failures of one look that the next may not meet. */
const TRANSIENT: ReadonlySet<string> = new Set(['UNREACHABLE', 'BROKEN', 'SERVER', 'LIMITED']);
/** So many of them in a row end the wait. */
const PATIENCE = 10;

/**
 * Waits until nothing is under way with an add-on any more.
 * @param begun as the request answered that began it
 * @returns the add-on as it is then; undefined if it is gone
 * @throws AddonFailedError if what was begun, or what followed from it, failed; HippoError; the signal's reason
 */
export async function waitForAddon(
  client: AddonsClient,
  begun: AddonItem,
  { signal, onProgress }: WaitForAddonOptions = {},
): Promise<AddonItem | undefined> {
  const since = begun.operation;
  let addon: AddonItem | undefined = begun;
  let said: string | undefined;
  let failures = 0;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LAST_PAUSE)) {
    if (!isUnderWay(addon)) break;
    const words: string | null = addon.operation?.message ?? addon.message;
    if (words !== null && words !== said) onProgress?.((said = words));
    await delay(pause, undefined, { ...(signal && { signal }) }).catch((error: unknown) => {
      throw signal?.reason ?? error;
    });
    try {
      addon = await client.addon(begun.id, { signal });
      failures = 0;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HippoError)) throw error;
      if (error.code === 'NOT_FOUND') return undefined;
      if (!TRANSIENT.has(error.code) || ++failures >= PATIENCE) throw error;
    }
  }
  const failed = await failureSince(client, addon, since, signal);
  if (failed) throw new AddonFailedError(addon, failed);
  return addon;
}

/** Something is being done with it, or waits to be. */
export function isUnderWay({ operation, state, bindings }: AddonItem): boolean {
  if (operation?.state === 'queued' || operation?.state === 'running') return true;
  // Between two operations, for a moment, there may be none.
  return (
    ['creating', 'changing', 'removing'].includes(state) ||
    bindings.some((binding) => ['binding', 'rotating', 'unbinding'].includes(binding.state))
  );
}

/** The first failure among what was begun and what came after it. */
async function failureSince(
  client: AddonsClient,
  addon: AddonItem,
  since: OperationItem | null,
  signal: AbortSignal | undefined,
): Promise<OperationItem | undefined> {
  if (since === null) return undefined;
  const operations = await client.operations(addon.id, { signal });
  const index = operations.findIndex(({ id }) => id === since.id);
  const later =
    index === -1
      ? operations.filter(({ createdAt }) => createdAt >= since.createdAt)
      : operations.slice(0, index + 1);
  return later.reverse().find(({ state }) => state === 'failed');
}
