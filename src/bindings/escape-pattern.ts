// Texts as parts of regular expressions (`RegExp.escape` is too new for the oldest Node).

/** A pattern with the `u` flag, or without, that matches just this text. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
