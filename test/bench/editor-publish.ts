// `npm run bench`: publishing from a window of VS Code: from the click to the first progress, by the lens and from the
// palette; and the heap of the extension host before and after 50 publishes. Numbers of one run are for comparing within
// it. Needs a build and `npm run vscode`.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePackage } from '../../.dev/package.mjs';
import { cleanEnv, hippo } from '../support/cli.ts';
import { helloModule } from '../host/hello-module.ts';
import { launchBrowser, openProfile } from '../support/vscode/browser.ts';
import { installExtension, isolatedEnv, startServer } from '../support/vscode/server.ts';
import { QUIET_SETTINGS } from '../support/vscode/settings.ts';
import { Workbench } from '../support/vscode/workbench.ts';
import { findVSCode } from '../vscode/setup.mjs';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 10);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'hippo-publish-bench-'));
const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const ms = (value: number): string => `${value.toFixed(0)} ms`;
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Notes in the page when a mouse or a key was pressed last, and when the first notification came after that. */
const WATCH = `
  globalThis.watched = { pressed: 0, shown: 0 };
  for (const event of ['mousedown', 'keydown'])
    document.addEventListener(event, () => (watched = { pressed: performance.now(), shown: 0 }), true);
  new MutationObserver(() => {
    if (!watched.shown && document.querySelector('.notification-toast')) watched.shown = performance.now();
  }).observe(document.body, { childList: true, subtree: true });
`;

function makeProject(): string {
  const folder = join(home, 'weather');
  mkdirSync(folder);
  writeFileSync(join(folder, 'app.wasm'), helloModule());
  writeFileSync(
    join(folder, 'HIPPOFACTS'),
    '[bindle]\nname = "weather"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\n',
  );
  return folder;
}

async function clicks(window: Workbench): Promise<void> {
  await window.page.evaluate(WATCH);
  const measure = async (press: () => Promise<void>): Promise<number> => {
    await press();
    await window.notifications
      .with('Publishing weather')
      .or(window.notifications.with('Published weather'))
      .waitFor();
    const time = await window.page.evaluate<number>('watched.shown - watched.pressed');
    await window.notifications.close('Published weather');
    await window.notifications.toasts.first().waitFor({ state: 'detached' });
    return time;
  };
  const byLens = (): Promise<number> =>
    measure(() => window.page.locator('.codelens-decoration a', { hasText: 'Publish' }).click());
  const fromPalette = async (): Promise<number> => {
    await window.page.keyboard.press('F1');
    await window.quick.fill('>Hippo: Publish');
    await window.quick.row('Hippo: Publish').waitFor();
    return measure(() => window.quick.row('Hippo: Publish').click());
  };
  say(`  the first, by the lens          ${ms(await byLens())}, the local Hippo starts`);
  for (const [name, one] of [
    ['by the lens', byLens],
    ['from the palette', fromPalette],
  ] as const) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) times.push(await one());
    say(`  ${name}, median of ${ROUNDS}`.padEnd(34) + ms(median(times)));
  }
}

async function inAWindow(): Promise<void> {
  const vsix = join(home, 'hippo-tools.vsix');
  await makePackage(vsix);
  const extensionsDir = join(home, 'extensions');
  await installExtension(vsix, extensionsDir, 'newest');
  const root = join(home, 'vscode');
  const server = await startServer({
    root,
    extensionsDir,
    env: { ...isolatedEnv(root), HIPPO_HOME: join(home, 'hippo-home') },
    settings: { ...QUIET_SETTINGS, 'hippo.publish.buildTask': 'none' },
  });
  const browser = await launchBrowser();
  try {
    const window = await Workbench.open(server, await openProfile(browser), makeProject());
    await window.editor.open('HIPPOFACTS');
    await window.page.locator('.codelens-decoration a', { hasText: 'Publish' }).waitFor();
    await clicks(window);
  } finally {
    await browser.close();
    await server.stop();
    await hippo(['platform', 'stop'], { env: cleanEnv(join(home, 'hippo-home')) });
  }
}

function heap(): void {
  const report = join(home, 'heap.json');
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'test/host/run.ts'), 'newest', '--grep', 'the heap of'],
    { env: { ...process.env, HIPPO_BENCH_REPORT: report }, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The extension host failed: ${stderr}`);
  const { publishes, before, after, milliseconds } = JSON.parse(readFileSync(report, 'utf8')) as {
    publishes: number;
    before: number;
    after: number;
    milliseconds: number;
  };
  say(`  after one publish               ${mb(before)}`);
  say(`  after ${publishes} more                   ${mb(after)}, of ${ms(milliseconds)} each`);
}

try {
  if (findVSCode('newest')) {
    say('From the click to the first progress of a publish');
    await inAWindow();
    say("The extension host's heap");
    heap();
  } else say('Publishing from a window: skipped, `npm run vscode` gets a VS Code');
} finally {
  rmSync(home, { recursive: true, force: true });
}
