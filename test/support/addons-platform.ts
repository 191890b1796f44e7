// The built platform with clients of both its APIs, for tests that kill it and start it again on the same data.

import { AddonsClient } from '../../src/addons/client.ts';
import type { AddonItem } from '../../src/addons/addons.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { startedPlatform, type RunningPlatform } from './platform.ts';

export interface AddonsPlatform {
  readonly platform: RunningPlatform;
  /** The machine's owner. */
  readonly hippo: HippoClient;
  readonly addons: AddonsClient;
  close(): Promise<void>;
}

/** @param fault where it dies (src/platform/addons/faults.ts) */
export async function startAddonsPlatform(dataDir: string, fault?: string): Promise<AddonsPlatform> {
  if (fault !== undefined) process.env['HIPPO_PLATFORM_FAULT'] = fault;
  const starting = startedPlatform('--data', dataDir, '--port', '0');
  delete process.env['HIPPO_PLATFORM_FAULT'];
  const platform = await starting;
  const hippo = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
  return {
    platform,
    hippo,
    addons: new AddonsClient(hippo),
    async close() {
      await hippo.close();
      await platform.stop();
    },
  };
}

/** Waits until nothing is done with an add-on; undefined when it is gone. */
export async function settledAddon(client: AddonsClient, id: string): Promise<AddonItem | undefined> {
  for (;;) {
    try {
      const addon = await client.addon(id);
      if (addon.operation === null) return addon;
    } catch (error) {
      if ((error as { code?: string }).code === 'NOT_FOUND') return undefined;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
