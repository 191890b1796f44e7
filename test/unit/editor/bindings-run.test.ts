// Programs with the add-on variables of a channel: in the terminal of a task, and by a debug configuration.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withAddons } from '../../../src/editor/bindings/debugging.ts';
import type { EnvironmentWish } from '../../../src/editor/bindings/environments.ts';
import { ProgramTerminal, type Program } from '../../../src/editor/bindings/program-terminal.ts';
import { wantedAddons } from '../../../src/editor/bindings/wanted-addons.ts';
import { Cancelled } from '../../../src/editor/failure.ts';
import { readTask } from '../../../src/editor/publish/task-definition.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { waitFor } from '../../support/wait.ts';

const root = mkdtempSync(join(tmpdir(), 'hippo-run-with-'));
const app = new FakeApp(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Shown {
  terminal: ProgramTerminal;
  text: () => string;
  code: Promise<number>;
}

function show(program: Partial<Program> | Error): Shown {
  const terminal = new ProgramTerminal(app, async () => {
    if (program instanceof Error) throw program;
    return {
      program: { command: process.execPath, cwd: root, env: { DB_URL: 'db://secret' }, ...program },
      note: 'with the add-ons of shop: dev',
    };
  });
  let text = '';
  terminal.onDidWrite((written) => (text += written));
  const code = new Promise<number>((resolve) => terminal.onDidClose(resolve));
  terminal.open();
  return { terminal, text: () => text, code };
}

describe('a program in the terminal of a task', () => {
  test('gets the variables, and its exit code is that of the task', async () => {
    const { text, code } = show({
      args: ['-e', 'console.log(String(process.env.DB_URL.length)); process.exit(3)'],
    });
    expect(await code).toBe(3);
    expect(text()).toContain('with the add-ons of shop: dev');
    expect(text()).toContain('11\r\n');
    expect(text()).not.toContain('secret');
  });

  test('may be a line for the shell, reads what is typed, and ends with Ctrl-C', async () => {
    const echo = show({
      command: `"${process.execPath}" -e "process.stdin.on('data', (d) => console.log('got ' + d))"`,
    });
    await waitFor(() => expect(echo.text()).toContain('shop: dev'));
    echo.terminal.handleInput('hello\r');
    await waitFor(() => expect(echo.text()).toContain('got hello'));
    echo.terminal.handleInput('\x03');
    expect(await echo.code).not.toBe(0);
  });

  test('that is not there, or that nobody has allowed, says so', async () => {
    const missing = show({ command: 'no-such-program', args: [] });
    expect(await missing.code).toBe(127);
    expect(missing.text()).toContain('There is no program "no-such-program".');
    const cancelled = show(new Cancelled());
    expect(await cancelled.code).toBe(130);
    expect(cancelled.text()).toContain('Cancelled.');
  });
});

test('a task says what is to run', () => {
  const task = { type: 'hippo', task: 'run', command: 'npm', args: ['start'] };
  expect(readTask(task)).toEqual(task);
  expect(() => readTask({ ...task, command: ' ' })).toThrow('"command" must say what to run');
  expect(() => readTask({ ...task, args: 'start' })).toThrow('"args" must be a list of texts');
  expect(() => readTask({ ...task, task: 'walk' })).toThrow('"task" must be "publish", "prepare" or "run"');
});

describe('a debug configuration', () => {
  const wishes: EnvironmentWish[] = [];
  const environments = {
    of: async (wish: EnvironmentWish) => {
      wishes.push(wish);
      return { variables: { DB_URL: 'db://secret', DB_HOST: 'localhost' }, where: 'shop: dev' };
    },
  };

  test('that asks for add-ons gets their variables; what it sets itself is kept', async () => {
    const node = {
      type: 'node',
      name: 'shop',
      request: 'launch',
      env: { HIPPO_ADDONS: 'shop:dev', DB_HOST: 'mine' },
    };
    expect(wantedAddons(node)).toBe('shop:dev');
    const { configuration, note } = await withAddons(node, 'shop:dev', undefined, environments);
    expect(configuration['env']).toEqual({ DB_URL: 'db://secret', DB_HOST: 'mine' });
    expect(wishes.at(-1)).toMatchObject({ app: 'shop', channel: 'dev', program: '"shop"' });
    expect(note).toBeUndefined();
    // What the file has is as it was.
    expect(node.env.HIPPO_ADDONS).toBe('shop:dev');
  });

  test('is kept from terminals, whose command lines would show them', async () => {
    const python = {
      type: 'debugpy',
      name: 'shop',
      console: 'integratedTerminal',
      env: { HIPPO_ADDONS: 'dev' },
    };
    const { configuration, note } = await withAddons(python, 'dev', undefined, environments);
    expect(configuration['console']).toBe('internalConsole');
    expect(note).toContain('runs in the debug console');
    expect(wishes.at(-1)).toMatchObject({ app: undefined, channel: 'dev' });
  });

  test('of C and C++ has a list, and others have none', async () => {
    const cpp = {
      type: 'cppdbg',
      name: 'shop',
      environment: [
        { name: 'HIPPO_ADDONS', value: '' },
        { name: 'A', value: 'b' },
      ],
    };
    expect(wantedAddons(cpp)).toBe('');
    const { configuration } = await withAddons(cpp, '', undefined, environments);
    expect(configuration['environment']).toEqual([
      { name: 'DB_URL', value: 'db://secret' },
      { name: 'DB_HOST', value: 'localhost' },
      { name: 'A', value: 'b' },
    ]);
    expect(wantedAddons({ type: 'node', name: 'other', env: { A: 'b' } })).toBeUndefined();
    expect(wantedAddons({ type: 'node', name: 'other' })).toBeUndefined();
    await expect(withAddons(cpp, 'a:b:c', undefined, environments)).rejects.toThrow(
      'write "app:channel" or "channel"',
    );
  });
});
