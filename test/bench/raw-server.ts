// The bare server of the push benchmark: hashes each POST and writes it to a file that it then renames.

import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const directory = process.argv[2]!;
const server = createServer((req, res) => {
  const hash = createHash('sha256');
  const file = join(directory, randomUUID());
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  pipeline(req, hashing, createWriteStream(file))
    .then(() => rename(file, join(directory, hash.digest('hex'))))
    .then(() => res.end('ok'))
    .catch(() => res.destroy());
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
