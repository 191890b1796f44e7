// What Hippo's API answers where something failed.

import { expect, it } from 'vitest';
import { StandaloneError } from '../../../../src/bindle/standalone.ts';
import { problemOf } from '../../../../src/platform/hippo/problems.ts';
import { StoreError } from '../../../../src/platform/store/errors.ts';

it('says of a full disk that it is full, wherever that was met', () => {
  const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC', syscall: 'write' });
  for (const error of [
    cause,
    new StoreError('DISK_FULL', 'The disk is full.'),
    new StandaloneError('NOT_WRITTEN', 'It cannot be written.', { cause }),
  ])
    expect(problemOf(error)).toMatchObject({ ours: true, details: { status: 507 } });
  expect(problemOf(new StoreError('IO', 'It is broken.'))).toMatchObject({ details: { status: 500 } });
});
