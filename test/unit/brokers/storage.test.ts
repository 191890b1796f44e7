// When a PostgreSQL database is closed for its size, locked and opened again.

import { expect, test } from 'vitest';
import {
  nextStorage,
  OPEN,
  storageWarning,
  type Storage,
} from '../../../src/platform/brokers/postgresql/storage.ts';

const MB = 1024 * 1024;
const LIMIT = 100 * MB;
const DAY = 86_400_000;
const at = (used: number, now = 0, limit = LIMIT) => ({ used: used * MB, limit, now, cleanUpTime: DAY });
const CLOSED: Storage = { door: 'closed', since: 0, closedAt: 120 * MB };
const LOCKED: Storage = { ...CLOSED, door: 'locked' };

test.each([
  ['open', OPEN, at(0), 'open'],
  ['open above its limit', OPEN, at(109), 'open'],
  ['too large', OPEN, at(110), 'closed'],
  ['still too large', CLOSED, at(120), 'closed'],
  ['smaller, but not small enough', CLOSED, at(101), 'closed'],
  ['cleaned up', CLOSED, at(100), 'open'],
  ['what the server itself writes', CLOSED, at(123), 'closed'],
  ['it goes on growing', CLOSED, at(125), 'locked'],
  ['not cleaned up in time', CLOSED, at(120, DAY), 'locked'],
  ['cleaned up late', CLOSED, at(90, DAY), 'open'],
  ['locked', LOCKED, at(125), 'locked'],
  ['locked, with a larger plan', LOCKED, at(125, DAY, 200 * MB), 'open'],
  ['locked, with a plan that is a little too small', LOCKED, at(125, DAY, 120 * MB), 'closed'],
] as const)('%s', (_, before, sample, door) => {
  expect(nextStorage(before, sample).door).toBe(door);
});

test('warned from 90 % on', () => {
  expect(storageWarning(OPEN, 89 * MB, LIMIT)).toBeUndefined();
  expect(storageWarning(OPEN, 90 * MB, LIMIT)).toMatch(/nearly all/);
  expect(storageWarning(CLOSED, 120 * MB, LIMIT)).toMatch(/closed/);
  expect(storageWarning(LOCKED, 120 * MB, LIMIT)).toMatch(/locked/);
});
