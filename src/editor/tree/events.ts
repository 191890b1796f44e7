// What a series of events of a Hippo means for what is known of it: what is gone, what is known by the events
// themselves, and what has to be read again. Pure.

import type { ChannelState, HippoEvent } from '../../hippo/api.ts';

export interface Digest {
  /** So much was missed that all has to be read again. */
  readonly everything: boolean;
  /** Gone at some time of the series; one that came back is to be read, too. */
  readonly removedApps: ReadonlySet<string>;
  readonly removedChannels: ReadonlySet<string>;
  readonly statuses: ReadonlyMap<string, ChannelState>;
  /** To be read with all their channels. */
  readonly wholeApps: ReadonlySet<string>;
  /** To be read without. */
  readonly apps: ReadonlySet<string>;
  readonly channels: ReadonlySet<string>;
  /** Apps whose revisions are others now. */
  readonly revisions: ReadonlySet<string>;
  readonly removedAddons: ReadonlySet<string>;
  readonly addons: ReadonlySet<string>;
  /** What can be added is other than it was. */
  readonly offerings: boolean;
}

/** @param events in the order in which they came */
export function digest(events: readonly HippoEvent[]): Digest {
  const removedApps = new Set<string>();
  const removedChannels = new Set<string>();
  const statuses = new Map<string, ChannelState>();
  const wholeApps = new Set<string>();
  const apps = new Set<string>();
  const channels = new Set<string>();
  const revisions = new Set<string>();
  const removedAddons = new Set<string>();
  const addons = new Set<string>();
  let offerings = false;
  let everything = false;
  for (const { type, appId = '', channelId = '', addonId = '', status } of events)
    switch (type) {
      case 'app.created':
        wholeApps.add(appId);
        break;
      case 'app.changed':
        apps.add(appId);
        break;
      case 'app.deleted':
        removedApps.add(appId);
        for (const reads of [wholeApps, apps, revisions]) reads.delete(appId);
        break;
      case 'channel.created':
      case 'channel.changed':
        channels.add(channelId);
        break;
      case 'channel.deleted':
        removedChannels.add(channelId);
        channels.delete(channelId);
        statuses.delete(channelId);
        break;
      case 'channel.status':
        if (status !== undefined) statuses.set(channelId, status);
        break;
      case 'revision.created':
      case 'revision.deleted':
        revisions.add(appId);
        // Its description is that of its highest revision.
        apps.add(appId);
        break;
      case 'addon.created':
      case 'addon.changed':
        addons.add(addonId);
        break;
      case 'addon.deleted':
        removedAddons.add(addonId);
        addons.delete(addonId);
        break;
      case 'broker.changed':
      case 'offerings.changed':
        offerings = true;
        break;
      case 'reset':
        everything = true;
    }
  for (const id of wholeApps) apps.delete(id);
  return {
    everything,
    removedApps,
    removedChannels,
    statuses,
    wholeApps,
    apps,
    channels,
    revisions,
    removedAddons,
    addons,
    offerings,
  };
}
