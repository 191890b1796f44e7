// A server that is killed: what it has acknowledged is there when it starts again, and nothing half is.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../../support/wait.ts';
import { BindleClient } from '../../../../src/bindle/client.ts';
import { push } from '../../../../src/bindle/push.ts';
import { makeBindle, sha256 } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { filesIn } from './harness.ts';

const root = temporaryFolder();
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

interface Running {
  client: BindleClient;
  port: number;
  kill: () => Promise<void>;
}

async function start(directory: string): Promise<Running> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'serve.ts'), directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exit = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const client = new BindleClient({ url: `http://127.0.0.1:${line}/v1` });
  return {
    client,
    port: Number(line),
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
      await client.close().catch(() => undefined);
    },
  };
}
const parcelFiles = (directory: string): string[] => filesIn(join(directory, 'parcels'));

describe('a killed server', () => {
  it('has lost the upload it was taking, and nothing else', async () => {
    const directory = mkdtempSync(join(root, 'server-'));
    const [first, second] = [randomBytes(100_000), randomBytes(5_000_000)];
    const bindle = makeBindle('a/b', '1.0.0', { first, second });
    const server = await start(directory);
    await server.client.createInvoice(bindle.invoice);
    await server.client.sendParcel(bindle.invoice.bindle, sha256(first), first.length, first);
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST /v1/_i/a/b/1.0.0@${sha256(second)} HTTP/1.1\r\nHost: x\r\nContent-Length: ${second.length}\r\n\r\n`,
    );
    socket.write(second.subarray(0, 3_000_000));
    await waitFor(() => expect(parcelFiles(directory)).toHaveLength(2));
    await server.kill();
    socket.destroy();
    expect(parcelFiles(directory)).toHaveLength(2);

    const again = await start(directory);
    expect(parcelFiles(directory)).toEqual([sha256(first)]);
    const missing = await again.client.missing(bindle.invoice.bindle);
    expect(missing.map(({ name }) => name)).toEqual(['second']);
    const { sent } = await push({ client: again.client, invoice: bindle.invoice, open: bindle.open });
    expect(sent.map(({ name }) => name)).toEqual(['second']);
    expect(parcelFiles(directory).sort()).toEqual([sha256(first), sha256(second)].sort());
    await again.kill();
  });

  it('at any moment of many pushes keeps all that it has acknowledged', async () => {
    const directory = mkdtempSync(join(root, 'server-'));
    const bindles = Array.from({ length: 40 }, (_, index) =>
      makeBindle(`app/${index % 7}`, `0.0.${index}`, {
        shared: 'the same in all',
        small: randomBytes(100 + index),
        large: randomBytes(400_000 + index),
      }),
    );
    const waiting = [...bindles];
    const invoices = new Set<string>();
    const parcels = new Set<string>();
    for (let round = 0; waiting.length > 0; round++) {
      const server = await start(directory);
      // Everything that was acknowledged before the kill is there …
      for (const digest of parcels) expect(parcelFiles(directory)).toContain(digest);
      for (const { invoice } of bindles)
        if (invoices.has(invoice.bindle.version))
          expect((await server.client.getInvoice(invoice.bindle)).bindle).toEqual(invoice.bindle);
      // … and everything that is there is whole.
      for (const shelf of readdirSync(join(directory, 'parcels')).filter((name) => name.length === 2))
        for (const name of readdirSync(join(directory, 'parcels', shelf)))
          expect(sha256(readFileSync(join(directory, 'parcels', shelf, name)))).toBe(name);
      let acknowledged = 0;
      const worker = async (): Promise<void> => {
        for (let bindle = waiting[0]; bindle; bindle = waiting[0]) {
          waiting.shift();
          try {
            const { invoice, content } = bindle;
            await server.client.createInvoice(invoice).catch((error: { code?: string }) => {
              if (error.code !== 'EXISTS') throw error as Error;
            });
            invoices.add(invoice.bindle.version);
            for (const { sha256: digest, size } of await server.client.missing(invoice.bindle)) {
              await server.client
                .sendParcel(invoice.bindle, digest, size, content.get(digest)!)
                .catch((error: { code?: string }) => {
                  if (error.code !== 'EXISTS') throw error as Error;
                });
              parcels.add(digest);
              if (++acknowledged === 10 + round * 5) void server.kill();
            }
          } catch {
            waiting.push(bindle);
            return;
          }
        }
      };
      await Promise.all(Array.from({ length: 4 }, worker));
      await server.kill();
    }
    const server = await start(directory);
    for (const { invoice } of bindles) expect(await server.client.missing(invoice.bindle)).toEqual([]);
    expect(parcelFiles(directory)).toHaveLength(1 + 2 * bindles.length);
    await server.kill();
  });
});
