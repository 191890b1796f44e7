// What the code of a problem means, as a page: as the README has it.

import * as vscode from 'vscode';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import type { App } from '../app.ts';
import type { Disposable } from '../disposables.ts';
import { SCHEMES } from '../ids.ts';
import type { Analysis } from './watched-project.ts';

/** As it is called in the repository, and in an installed extension. */
const README = ['README.md', 'readme.md'];

export function registerExplanations(
  { extension }: Pick<App, 'extension'>,
  analysis: () => Promise<Analysis>,
): Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEMES.problem, {
    async provideTextDocumentContent({ path }) {
      const code = posix.basename(path, '.md');
      const readme = README.map((name) => extension.path(name)).find((file) => existsSync(file));
      return explanationOf(
        await analysis(),
        code,
        readme === undefined ? undefined : vscode.Uri.file(readme),
      );
    },
  });
}

/** Markdown. */
function explanationOf({ PROBLEM_CODES }: Analysis, code: string, readme: vscode.Uri | undefined): string {
  const facts = Object.entries(PROBLEM_CODES).find(([name]) => name === code)?.[1];
  if (!facts) return `There is no problem \`${code}\`.\n`;
  const { severity, meaning, remedy } = facts;
  const setting = `"hippo.language.severity": { "${code}": "off" }`;
  const more = readme
    ? [`[All problems](${readme.with({ fragment: code }).toString()}) are in the README, under _Checking_.`]
    : [];
  return [
    `# ${code}`,
    meaning,
    `**What to do:** ${remedy}`,
    `It is told as ${severity === 'information' ? severity : `${severity === 'error' ? 'an' : 'a'} ${severity}`}; in your settings, \`${setting}\` keeps the editor from telling it.`,
    ...more,
  ].join('\n\n');
}
