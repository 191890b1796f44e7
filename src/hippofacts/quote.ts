// A text as a TOML string.

/** In double quotes, on one line. TOML's escapes are JSON's, but for DEL, which TOML wants escaped as well. */
export function quote(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u007f', '\\u007f');
}
