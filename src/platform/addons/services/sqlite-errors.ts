// SQLite's errors (https://sqlite.org/rescode.html) in the words of host calls and of SQL's standard.

import { HostCallError } from '../../../addons/host-calls.ts';

const CODE = {
  error: 1,
  permission: 3,
  busy: 5,
  locked: 6,
  noMemory: 7,
  readOnly: 8,
  interrupted: 9,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  tooBig: 18,
  constraint: 19,
  mismatch: 20,
  notAllowed: 23,
  noDatabase: 26,
} as const;

/** Extended codes of constraints. */
const CONSTRAINTS: Readonly<Record<number, string>> = {
  275: '23514',
  787: '23503',
  1299: '23502',
  1555: '23505',
  2067: '23505',
  2579: '23505',
};
/** SQLite tells these apart by words only. */
const STATES: readonly (readonly [RegExp, string])[] = [
  [/syntax error|incomplete input|unrecognized token/, '42601'],
  [/^no such table/, '42P01'],
  [/^no such column|has no column named/, '42703'],
  [/^no such function/, '42883'],
  [/already exists/, '42P07'],
];

/** @returns a HostCallError as it is */
export function sqliteError(error: unknown): HostCallError {
  if (error instanceof HostCallError) return error;
  const { errcode: extended, message = '' } = error as { errcode?: number; message?: string };
  if (extended === undefined) return new HostCallError('sql', message);
  switch (extended & 0xff) {
    case CODE.busy:
    case CODE.locked:
      return new HostCallError('busy', 'A transaction of another request writes at this moment.');
    case CODE.full:
      return new HostCallError('full', "The add-on's plan has no more room: delete something.", '53100');
    case CODE.noMemory:
      return new HostCallError('sql', 'The statement needs too much memory.', '53200');
    case CODE.tooBig:
      return new HostCallError('sql', 'A text, a blob or the statement is too big.', '54000');
    case CODE.readOnly:
      return new HostCallError('sql', 'The transaction is for reading only.', '25006');
    case CODE.constraint:
      return new HostCallError('sql', message, CONSTRAINTS[extended] ?? '23000');
    case CODE.mismatch:
      return new HostCallError('sql', message, '22000');
    case CODE.permission:
    case CODE.notAllowed:
      return new HostCallError('not_allowed', 'Guests may not do this.');
    case CODE.corrupt:
    case CODE.noDatabase:
    case CODE.cannotOpen:
    case CODE.io:
      return new HostCallError('unavailable', "The add-on's file cannot be read.");
    default:
      return new HostCallError(
        'sql',
        message,
        STATES.find(([pattern]) => pattern.test(message))?.[1] ?? '42000',
      );
  }
}
