// Following a log of which only the last lines can be asked for.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newLines } from '../../../src/hippo/follow-log.ts';

test.each([
  [[], ['a'], ['a']],
  [['a'], ['a', 'b'], ['b']],
  [['a', 'b'], ['a', 'b'], []],
  [['a', 'b', 'c'], ['b', 'c', 'd'], ['d']],
  [['a', 'a'], ['a', 'a', 'a'], ['a']],
  [
    ['a', 'b'],
    ['x', 'y'],
    ['x', 'y'],
  ],
  [['a', 'b'], [], []],
  [['a', 'b', 'c', 'd'], ['d', 'e'], ['e']],
])('after %j, %j brings %j', (shown, lines, fresh) => {
  expect(newLines(shown, lines)).toEqual(fresh);
});

test('of lines that are all different, each is shown once', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (steps, kept) => {
      const log: string[] = [];
      const printed: string[] = [];
      let shown: readonly string[] = [];
      for (const step of steps.map((count) => Math.min(count, kept))) {
        for (let i = 0; i < step; i++) log.push(`line ${log.length}`);
        const lines = log.slice(-kept);
        printed.push(...newLines(shown, lines));
        shown = lines;
      }
      expect(printed).toEqual(log);
    }),
  );
});
