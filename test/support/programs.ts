// Programs for the PATH of a test: the built `hippo` by its name, and stand-ins for tools that need a network.

import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli.cjs', import.meta.url));

/** Puts the command `hippo` into a folder, for shells of this operating system; the path of its file. */
export function installHippo(folder: string): string {
  mkdirSync(folder, { recursive: true });
  if (process.platform === 'win32') {
    const file = join(folder, 'hippo.cmd');
    writeFileSync(file, `@"${process.execPath}" "${cli}" %*\r\n`);
    return file;
  }
  return installScript(folder, 'hippo', `exec "${process.execPath}" "${cli}" "$@"`);
}

/** A program of a few lines for `sh`; the path of its file. */
export function installScript(folder: string, name: string, lines: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  return file;
}

/** The variables with a folder first on the PATH, whatever that is called here. */
export function withPath(env: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  return { ...env, [name]: [folder, env[name]].filter(Boolean).join(delimiter) };
}
