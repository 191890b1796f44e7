// What the Redis broker offers.

import Type from 'typebox';
import type { PlanDefinition, ServiceDefinition } from '../kit/definition.ts';

const MB = 1024 * 1024;

const EVICTIONS = ['noeviction', 'allkeys-lru', 'allkeys-lfu', 'volatile-lru', 'volatile-ttl'] as const;
export type Eviction = (typeof EVICTIONS)[number];

export interface RedisPlan extends PlanDefinition {
  /** Of keys and values, in bytes. */
  maxMemory: number;
  maxConnections: number;
  /** What happens when the memory is used up, unless the add-on's parameter `eviction` says otherwise. */
  eviction: Eviction;
}

function plan(
  id: string,
  name: string,
  displayName: string,
  [megabytes, maxConnections, eviction]: [number, number, Eviction],
): RedisPlan {
  const size = megabytes < 1024 ? `${megabytes} MB` : `${megabytes / 1024} GB`;
  const full =
    eviction === 'noeviction' ? 'Refuses writes when full' : 'Forgets what is used least when full';
  return {
    id,
    name,
    displayName,
    description: `A Redis of ${size}.`,
    bullets: [`${size} of memory`, `${maxConnections} connections`, full],
    maxMemory: megabytes * MB,
    maxConnections,
    eviction,
  };
}

export const PLANS: readonly RedisPlan[] = [
  plan('c2a6b0de-6f0b-4f5e-8a5b-2f9d1e8c3d01', 'free', 'Free', [16, 10, 'allkeys-lru']),
  plan('c2a6b0de-6f0b-4f5e-8a5b-2f9d1e8c3d02', 'small', 'Small', [64, 50, 'noeviction']),
  plan('c2a6b0de-6f0b-4f5e-8a5b-2f9d1e8c3d03', 'medium', 'Medium', [256, 200, 'noeviction']),
  plan('c2a6b0de-6f0b-4f5e-8a5b-2f9d1e8c3d04', 'large', 'Large', [1024, 1000, 'noeviction']),
];

const PARAMETERS = Type.Object(
  {
    eviction: Type.Optional(
      Type.Unsafe<Eviction>({
        type: 'string',
        enum: [...EVICTIONS],
        description: 'What is forgotten when the memory is used up (Redis calls it maxmemory-policy).',
      }),
    ),
  },
  { additionalProperties: false },
);

export const SERVICE: ServiceDefinition = {
  id: 'c2a6b0de-6f0b-4f5e-8a5b-2f9d1e8c3d00',
  name: 'redis',
  displayName: 'Redis',
  description: 'A cache and key-value store in a Redis server of its own.',
  longDescription:
    'A Redis server of its own for each add-on, which keeps what it holds on disk and sleeps while nobody uses it.',
  tags: ['cache', 'key-value', 'redis'],
  documentation: [
    'Each add-on is a redis-server process. It is stopped when it has had no connection for five minutes, and started again by the next one: the broker listens in front of it. What was written is on disk within a second (append-only file).',
    'Every binding signs in as a user of its own, who may do everything but run the server: CONFIG, DEBUG, MODULE, SHUTDOWN, SAVE, REPLICAOF, ACL, MIGRATE and their like are refused.',
    'A script that runs longer than a second is ended; if it has written already, the server is restarted.',
    'The parameter eviction says what is forgotten when the memory is used up; without it, the plan does.',
    'A smaller plan is refused while more is held than it allows. Removing the add-on removes its data.',
  ],
  credentials: {
    uri: 'redis://username:password@host:port/0',
    host: 'where it listens',
    port: 'its port',
    username: 'the user of this binding',
    password: 'the password',
  },
  bindingRotatable: true,
  slow: ['provision', 'deprovision'],
  parameters: { create: PARAMETERS, update: PARAMETERS },
};
