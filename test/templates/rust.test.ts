// A new app from scaffold/rust, built as its task builds it, published to the local Hippo and visited.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
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
