// `npm run bench`: queries of a guest by host calls, beside the same queries by `pg` itself, of the same PostgreSQL in
// the same run. Ratios, and plain numbers of this machine; nothing is asserted. Needs PostgreSQL
// (`apt-get install -y postgresql`).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createServices } from '../../src/platform/addons/services/services.ts';
import { createRuntime } from '../../src/platform/runtime/runtime.ts';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { sha256 } from '../support/bindles.ts';
import { ask } from '../support/platform.ts';
import { postgresqlPrograms, startPostgresql } from '../support/postgresql-server.ts';
import { compile } from '../support/wasm.ts';

const QUERIES = 500;
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
const SQL = 'SELECT id, text FROM notes WHERE id = $1';
const FILE = '0'.repeat(32);

/** Makes so many queries, and says how many milliseconds they took. */
const GUEST = `
  import { Database, Value } from './scaffold/hostcalls/assemblyscript/hippo';
  const database = new Database(process.env.get('PATH_INFO').substring(1));
  const before = Date.now();
  for (let n = 1; n <= ${QUERIES}; n++)
    if (database.query('${SQL}', [Value.integer(n)]).rows.length != 1) unreachable();
  process.stdout.write('content-type: text/plain\\n\\n' + (Date.now() - before).toString());
`;
const TABLE = 'CREATE TABLE notes (id integer PRIMARY KEY, text text)';
const ROWS = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${QUERIES})`;

const programs = postgresqlPrograms();
if (programs === undefined) {
  process.stdout.write('host calls: left out (apt-get install -y postgresql)\n');
} else {
  await measure(programs);
}

async function measure(folderOfPrograms: string): Promise<void> {
  const server = await startPostgresql(folderOfPrograms);
  const scratch = mkdtempSync(join(tmpdir(), 'hippo-bench-'));
  writeFileSync(join(scratch, `${FILE}.db`), '');
  const credentials: Record<string, Record<string, unknown>> = {
    pg: { uri: server.uri },
    file: { uri: `sqlite:${FILE}`, max_bytes: 10_000_000 },
  };
  const source = (path: string): URL => new URL(`../../src/platform/${path}`, import.meta.url);
  const complain = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
  const services = createServices({
    credentialsOf: (_, addon) => credentials[addon],
    sqliteDirectory: scratch,
    sqliteProgram: source('addons/services/sqlite-process.ts'),
    log: (_, text) => complain(text),
    report: complain,
  });
  const module = await compile(GUEST, '-O');
  const label = {
    sha256: sha256(module),
    mediaType: 'application/wasm',
    name: 'main.wasm',
    size: module.length,
  };
  const runtime = createRuntime({
    programs: { process: source('runtime/process.ts'), worker: source('runtime/worker.ts') },
    readInvoice: () => ({
      bindleVersion: '1.0.0',
      bindle: { name: 'bench', version: '1.0.0' },
      parcel: [{ label: { ...label, feature: { wagi: { route: '/...' } } } }],
    }),
    readParcel: () => Promise.resolve(module),
    missingParcels: () => Promise.resolve([]),
    log: (_, text) => complain(text),
    hostCall: (call, signal) => services.call(call, signal),
    runEnded: (runId) => services.runEnded(runId),
  });
  const http = createServer((request, response) => {
    const channel = {
      id: 'bench',
      bindle: { name: 'bench', version: '1.0.0' },
      environment: {},
      addons: [{ name: 'pg', interface: ['sql'] as const }],
    };
    void runtime.handle(channel, { scheme: 'http', defaultHost: 'bench' }, request, response);
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as { port: number };
  const client = new pg.Client({ connectionString: server.uri });
  await client.connect();

  const guest = async (addon: string): Promise<number> => {
    const page = await ask(`http://127.0.0.1:${port}/${addon}`);
    if (page.status !== 200) throw new Error(`The guest answers ${page.status}.`);
    return Number(page.text) / QUERIES;
  };
  const direct = async (): Promise<number> => {
    const before = performance.now();
    for (let n = 1; n <= QUERIES; n++) await client.query(SQL, [n]);
    return (performance.now() - before) / QUERIES;
  };
  const run = (addon: string, sql: string): Promise<Uint8Array> =>
    services.call(
      {
        channelId: 'bench',
        runId: 'setup',
        interface: 'sql',
        operation: 'query',
        request: Buffer.from(JSON.stringify({ addon, sql })),
      },
      AbortSignal.timeout(10_000),
    );

  try {
    for (const addon of ['pg', 'file']) {
      await run(addon, TABLE);
      await run(addon, `INSERT INTO notes ${ROWS} SELECT i, 'a note' FROM n`);
      services.runEnded('setup');
      await guest(addon);
    }
    await direct();
    const times: Record<'direct' | 'pg' | 'file', number[]> = { direct: [], pg: [], file: [] };
    // In turns, so that what else the machine does concerns all of them.
    for (let round = 0; round < ROUNDS; round++) {
      times.direct.push(await direct());
      times.pg.push(await guest('pg'));
      times.file.push(await guest('file'));
    }
    const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? NaN;
    const base = median(times.direct);
    const line = (name: string, time: number): void =>
      void process.stdout.write(
        `${name.padEnd(44)}${time.toFixed(3).padStart(8)} ms${(time / base).toFixed(2).padStart(8)} ×\n`,
      );
    process.stdout.write(`A query of one row, ${QUERIES} one after the other, median of ${ROUNDS}\n`);
    line('PostgreSQL by pg', base);
    line('PostgreSQL by a host call', median(times.pg));
    line('SQLite file by a host call', median(times.file));
  } finally {
    await client.end();
    http.closeAllConnections();
    http.close();
    await runtime.stop();
    await services.stop();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
