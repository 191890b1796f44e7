// `hippo channel logs -f`: what an app writes is seen as it is written.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const program = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));
const folder = temporaryFolder();
const home = join(folder, 'home');
let platform: LocalPlatform;
beforeAll(async () => {
  platform = await startLocalPlatform(home);
});
afterAll(() => platform.stop());

it('goes on until Ctrl-C, which is no failure', async () => {
  const project = join(folder, 'talker');
  mkdirSync(project);
  writeFileSync(
    join(project, 'm.wasm'),
    await compile(
      `process.stderr.write('somebody came\\n');process.stdout.write('content-type: text/plain\\n\\nhello\\n');`,
    ),
  );
  writeFileSync(
    join(project, 'HIPPOFACTS'),
    '[bindle]\nname = "talker"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n',
  );
  const env = cleanEnv(home, { HIPPO_URL: platform.hippoUrl, BINDLE_URL: platform.bindleUrl });
  const published = await hippo(['publish', '-o', 'json'], { cwd: project, env });
  const { channels } = JSON.parse(published.stdout) as { channels: { address: string }[] };
  const { port, host } = new URL(channels[0]!.address);

  const child = spawn(process.execPath, [program, 'channel', 'logs', '-f'], { cwd: project, env });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  for (let visit = 0; visit < 3; visit++) {
    await ask(`http://127.0.0.1:${port}/`, { headers: { host } });
    expect((await lines.next()).value).toContain('somebody came');
  }
  child.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
});
