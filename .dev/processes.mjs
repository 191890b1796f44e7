// Child processes of the scripts here: started without a shell, and none of them outlives its script.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const running = new Set();

/** Starts a program; `options` as for spawn. With `node` as its name it is the Node that runs this script. */
export function start(program, args, options = {}) {
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...options,
  });
  running.add(child);
  child.ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 127, error }));
    child.once('close', (code, signal) => resolve({ code: code ?? 1, signal }));
  }).finally(() => running.delete(child));
  return child;
}

/** Runs a program to its end: exit code, and what it wrote to both outputs in the order in which it came. */
export async function run(program, args, options = {}) {
  const child = start(program, args, options);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => (output += text));
  const { code, error } = await child.ended;
  return { code, output: error ? `${output}${error.message}\n` : output };
}

/** Ends what still runs, and waits until it has ended. */
export async function stopAll() {
  const children = [...running];
  for (const child of children) child.kill('SIGTERM');
  const patience = setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), 10_000);
  await Promise.all(children.map((child) => child.ended));
  clearTimeout(patience);
}

/** The Node that these scripts need; a sentence and the end of the process on an older one. */
export function demandNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  process.stderr.write(
    `This needs the Node in node_modules/.bin, and runs on ${process.version}: run it with "npm start" or "npm test", and see that npm may run the install script of the package "node".\n`,
  );
  process.exit(1);
}
