// What the local Hippo has beside Hippo's own API: how administrators look at its process and end it.

/** Paths below the server's base URL; all of them are for administrators. */
export const platformPaths = {
  /** GET: a `PlatformStatus`. */
  status: '/api/platform',
  /** POST: it stays until it is stopped, whatever it was started for; 204. */
  keep: '/api/platform/keep',
  /** POST: it ends; 202 before it does. */
  stop: '/api/platform/stop',
} as const;

export interface PlatformStatus {
  version: string;
  /** Another one for each start. */
  instance: string;
  pid: number;
  dataDir: string;
  /** ISO 8601, UTC. */
  startedAt: string;
  /** Seconds after its last client at which it ends by itself; null if it stays until it is stopped. */
  leaseSeconds: number | null;
  /** Requests under way, held event streams among them; this one is not counted. */
  openRequests: number;
  /** Something is being pushed, or was a few seconds ago. */
  publishing: boolean;
}

/** The members of `/healthz` by which the local Hippo is told from others. */
export interface PlatformHealth {
  product: string;
  version: string;
  instance: string;
}
