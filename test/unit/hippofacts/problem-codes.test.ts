// Every code is explained, in the README too, under an anchor of its own.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { codeUrl, PROBLEM_CODES } from '../../../src/hippofacts/problem-codes.ts';
import type { ProblemCode } from '../../../src/hippofacts/problem.ts';

const README = readFileSync('README.md', 'utf8');
const CODES = Object.keys(PROBLEM_CODES) as ProblemCode[];

test('the README has a row for each, in the same words, under its anchor', () => {
  const rows = README.split('\n').flatMap((line) => {
    const [, code, ...cells] =
      /^\| <a id="([\w-]+)"><\/a>`\1` +\| (.*?) +\| (.*?) +\| (.*?) +\|$/.exec(line) ?? [];
    return code === undefined ? [] : [[code, ...cells]];
  });
  expect(rows).toEqual(
    CODES.map((code) => {
      const { severity, meaning, remedy } = PROBLEM_CODES[code];
      return [code, severity, meaning, remedy];
    }),
  );
  for (const code of CODES) {
    const [, fragment] = codeUrl(code).split('#');
    expect(README.split(`id="${fragment}"`)).toHaveLength(2);
  }
});

test.each(CODES)('%s is explained in whole sentences', (code) => {
  const { meaning, remedy } = PROBLEM_CODES[code];
  for (const text of [meaning, remedy]) expect(text).toMatch(/^[A-Z`].*\.$/s);
});
