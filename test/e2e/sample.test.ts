// The sample, a new app from scaffold/assemblyscript, published to the local Hippo and visited.

import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { problemsOfBuild } from '../support/problem-matcher.ts';
import { testTemplateApp } from '../support/template-app.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let project: string;

testTemplateApp(async (folder) => {
  project = folder;
  const builder = new URL('../../.dev/sample.mjs', import.meta.url).href;
  const { buildSample } = (await import(builder)) as { buildSample: (folder: string) => Promise<string> };
  await buildSample(folder);
});

test('its task finds where the compiler complains', () => {
  appendFileSync(join(project, 'assembly/index.ts'), '\nnothing();\nconst three: string = 3;\n');
  const asc = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const args = [asc, 'assembly/index.ts', '--target', 'release'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8' });
  // VS Code matches without colours, which the compiler also writes where CI is set.
  expect(problemsOfBuild(project, stripVTControlCharacters(stdout + stderr))).toMatchObject([
    { severity: 'ERROR', code: 'TS2304', file: 'assembly/index.ts', column: '1' },
    { severity: 'ERROR', code: 'TS2322', file: 'assembly/index.ts', column: '23' },
  ]);
});

test('run.mjs answers one request', () => {
  const env = { ...process.env, X_MATCHED_ROUTE: '/hello/...', PATH_INFO: '/Ana' };
  const { stdout } = spawnSync(process.execPath, ['run.mjs'], { cwd: project, env, encoding: 'utf8' });
  expect(stdout).toMatch(/^Status: 200\nContent-Type: text\/html; charset=utf-8\n\n<!doctype html>/);
  expect(stdout).toContain('<h1>Hello, Ana!</h1>');
});
