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

test('show what would move the cursor of a terminal, and cut what is too long', () => {
  const logs = openLogs(join(folder, 'odd'));
  logs.append('a', 'a\u001b[31mred\u0007\ttab\rreturn\r\nnext\u0085line');
  logs.append('a', 'x'.repeat(20_000));
  expect(texts(logs.read('a'))).toEqual([
    'a\ufffd[31mred\ufffd\ttab\ufffdreturn',
    'next\ufffdline',
    'x'.repeat(8192),
  ]);
});

test('can be followed from the moment of the call until the signal', async () => {
  const logs = openLogs(join(folder, 'followed'));
  const end = new AbortController();
  logs.append('a', 'before');
  const lines = logs.follow('a', end.signal);
  logs.append('a', 'one\ntwo');
  logs.append('b', 'of another');
  const got: string[] = [];
  for await (const line of lines) {
    got.push(line);
    if (got.length === 2) setImmediate(() => logs.append('a', 'three'));
    if (got.length === 3) end.abort();
  }
  expect(texts(got)).toEqual(['one', 'two', 'three']);
  expect(logs.read('a').slice(1)).toEqual(got);
  logs.append('a', 'after');
  const late: string[] = [];
  for await (const line of logs.follow('a', end.signal)) late.push(line);
  expect(late).toEqual([]);
});

test('end for followers when their channel goes, and leave out what nobody reads', async () => {
  const logs = openLogs(join(folder, 'slow'));
  const lines = logs.follow('a', new AbortController().signal);
  for (let index = 0; index < 1200; index++) logs.append('a', String(index));
  logs.remove('a');
  const got: string[] = [];
  for await (const line of lines) got.push(line);
  expect(got).toHaveLength(1001);
  expect(texts(got.slice(0, 2))).toEqual([
    '(200 lines were left out: they came faster than they were read)',
    '200',
  ]);
});
