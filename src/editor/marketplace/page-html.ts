// The document of a page: what the page may load and run, and nothing else.

import { randomBytes } from 'node:crypto';
import type { PageName } from '../../webview/protocol.ts';

export interface PageResources {
  /** VS Code's source for files of the extension, as a content security policy names it. */
  readonly cspSource: string;
  /** The address of a file in `dist/` for the page. */
  readonly uriOf: (file: string) => string;
}

const TITLES: Readonly<Record<PageName, string>> = {
  marketplace: 'Marketplace',
  offering: 'Add-on',
  bill: 'Bill',
};

/** With a nonce of its own each time. */
export function pageHtml(page: PageName, { cspSource, uriOf }: PageResources): string {
  const nonce = randomBytes(18).toString('base64url');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    // Icons come as data URIs: nothing is fetched by a page.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${attribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${TITLES[page]}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${attribute(uriOf('codicon.css'))}">
<link rel="stylesheet" href="${attribute(uriOf('webview.css'))}">
</head>
<body>
<main id="page" data-page="${page}"></main>
<script nonce="${nonce}" src="${attribute(uriOf(`webview-${page}.js`))}"></script>
</body>
</html>
`;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
