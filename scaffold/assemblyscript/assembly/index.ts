// A small WAGI app: HIPPOFACTS sends each of its routes here, and the route decides what is answered.

import { answer, escapeHtml, parameter, readFile, variable } from './wagi';

const HTML = 'text/html; charset=utf-8';

const route = variable('X_MATCHED_ROUTE');
if (route == '/hello/...') hello();
else if (route == '/static/...') asset();
else home();

function home(): void {
  const content = `
<p>This page comes from a WebAssembly module. Every request runs it anew, from <code>assembly/index.ts</code>,
and it sees nothing but the request and its own files.</p>
<form action="/hello">
<input name="name" placeholder="Your name" aria-label="Your name">
<button>Say hello</button>
</form>
<p>The heading is the variable <code>GREETING</code> of the channel that you are looking at, the colours come
from <a href="/static/style.css">static/style.css</a> in the bindle.</p>`;
  answer(200, HTML, page(greeting(), content));
}

/** `/hello/World` and `/hello?name=World` */
function hello(): void {
  const path = variable('PATH_INFO');
  const name = path.length > 1 ? path.substring(1) : parameter('name', 'World');
  answer(200, HTML, page(`${greeting()}, ${name}!`, '<p><a href="/">Back</a></p>'));
}

function asset(): void {
  const content = readFile('static' + variable('PATH_INFO'));
  if (content === null) answer(404, 'text/plain; charset=utf-8', 'There is no such file in this bindle.\n');
  else answer(200, 'text/css; charset=utf-8', content);
}

function greeting(): string {
  return variable('GREETING', 'Hello');
}

function page(heading: string, content: string): string {
  const title = escapeHtml(heading);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/static/style.css">
<h1>${title}</h1>
${content}
</html>
`;
}
