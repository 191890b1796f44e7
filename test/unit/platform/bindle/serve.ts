// A Bindle server as a process of its own, for tests that kill it: `node serve.ts DIRECTORY`. Prints its port.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBindleServer } from '../../../../src/platform/bindle/server.ts';
import { lockDirectory } from '../../../../src/platform/store/directory-lock.ts';

const directory = process.argv[2] ?? '';
lockDirectory(directory);
const bindle = await createBindleServer({ directory, report: (error) => console.error(error) });
const server = createServer({ requestTimeout: 0 });
server.on('request', (request, response) => void bindle.handle(request, response));
server.on(
  'checkContinue',
  (request, response) => void bindle.handle(request, response, { awaitsContinue: true }),
);
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
