// `hippo publish --watch` goes on after the local Hippo has ended, as it does when nobody has used it for a while.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startHippo } from '../support/running-command.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const env = cleanEnv(join(folder, 'home'));
const stop = () => hippo(['platform', 'stop'], { cwd: folder, env });
afterAll(stop);

it('starts it again for the next change', async () => {
  const cwd = join(folder, 'project');
  mkdirSync(cwd);
  writeFileSync(
    join(cwd, 'm.wasm'),
    await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`),
  );
  writeFileSync(
    join(cwd, 'HIPPOFACTS'),
    '[bindle]\nname = "watched"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["*.txt"]\n',
  );
  const watching = startHippo(['publish', '--watch'], { cwd, env });
  await watching.sees('Waiting for changes');
  expect((await stop()).code).toBe(0);
  writeFileSync(join(cwd, 'a.txt'), 'a');
  await watching.sees('Waiting for changes', 2);
  watching.kill('SIGINT');
  const { code, stdout } = await watching.ended;
  expect(code).toBe(0);
  expect(stdout.match(/^published: watched\//gm)).toHaveLength(2);
});
