// The logs of channels.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogs } from '../../../../src/platform/runtime/log.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

const folder = temporaryFolder();

function texts(lines: string[]): string[] {
  return lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /, ''));
}

test('keep what was said, in order, a time before each line', () => {
  const logs = openLogs(join(folder, 'new/logs'));
  expect(logs.read('a')).toEqual([]);
  logs.append('a', 'one\n');
  logs.append('a', 'two\nthree');
  logs.append('b', 'other');
  expect(logs.read('a')[0]).toMatch(/^\d{4}-.*Z one$/);
  expect(texts(logs.read('a'))).toEqual(['one', 'two', 'three']);
  expect(texts(openLogs(join(folder, 'new/logs')).read('a'))).toEqual(['one', 'two', 'three']);
  logs.remove('a');
  expect(logs.read('a')).toEqual([]);
  expect(texts(logs.read('b'))).toEqual(['other']);
});

test('keep the newest when they grow, and not more than two files', () => {
  const logs = openLogs(join(folder, 'long'));
  const line = 'x'.repeat(1000);
  for (let index = 0; index < 5000; index++) logs.append('a', `${index} ${line}`);
  const kept = texts(logs.read('a'));
  expect(kept.at(-1)).toBe(`4999 ${line}`);
  expect(kept.length).toBeGreaterThan(1000);
  expect(kept.length).toBeLessThan(2200);
  const numbers = kept.map((text) => parseInt(text, 10));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  expect(readdirSync(join(folder, 'long'))).toHaveLength(2);
});
