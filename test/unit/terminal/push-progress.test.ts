// What is shown of a push: never wider than the terminal, and never more than there is.

import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { PushEvent } from '../../../src/bindle/push.ts';
import { progressLine } from '../../../src/publish/push-tally.ts';
import { pushProgress } from '../../../src/terminal/push-progress.ts';
import type { Screen } from '../../../src/terminal/screen.ts';

const STATES = [
  { files: 1, bytes: 0, sentFiles: 0, sentBytes: 0 },
  { files: 3, bytes: 12_345, sentFiles: 1, sentBytes: 12_000 },
  { files: 12_000, bytes: 3e12, sentFiles: 11_999, sentBytes: 3e12 - 1 },
];

test('a line leaves room at the margin of every terminal', () => {
  for (const state of STATES)
    for (let columns = 1; columns <= 200; columns++)
      expect(progressLine(state, columns).length).toBeLessThanOrEqual(Math.max(0, columns - 3));
});

test('a bar is full when all is sent, and not before', () => {
  const [, some, almost] = STATES as [object, (typeof STATES)[0], (typeof STATES)[0]];
  expect(progressLine(almost, 80)).toMatch(/█░ /);
  expect(progressLine({ ...some, sentBytes: some.bytes }, 80)).toMatch(/^█{24} /);
  expect(progressLine(some, 80)).toBe(`${'█'.repeat(23)}░ 1/3 files, 12.0 KB of 12.3 KB`);
});

const label = (name: string, size: number) => ({ sha256: name, name, size, mediaType: 'text/plain' });

function fakeScreen(interactive: boolean): { screen: Screen; written: () => string } {
  const stderr = new PassThrough();
  const written: string[] = [];
  stderr.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  const screen: Screen = {
    stdin: process.stdin,
    stdout: new PassThrough(),
    stderr,
    env: {},
    cwd: '/',
    interactive,
  };
  return { screen, written: () => written.join('') };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const server = new URL('http://bindle.example/v1');
const [a, b] = [label('a', 1000), label('b', 1000)];
const failing: PushEvent[] = [
  { type: 'missing', labels: [a, b], bytes: 2000 },
  { type: 'started', label: a },
  { type: 'progress', label: a, bytes: 900 },
  { type: 'retry', reason: 'The server closed the connection.' },
  { type: 'started', label: a },
  { type: 'progress', label: a, bytes: 1000 },
  { type: 'sent', label: a },
  { type: 'started', label: b },
];

test('an upload that begins anew is counted once', () => {
  const { screen, written } = fakeScreen(true);
  const { onEvent, clear } = pushProgress(screen, server, false);
  for (const event of failing) onEvent(event);
  vi.advanceTimersByTime(100);
  expect(written()).toMatch(/1\/2 files, 1\.0 KB of 2\.0 KB$/);
  clear();
  expect(written()).toMatch(/\r\u001b\[2K$/);
});

test('a long push says now and then how far it is where nothing can be redrawn', () => {
  const { screen, written } = fakeScreen(false);
  const { onEvent, clear } = pushProgress(screen, server, false);
  for (const event of failing) onEvent(event);
  const before = written();
  expect(before).toBe(
    'Sending 2 files (2.0 KB) to http://bindle.example\nTrying again: The server closed the connection.\n',
  );
  vi.advanceTimersByTime(60_000);
  const lines = written().slice(before.length).trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  expect(new Set(lines)).toEqual(new Set(['1/2 files, 1.0 KB of 2.0 KB']));
  clear();
  const all = written();
  vi.advanceTimersByTime(60_000);
  expect(written()).toBe(all);
});

test('who wants no output is told of trouble only', () => {
  const { screen, written } = fakeScreen(true);
  const { onEvent } = pushProgress(screen, server, true);
  for (const event of failing) onEvent(event);
  vi.advanceTimersByTime(60_000);
  expect(written()).not.toContain('file');
  expect(written()).toContain('Trying again');
});
