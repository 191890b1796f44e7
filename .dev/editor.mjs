// `npm run editor [-- --port N] [-- --folder DIR] [-- --home DIR]`: a real VS Code in the browser with the extension, a
// sample and a local Hippo, until Ctrl-C. What it keeps, the sample included, is in out/editor.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { installExtension, startServer } from '../test/support/vscode/server.ts';
import { provideVSCode } from '../test/vscode/setup.mjs';
import { makePackage } from './package.mjs';
import { startPlatform } from './platform.mjs';
import { demandNode, root, run } from './processes.mjs';
import { buildSample } from './sample.mjs';
import { atEnd, say, stayUp, step } from './stay-up.mjs';

demandNode();
const { port, folder, home } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    folder: { type: 'string' },
    home: { type: 'string', default: join(root, 'out/editor') },
  },
}).values;
const HOME = resolve(home);
/** A Hippo, keys and connections of this editor, not yours; nothing of npm and of a VS Code in which this may run. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm_|VSCODE_|ELECTRON_)/.test(name)),
  ),
  HIPPO_HOME: join(HOME, 'hippo-home'),
};
/** Until somebody changes them. */
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'telemetry.telemetryLevel': 'off',
  'chat.disableAIFeatures': true,
  'chat.agentHost.enabled': false,
  'remote.autoForwardPorts': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

await stayUp(async () => {
  mkdirSync(HOME, { recursive: true });
  await step('Getting VS Code (once, for half a minute)', getVSCode);
  await step('Building the extension, the command and the platform', build);
  const vsix = join(HOME, 'hippo-tools.vsix');
  await step('Packaging the extension', () => makePackage(vsix));
  const opened = folder === undefined ? await sample() : resolve(folder);
  const platform = await step('Starting a local Hippo', () =>
    startPlatform(['--data', join(HOME, 'hippo-home/platform')], env),
  );
  // Another may have taken its place meanwhile.
  atEnd(() => run('node', ['dist/cli.cjs', 'platform', 'stop'], { env }));
  const token = randomBytes(16).toString('hex');
  const { origin } = await step('Starting VS Code', () => startVSCode(vsix, token));
  say(`
  VS Code  ${origin}/?tkn=${token}&folder=${encodeURIComponent(opened)}
  Hippo    ${platform.hippoUrl}
`);
});

async function getVSCode() {
  const { command, reason } = await provideVSCode('newest');
  if (command !== undefined) throw new Error(`${reason}\nTo get it: ${command}`);
}

async function build() {
  const { code, output } = await run('node', ['esbuild.mjs']);
  if (code !== 0) throw new Error(output);
}

/** It stays as you have changed it. */
async function sample() {
  const path = join(HOME, 'hello');
  if (!existsSync(join(path, 'HIPPOFACTS')))
    await step('Making and compiling the sample', () => buildSample(path));
  return path;
}

async function startVSCode(vsix, token) {
  const kept = join(HOME, 'vscode');
  const extensionsDir = join(kept, 'extensions');
  await installExtension(vsix, extensionsDir, 'newest');
  const server = await startServer({
    root: kept,
    env,
    extensionsDir,
    token,
    port: Number(port),
    secretKey: secretKey(),
    ...(existsSync(join(kept, 'user/User/settings.json')) ? {} : { settings: SETTINGS }),
  });
  atEnd(() => server.stop());
  return server;
}

/** Half of what the browser's secrets are encrypted with, the same every time; the other half is in the browser. */
function secretKey() {
  const path = join(HOME, 'secret-key');
  if (!existsSync(path)) writeFileSync(path, randomBytes(32), { mode: 0o600 });
  return readFileSync(path);
}
