// Tables for people: columns as wide as they must be, no lines, nothing cut.

import { print, type Screen } from './screen.ts';

/** @param rows as many cells as there are headers; an empty cell is shown as `-` */
export function printTable(
  screen: Screen,
  headers: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  for (const line of tableLines(headers, rows)) print(screen, line);
}

export function tableLines(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [headers, ...rows].map((row) => row.map((cell) => clean(cell) || '-'));
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  return cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** The same with lines around the cells: `| Name | Plan |`. */
export function ruledLines(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [headers, ...rows].map((row) => row.map(clean));
  const widths = headers.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const [head = '', ...body] = cells.map(
    (row) =>
      `| ${row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).join(' | ')} |`,
  );
  return [head, `+${widths.map((width) => '-'.repeat(width + 2)).join('|')}+`, ...body];
}

/** One line, without what would move the cursor: names and values come from others. */
function clean(text: string): string {
  return text.replace(/\r?\n/g, '↵').replace(/\p{Cc}/gu, '�');
}

/** Columns on a terminal: marks take none, East Asian wide characters and pictures take two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) continue;
    width +=
      /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}
