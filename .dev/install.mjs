// `npm ci`, if what is installed is not what package-lock.json says. Runs on the Node that the machine has.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const time = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last: without it an installation was interrupted.
const installed = time('node_modules/.package-lock.json');
if (installed < time('package-lock.json') || !existsSync(join(root, 'node_modules/.bin'))) {
  process.stdout.write('Installing what package-lock.json lists (npm ci) …\n');
  // npm says where it is, which spares a shell and finding npm.cmd on Windows.
  const npm = process.env.npm_execpath;
  const { status, error } = npm
    ? spawnSync(process.execPath, [npm, 'ci', '--loglevel=error'], {
        cwd: root,
        stdio: ['ignore', 'inherit', 'inherit'],
      })
    : { error: new Error('it was not started by npm') };
  if (error || status !== 0) {
    const reason = error ? ` (${error.message})` : '';
    process.stderr.write(
      `The packages could not be installed${reason}: see above, then run "npm ci" yourself.\n`,
    );
    process.exit(1);
  }
}
