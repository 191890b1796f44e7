// Text with places to fill in, as VS Code and the Language Server Protocol write it: `$1`, `${1:what stands there}`, `$0`.

/** Text that means itself in a snippet. */
export function plain(text: string): string {
  return text.replace(/[\\$}]/g, '\\$&');
}

/** A place to fill in, with what stands there at first. */
export function stop(number: number, text = ''): string {
  return text === '' ? `$${number}` : `\${${number}:${plain(text)}}`;
}

/** The text that a snippet starts as. */
export function unfilled(snippet: string): string {
  return snippet.replace(
    /\\([\\$}])|\$\d+|\$\{\d+:((?:\\[^]|[^\\}])*)\}/g,
    (_, escaped: string | undefined, text: string | undefined) =>
      escaped ?? text?.replace(/\\([^])/g, '$1') ?? '',
  );
}
