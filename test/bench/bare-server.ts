// A bare node:http server with the answer that it is given, for the ratio to it. `node bare-server.ts <body>`

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , body = ''] = process.argv;

const server = createServer((_, response) => {
  response.setHeader('content-type', 'text/html; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();
