// Waiting until what was asked of an add-on is done.

import { setTimeout as delay } from 'node:timers/promises';
import { HippoError } from '../hippo/errors.ts';
import { visible } from '../hippofacts/text.ts';
import type { AddonItem, OperationItem } from './addons.ts';
import type { AddonsClient } from './client.ts';
import { operationText } from './words.ts';

export interface WaitForAddonOptions {
  /** Of what was begun; where they are not given, all that is under way is waited for. */
  readonly kinds?: readonly OperationItem['kind'][] | undefined;
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
    const reason = words === null ? '' : `: ${visible(words).replace(/\.$/, '')}`;
    super(`${name} of ${appName}: ${operationText(operation)} failed${reason}.`);
    this.name = 'AddonFailedError';
    const show = `\`hippo addons show ${name} --app ${appName}\``;
    const hints: Partial<Record<AddonItem['state'], string>> = {
      usable: 'It works as before.',
      attention: `${show} says what to do.`,
      failed:
        operation.kind === 'update'
          ? `It cannot be used as it is: another change may mend it, \`hippo addons remove ${name} --app ${appName}\` removes it.`
          : `It cannot be used; \`hippo addons remove ${name} --app ${appName}\` removes what is left of it.`,
    };
    this.hint = hints[state] ?? `${show} says how it is.`;
  }
}

/** Milliseconds between two looks: at first and, growing, in the end. */
const FIRST_PAUSE = 50;
const LAST_PAUSE = 2000;
/** Failures of one look that the next may not meet. */
const TRANSIENT: ReadonlySet<string> = new Set(['UNREACHABLE', 'BROKEN', 'SERVER', 'LIMITED']);
/** So many of them in a row end the wait. */
const PATIENCE = 10;

/**
 * Waits until what was begun with an add-on has ended. What the platform cleans up by itself is nobody's to wait for.
 * @param begun as the request answered that began it
 * @returns the add-on as it is then; undefined if it is gone
 * @throws AddonFailedError, HippoError, the signal's reason
 */
export async function waitForAddon(
  client: AddonsClient,
  begun: AddonItem,
  { kinds, signal, onProgress }: WaitForAddonOptions = {},
): Promise<AddonItem | undefined> {
  let watched: Set<string> | undefined;
  let said: string | undefined;
  let failures = 0;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 1.5, LAST_PAUSE)) {
    try {
      const operations = await client.operations(begun.id, { signal });
      failures = 0;
      watched ??= idsOf(operations, begun, kinds);
      // In the order in which they are done.
      const mine = operations.filter(({ id }) => watched?.has(id)).reverse();
      const failed = mine.find(({ state }) => state === 'failed');
      const open = mine.find(isOpen);
      if (failed || !open) {
        const addon = await client.addon(begun.id, { signal });
        if (failed) throw new AddonFailedError(addon, failed);
        return addon;
      }
      if (open.message !== null && open.message !== said) onProgress?.((said = open.message));
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof HippoError)) throw error;
      if (error.code === 'NOT_FOUND') return undefined;
      if (!TRANSIENT.has(error.code) || ++failures >= PATIENCE) throw error;
    }
    await delay(pause, undefined, signal && { signal }).catch((error: unknown) => {
      throw signal?.reason ?? error;
    });
  }
}

/** What was begun is what the answer named, what was recorded after it, and what is open. */
function idsOf(
  operations: readonly OperationItem[],
  { operation }: AddonItem,
  kinds: WaitForAddonOptions['kinds'],
): Set<string> {
  const first = operations.findIndex(({ id }) => id === operation?.id);
  const begun = operations.filter(
    (one, index) =>
      (index <= first || isOpen(one)) && (kinds ? kinds.includes(one.kind) : one.kind !== 'clean-up'),
  );
  // Done before anybody could look.
  const last = begun.length === 0 && kinds ? operations.find(({ kind }) => kinds.includes(kind)) : undefined;
  return new Set([...begun, ...(last ? [last] : [])].map(({ id }) => id));
}

function isOpen({ state }: OperationItem): boolean {
  return state === 'queued' || state === 'running';
}
