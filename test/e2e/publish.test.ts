// Publishing through the command, to a local Hippo.

import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { compile } from '../support/wasm.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
let platform: LocalPlatform;
let module: Uint8Array;
let next = 0;
let dir: string;
let name: string;
beforeAll(async () => {
  module = await compile(`process.stdout.write('content-type: text/plain\\n\\nhello\\n');`);
  platform = await startLocalPlatform(home, ['--data', join(folder, 'data'), '--port', '0']);
});
afterAll(() => platform.stop());
beforeEach(() => {
  name = `shop${next++}`;
  dir = join(folder, name);
  mkdirSync(join(dir, 'static'), { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), module);
  writeFileSync(join(dir, 'static/a.txt'), 'a');
  version('1.0.0');
});

function version(text: string): void {
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "team/${name}"\nversion = "${text}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["static/*"]\n`,
  );
}

const run = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  hippo(args, {
    cwd: dir,
    env: cleanEnv(home, { HIPPO_URL: platform.hippoUrl, BINDLE_URL: platform.bindleUrl, ...env }),
  });
const channels = async (): Promise<{ name: string; runs: string | undefined; rule: string | null }[]> => {
  const { stdout } = await run(['channel', 'list', '--app', name, '-o', 'json']);
  const items = JSON.parse(stdout) as {
    name: string;
    activeRevision: { revisionNumber: string } | null;
    rangeRule: string | null;
  }[];
  return items.map((item) => ({
    name: item.name,
    runs: item.activeRevision?.revisionNumber,
    rule: item.rangeRule,
  }));
};

function page(address: string): Promise<{ status: number; text: string }> {
  const { port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, headers: { host } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

describe('hippo publish', () => {
  it('makes what is missing, and ends when the page answers', async () => {
    const ran = await run(['publish', '-o', 'json']);
    expect(ran.code).toBe(0);
    const { id, channels: served } = JSON.parse(ran.stdout) as {
      id: string;
      channels: { name: string; address: string }[];
    };
    expect(id).toMatch(new RegExp(`^team/${name}/1\\.0\\.0-ana-\\d{17}$`));
    expect(served).toHaveLength(1);
    expect(await page(served[0]!.address)).toMatchObject({
      status: 200,
      text: expect.stringContaining('hello'),
    });
    expect(await channels()).toEqual([
      { name: 'ana', runs: id.slice(id.lastIndexOf('/') + 1), rule: 'P:*-ana-*' },
    ]);
  });

  it('goes on in the same channel, sends only what changed, and keeps users and releases apart', async () => {
    await run(['publish']);
    writeFileSync(join(dir, 'static/a.txt'), 'b');
    const second = JSON.parse((await run(['publish', '-o', 'json'])).stdout) as { sentParcels: number };
    expect(second.sentParcels).toBe(1);
    await run(['publish', '-v', 'production']);
    await run(['push', '.', '-o', 'message'], { USER: 'canary' });
    const all = await channels();
    expect(all.map(({ name: channel, rule }) => [channel, rule])).toEqual([
      ['ana', 'P:*-ana-*'],
      ['canary', 'P:*-canary-*'],
      ['production', '*'],
    ]);
    expect(all.map(({ runs }) => runs?.replace(/\d{17}/, 'T'))).toEqual([
      '1.0.0-ana-T',
      '1.0.0-canary-T',
      '1.0.0',
    ]);
    version('1.1.0');
    await run(['publish', '-v', 'production']);
    expect((await channels())[2]).toMatchObject({ runs: '1.1.0' });
  });

  it('says what it would do and does nothing with --dry-run', async () => {
    const dry = await run(['publish', '--dry-run']);
    expect(dry).toMatchObject({ code: 0, stderr: '' });
    expect(dry.stdout).toMatch(
      /2 files new .*\n    \+ m\.wasm  .*\n    \+ static\/a\.txt  1 B\n.*first: make the app/,
    );
    expect(JSON.parse((await run(['app', 'list', '-o', 'json'])).stdout)).not.toContainEqual(
      expect.objectContaining({ name }),
    );
    expect((await run(['search', name])).stdout).toBe('');
    await run(['publish', '-v', 'production']);
    writeFileSync(join(dir, 'static/b.txt'), 'b');
    appendFileSync(join(dir, 'HIPPOFACTS'), '[[export]]\nid = "x"\nname = "m.wasm"\nfiles = ["none/*"]\n');
    const plan = JSON.parse((await run(['publish', '--dry-run', '-o', 'json'])).stdout) as {
      comparedWith: string;
      files: { name: string; change: string }[];
      warnings: string[];
    };
    expect(plan.warnings).toEqual(['No files matched pattern none/*']);
    expect(plan.comparedWith).toBe(`team/${name}/1.0.0`);
    expect(plan.files.map(({ name: file, change }) => [file, change])).toEqual([
      ['m.wasm', 'same'],
      ['static/a.txt', 'same'],
      ['static/b.txt', 'new'],
    ]);
  });

  it('is quiet and prints just what is asked for', async () => {
    expect(await run(['publish', '-o', 'none'])).toMatchObject({ code: 0, stdout: '' });
    expect((await run(['publish', '-v', 'production', '-o', 'id'])).stdout).toBe(`team/${name}/1.0.0\n`);
    expect((await run(['ship', '.', '-v', 'production', '-o', 'message'])).stdout).toBe(
      `pushed: team/${name}/1.0.0\n`,
    );
  });

  it('re-points the channel of a user whose version has a pre-release', async () => {
    await run(['publish']);
    version('2.0.0-rc.1');
    expect((await run(['publish'])).code).toBe(0);
    expect(await channels()).toEqual([
      { name: 'ana', runs: expect.stringMatching(/^2\.0\.0-rc\.1-ana-/), rule: 'P:*-rc.1-ana-*' },
    ]);
  });

  it('can be repeated after any part of it, and made of a bindle that is there', async () => {
    await run(['bindle', '-v', 'production']);
    const released = await run(['release', `team/${name}/1.0.0`]);
    expect(released).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`released: team/${name}/1.0.0\nproduction: http`),
    });
    expect((await run(['publish', '-v', 'production'])).code).toBe(0);
    const revisions = JSON.parse(
      (await run(['revision', 'list', '--app', name, '-o', 'json'])).stdout,
    ) as unknown[];
    expect(revisions).toHaveLength(1);
    expect(await run(['release', `team/${name}/9.9.9`])).toMatchObject({ code: 1 });
  });

  it('pins one channel with --channel', async () => {
    await run(['publish', '-v', 'production']);
    version('2.0.0');
    await run(['publish', '-v', 'production']);
    expect((await run(['release', `team/${name}/1.0.0`, '--channel', 'production'])).code).toBe(0);
    expect(await channels()).toEqual([expect.objectContaining({ name: 'production', runs: '1.0.0' })]);
  });

  it('lists what differs between two versions', async () => {
    await run(['publish', '-v', 'production', '--no-wait']);
    version('1.1.0');
    writeFileSync(join(dir, 'static/a.txt'), 'changed');
    writeFileSync(join(dir, 'static/new.txt'), 'new');
    await run(['publish', '-v', 'production', '--no-wait']);
    expect((await run(['diff', '1.0.0', '1.1.0'])).stdout).toBe(
      '~ static/a.txt  7 B\n+ static/new.txt  3 B\n',
    );
    expect((await run(['diff', `team/${name}/1.1.0`, '1.0.0'])).stdout).toBe(
      '~ static/a.txt  1 B\n- static/new.txt  3 B\n',
    );
    expect((await run(['diff', '1.0.0', '1.0.0'])).stdout).toBe('');
    expect(await run(['diff', '1.0.0', '9.9.9'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`has no bindle team/${name}/9.9.9`),
    });
  });

  it('goes to the connection that is named, whatever HIPPO_URL says', async () => {
    const ran = await run(['publish', '--connection', 'nowhere']);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('no connection "nowhere"') });
    expect((await run(['search', name])).stdout).toBe('');
  });

  it('fixes the channel where no rule tells the version from a build that differs in metadata', async () => {
    version('1.0.0+build.5');
    await run(['publish']);
    const published = await run(['publish', '-v', 'production']);
    expect(published.stderr).toContain('make the channel production for this very version');
    expect(await channels()).toContainEqual(
      expect.objectContaining({ name: 'production', runs: '1.0.0+build.5' }),
    );
    version('1.0.0+build.6');
    await run(['publish', '-v', 'production', '--channel', 'staging']);
    expect(await channels()).toContainEqual(
      expect.objectContaining({ name: 'staging', runs: '1.0.0+build.6' }),
    );
  });

  it('names the channel whose rule it changes, also on the local Hippo', async () => {
    version('2.0.0');
    await run(['publish', '-v', 'production']);
    version('1.0.0');
    expect((await run(['publish', '-v', 'production'])).stderr).toContain(
      `This changes what ${name}:production runs.`,
    );
  });

  it('says so where a token was copied with more than itself', async () => {
    expect(await run(['publish'], { HIPPO_TOKEN: 'hippo_deploy_x\n' })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Copy it again for HIPPO_TOKEN.'),
    });
  });

  it('sends nothing for a channel whose name no Hippo takes', async () => {
    const ran = await run(['publish', '--channel', 'a b']);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('no channel "a b"') });
    expect((await run(['search', name])).stdout).toBe('');
  });

  it('takes the app that was chosen for the folder where several have these bindles', async () => {
    await run(['publish', '-v', 'production']);
    await run(['app', 'add', `${name}-too`, `team/${name}`]);
    expect(await run(['publish'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Several apps'),
    });
    await run(['use', `${name}-too`]);
    const ran = await run(['publish']);
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining(`for the app ${name}-too`) });
  });

  it('says so where the app answers with a failure of its own', async () => {
    writeFileSync(join(dir, 'm.wasm'), 'this is no module');
    const ran = await run(['publish']);
    expect(ran).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('warning: ana answers, but with 500'),
    });
  });

  it('keeps to the Hippo of --hippo-url, with its own Bindle server', async () => {
    await run(['publish']);
    const elsewhere = join(folder, `home-of-${name}`);
    const token = await run(['token', 'create', '--app', name, '-o', 'json']);
    const { token: bearer } = JSON.parse(token.stdout) as { token: string };
    const ran = await hippo(['publish', '--hippo-url', platform.hippoUrl, '-o', 'json'], {
      cwd: dir,
      env: cleanEnv(elsewhere, { HIPPO_TOKEN: bearer }),
    });
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({
      server: `${platform.hippoUrl}/v1`.replace('//v1', '/v1'),
    });
    expect(ran.stderr).not.toContain('Started the local Hippo');
  });

  it('marks problems for GitHub where it runs there', async () => {
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      '[bindle]\nname = "a"\nversion = "1"\n[[handler]]\nroute = "/"\nname = "m.wasm"\n',
    );
    const ran = await run(['publish', '-v', 'production'], { GITHUB_ACTIONS: 'true', CI: 'true' });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(
      /^::error file=HIPPOFACTS,line=3,col=\d+,endLine=3,endColumn=\d+,title=invalid-version::.*valid semantic version/m,
    );
    const inFolder = await run(['publish'], { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder });
    expect(inFolder.stderr).toContain(`::error file=${name}/HIPPOFACTS,line=3`);
  });

  it('builds first where that is asked for, and publishes nothing if it fails', async () => {
    cpSync(join(dir, 'static/a.txt'), join(dir, 'source.txt'));
    const script = `require('fs').appendFileSync('static/a.txt', 'built')`;
    writeFileSync(join(dir, 'build.cjs'), script);
    expect((await run(['publish', '--build', `"${process.execPath}" build.cjs`])).code).toBe(0);
    expect(readFileSync(join(dir, 'static/a.txt'), 'utf8')).toBe('abuilt');
    writeFileSync(join(dir, 'build.cjs'), 'process.exit(7)');
    const failed = await run(['publish', '--build', `"${process.execPath}" build.cjs`]);
    expect(failed).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('exit code 7') });
    expect((await run(['publish', '--build', ''])).code).toBe(0);
    const nowhere = await run(['publish', 'nowhere', '--build', 'exit 0']);
    expect(nowhere).toMatchObject({ code: 3, stderr: expect.stringContaining('does not exist') });
  });
});
