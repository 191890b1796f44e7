// What the code of a problem means: its place in the README.

import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import { codeUrl } from '../../hippofacts/problem-codes.ts';
import type { ProblemCode } from '../../hippofacts/problem.ts';
import type { App } from '../app.ts';

/** As it is called in the repository, and in an installed extension. */
const NAMES = ['README.md', 'readme.md'];

export async function explain({ extension }: Pick<App, 'extension'>, code: ProblemCode): Promise<void> {
  const file = NAMES.map((name) => extension.path(name)).find((path) => existsSync(path));
  if (file === undefined) return;
  const [, fragment] = codeUrl(code).split('#');
  const readme = vscode.Uri.file(file).with({ fragment: fragment ?? '' });
  await vscode.commands.executeCommand('markdown.showPreview', readme);
}
