// What each code of a problem means, and what to do: for the README's table, for SARIF, and for links from the editor.

import type { ProblemCode, Severity } from './problem.ts';

export interface CodeFacts {
  /** What it is told as where nobody wishes otherwise. */
  readonly severity: Severity;
  /** One sentence. */
  readonly meaning: string;
  /** One sentence. */
  readonly remedy: string;
}

/** In the order in which the README has them. */
export const PROBLEM_CODES: Readonly<Record<ProblemCode, CodeFacts>> = {
  syntax: error('This is not TOML.', 'The message says what is missing or too much.'),
  'bad-escape': error(
    'A backslash in a text is followed by what is no escape.',
    'Write `/` in paths, `\\\\` for a backslash, or put the text in single quotes.',
  ),
  'control-character': error(
    'A control character, or a carriage return alone, stands in the file.',
    'Remove it; save the file with LF or CRLF line ends.',
  ),
  'duplicate-key': error('A key is set twice in one table.', 'Keep one of them.'),
  'duplicate-table': error(
    'A table has its header twice.',
    'Put the keys under one header; `[[handler]]` may come again, `[bindle]` may not.',
  ),
  'missing-comma': error('Two items of a list have no comma between them.', 'Add it.'),
  'missing-equals': error('A key stands alone.', 'Add `=` and a value.'),
  'missing-value': error('Nothing follows the equals sign.', 'Add a value.'),
  'multi-line-table': error(
    'An inline table has a line break or ends with a comma.',
    'Put it on one line, or write its keys as `external.bindleId = …`.',
  ),
  'too-deep': error('Lists or inline tables are nested very deeply.', 'No key of a HIPPOFACTS needs that.'),
  'too-long': error('A text is longer than 65,536 characters.', 'Shorten it.'),
  'trailing-text': error('Something follows a value on its line.', 'Put it on a line of its own.'),
  'unclosed-header': error('A header lacks its closing brackets.', 'Close it: `[bindle]`, `[[handler]]`.'),
  'unclosed-list': error('A list is not closed.', 'Add `]`.'),
  'unclosed-table': error('An inline table is not closed.', 'Add `}`.'),
  'unclosed-text': error('A text is not closed.', 'Add the quote at its end.'),
  'unquoted-text': error('A text stands without quotes.', 'Put it in quotes.'),

  'addon-syntax': error(
    'The annotation `hippo_addons` holds what names no add-on.',
    'Write `offering[:plan] [as name]`, with commas between: `"postgresql:small, redis as cache"`.',
  ),
  'addon-twice': error(
    'The annotation `hippo_addons` has two add-ons of one name.',
    'Give one of them another name: `redis as cache`.',
  ),
  'entrypoint-on-external': error(
    'A handler from another bindle names an entrypoint.',
    'Remove it: the other bindle says which function answers.',
  ),
  'escaped-author': warning(
    'An author is written with HTML escapes, as some templates make them.',
    'Write `<` and `>`.',
  ),
  'invalid-id': error('A bindle id is not one.', 'Write name, slash and version: `tools/fileserver/1.0.3`.'),
  'invalid-name': error(
    'A bindle name has characters that no server takes, or an empty part.',
    'Use letters, digits, `-`, `_`, `.` and `/`.',
  ),
  'invalid-version': error('The version is no semantic version.', 'Write three numbers: `1.2.3`.'),
  'missing-field': error('A table lacks a key that it needs.', 'Add it.'),
  'name-and-external': error(
    'A handler has both a module of its own and one of another bindle, or neither.',
    'Keep either `name` or `external`.',
  ),
  'no-handlers': error('There is nothing to run.', 'Add a `[[handler]]` or an `[[export]]`.'),
  'unknown-field': error(
    'A key or table is unknown; the original `hippo` refuses the file for it.',
    'Correct its spelling, or put it under `[annotations]`.',
  ),
  'wrong-type': error('A value has another type than its key wants.', 'The message says which one.'),

  'duplicate-export': warning(
    'Two exports have the same id; whoever refers to it gets the first.',
    'Give one of them another id.',
  ),
  'route-healthz': warning(
    'WAGI answers `/healthz` itself; the handler is never asked.',
    'Choose another route.',
  ),
  'route-shadowed': warning(
    'A handler further up takes every request that this route could get.',
    'Put the handler with the longer route first, or remove one.',
  ),
  'route-unreachable': warning(
    'No request has a path that this route matches.',
    'Begin it with `/`, leave the query away, and escape what a path cannot have.',
  ),
  'route-wildcard': warning(
    'A route has stars or names for parts of the path, which are taken by the letter.',
    'End it with `/...` for all that lies below.',
  ),

  'bad-file-name': error(
    'A pattern matches a file whose name would lead out of the bindle when it is unpacked.',
    'Rename the file.',
  ),
  'invalid-pattern': error('A pattern cannot be read.', '`**` stands alone between slashes; close `[`.'),
  'link-loop': warning('A link leads to a folder that it stands in; it is not followed.', 'Remove it.'),
  'link-repeated': warning(
    'A link leads to a folder whose files are included already; it is not followed.',
    'Name one of the two ways.',
  ),
  'matched-twice': hint(
    'Two patterns of one handler match the same files; each file is included once.',
    'Remove what the other pattern says already.',
  ),
  'missing-entrypoint': warning(
    'The module exports no function of this name (`_start` where no `entrypoint` is given): every request would fail.',
    'Name one that it exports, or build the module as a command (a program with `main`).',
  ),
  'missing-module': error(
    "A handler's or export's module is not there.",
    'Build it, or correct its name: the message says what builds it, or where it is now.',
  ),
  'no-match': warning(
    'A pattern matches no file.',
    'Case counts, `dir/**` stands for folders, `{a,b}` and `!x` are taken by the letter.',
  ),
  'not-wasm': warning(
    'The module is no WebAssembly, or not all of it is there: every request would fail.',
    'Build it again, or name the right file.',
  ),
  'outside-project': error(
    'A file lies outside of the folder of the HIPPOFACTS, also by way of links.',
    'Copy it into the project.',
  ),
  secret: error(
    'A pattern matches what looks like a secret, by its name or by a private key in it.',
    'Narrow the pattern, write the name out if it is meant, or allow it with `--allow`.',
  ),
  unreadable: error('A file or folder cannot be read, or is no file.', 'Check its permissions.'),
  'wasm-component': warning(
    'The module is a component of the component model: handlers are modules.',
    'Build it for `wasm32-wasip1`.',
  ),

  'external-clash': error(
    'A local file and a file that another bindle brings have the same name.',
    'Rename the local one.',
  ),
  'external-content': warning(
    'A file that another bindle brings is left out: it has the content of another one there.',
    'Nothing, unless it is asked for by this name.',
  ),
  'external-not-found': error(
    'Another bindle is not on the server, or exports no such handler.',
    'Correct the id, or push that bindle first.',
  ),
  'version-taken': {
    severity: 'information',
    meaning:
      'The server has this version with other content, or it was yanked; an error for what is published as it is written.',
    remedy: 'Raise the version: a published one never changes.',
  },

  'inferred-name': information(
    'A module without a HIPPOFACTS has got a name.',
    'Write a HIPPOFACTS to choose it.',
  ),
  'inferred-version': information(
    'A module without a HIPPOFACTS has got a version.',
    'Write a HIPPOFACTS to choose it.',
  ),
};

/** Where a code is explained: a fragment of the README, as in `README.md#no-match`. */
export function codeUrl(code: ProblemCode): string {
  return `README.md#${code}`;
}

function error(meaning: string, remedy: string): CodeFacts {
  return { severity: 'error', meaning, remedy };
}

function warning(meaning: string, remedy: string): CodeFacts {
  return { severity: 'warning', meaning, remedy };
}

function information(meaning: string, remedy: string): CodeFacts {
  return { severity: 'information', meaning, remedy };
}

function hint(meaning: string, remedy: string): CodeFacts {
  return { severity: 'hint', meaning, remedy };
}
