import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { lockDirectory } from '../../../../src/platform/store/directory-lock.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const root = temporaryFolder();
const temporaryDirectory = (): string => mkdtempSync(join(root, 'test-'));

const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

/** Another process that tries to get the directory; gives the first line it says. */
async function other(directory: string): Promise<{ child: ChildProcess; said: string }> {
  const script = join(import.meta.dirname, 'hold-lock.ts');
  const child = spawn(process.execPath, ['--expose-gc', script, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { child, said };
}

describe('the lock on a data directory', () => {
  it('keeps a second process out, in one sentence', async () => {
    const directory = temporaryDirectory();
    const lock = lockDirectory(directory);
    const { said } = await other(directory);
    expect(said).toMatch(/^IN_USE Another Hippo platform is running on [^\n]*\.$/);
    expect(said).toContain(directory);
    lock.release();
    lock.release();
    expect((await other(directory)).said).toBe('held');
  });

  it('goes with its process, however that ends', async () => {
    const directory = temporaryDirectory();
    const { child, said } = await other(directory);
    expect(said).toBe('held');
    expect(() => lockDirectory(directory)).toThrow(/Another Hippo platform/);
    child.kill('SIGKILL');
    await once(child, 'exit');
    lockDirectory(directory).release();
  });

  it('holds within one process too', () => {
    const directory = temporaryDirectory();
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(/Another Hippo platform/);
    // The failed attempt must not have given the lock up.
    expect(() => lockDirectory(directory)).toThrow(/Another Hippo platform/);
    lock.release();
    lockDirectory(directory).release();
  });

  it('lets different directories be, and makes them for their owner alone', () => {
    const directory = temporaryDirectory();
    const one = lockDirectory(join(directory, 'deep', 'one'));
    const two = lockDirectory(join(directory, 'deep', 'two'));
    if (process.platform !== 'win32')
      expect(statSync(join(directory, 'deep', 'one')).mode & 0o777).toBe(0o700);
    one.release();
    two.release();
  });

  it('says so when the directory cannot be made', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(() => lockDirectory(join(file, 'inside'))).toThrow(/cannot be made \(ENOTDIR\)/);
    const taken = join(temporaryDirectory(), 'taken');
    mkdirSync(join(taken, 'lock.db'), { recursive: true });
    expect(() => lockDirectory(taken)).toThrow(/lock\.db says/);
  });
});
