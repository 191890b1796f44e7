// The command `hippo` for terminals: scripts that run the one that comes with the extension, by VS Code's own Node.

import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';

/** In which the scripts find Node and the command; paths may hold what scripts cannot. */
const NODE = 'HIPPO_EDITOR_NODE';
const COMMAND = 'HIPPO_EDITOR_CLI';

const SCRIPTS: Readonly<Record<string, string>> = {
  hippo: `#!/bin/sh
# The command that comes with the VS Code extension Hippo. VS Code's program is Node when it is told to be.
ELECTRON_RUN_AS_NODE=1
export ELECTRON_RUN_AS_NODE
exec "$${NODE}" "$${COMMAND}" "$@"
`,
  'hippo.cmd': `@echo off\r
setlocal\r
set ELECTRON_RUN_AS_NODE=1\r
"%${NODE}%" "%${COMMAND}%" %*\r
`,
};

/** Variables that the scripts need. @param command absolute path of dist/cli.cjs */
export function commandVariables(command: string): Record<string, string> {
  return { [NODE]: process.execPath, [COMMAND]: command };
}

/** The folder for PATH. @param storage for what belongs to the extension */
export function commandFolder(storage: string): string {
  return join(storage, 'bin');
}

/**
 * Writes the scripts where they are not, or are those of another version.
 * @param folder for what belongs to the extension
 * @returns the folder for PATH
 */
export async function writeCommand(folder: string): Promise<string> {
  const bin = commandFolder(folder);
  await mkdir(bin, { recursive: true });
  for (const [name, text] of Object.entries(SCRIPTS)) {
    const file = join(bin, name);
    if ((await readFile(file, 'utf8').catch(() => undefined)) === text) continue;
    // Another window may be running it, or writing it.
    const temporary = `${file}.${randomUUID()}.tmp`;
    await writeFile(temporary, text, { mode: 0o755 });
    await chmod(temporary, 0o755);
    await rename(temporary, file);
  }
  return bin;
}
