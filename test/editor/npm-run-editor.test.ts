// `npm run editor`: a VS Code in the browser for whoever has none at hand.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { openProfile } from '../support/vscode/browser.ts';
import { test } from '../support/vscode/test.ts';

const home = temporaryFolder();

test(
  'opens the sample beside a local Hippo, and its page; Ctrl-C ends all of it',
  { timeout: 240_000 },
  async ({ browser }) => {
    const script = fileURLToPath(new URL('../../.dev/editor.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, '--home', home], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit') as Promise<[number | null]>;
    const lines: string[] = [];
    const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
    await Promise.race([
      expect.poll(() => lines.join('\n'), { timeout: 180_000 }).toContain('Ctrl-C'),
      ended.then(() => Promise.reject(new Error(lines.join('\n')))),
    ]);
    const addressOf = (what: string) => new RegExp(`${what} +(http\\S+)`).exec(lines.join('\n'))?.[1] ?? '';
    const vscode = new URL(addressOf('VS Code'));

    const { context } = await openProfile(browser);
    const page = await context.newPage();
    await page.goto(vscode.href);
    await page.locator('[id="hippo-tools.hippo-tools.connection"]', { hasText: 'Local Hippo' }).waitFor();
    await page.getByRole('treeitem', { name: 'HIPPOFACTS' }).waitFor();

    const env = cleanEnv(join(home, 'hippo-home'));
    const run = async (...args: string[]) =>
      JSON.parse(
        (await hippo([...args, '-o', 'json'], { env })).stdout.trim().split('\n').at(-1) ?? '',
      ) as unknown;
    await run('publish', join(home, 'hello'));
    const [channel] = (await run('channel', 'list')) as [{ port: number }];
    await page.goto(`${vscode.origin}/proxy/${channel.port}/hello?name=Ana`);
    expect(await page.locator('h1').innerText()).toBe('Hello, Ana!');
    const colour = await page.evaluate(`getComputedStyle(document.querySelector('h1')).color`);
    expect(colour, 'its stylesheet is found').not.toBe('rgb(0, 0, 0)');
    await context.close();

    const hippoUrl = addressOf('Hippo');
    expect((await fetch(`${hippoUrl}/healthz`)).status).toBe(200);
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    output.close();
    for (const url of [vscode.origin, hippoUrl]) await expect(fetch(url)).rejects.toThrow();
  },
);
