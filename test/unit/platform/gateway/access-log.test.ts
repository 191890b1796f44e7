// A line for each request that was for an app.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openAccessLog } from '../../../../src/platform/gateway/access-log.ts';
import { ask } from '../../../support/platform.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const folder = temporaryFolder();

test('says who asked for what, what came of it, and nothing of queries', async () => {
  const file = join(folder, 'logs/access.log');
  const reported: unknown[] = [];
  const log = openAccessLog(file, (error) => reported.push(error));
  const server = createServer((request, response) => {
    log.watch(request, response, 'demo:production');
    if (request.url === '/cut') {
      response.write('half');
      return void setImmediate(() => response.destroy());
    }
    response.statusCode = 404;
    response.end('not here');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await ask(`http://127.0.0.1:${port}/a/b?password=secret`, { method: 'POST', body: 'x' });
  await ask(`http://127.0.0.1:${port}/cut`).catch(() => {});
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  expect(lines).toEqual([
    expect.stringMatching(new RegExp(`^${time} demo:production POST /a/b 404 \\d+ [1-9]\\d*$`)),
    expect.stringMatching(new RegExp(`^${time} demo:production GET /cut 200 \\d+ \\d+ cut$`)),
  ]);
  expect(reported).toEqual([]);
});
