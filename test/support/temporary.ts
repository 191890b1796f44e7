// A folder for one test file, removed when its tests have ended.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export function temporaryFolder(): string {
  return folderIn(tmpdir());
}

/** The same in memory where that can be had: for tests that write all the time, and have the disk wait for nothing. */
export function memoryFolder(): string {
  return folderIn(existsSync('/dev/shm') ? '/dev/shm' : tmpdir());
}

function folderIn(place: string): string {
  const folder = mkdtempSync(join(place, 'hippo-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
