// Before all tests here: the extension is packaged, and the VS Code to install it in is got.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { makePackage } from '../../.dev/package.mjs';
import { installExtension, type VSCodeName } from '../support/vscode/server.ts';
import { provideVSCode } from '../vscode/setup.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the packaged extension is installed. */
    extensionsDir: string;
  }
}

export default async function prepare({ provide }: TestProject): Promise<() => void> {
  const name = (process.env['HIPPO_VSCODE'] ?? 'newest') as VSCodeName;
  const vscode = await provideVSCode(name);
  if (!('path' in vscode))
    throw new Error(`There is no VS Code to test in (${vscode.reason}): ${vscode.command}`);
  // Not the one in out/: others may package at the same time.
  const folder = mkdtempSync(join(tmpdir(), 'hippo-vsix-'));
  const vsix = join(folder, 'hippo-tools.vsix');
  await makePackage(vsix);
  const extensionsDir = join(folder, 'extensions');
  await installExtension(vsix, extensionsDir, name);
  provide('extensionsDir', extensionsDir);
  return () => rmSync(folder, { recursive: true, force: true });
}
