// What a room beside this one may ask of Hippo, as functions that are handed to it: who may reach which app and
// channel, and whom to tell of what happens.

import type { HippoEvent } from '../../hippo/events.ts';
import type { Caller } from './caller.ts';
import type { Hippo } from './hippo.ts';

interface AppPlace {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
}

interface ChannelPlace {
  readonly id: string;
  readonly name: string;
  readonly appId: string;
}

/** Callers are Hippo's own, handed through by whoever has got them from it. */
export interface Places {
  /** @throws NotFoundError, also where it is not for this caller */
  readonly demandApp: (caller: unknown, id: string) => AppPlace;
  /** @throws NotFoundError */
  readonly demandChannel: (caller: unknown, id: string) => ChannelPlace;
  /** Ids. */
  readonly visibleApps: (caller: unknown) => string[];
  readonly visibleChannels: (caller: unknown) => ChannelPlace[];
  /** Whoever's it is. */
  readonly app: (id: string) => AppPlace | undefined;
  readonly channel: (id: string) => ChannelPlace | undefined;
  readonly teamIds: (caller: unknown) => string[];
  readonly teamName: (id: string) => string | undefined;
  /** Names of the variables that its owner has set. */
  readonly variableNames: (channelId: string) => string[];
  readonly tell: (teamId: string | null, event: Omit<HippoEvent, 'at'>) => void;
}

/** @param hippo asked when something is wanted of it, which may be opened by then only */
export function placesOf(hippo: () => Hippo): Places {
  const known = (caller: unknown): Caller => caller as Caller;
  return {
    demandApp: (caller, id) => hippo().state.appPlace(hippo().state.app(known(caller), id).id)!,
    demandChannel: (caller, id) => hippo().state.channel(known(caller), id),
    visibleApps: (caller) =>
      hippo()
        .state.apps(known(caller))
        .rows.map(({ id }) => id),
    visibleChannels: (caller) => hippo().state.visibleChannels(known(caller)),
    app: (id) => hippo().state.appPlace(id),
    channel: (id) => hippo().state.channelPlace(id),
    teamIds: (caller) => hippo().teamIds(known(caller)),
    teamName: (id) => hippo().accounts.teamName(id),
    variableNames: (channelId) => hippo().state.variableNames(channelId),
    tell: (teamId, event) => hippo().events.add(teamId, event),
  };
}
