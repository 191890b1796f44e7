// A corpus of what can be wrong with a project: the text with marks around the places, the files, and what is said there.
// ⟦ and ⟧ stand around each place, in the order in which problems are told; what is told of one place twice has two pairs.

import type { KnownBindle } from '../../../src/hippofacts/facts.ts';
import type { ProblemCode, Severity } from '../../../src/hippofacts/problem.ts';
import type { DiagnoseOptions } from '../../../src/hippofacts/diagnose-project.ts';
import { createHash } from 'node:crypto';
import { sketch } from '../../support/wasm.ts';

export type Expected = readonly [
  code: ProblemCode,
  severity: Severity,
  /** In the message. */
  words: string | RegExp,
  replacement?: string,
];

export interface Diagnosed {
  readonly name: string;
  readonly text: string;
  /** Besides `m.wasm`, which is a whole module; null removes a file, `-> x` links to one. */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly expected: readonly Expected[];
  readonly options?: DiagnoseOptions;
  /** By id; what is not here is not there. */
  readonly bindles?: Readonly<Record<string, KnownBindle>>;
}

export const MODULE = sketch({ functions: [[]] });
export const BINDLE = '[bindle]\nname = "x"\nversion = "1.2.3"\n';
const HANDLER = '[[handler]]\nroute = "/"\nname = "m.wasm"\n';
const handler = (rest: string): string => `${BINDLE}[[handler]]\n${rest}\n`;
const withFiles = (files: string): string => `${BINDLE}${HANDLER}files = ${files}\n`;
const external = (bindleId: string, handlerId: string): string =>
  `${BINDLE}[[handler]]\nroute = "/x"\nexternal.bindleId = ${bindleId}\nexternal.handlerId = ${handlerId}\n`;

const LIBRARY: KnownBindle = {
  yanked: false,
  handlers: [{ id: 'static' }],
  invoice: {
    parcel: [
      {
        label: {
          name: 's.wasm',
          sha256: 'a',
          size: 1,
          mediaType: 'application/wasm',
          annotations: { wagi_handler_id: 'static' },
        },
        conditions: { requires: ['g'] },
      },
      {
        label: { name: 'css/a.css', sha256: 'b', size: 1, mediaType: 'text/css' },
        conditions: { memberOf: ['g'] },
      },
      {
        label: { name: 'twin.css', sha256: 'b', size: 1, mediaType: 'text/css' },
        conditions: { memberOf: ['g'] },
      },
    ],
  },
};
const stored = (name: string, content: Buffer, route = '/', yanked = false): KnownBindle => ({
  yanked,
  handlers: [],
  invoice: {
    parcel: [
      {
        label: {
          name,
          sha256: createHash('sha256').update(content).digest('hex'),
          size: content.length,
          mediaType: 'application/wasm',
          feature: { wagi: { route, file: 'false' } },
        },
      },
    ],
  },
});

export const CORPUS: readonly Diagnosed[] = [
  { name: 'nothing', text: BINDLE + HANDLER, expected: [] },

  // The text is not TOML.
  {
    name: 'a half-typed text',
    text: handler('route = ⟦"/⟧\nname = "m.wasm"'),
    expected: [['unclosed-text', 'error', 'not closed']],
  },
  {
    name: 'a half-typed list keeps its neighbours',
    text: handler('route = "/"\nname = ⟦"gone.wasm"⟧\nfiles = ⟦["a.txt",⟧'),
    expected: [
      ['missing-module', 'error', 'gone.wasm: it does not exist'],
      ['unclosed-list', 'error', 'not closed'],
    ],
  },
  {
    name: 'the first letters of a key',
    text: handler('⟦rou⟧\nname = "m.wasm"'),
    expected: [['missing-equals', 'error', 'rou has no value']],
  },
  {
    name: 'the first letters of a key that means nothing',
    text: `${BINDLE}⟦[[handler]]⟧\n⟦zzz⟧\nname = "m.wasm"\n`,
    expected: [
      ['missing-field', 'error', 'missing field `route`'],
      ['missing-equals', 'error', 'zzz has no value'],
    ],
  },
  {
    name: 'the first letters of a header',
    text: `${BINDLE}${HANDLER}⟦[[hand⟧\n`,
    expected: [['unclosed-header', 'error', 'write [[handler]]', '[[handler]]']],
  },
  {
    name: 'a header of which nobody knows what it will be',
    text: `${BINDLE}⟦[⟧\n`,
    expected: [['unclosed-header', 'error', '']],
  },
  {
    name: 'the first letters of the first header',
    text: `⟦[bin⟧\nname = "x"\nversion = "1.0.0"\n${HANDLER}`,
    expected: [['unclosed-header', 'error', 'write [bindle]', '[bindle]']],
  },
  {
    name: 'a name that is half-typed, alone in its handler',
    text: handler('route = "/"\n⟦na⟧'),
    expected: [['missing-equals', 'error', 'na has no value']],
  },
  {
    name: 'a dotted key that is half-typed',
    text: handler('route = "/"\nexternal.handlerId = "h"\n⟦external.bindleI⟧'),
    expected: [['missing-equals', 'error', 'has no value']],
  },
  {
    name: 'a value without quotes',
    text: handler('route = ⟦/⟧\nname = "m.wasm"'),
    expected: [['unquoted-text', 'error', 'in quotes', '"/"']],
  },

  {
    name: 'an escape that is none',
    text: withFiles(String.raw`["a\⟦q.txt⟧"]`),
    expected: [['bad-escape', 'error', 'no escape']],
  },
  {
    name: 'a control character',
    text: `${BINDLE}${HANDLER}entrypoint = "a⟦\u0001⟧b"\n`,
    expected: [['control-character', 'error', 'not allowed']],
  },
  {
    name: 'a key twice',
    text: `${BINDLE}${HANDLER}⟦name⟧ = "n.wasm"\n`,
    expected: [['duplicate-key', 'error', 'name is already set on line']],
  },
  {
    name: 'a table twice',
    text: `${BINDLE}${HANDLER}[⟦bindle⟧]\ndescription = "x"\n`,
    expected: [['duplicate-table', 'error', 'bindle is already set on line']],
  },
  {
    name: 'a comma that is missing',
    files: { 'a.txt': '1', 'b.txt': '2' },
    text: withFiles('["a.txt" ⟦"⟧b.txt"]'),
    expected: [['missing-comma', 'error', 'A comma is missing']],
  },
  {
    name: 'an inline table of two lines',
    text: `${BINDLE}[[handler]]\nroute = "/"\nexternal = { bindleId = "a/1.0.0",\n  ⟦handlerId⟧ = "h" }\n`,
    expected: [['multi-line-table', 'error', 'one line']],
  },
  {
    name: 'an inline table that is half-typed',
    text: `${BINDLE}[[handler]]\nroute = "/"\nexternal = ⟦{ bindleId = "a/1.0.0", handlerId = "h"⟧\n`,
    expected: [['unclosed-table', 'error', 'add } at its end']],
  },
  {
    name: 'a deep list',
    text: withFiles(`${'['.repeat(32)}⟦[⟧]${']'.repeat(32)}`),
    expected: [['too-deep', 'error', 'too deeply']],
  },
  {
    name: 'a long text',
    text: `${BINDLE}${HANDLER}entrypoint = ⟦"${'e'.repeat(70_000)}"⟧\n`,
    expected: [['too-long', 'error', 'too long']],
  },
  {
    name: 'text after a value',
    text: `${BINDLE}${HANDLER}entrypoint = "_start" ⟦"⟧b"\n`,
    expected: [['trailing-text', 'error', 'Only a comment']],
  },
  {
    name: 'a value without its key',
    text: `${BINDLE}${HANDLER}⟦= "x"⟧\n`,
    expected: [['syntax', 'error', 'A key is missing']],
  },

  // It is TOML, but no manifest.
  {
    name: 'a name that bindles cannot have',
    text: `[bindle]\nname = ⟦"a b"⟧\nversion = "1.2.3"\n${HANDLER}`,
    expected: [['invalid-name', 'error', 'contains " "']],
  },
  {
    name: 'no handlers',
    text: BINDLE.replace('[bindle]', '⟦[bindle]⟧'),
    expected: [['no-handlers', 'error', 'add a [[handler]]']],
  },
  {
    name: 'add-ons, as they should be',
    text: `${BINDLE}${HANDLER}[annotations]\nhippo_addons = "postgresql:small, redis:free as cache,redis@other as  Sessions"\n`,
    expected: [],
  },
  {
    name: 'add-ons that are none',
    text: `${BINDLE}${HANDLER}[annotations]\nhippo_addons = "⟦postgresql small⟧, ⟦redis:free as 9lives⟧,⟦ ⟧,⟦@b⟧, ⟦a:⟧,⟦"⟧\n`,
    expected: [
      ['addon-syntax', 'error', '"postgresql small" names no add-on'],
      ['addon-syntax', 'error', '"9lives" cannot be the name'],
      ['addon-syntax', 'error', 'comma too many'],
      ['addon-syntax', 'error', 'names no add-on'],
      ['addon-syntax', 'error', 'names no add-on'],
      ['addon-syntax', 'error', 'comma too many'],
    ],
  },
  {
    name: 'add-ons of one name',
    text: `${BINDLE}${HANDLER}[annotations]\nhippo_addons = "redis:free, ⟦redis@other:small⟧, postgresql as cache, ⟦mysql as CACHE⟧"\n`,
    expected: [
      ['addon-twice', 'error', 'two add-ons called redis'],
      ['addon-twice', 'error', 'two add-ons called CACHE'],
    ],
  },
  {
    name: 'an add-on behind an escape',
    text: `${BINDLE}${HANDLER}[annotations]\nhippo_addons = ⟦"redis\\tfree"⟧\n`,
    expected: [['addon-syntax', 'error', 'names no add-on']],
  },
  {
    name: 'an entrypoint of what is elsewhere',
    text: `${BINDLE}[[handler]]\nroute = "/"\n⟦entrypoint⟧ = "e"\n[handler.external]\nbindleId = "a/1.0.0"\nhandlerId = "h"\n`,
    expected: [['entrypoint-on-external', 'error', 'may not specify an entrypoint']],
  },
  {
    name: 'a bindle id without its version',
    text: external('⟦"tools"⟧', '"h"'),
    expected: [['invalid-id', 'error', 'name, a slash and the version']],
  },
  {
    name: 'values and headers of another type',
    files: { 'a.txt': '1' },
    text: `[bindle]\nname = ⟦3⟧\nversion = "1.2.3"\n⟦[handler]⟧\nroute = "/"\nname = "m.wasm"\nfiles = ⟦"a.txt"⟧\n`,
    expected: [
      ['wrong-type', 'error', 'text in quotes', '"3"'],
      ['wrong-type', 'error', 'written as [[handler]]', '[[handler]]'],
      ['wrong-type', 'error', 'list of texts', '["a.txt"]'],
    ],
  },
  {
    name: 'a misspelled key',
    text: `${BINDLE}${HANDLER}⟦file⟧ = ["a"]\n`,
    expected: [['unknown-field', 'error', 'did you mean `files`', 'files']],
  },
  {
    name: 'a handler without anything',
    text: `${BINDLE}⟦⟦[[handler]]⟧⟧\n`,
    expected: [
      ['missing-field', 'error', '`route`'],
      ['name-and-external', 'error', 'exactly one'],
    ],
  },
  {
    name: 'an author with escapes',
    text: `[bindle]\nname = "x"\nversion = "1.0.0"\nauthors = [⟦"Ana &lt;a@b&gt;"⟧]\n${HANDLER}`,
    expected: [['escaped-author', 'warning', 'HTML', '"Ana <a@b>"']],
  },
  {
    name: 'a version of four numbers',
    text: `[bindle]\nname = "x"\nversion = ⟦"1.2.3.4"⟧\n${HANDLER}`,
    expected: [['invalid-version', 'error', '1.2.3.4 is not a valid semantic version']],
  },

  // It is a manifest, and does not do what it seems to.
  {
    name: 'routes that shadow each other',
    text: `${handler('route = "/shop/..."\nname = "m.wasm"')}[[handler]]\nroute = ⟦"/shop/cart"⟧\nname = "m.wasm"\n[[handler]]\nroute = ⟦"/shop/..."⟧\nname = "m.wasm"\n[[handler]]\nroute = "/shopping"\nname = "m.wasm"\n`,
    expected: [
      ['route-shadowed', 'warning', "'/shop/...' on line 5 comes first"],
      ['route-shadowed', 'warning', 'the handler on line 5 has the same route'],
    ],
  },
  {
    name: 'an order of routes that is right',
    text: `${handler('route = "/shop"\nname = "m.wasm"')}[[handler]]\nroute = "/shop/..."\nname = "m.wasm"\n[[handler]]\nroute = "/..."\nname = "m.wasm"\n`,
    expected: [],
  },
  {
    name: 'a route that WAGI answers',
    text: handler('route = ⟦"/healthz"⟧\nname = "m.wasm"'),
    expected: [['route-healthz', 'warning', 'WAGI itself']],
  },
  {
    name: 'a route without its slash',
    text: handler('route = ⟦"shop"⟧\nname = "m.wasm"'),
    expected: [['route-unreachable', 'warning', 'begins with /', '"/shop"']],
  },
  {
    name: 'a route that is empty',
    text: handler('route = ⟦""⟧\nname = "m.wasm"'),
    expected: [['route-unreachable', 'warning', 'begins with /', '"/"']],
  },
  {
    name: 'a route with letters that paths do not have',
    text: handler('route = ⟦"/straße/..."⟧\nname = "m.wasm"'),
    expected: [['route-unreachable', 'warning', '/stra%C3%9Fe', '"/stra%C3%9Fe/..."']],
  },
  {
    name: 'a route with a star',
    text: handler('route = ⟦\'/shop/*\'⟧\nname = "m.wasm"'),
    expected: [['route-wildcard', 'warning', 'by the letter', '"/shop/..."']],
  },
  {
    name: 'wildcards of other tools',
    text: ['/a/*.js', '/files*', '/shop...', '/b/[id]']
      .map((route) => `[[handler]]\nroute = ⟦"${route}"⟧\nname = "m.wasm"\n`)
      .reduce((text, one) => text + one, BINDLE),
    expected: [
      ['route-wildcard', 'warning', 'by the letter', '"/a/..."'],
      ['route-wildcard', 'warning', 'by the letter', '"/files/..."'],
      ['route-wildcard', 'warning', 'by the letter', '"/shop/..."'],
      ['route-wildcard', 'warning', 'by the letter', '"/b/..."'],
    ],
  },
  {
    name: 'routes with several faults',
    text: ['/x?/...', '/{id}?y', String.raw`\\foo`]
      .map((route) => `[[handler]]\nroute = ⟦"${route}"⟧\nname = "m.wasm"\n`)
      .reduce((text, one) => text + one, BINDLE),
    expected: [
      ['route-unreachable', 'warning', 'ends before ?', '"/x/..."'],
      ['route-unreachable', 'warning', 'ends before ?', '"/..."'],
      ['route-unreachable', 'warning', 'begins with /', '"/foo"'],
    ],
  },
  {
    name: 'a route that is half-typed shadows nothing',
    text: `${BINDLE}[[handler]]\n⟦route =⟧ \nname = "m.wasm"\n${HANDLER}`,
    expected: [['missing-value', 'error', 'route has no value']],
  },
  {
    name: 'two exports with one id',
    text: `${BINDLE}[[export]]\nid = "e"\nname = "m.wasm"\n[[export]]\nid = ⟦"e"⟧\nname = "m.wasm"\n`,
    expected: [['duplicate-export', 'warning', 'on line 5, too']],
  },

  // It does not fit the files.
  {
    name: 'a pattern in another case',
    files: { 'Static/A.css': '1' },
    text: withFiles('[⟦"static/*.CSS"⟧]'),
    expected: [['no-match', 'warning', 'upper and lower case differ', '"Static/*.css"']],
  },
  {
    name: 'a file in another case',
    files: { 'img/Logo [1].png': '1' },
    text: withFiles('[⟦"img/logo [[]1].png"⟧]'),
    expected: [['no-match', 'warning', '', '"img/Logo [[]1].png"']],
  },
  {
    name: 'a hidden folder without its dot',
    files: { '.well-known/a.txt': '1' },
    text: withFiles('[⟦"well-known/*"⟧]'),
    expected: [['no-match', 'warning', 'the dot of a hidden name counts', '".well-known/*"']],
  },
  {
    name: 'another Unicode form',
    files: { 'caf\u0065\u0301.txt': '1' },
    text: withFiles('[⟦"caf\u00e9.txt"⟧]'),
    expected: [['no-match', 'warning', 'accents', '"caf\u0065\u0301.txt"']],
  },
  {
    name: 'folders for their files',
    files: { 'dir/a/b.txt': '1' },
    text: withFiles('[⟦"dir/**"⟧, ⟦"dir"⟧, ⟦"dir/"⟧]'),
    expected: [
      ['no-match', 'warning', 'stands for folders', '"dir/**/*"'],
      ['no-match', 'warning', 'stands for folders', '"dir/**/*"'],
      ['no-match', 'warning', 'stands for folders', '"dir/**/*"'],
    ],
  },
  {
    name: 'braces',
    files: { 'a.js': '1', 'a.css': '1' },
    text: withFiles('[⟦"*.{js,css,map}"⟧]'),
    expected: [['no-match', 'warning', 'braces', '"*.js", "*.css"']],
  },
  {
    name: 'an exclusion',
    files: { 'a.js': '1' },
    text: withFiles('[⟦"!a.js"⟧]'),
    expected: [['no-match', 'warning', 'cannot be excluded']],
  },
  {
    name: 'backslashes',
    files: { 'a/b.js': '1' },
    text: withFiles("[⟦'a\\b.js'⟧]"),
    expected: [['no-match', 'warning', 'separated by /', '"a/b.js"']],
  },
  {
    name: 'files that are deeper',
    files: { 'img/x/a.png': '1' },
    text: withFiles('[⟦"img/*.png"⟧]'),
    expected: [['no-match', 'warning', 'in folders below', '"img/**/*.png"']],
  },
  {
    name: 'a misspelled folder',
    files: { 'static/a.css': '1' },
    text: withFiles('[⟦"statci/*.css"⟧]'),
    expected: [['no-match', 'warning', 'there is no statci', '"static/*.css"']],
  },
  {
    name: 'nothing that is near',
    files: { 'static/a.css': '1' },
    text: withFiles('[⟦"pictures/*.png"⟧]'),
    expected: [['no-match', 'warning', /^No files matched pattern pictures\/\*\.png$/]],
  },
  {
    name: 'what only packages have',
    files: { 'node_modules/p/reset.css': '1' },
    text: withFiles('[⟦"reset.css"⟧]'),
    expected: [['no-match', 'warning', /^No files matched pattern reset\.css$/]],
  },
  {
    name: 'a recursive wildcard within a name',
    files: { 'js/x/a.js': '1' },
    text: withFiles('[⟦"js/**.js"⟧]'),
    expected: [['invalid-pattern', 'error', 'recursive wildcards', '"js/**/*.js"']],
  },
  {
    name: 'a path of the web',
    files: { 'static/a.css': '1' },
    text: withFiles('[⟦"/static/*.css"⟧]'),
    expected: [['outside-project', 'error', 'relative', '"static/*.css"']],
  },
  {
    name: 'a way out of the project',
    text: withFiles('[⟦"../x"⟧]'),
    expected: [['outside-project', 'error', 'out of the project']],
  },
  {
    name: 'files that two patterns match',
    files: { 'a/1.txt': '1', 'a/2.txt': '2', 'a/3.css': '3' },
    text: withFiles('["a/*.txt", ⟦"a/*"⟧, ⟦"a/3.css"⟧]'),
    expected: [
      ['matched-twice', 'hint', /^a\/1\.txt, a\/2\.txt are matched by a\/\*\.txt already$/],
      ['matched-twice', 'hint', 'All that this pattern matches is matched by a/* already'],
    ],
  },
  {
    name: 'files that several patterns match together',
    files: { 'a/1.txt': '1', 'b/2.txt': '2' },
    text: withFiles('["a/*", "b/*", ⟦"[ab]/*"⟧]'),
    expected: [['matched-twice', 'hint', 'All that this pattern matches is matched by a/* and b/* already']],
  },
  {
    name: 'empty names',
    text: `${BINDLE}[[handler]]\nroute = "/"\nname = "m.wasm"\nentrypoint = ⟦""⟧\nfiles = [⟦""⟧]\n[[handler]]\nroute = "/2"\nname = ⟦""⟧\n`,
    expected: [
      ['missing-entrypoint', 'warning', 'The entrypoint is empty'],
      ['no-match', 'warning', 'An empty pattern'],
      ['missing-module', 'error', 'its name is empty'],
    ],
  },
  {
    name: 'paths of other places, and links that lead nowhere',
    files: { 'gone.txt': '-> nothing.txt' },
    text: withFiles(String.raw`[⟦"~/x.css"⟧, ⟦"$HOME/x.css"⟧, ⟦'C:\x\y.css'⟧, ⟦"gone.txt"⟧]`),
    expected: [
      ['no-match', 'warning', 'by the letter, write it relative'],
      ['no-match', 'warning', 'by the letter, write it relative'],
      ['no-match', 'warning', 'by the letter, write it relative'],
      ['no-match', 'warning', 'a link to what does not exist'],
    ],
  },
  {
    name: 'the whole project',
    text: withFiles('[⟦"."⟧]'),
    expected: [['no-match', 'warning', /it stands for a folder, and not for the files in it$/]],
  },
  {
    name: 'files that two handlers match',
    files: { 'a/1.txt': '1' },
    text: `${withFiles('["a/*"]')}[[handler]]\nroute = "/2"\nname = "m.wasm"\nfiles = ["a/1.txt"]\n`,
    expected: [],
  },
  {
    name: 'a secret',
    files: { '.env': 'A=1', 'k.txt': `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}` },
    text: withFiles('[⟦"*"⟧]'),
    expected: [['secret', 'error', '.env, k.txt; narrow']],
  },
  {
    name: 'a secret that is meant',
    files: { '.env': 'A=1', 'k.pem': '1' },
    text: withFiles('["*", ".env"]'),
    options: { allow: ['k.pem'] },
    expected: [],
  },
  {
    name: 'a link to nothing',
    files: { 'a/x': '-> gone' },
    text: withFiles('[⟦"a/*"⟧]'),
    expected: [['unreadable', 'error', 'link to what does not exist: a/x']],
  },
  {
    name: 'a module that is elsewhere',
    files: { 'build/shop.wasm': MODULE },
    text: handler('route = "/"\nname = ⟦"out/shop.wasm"⟧'),
    expected: [['missing-module', 'error', 'but build/shop.wasm does', '"build/shop.wasm"']],
  },
  {
    name: 'a module of the renamed target',
    files: { 'target/wasm32-wasip1/release/a.wasm': MODULE },
    text: handler('route = "/"\nname = ⟦"target/wasm32-wasi/release/a.wasm"⟧'),
    expected: [['missing-module', 'error', 'renamed', '"target/wasm32-wasip1/release/a.wasm"']],
  },
  {
    name: 'a module that a build makes',
    files: { 'Cargo.toml': '[package]\nname = "a"\n' },
    text: handler('route = "/"\nname = ⟦"target/wasm32-wasip1/release/a.wasm"⟧'),
    expected: [['missing-module', 'error', 'cargo build --release --target wasm32-wasip1']],
  },
  {
    name: 'a module that is none',
    files: { 'page.wasm': '<html>', 'cut.wasm': MODULE.subarray(0, -1), 'empty.wasm': '' },
    text: `${handler('route = "/"\nname = ⟦"page.wasm"⟧')}[[handler]]\nroute = "/2"\nname = ⟦"cut.wasm"⟧\n[[export]]\nid = "e"\nname = ⟦"empty.wasm"⟧\n`,
    expected: [
      ['not-wasm', 'warning', 'page.wasm is not a WebAssembly module'],
      ['not-wasm', 'warning', 'cut.wasm is not a whole WebAssembly module'],
      ['not-wasm', 'warning', 'empty.wasm is not a WebAssembly module: it is empty'],
    ],
  },
  {
    name: 'a component',
    files: { 'c.wasm': Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]) },
    text: handler('route = "/"\nname = ⟦"c.wasm"⟧'),
    expected: [['wasm-component', 'warning', 'component']],
  },
  {
    name: 'an entrypoint that is misspelled',
    text: handler('route = "/"\nname = "m.wasm"\nentrypoint = ⟦"_strat"⟧'),
    expected: [['missing-entrypoint', 'warning', 'no function _strat: did you mean _start?', '"_start"']],
  },
  {
    name: 'an entrypoint that is the memory',
    text: handler('route = "/"\nname = "m.wasm"\nentrypoint = ⟦"memory"⟧'),
    expected: [['missing-entrypoint', 'warning', 'no function memory: it exports _start']],
  },
  {
    name: 'a module without its usual entrypoint',
    files: { 'lib.wasm': Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) },
    text: `${BINDLE}[[export]]\nid = "e"\nname = ⟦"lib.wasm"⟧\n`,
    expected: [
      ['missing-entrypoint', 'warning', 'lib.wasm exports no function _start: it exports no functions'],
    ],
  },

  // It does not fit the bindles that are on a server.
  {
    name: 'another bindle that is not there',
    bindles: {},
    text: external('⟦"lib/1.0.0"⟧', '"static"'),
    expected: [['external-not-found', 'error', 'external invoice not found on server']],
  },
  {
    name: 'another bindle in a version that is not there',
    bindles: { 'lib/1.0.0': LIBRARY, 'lib/2.0.0-rc.1': LIBRARY },
    text: external('⟦"lib/1.5.0"⟧', '"static"'),
    expected: [['external-not-found', 'error', 'external invoice not found on server', '"lib/1.0.0"']],
  },
  {
    name: 'a handler id that is not there',
    bindles: { 'lib/1.0.0': LIBRARY },
    text: external('"lib/1.0.0"', '⟦"statics"⟧'),
    expected: [['external-not-found', 'error', 'it exports static', '"static"']],
  },
  {
    name: 'what another bindle brings',
    files: { 'css/a.css': '1' },
    bindles: { 'lib/1.0.0': LIBRARY },
    text: `${BINDLE}[[handler]]\nroute = "/x"\nexternal = ⟦⟦{ bindleId = "lib/1.0.0", handlerId = "static" }⟧⟧\nfiles = ["css/*"]\n`,
    expected: [
      ['external-content', 'warning', 'twin.css is left out'],
      ['external-clash', 'error', 'css/a.css occurs both'],
    ],
  },
  {
    name: 'a version that is there with the same content',
    bindles: { 'x/1.2.3': stored('m.wasm', MODULE) },
    text: BINDLE + HANDLER,
    expected: [],
  },
  {
    name: 'a version that is there with other bytes',
    bindles: { 'x/1.2.3': stored('m.wasm', Buffer.alloc(MODULE.length)) },
    text: `[bindle]\nname = "x"\nversion = ⟦"1.2.3"⟧\n${HANDLER}`,
    expected: [
      ['version-taken', 'information', 'x/1.2.3 is on http://bindle.test already, with other content'],
    ],
  },
  {
    name: 'a version that is there with another route, published as it is written',
    bindles: { 'x/1.2.3': stored('m.wasm', MODULE, '/other') },
    text: `[bindle]\nname = "x"\nversion = ⟦"1.2.3"⟧\n${HANDLER}`,
    options: { versioning: 'production' },
    expected: [['version-taken', 'error', 'with other content']],
  },
  {
    name: 'a version that was yanked',
    bindles: { 'x/1.2.3': stored('m.wasm', MODULE, '/', true) },
    text: `[bindle]\nname = "x"\nversion = ⟦"1.2.3"⟧\n${HANDLER}`,
    expected: [['version-taken', 'information', 'and yanked']],
  },

  // Severity by wish.
  {
    name: 'wishes',
    text: `${handler('route = ⟦"shop"⟧\nname = "gone.wasm"')}⟦zzz⟧ = 1\n`,
    options: {
      severities: {
        'missing-module': 'off',
        'route-unreachable': 'error',
        'unknown-field': 'hint',
        nonsense: 'off',
      },
    },
    expected: [
      ['route-unreachable', 'error', ''],
      ['unknown-field', 'hint', ''],
    ],
  },
];
