// Words that are not ours, such as names of files, put into Markdown so that they read as they are written.

import { pathToFileURL } from 'node:url';
import { visible } from '../text.ts';

/** On one line, with nothing in it that Markdown or HTML would take for its own. */
export function escapeMarkdown(text: string): string {
  return (
    visible(text.toWellFormed())
      .replace(/[\\`*_[\]<>&|~$]/g, (char) =>
        '<>&'.includes(char) ? `&#${char.charCodeAt(0)};` : `\\${char}`,
      )
      // What is taken for a list or a heading at the start of a line, and for an address anywhere.
      .replace(/^([#+-]|\d+(?=[.)]))/, (start) => (/\d/.test(start) ? `${start}\\` : `\\${start}`))
      .replace(/:(?=\/\/)|@/g, (char) => `&#${char.charCodeAt(0)};`)
      .replace(/\b(www)\./gi, '$1\\.')
  );
}

/** As code, whatever backquotes it has. */
export function code(text: string): string {
  const plain = visible(text.toWellFormed());
  const longest = Math.max(0, ...Array.from(plain.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A code span loses a blank at each end, and must not begin with a backquote.
  const padded = /^[` ]|[` ]$/.test(plain) || plain === '' ? ` ${plain} ` : plain;
  return `${fence}${padded}${fence}`;
}

/** A link to a file. @param path absolute */
export function fileLink(text: string, path: string): string {
  return link(text, pathToFileURL(path).href);
}

/** A link to an address, which is shown as text where it is none of http, https or file. */
export function link(text: string, address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !['http:', 'https:', 'file:'].includes(url.protocol)) return escapeMarkdown(text);
  const target = url.href.replace(
    /[()<>\\ ]/g,
    (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `[${escapeMarkdown(text)}](${target})`;
}
