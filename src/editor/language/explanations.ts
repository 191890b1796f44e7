// What the code of a problem means, as a page: as the README has it.

import { posix } from 'node:path';
import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import { SCHEMES } from '../ids.ts';
import type { Analysis } from './watched-project.ts';

export function registerExplanations(analysis: () => Promise<Analysis>): Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEMES.problem, {
    provideTextDocumentContent: async ({ path }) =>
      explanationOf(await analysis(), posix.basename(path, '.md')),
  });
}

/** Markdown. */
function explanationOf({ PROBLEM_CODES }: Analysis, code: string): string {
  const facts = Object.entries(PROBLEM_CODES).find(([name]) => name === code)?.[1];
  if (!facts) return `There is no problem \`${code}\`.\n`;
  const { severity, meaning, remedy } = facts;
  const level = severity === 'information' ? severity : `${severity === 'error' ? 'an' : 'a'} ${severity}`;
  return [
    `# ${code}`,
    meaning,
    `**What to do:** ${remedy}`,
    `It is told as ${level}. \`"hippo.language.severity": { "${code}": "off" }\` in your settings keeps the editor from telling it.`,
    'The README of the extension has all problems, under _Checking_.',
  ].join('\n\n');
}
