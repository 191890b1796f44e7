// The raw limit of the push benchmark: reads and hashes every file once and sends it by one POST.
// raw-client.ts URL DIRECTORY PARALLELISM

import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent, request } from 'undici';

const [url = '', directory = '', parallelism = '8'] = process.argv.slice(2);
const dispatcher = new Agent({ connections: Number(parallelism) });
const queue = (await readdir(directory)).map((name) => join(directory, name));

async function send(file: string): Promise<void> {
  const { size } = await stat(file);
  const small = size <= 8 * 1024 * 1024;
  let body;
  if (small) {
    body = await readFile(file);
    hash('sha256', body);
  } else {
    const digest = createHash('sha256');
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }))
      digest.update(chunk as Buffer);
    body = createReadStream(file, { highWaterMark: 1024 * 1024 });
  }
  const answer = await request(url, {
    method: 'POST',
    body,
    headers: { 'content-length': String(size) },
    dispatcher,
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
}

await Promise.all(
  Array.from({ length: Number(parallelism) }, async () => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) await send(file);
  }),
);
await dispatcher.close();
