// `npm run bench`: how long the packaged extension takes to load and to activate in a new window, beside one that does
// nothing. VS Code measures both itself. Numbers of one run are for comparing within it. Needs a build and
// `npm run vscode`.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePackage } from '../../.dev/package.mjs';
import { launchBrowser, openProfile } from '../support/vscode/browser.ts';
import { retry } from '../support/vscode/retry.ts';
import { installExtension, isolatedEnv, startServer } from '../support/vscode/server.ts';
import { QUIET_SETTINGS } from '../support/vscode/settings.ts';
import { Workbench } from '../support/vscode/workbench.ts';
import { findVSCode } from '../vscode/setup.mjs';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 10);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OURS = 'hippo-tools.hippo-tools';
const TOY = 'somebody.toy';
const home = mkdtempSync(join(tmpdir(), 'hippo-activation-'));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

interface Times {
  /** Milliseconds to read and run the main file. */
  load: number;
  /** Milliseconds inside of `activate()`. */
  activate: number;
}

/** An extension with one command, activated as ours is. */
function makeToy(): string {
  const folder = join(home, 'toy');
  mkdirSync(folder);
  const manifest = {
    name: 'toy',
    publisher: 'somebody',
    version: '1.0.0',
    license: 'MIT',
    engines: { vscode: '^1.106.0' },
    main: './extension.js',
    activationEvents: ['workspaceContains:HIPPOFACTS'],
    contributes: { commands: [{ command: 'toy.play', title: 'Play' }] },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'README.md'), '# Toy\n');
  writeFileSync(
    join(folder, 'extension.js'),
    `const vscode = require('vscode');
exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('toy.play', () => {}));
};
`,
  );
  const vsix = join(home, 'toy.vsix');
  const flags = ['--allow-missing-repository', '--skip-license', '--no-dependencies'];
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/@vscode/vsce/vsce'), 'package', ...flags, '--out', vsix],
    { cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(stderr);
  return vsix;
}

function makeProject(): string {
  const folder = join(home, 'weather');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'HIPPOFACTS'),
    '[bindle]\nname = "weather"\nversion = "1.0.0"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\n',
  );
  return folder;
}

/** What VS Code's own report says of an extension, once it has activated it. */
function timesOf(report: string, extension: string): Times {
  const rows = report.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const [, , , load, activate] = rows.find(([, id]) => id === extension) ?? [];
  if (!load || !activate) throw new Error(`${extension} is not in the report.`);
  return { load: Number(load), activate: Number(activate) };
}

async function oneWindow(window: Workbench): Promise<Record<string, Times>> {
  // All of the report is in view.
  await window.page.setViewportSize({ width: 1400, height: 12_000 });
  return retry(async () => {
    await window.command('Developer: Startup Performance');
    await window.editor.has('Extension Activation Stats');
    const report = await window.editor.text();
    return Object.fromEntries([OURS, TOY].map((id) => [id, timesOf(report, id)]));
  });
}

async function measure(): Promise<void> {
  const vsix = join(home, 'hippo-tools.vsix');
  await makePackage(vsix);
  const extensionsDir = join(home, 'extensions');
  for (const one of [vsix, makeToy()]) await installExtension(one, extensionsDir, 'newest');
  const root = join(home, 'vscode');
  const server = await startServer({
    root,
    extensionsDir,
    env: { ...isolatedEnv(root), HIPPO_HOME: join(home, 'hippo-home') },
    settings: QUIET_SETTINGS,
  });
  const browser = await launchBrowser();
  const rounds: Record<string, Times>[] = [];
  try {
    const profile = await openProfile(browser);
    const project = makeProject();
    for (let round = 0; round < ROUNDS; round++) {
      const window = await Workbench.open(server, profile, project);
      rounds.push(await oneWindow(window));
      await window.close();
    }
  } finally {
    await browser.close();
    await server.stop();
  }
  for (const [id, name] of [
    [OURS, 'this extension'],
    [TOY, 'the toy'],
  ] as const) {
    const of = (read: (times: Times) => number): string => {
      const values = rounds
        .flatMap((round) => (round[id] ? [read(round[id])] : []))
        .toSorted((a, b) => a - b);
      return `${values[Math.floor(values.length / 2)]} ms (${values[0]} to ${values.at(-1)})`;
    };
    const sum = of(({ load, activate }) => load + activate);
    say(
      `  ${name.padEnd(16)}load ${of(({ load }) => load)}, activate ${of(({ activate }) => activate)}, both ${sum}`,
    );
  }
}

try {
  if (findVSCode('newest')) {
    say(`Activation in a new window, median of ${ROUNDS}`);
    await measure();
  } else say('Activation: skipped, `npm run vscode` gets a VS Code');
} finally {
  rmSync(home, { recursive: true, force: true });
}
