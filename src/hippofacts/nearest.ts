// The known name that a mistyped one was probably meant to be.

/** Undefined if none is near. Case, `-` and `_` do not count; else about one letter in three may differ. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = simplified(name);
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain, simplified(candidate));
    const limit = Math.max(1, Math.floor(Math.min(plain.length, candidate.length) / 3));
    if (distance <= limit && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

function simplified(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}

/** Letters to insert, delete, replace or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  // What differs in length by this much is near to nothing, however long it is.
  if (Math.abs(a.length - b.length) > 4) return Infinity;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min(
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, cell(row - 2, column - 2) + 1);
      line.push(least);
    }
  }
  return cell(a.length, b.length);
}
