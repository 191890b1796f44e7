// `npm run bench`: how long it takes until a PostgreSQL add-on can be used (provision and bind by the broker), as a
// ratio to CREATE ROLE and CREATE DATABASE on the same server; and the same of the other brokers in milliseconds.
// Nothing is asserted. Needs a build, and the servers.

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { hasServer, postgresAdmin, startBroker, type RunningBroker } from '../support/broker.ts';
import { readTarget } from '../support/osb-checker/checks.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
const scratch = mkdtempSync(join(tmpdir(), 'hippo-bench-'));

const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
};
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Makes add-ons as a platform would. */
async function addOns({ client }: RunningBroker) {
  const { service, plan } = await readTarget(client);
  const body = { service_id: service.id, plan_id: plan.id, organization_guid: 'o', space_guid: 's' };
  const query = `service_id=${service.id}&plan_id=${plan.id}`;
  const path = (id: string): string => `/v2/service_instances/${id}`;
  return {
    /** Its credentials. */
    make: async (): Promise<{ id: string; uri: string }> => {
      const id = randomUUID();
      const { status } = await client.request('PUT', path(id), { body });
      const { body: bound } = await client.request('PUT', `${path(id)}/service_bindings/b`, { body });
      if (status !== 201) throw new Error(`The broker answered ${status}.`);
      return { id, uri: bound.credentials.uri };
    },
    remove: (id: string): Promise<unknown> => client.request('DELETE', `${path(id)}?${query}`),
  };
}

async function bench(name: string): Promise<void> {
  if (!hasServer(name)) return say(`${name}: left out, its server is not on this machine`);
  const directory = join(scratch, name);
  const broker = await startBroker(name, directory);
  try {
    const { make, remove } = await addOns(broker);
    let first = { id: '', uri: '' };
    const firstTime = await milliseconds(async () => (first = await make()));
    const times: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      let made = first;
      times.push(
        await milliseconds(async () => {
          made = await make();
          if (name === 'postgresql') await query(made.uri);
        }),
      );
      if (name === 'postgresql') bare.push(await createBare(directory));
      await remove(made.id);
    }
    say(
      `${name}: the first add-on ${firstTime.toFixed(0)} ms, each further one ${median(times).toFixed(1)} ms`,
    );
    if (bare.length > 0)
      say(
        `${name}: CREATE ROLE and CREATE DATABASE alone ${median(bare).toFixed(1)} ms, ratio ${(median(times) / median(bare)).toFixed(2)}`,
      );
    await remove(first.id);
  } finally {
    await broker.stop();
  }
}

async function query(uri: string): Promise<void> {
  const client = new pg.Client({ connectionString: uri });
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
}

/** The same by hand, to the first query of the new role. */
async function createBare(directory: string): Promise<number> {
  const config = postgresAdmin(directory);
  const admin = new pg.Client(config);
  await admin.connect();
  const time = await milliseconds(async () => {
    await admin.query("CREATE ROLE bench LOGIN PASSWORD 'bench'");
    await admin.query('CREATE DATABASE bench OWNER bench');
    await query(`postgresql://bench:bench@127.0.0.1:${config.port}/bench`);
  });
  await admin.query('DROP DATABASE bench');
  await admin.query('DROP ROLE bench');
  await admin.end();
  return time;
}

try {
  for (const name of ['sqlite', 'redis', 'postgresql']) await bench(name);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
