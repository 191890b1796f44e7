// The brokers that ship, held against Open Service Broker API 2.17 by a checker that does not know them.

import { afterAll, beforeAll, describe, test } from 'vitest';
import { hasServer, startBroker, type RunningBroker } from '../support/broker.ts';
import { CHECKS, readTarget, type Target } from '../support/osb-checker/checks.ts';
import { temporaryFolder } from '../support/temporary.ts';

describe.each([
  ['sqlite', undefined],
  ['redis', { eviction: 'allkeys-lru' }],
  ['postgresql', undefined],
] as const)('%s', (name, parameters) => {
  describe.skipIf(!hasServer(name))('on this machine', () => {
    const directory = temporaryFolder();
    const used = new Set<string>();
    let broker: RunningBroker;
    let target: Target;

    beforeAll(async () => {
      broker = await startBroker(name, directory);
      target = { ...(await readTarget(broker.client, parameters)), use: (id) => used.add(id) };
    });
    afterAll(async () => {
      const query = `service_id=${target.service.id}&plan_id=${target.plan.id}`;
      for (const id of used) await broker.client.request('DELETE', `/v2/service_instances/${id}?${query}`);
      await broker.stop();
    });

    test.each(CHECKS.map((check) => [check.name, check] as const))('%s', (_, check) => check.run(target));
  });
});
