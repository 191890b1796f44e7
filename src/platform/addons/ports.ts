// What this room needs of Hippo, which hands it in as functions: they meet in platform.ts alone.

import type { HippoEvent } from '../../hippo/events.ts';

/** Who a request comes from. */
export interface Caller {
  readonly kind: 'account' | 'deploy';
  /** Of the account. */
  readonly id: string;
  /** User name. */
  readonly name: string;
  readonly administrator: boolean;
  /** With `deploy`: the one app that it sees. */
  readonly appId?: string;
}

export interface AppPlace {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
}

export interface ChannelPlace {
  readonly id: string;
  readonly name: string;
  readonly appId: string;
}

/** No team has this id, and administrators hear of every team. */
export const ADMINISTRATORS = 'administrators';

export interface HippoPort {
  /** @throws Hippo's own refusal, if there is none or not for this caller */
  readonly demandApp: (caller: Caller, id: string) => AppPlace;
  /** @throws the same */
  readonly demandChannel: (caller: Caller, id: string) => ChannelPlace;
  /** Ids. */
  readonly visibleApps: (caller: Caller) => readonly string[];
  readonly visibleChannels: (caller: Caller) => readonly ChannelPlace[];
  /** Whoever's it is. */
  readonly app: (id: string) => AppPlace | undefined;
  readonly channel: (id: string) => ChannelPlace | undefined;
  readonly teamIds: (caller: Caller) => readonly string[];
  readonly teamName: (id: string) => string | undefined;
  /** Names of the variables that its owner has set. */
  readonly variableNames: (channelId: string) => readonly string[];
  /** @param teamId who is told: a team, `ADMINISTRATORS`, or null for everybody */
  readonly tell: (teamId: string | null, event: Omit<HippoEvent, 'at'>) => void;
}

/** Keeps texts that only the platform's key opens. */
export interface Vault {
  readonly encrypt: (text: string) => Buffer;
  readonly decrypt: (bytes: Uint8Array) => string;
}
