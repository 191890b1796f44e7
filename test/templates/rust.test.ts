// A new app from scaffold/rust, built as its task builds it, published to the local Hippo and visited.

import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { problemsOfBuild } from '../support/problem-matcher.ts';
import { rustEnv } from '../support/rust.ts';
import { testTemplateApp } from '../support/template-app.ts';

interface Task {
  label: string;
  command: string;
  args: string[];
}

let project: string;
let env: NodeJS.ProcessEnv;

testTemplateApp(async (folder) => {
  project = folder;
  env = rustEnv(cleanEnv(join(dirname(folder), 'home')), dirname(folder));
  const args = ['new', '--template', 'rust', '--name', 'hello', '--author', 'Ana', folder];
  expect(await hippo(args, { env })).toMatchObject({ code: 0 });
  runTask('Cargo: Build WASM');
});

test('passes its own tests', () => {
  expect(runTask('Cargo: Test')).toMatch(/test result: ok\. [1-9]\d* passed; 0 failed/);
});

test('its task finds where the compiler complains', () => {
  appendFileSync(join(project, 'src/wagi.rs'), '\nfn three() -> u8 { nothing() }\n');
  const { stderr } = spawnSync('cargo', ['build'], { cwd: project, env, encoding: 'utf8' });
  expect(problemsOfBuild(project, stderr)).toContainEqual({
    severity: 'error',
    code: 'E0425',
    message: expect.stringContaining('nothing') as string,
    file: 'src/wagi.rs',
    line: expect.stringMatching(/^\d+$/) as string,
    column: '20',
  });
});

function runTask(label: string): string {
  const { tasks } = JSON.parse(readFileSync(join(project, '.vscode/tasks.json'), 'utf8')) as {
    tasks: Task[];
  };
  const { command, args } = tasks.find((task) => task.label === label)!;
  return execFileSync(command, args, {
    cwd: project,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
