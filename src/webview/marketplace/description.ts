// A broker's description, as Markdown: no HTML of its own, links only where the editor would open them, and pictures
// as links.

import MarkdownIt from 'markdown-it';
import { html, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';

const LONGEST = 100_000;

const markdown = new MarkdownIt({ html: false, linkify: false, breaks: false });
markdown.validateLink = isOpened;
markdown.renderer.rules['image'] = (tokens, index, options, _env, renderer): string => {
  const token = tokens[index];
  const source = String(token?.attrGet('src') ?? '');
  const alt = renderer.renderInlineAsText(token?.children ?? [], options, {});
  const escape = markdown.utils.escapeHtml;
  return `<a href="${escape(source)}">${escape(alt || source)} (picture)</a>`;
};
// Below the headings of the page, and none left out, whatever the text begins with.
markdown.core.ruler.push('headings', ({ tokens }) => {
  let last = 2;
  for (const token of tokens) {
    if (token.type === 'heading_open') {
      last = Math.min(Math.max(3, Number(token.tag.slice(1)) + 1), last + 1, 6);
      token.tag = `h${last}`;
    } else if (token.type === 'heading_close') token.tag = `h${last}`;
  }
});

export function descriptionContent(text: string): TemplateResult {
  // What markdown-it gives has no HTML but its own; links and pictures are those above.
  return html`${unsafeHTML(markdown.render(text.slice(0, LONGEST)))}`;
}

/** The editor opens `https:`, and `http:` on loopback: others stay what they are, a text. */
export function isOpened(address: string): boolean {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return false;
  }
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
}

/** `docs.example.com`, of an address that the editor opens. */
export function hostOf(address: string): string {
  return new URL(address).host;
}
