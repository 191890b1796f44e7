// Tables: columns in line, whatever is in them, and nothing in them that moves the cursor.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ruledLines, tableLines } from '../../../src/terminal/table.ts';

test('has columns as wide as they must be, and no blanks at the end', () => {
  expect(
    tableLines(
      ['NAME', 'ID'],
      [
        ['shop', '1'],
        ['a-longer-name', ''],
      ],
    ),
  ).toEqual(['NAME           ID', 'shop           1', 'a-longer-name  -']);
});

test('counts what a terminal shows', () => {
  expect(
    tableLines(
      ['A', 'B'],
      [
        ['日本', 'x'],
        ['e\u0301', 'y'],
        ['🦛', 'z'],
      ],
    ),
  ).toEqual(['A     B', '日本  x', 'e\u0301     y', '🦛    z']);
});

test('shows one line a row, and no control characters', () => {
  const [, line] = tableLines(['V'], [['a\nb\u001b[2J\tc']]);
  expect(line).toBe('a↵b�[2J�c');
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())), (rows) => {
      const lines = tableLines(['ONE', 'TWO'], rows);
      expect(lines).toHaveLength(rows.length + 1);
      for (const text of lines) expect(text).not.toMatch(/\p{Cc}/u);
    }),
  );
});

test('has lines around its cells where the issue that all began with has them', () => {
  expect(
    ruledLines(
      ['Name', 'Plan'],
      [
        ['mysql', 'free'],
        ['amazon-rds-postgresql', 'medium'],
      ],
    ),
  ).toEqual([
    '| Name                  | Plan   |',
    '+-----------------------|--------+',
    '| mysql                 | free   |',
    '| amazon-rds-postgresql | medium |',
  ]);
});
