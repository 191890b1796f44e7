// Reads a compiler's output as a task of VS Code does, by the problem matcher of its tasks.json.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Pattern {
  regexp: string;
  severity?: number;
  code?: number;
  message?: number;
  file?: number;
  line?: number;
  column?: number;
}

export interface FoundProblem {
  severity?: string;
  code?: string;
  message?: string;
  file?: string;
  line?: string;
  column?: string;
}

const FIELDS = ['severity', 'code', 'message', 'file', 'line', 'column'] as const;

/** What the default build task of a project finds. @param project a folder with .vscode/tasks.json */
export function problemsOfBuild(project: string, output: string): FoundProblem[] {
  const { tasks } = JSON.parse(readFileSync(join(project, '.vscode/tasks.json'), 'utf8')) as {
    tasks: { group?: { kind: string }; problemMatcher: { pattern: Pattern[] } }[];
  };
  const patterns = tasks.find(({ group }) => group?.kind === 'build')?.problemMatcher.pattern ?? [];
  const lines = output.split('\n');
  return lines.flatMap((_, start) => {
    const found: FoundProblem = {};
    for (const [index, pattern] of patterns.entries()) {
      const match = new RegExp(pattern.regexp).exec(lines[start + index] ?? '');
      if (!match) return [];
      for (const field of FIELDS) {
        const text = match[pattern[field] ?? -1];
        if (text !== undefined) found[field] = text;
      }
    }
    return [found];
  });
}
