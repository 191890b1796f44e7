// Credentials that expire: new ones are asked for in time where the plan lets them overlap, and where it does not,
// the user is told.

import { planOf, type AddonStore } from './addon-store.ts';
import type { Offerings } from './offerings.ts';
import type { Requests } from './requests.ts';

export interface RenewalsOptions {
  readonly store: AddonStore;
  readonly requests: Requests;
  readonly offerings: Offerings;
  readonly report: (error: unknown) => void;
  readonly now: () => number;
}

/** Milliseconds between two looks. */
const INTERVAL = 60_000;
/** Milliseconds until what could not be renewed is tried again. */
const PAUSE = 15 * 60_000;

export function createRenewals(options: RenewalsOptions): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const { store, requests, offerings, now } = options;
    for (const use of store.usesToRenew(now())) {
      const addon = store.addon(use.addon_id);
      if (addon === undefined) continue;
      const plan = offerings.plan(addon.plan_guid)?.plan.facts ?? planOf(addon);
      const expired = use.expires_at !== null && use.expires_at <= now();
      store.transaction(() => {
        const message = expired ? 'Its credentials have expired: detach it and attach it again.' : null;
        store.changeUse(use.id, {
          renew_at: now() + PAUSE,
          ...(message === null || plan.rotatable ? {} : { message }),
        });
        if (message !== null) store.touched(addon.id);
      });
      if (!plan.rotatable) continue;
      try {
        requests.rotate(undefined, addon, use.channel_id);
      } catch {
        // Something else is being done with it: the next time.
      }
    }
  }

  function safely(): void {
    try {
      look();
    } catch (error) {
      options.report(error);
    }
  }

  return {
    start() {
      safely();
      timer = setInterval(safely, INTERVAL).unref();
    },
    stop: () => clearInterval(timer),
  };
}
