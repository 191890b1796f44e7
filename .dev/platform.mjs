// A local Hippo for the scripts here, which ends with them.
import { createInterface } from 'node:readline';
import { start } from './processes.mjs';

/**
 * @param {string[]} args of dist/platform.cjs
 * @returns what it says when it is ready, and its process
 */
export async function startPlatform(args, env) {
  const child = start(
    'node',
    ['dist/platform.cjs', '--ready-json', '--until-stdin-ends', ...args],
    // It ends when this pipe does, however the script goes.
    { stdio: ['pipe', 'pipe', 'inherit'], env },
  );
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { value, done } = await lines.next();
  if (done) throw new Error('The local Hippo did not start.');
  return { ...JSON.parse(value), child };
}
