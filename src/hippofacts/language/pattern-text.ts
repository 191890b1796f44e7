// Which folder the start of a pattern is.

/** The name that a pattern without special characters stands for, without `./` before it; undefined for others. */
export function plainPrefix(pattern: string): string | undefined {
  const name = pattern.replace(/\[([^!\]])\]/g, (_, char: string) =>
    /[*?[]/.test(char) ? `\0${char}` : char,
  );
  if (/(?:^|[^\0])[*?[]/.test(name)) return undefined;
  return name
    .replaceAll('\0', '')
    .replace(/^(?:\.\/)+/, '')
    .replace(/\/+$/, '');
}
