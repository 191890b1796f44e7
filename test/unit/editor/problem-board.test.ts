// Each problem of a HIPPOFACTS is shown once, whoever has found it.

import { beforeEach, expect, test } from 'vitest';
import { ProblemBoard } from '../../../src/editor/problem-board.ts';
import { LineIndex } from '../../../src/hippofacts/position.ts';
import type { Problem, ProblemCode, Severity } from '../../../src/hippofacts/problem.ts';
import type { Severities } from '../../../src/hippofacts/severities.ts';

const URI = 'file:///weather/HIPPOFACTS';
let wishes: Severities;
let shown: string[][];
let board: ProblemBoard;

beforeEach(() => {
  wishes = {};
  shown = [];
  board = new ProblemBoard(
    (_, problems) => void shown.push(problems.map(({ code, severity }) => `${severity} ${code}`)),
    () => wishes,
  );
});

function problem(code: ProblemCode, severity: Severity = 'error', at = 0): Problem {
  return { code, severity, message: code, range: new LineIndex('x'.repeat(99)).range(at, at + 1) };
}

test('what a publish finds of a file that is not open stands until it is looked at again', () => {
  board.publish(URI, [problem('secret')]);
  expect(shown).toEqual([['error secret']]);
  expect(board.needsLook(URI)).toBe(true);
  board.publish(URI, []);
  expect(shown.at(-1)).toEqual([]);
  expect(board.needsLook(URI)).toBe(false);
});

test('what both find is shown once, in the order of the text', () => {
  board.watch(URI, [problem('no-match', 'warning', 2), problem('secret', 'error', 8)], true);
  board.publish(URI, [problem('secret', 'error', 8), problem('invalid-name', 'error', 0)]);
  expect(shown.at(-1)).toEqual(['error invalid-name', 'warning no-match', 'error secret']);
  expect(board.needsLook(URI)).toBe(false);
});

test('what a publish has found is over with an edit, or when it is found no more', () => {
  board.watch(URI, [], true);
  board.publish(URI, [problem('secret'), problem('version-taken')]);
  board.watch(URI, [problem('secret'), problem('no-match', 'warning', 5)], false);
  expect(shown.at(-1)).toEqual(['error secret', 'error version-taken', 'warning no-match']);
  // The disk is known, and what only a server can take back is not.
  board.watch(URI, [problem('no-match', 'warning', 5)], false);
  expect(shown.at(-1)).toEqual(['error version-taken', 'warning no-match']);
  board.watch(URI, [problem('no-match', 'warning', 5)], true);
  expect(shown.at(-1)).toEqual(['warning no-match']);
  board.publish(URI, [problem('secret')]);
  board.edit(URI);
  board.watch(URI, [], false);
  expect(shown.at(-1)).toEqual([]);
});

test('wishes count for what stops nobody', () => {
  wishes = { secret: 'off', 'no-match': 'hint' };
  board.watch(URI, [problem('secret'), problem('no-match', 'warning', 5)], true);
  expect(shown.at(-1)).toEqual(['hint no-match']);
  board.publish(URI, [problem('secret'), problem('no-match', 'warning', 5)]);
  expect(shown.at(-1)).toEqual(['error secret', 'hint no-match']);
  wishes = {};
  board.refresh(URI);
  expect(shown.at(-1)).toEqual(['error secret', 'warning no-match']);
});

test('a version that a publish refuses is told as loudly as it refuses it', () => {
  board.watch(URI, [problem('version-taken', 'information')], true);
  board.publish(URI, [problem('version-taken', 'error')]);
  board.watch(URI, [problem('version-taken', 'information')], true);
  expect(shown.at(-1)).toEqual(['error version-taken']);
});

test('nothing is shown twice that is the same, and nothing of what is closed', () => {
  board.watch(URI, [problem('no-match')], false);
  board.watch(URI, [problem('no-match')], true);
  board.close(URI);
  board.close(URI);
  expect(shown).toEqual([['error no-match'], []]);
});

test('what is open is shown again after somebody has taken it away', () => {
  board.watch(URI, [problem('no-match')], true);
  board.restore();
  expect(shown).toEqual([['error no-match'], ['error no-match']]);
});
