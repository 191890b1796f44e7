// A folder is watched wherever it lies, and before it is there.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { watchFolder } from '../../../src/editor/connections/watch-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';

const root = temporaryFolder();
const watches: { dispose(): unknown }[] = [];
let number = 0;
afterEach(() => {
  for (const watch of watches.splice(0)) watch.dispose();
});

function watched(...path: string[]) {
  const home = join(root, String(number++));
  mkdirSync(home);
  const folder = join(home, ...path);
  let told = 0;
  watches.push(watchFolder(folder, () => told++));
  return { home, folder, told: () => told };
}

test('tells of what changes in it', async () => {
  const { folder, told } = watched();
  writeFileSync(join(folder, 'one.json'), '1');
  await waitFor(() => expect(told()).toBe(1));
});

test.each([
  ['it is made', ['connections']],
  ['all of the way to it is made', ['config', 'hippo', 'connections']],
])('tells of changes also where %s later', async (_what, path) => {
  const { folder, told } = watched(...path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'one.json'), '1');
  await waitFor(() => expect(told()).toBeGreaterThan(0));
  const before = told();
  writeFileSync(join(folder, 'one.json'), '2');
  await waitFor(() => expect(told()).toBeGreaterThan(before));
});

test('does not mind what is made beside the way to it', async () => {
  const { home, folder, told } = watched('config', 'connections');
  mkdirSync(join(home, 'other'));
  mkdirSync(join(home, 'config'));
  rmSync(join(home, 'other'), { recursive: true });
  mkdirSync(folder);
  await waitFor(() => expect(told()).toBeGreaterThan(0));
});
