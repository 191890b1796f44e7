// The line ends that a text has, for what is added to it.

/** Those of most of its lines; LF where it has none. */
export function lineEndOf(text: string): '\n' | '\r\n' {
  const all = text.split('\n').length - 1;
  const pairs = text.split('\r\n').length - 1;
  return pairs * 2 > all ? '\r\n' : '\n';
}
