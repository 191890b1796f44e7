// `hippo publish --watch`, on a local Hippo.

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnv } from '../support/cli.ts';
import { startGate, type Gate } from '../support/gate.ts';
import { startedPlatform, type RunningPlatform } from '../support/platform.ts';
import { startHippo, type RunningCommand } from '../support/running-command.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const WAITING = 'Waiting for changes';
let platform: RunningPlatform;
let gate: Gate;
let modules: Uint8Array[];
let next = 0;
let name: string;
let dir: string;
let command: RunningCommand | undefined;

beforeAll(async () => {
  modules = await Promise.all(
    ['one', 'two'].map((text) =>
      compile(`process.stdout.write('content-type: text/plain\\n\\n${text}\\n');`),
    ),
  );
  platform = await startedPlatform('--ephemeral', '--port', '0');
  gate = await startGate(platform.ready.hippoUrl);
});
afterAll(async () => {
  await gate.close();
  await platform.stop();
});
beforeEach(() => {
  name = `shop${next++}`;
  dir = join(folder, name);
  mkdirSync(join(dir, 'static'), { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), modules[0]!);
  writeFileSync(join(dir, 'static/a.txt'), 'a');
  manifest('"static/**/*"');
});
afterEach(async () => {
  gate.open();
  command?.kill('SIGKILL');
  await command?.ended;
  command = undefined;
});

function manifest(files: string): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = [${files}]\n`,
  );
}

function watch(...args: string[]): RunningCommand {
  command = startHippo(['publish', '--watch', '--yes', ...args], {
    cwd: dir,
    env: cleanEnv(join(folder, 'home'), {
      HIPPO_URL: gate.url,
      HIPPO_TOKEN: platform.token,
      BINDLE_URL: `${gate.url}/v1`,
    }),
  });
  return command;
}

/** How many publishes there were; after the words that it waits, there is nothing more to come. */
const published = ({ said }: RunningCommand): number => said().split('Waiting for ana').length - 1;
const builds = ({ said }: RunningCommand): number => said().split('Building: ').length - 1;

async function stop(running: RunningCommand): Promise<string[]> {
  running.kill('SIGINT');
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  return stdout.match(/^published: .*$/gm) ?? [];
}

describe('--watch publishes', () => {
  it('when a module or a file of a pattern has changed, and nothing else', async () => {
    const running = watch();
    await running.sees(WAITING);
    writeFileSync(join(dir, 'm.wasm'), modules[1]!);
    await running.sees(WAITING, 2);
    expect(running.said()).toContain('1 file changed');
    mkdirSync(join(dir, 'static/deep'));
    writeFileSync(join(dir, 'static/deep/b.txt'), 'b');
    await running.sees(WAITING, 3);
    expect(running.said()).toContain('1 file new');
    writeFileSync(join(dir, 'notes.txt'), 'of no pattern');
    rmSync(join(dir, 'static/a.txt'));
    await running.sees(WAITING, 4);
    expect(running.said()).toContain('1 file no longer there');
    expect(published(running)).toBe(4);
    expect(await stop(running)).toHaveLength(4);
  });

  it('a module that is put in the place of another', async () => {
    const running = watch('m.wasm');
    await running.sees(WAITING);
    for (const [index, module] of [modules[1]!, modules[0]!].entries()) {
      writeFileSync(join(dir, 'new.wasm'), module);
      renameSync(join(dir, 'new.wasm'), join(dir, 'm.wasm'));
      await running.sees(WAITING, 2 + index);
    }
    expect(await stop(running)).toHaveLength(3);
  });

  it('what a changed HIPPOFACTS names from then on', async () => {
    const running = watch();
    await running.sees(WAITING);
    manifest('"static/**/*", "more/*"');
    await running.sees(WAITING, 2);
    expect(running.said()).toContain('No files matched pattern more/*');
    mkdirSync(join(dir, 'more'));
    writeFileSync(join(dir, 'more/c.txt'), 'c');
    await running.sees(WAITING, 3);
    expect(running.said()).toContain('1 file new');
    expect(await stop(running)).toHaveLength(3);
  });

  it('nothing as long as HIPPOFACTS is broken, also at the start', async () => {
    writeFileSync(join(dir, 'HIPPOFACTS'), '[bindle\n');
    const running = watch();
    await running.sees(WAITING);
    expect(running.said()).toMatch(/HIPPOFACTS:1:.*error/);
    manifest('"static/*"');
    await running.sees(WAITING, 2);
    expect(published(running)).toBe(1);
    rmSync(join(dir, 'HIPPOFACTS'));
    await running.sees(WAITING, 3);
    expect(running.said()).toContain('There is no HIPPOFACTS');
    manifest('"static/**"');
    await running.sees(WAITING, 4);
    expect(await stop(running)).toHaveLength(2);
  });

  it('once for many files', async () => {
    const running = watch();
    await running.sees(WAITING);
    for (let index = 0; index < 200; index++) writeFileSync(join(dir, `static/${index}.txt`), `${index}`);
    await running.sees(WAITING, 2);
    expect(running.said()).toContain('200 files new');
    expect(await stop(running)).toHaveLength(2);
  });

  it.each([
    ['/api/revisions', 3, 'ana will run it'],
    // Not a byte of it was sent: it is not what was to be published any more.
    ['/v1/_i', 2, 'static/a.txt changed while it was being published'],
  ])('once more what has changed during a publish (at %s)', async (path, times, words) => {
    const running = watch();
    await running.sees(WAITING);
    gate.hold(({ method, url }) => method === 'POST' && url === path);
    writeFileSync(join(dir, 'static/a.txt'), `second of ${name}`);
    await expect.poll(() => gate.waiting()).toBe(1);
    writeFileSync(join(dir, 'static/a.txt'), `third of ${name}`);
    gate.open();
    await running.sees(WAITING, 2);
    expect(running.said()).toContain(words);
    expect(await stop(running)).toHaveLength(times);
  });

  it('again after a failure of the server', async () => {
    const running = watch();
    await running.sees(WAITING);
    await gate.close();
    writeFileSync(join(dir, 'static/a.txt'), 'second');
    await running.sees(WAITING, 2);
    expect(running.said()).toContain('No Hippo answers');
    gate = await startGate(platform.ready.hippoUrl, Number(new URL(gate.url).port));
    writeFileSync(join(dir, 'static/a.txt'), 'third');
    await running.sees(WAITING, 3);
    expect(await stop(running)).toHaveLength(2);
  });

  it('ends with what is wrong from the start', async () => {
    const ran = await watch('--app', 'nobody').ended;
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('no app "nobody"') });
    command = undefined;
    expect(await watch('-v', 'production').ended).toMatchObject({ code: 2 });
  });
});

describe('--watch with --build', () => {
  beforeEach(() => {
    mkdirSync(join(dir, 'src'));
    writeFileSync(join(dir, 'src/a.txt'), 'source');
    // What it writes is named by HIPPOFACTS, lies beside the sources, and has a new name each time.
    writeFileSync(
      join(dir, 'build.cjs'),
      `const fs = require('fs');
       const source = fs.readFileSync('src/a.txt', 'utf8');
       fs.rmSync('static', { recursive: true });
       fs.mkdirSync('static');
       fs.writeFileSync('static/a-' + source + '.txt', source);
       fs.writeFileSync('src/generated.txt', source);
       fs.mkdirSync('obj', { recursive: true });
       for (let index = 0; index < 50; index++) fs.writeFileSync('obj/' + index, String(Date.now()));
       if (source === 'broken') process.exit(9);
       if (source === 'slow') { fs.writeFileSync('../${'${name}'}-started', ''); while (!fs.existsSync('../${'${name}'}-go')); }`.replaceAll(
        '${name}',
        name,
      ),
    );
  });
  const line = `"${process.execPath}" build.cjs`;

  it('builds and publishes once for each change of a source', async () => {
    const running = watch('--build', line);
    for (const [index, text] of ['two', 'three', 'four'].entries()) {
      await running.sees(WAITING, 1 + index);
      expect(builds(running)).toBe(1 + index);
      writeFileSync(join(dir, 'src/a.txt'), text);
    }
    await running.sees(WAITING, 4);
    expect(builds(running)).toBe(4);
    expect(await stop(running)).toHaveLength(4);
    expect(readFileSync(join(dir, 'static/a-four.txt'), 'utf8')).toBe('four');
  });

  it('publishes nothing of a build that fails, and goes on after it', async () => {
    const running = watch('--build', line);
    await running.sees(WAITING);
    writeFileSync(join(dir, 'src/a.txt'), 'broken');
    await running.sees(WAITING, 2);
    expect(running.said()).toContain('exit code 9');
    writeFileSync(join(dir, 'src/a.txt'), 'mended');
    await running.sees(WAITING, 3);
    expect(builds(running)).toBe(3);
    expect(await stop(running)).toHaveLength(2);
  });

  it('builds once more what has changed during a build', async () => {
    const running = watch('--build', line);
    await running.sees(WAITING);
    // Somebody works in this folder.
    writeFileSync(join(dir, 'src/b.txt'), 'b');
    await running.sees(WAITING, 2);
    writeFileSync(join(dir, 'src/a.txt'), 'slow');
    await expect.poll(() => existsSync(join(folder, `${name}-started`))).toBe(true);
    appendFileSync(join(dir, 'src/b.txt'), 'more');
    writeFileSync(join(folder, `${name}-go`), '');
    await running.sees(WAITING, 3);
    expect(builds(running)).toBe(4);
    expect(await stop(running)).toHaveLength(4);
  });

  it('builds a module that is not there yet', async () => {
    rmSync(join(dir, 'm.wasm'));
    writeFileSync(join(folder, 'kept.wasm'), modules[0]!);
    const copy = `"${process.execPath}" -e "fs.copyFileSync('../kept.wasm', 'm.wasm')"`;
    const running = watch('m.wasm', '--build', copy);
    await running.sees(WAITING);
    writeFileSync(join(dir, 'src/a.txt'), 'another');
    await running.sees(WAITING, 2);
    expect(builds(running)).toBe(2);
    expect(await stop(running)).toHaveLength(2);
  });
});

describe('Ctrl-C', () => {
  it('in the middle of a publish says how far it came', async () => {
    const running = watch();
    await running.sees(WAITING);
    gate.hold(({ method, url }) => method === 'POST' && url === '/api/revisions');
    writeFileSync(join(dir, 'static/a.txt'), 'second');
    await expect.poll(() => gate.waiting()).toBe(1);
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('is stored, but'),
    });
  });
});
