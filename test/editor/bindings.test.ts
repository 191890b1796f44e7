// From an add-on to a publish of code that uses it, in a window: binding code with its preview, on a real PostgreSQL.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform } from '../support/local-platform.ts';
import { rustEnv } from '../support/rust.ts';
import { test } from '../support/vscode/test.ts';

/** A handler in which there is a place for code. */
const MAIN = `fn main() {
    println!("Content-Type: text/plain\\n");

}
`;

test(
  'code for PostgreSQL in the Rust sample, and its rows on the page',
  { timeout: 600_000 },
  async ({ vscode }) => {
    const home = mkdtempSync(join(tmpdir(), 'hippo-bindings-'));
    const platform = await startLocalPlatform(vscode.hippoHome, ['--port', '0']);
    onTestFinished(async () => {
      await platform.stop();
      rmSync(home, { recursive: true, force: true, maxRetries: 10 });
    });
    const env = rustEnv(cleanEnv(vscode.hippoHome), home);
    const folder = join(home, 'shop');
    const run = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await hippo(args, { env, cwd: folder });
      expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    const build = (): unknown =>
      execFileSync('cargo', ['build', '--release', '--target', 'wasm32-wasip1'], {
        cwd: folder,
        env,
        stdio: 'pipe',
      });
    expect(
      await hippo(['new', '--template', 'rust', '--name', 'shop', '--author', 'Ana', folder], { env }),
    ).toMatchObject({
      code: 0,
    });
    const main = join(folder, 'src/main.rs');
    writeFileSync(main, MAIN);
    rmSync(join(folder, '.vscode'), { recursive: true, force: true });
    build();
    await run('publish', '-y', '-v', 'dev');
    await run('addons', 'add', 'postgresql', '--app', 'shop');

    await vscode.start({
      // Who publishes in the terminal: each has a channel of their own.
      env: { USER: env['USER'] },
      settings: { 'hippo.publish.buildTask': 'none', 'hippo.publish.confirmChannels': false },
    });
    const window = await vscode.open(folder);
    const question = 'Binding code for postgresql:';
    const askForCode = async (): Promise<void> => {
      await window.editor.open('main.rs');
      await window.editor.goTo(3, 1);
      await window.command('Hippo: Add Binding Code…');
      await window.quick.pick('Host call');
      await window.quick.pick('At the cursor');
    };
    await vscode.step('a preview that is turned away leaves nothing', async () => {
      await askForCode();
      await window.notifications.come(question);
      await window.notifications.click(question, 'Discard');
    });
    expect(readFileSync(main, 'utf8')).toBe(MAIN);
    expect(existsSync(join(folder, 'src/hippo.rs'))).toBe(false);

    await vscode.step('the preview of all files', async () => {
      await askForCode();
      await window.notifications.come(question);
    });
    await vscode.step('the code, selected', async () => {
      await window.notifications.click(question, 'Add');
      await expect.poll(() => readFileSync(main, 'utf8')).toContain('database.query');
    });
    expect(existsSync(join(folder, 'src/hippo.rs'))).toBe(true);
    expect(readFileSync(join(folder, 'HIPPOFACTS'), 'utf8')).toContain('hippo_addons = "postgresql');

    await vscode.step('asked for twice', async () => {
      await window.command('Hippo: Add Binding Code…');
      await window.quick.pick('Host call');
      await window.quick.pick('At the cursor');
      await window.notifications.come('is all there already');
      await window.notifications.close('is all there already');
    });

    await vscode.step('build and publish', async () => {
      build();
      await window.command('Hippo: Publish');
      await window.notifications.come('Published shop: ana runs');
    });
    await vscode.step('the page shows rows', async () => {
      const page = await window.opens(() => window.notifications.click('Published shop', 'Open in Browser'));
      await page.getByText('It works').waitFor();
      await page.close();
    });
    // The code is there: nobody offers it.
    expect((await window.notifications.texts()).join('\n')).not.toContain('has no code');
  },
);
