// Reads a statement for SQLite as far as it has to be known before it is prepared: its verb and its placeholders
// (https://sqlite.org/lang.html, and tokenize.c for what is a blank).

import { HostCallError } from '../../../addons/host-calls.ts';

export interface SqliteStatement {
  readonly verb: string;
  /** Of `EXPLAIN`, which runs nothing. */
  readonly explained: boolean;
  /** As they are bound: by position for `?`, by name for `?1` and `$1`. */
  readonly placeholders: { readonly anonymous: number; readonly numbered: readonly string[] };
}

/**
 * What a guest may do. Everything else is refused: other files (ATTACH, VACUUM INTO), settings (PRAGMA), and
 * transactions, which are the host's to open and close.
 */
const VERBS = new Set([
  'ALTER',
  'ANALYZE',
  'CREATE',
  'DELETE',
  'DROP',
  'INSERT',
  'REINDEX',
  'REPLACE',
  'SELECT',
  'UPDATE',
  'VALUES',
  'WITH',
]);
const TRANSACTIONS = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE']);

/** @throws HostCallError `not_allowed`, `bad_request` */
export function readStatement(sql: string): SqliteStatement {
  const words: string[] = [];
  const numbered = new Set<string>();
  let anonymous = 0;
  let begun = false;
  for (const token of tokens(sql)) {
    if (token === ';' && !begun) continue;
    begun = true;
    if (words.length < 4 && (words.length === 0 || words[0] === 'EXPLAIN')) words.push(token.toUpperCase());
    if (token === '?') anonymous++;
    else if (/^\?\d+$/.test(token) || /^\$[1-9]\d*$/.test(token)) numbered.add(token);
    else if (/^[$:@]./.test(token))
      throw new HostCallError('bad_request', `A placeholder is ? or $1, not ${token.slice(0, 40)}.`);
  }
  const explained = words[0] === 'EXPLAIN';
  if (explained) words.splice(0, words[1] === 'QUERY' ? 3 : 1);
  const [verb = ''] = words;
  if (TRANSACTIONS.has(verb))
    throw new HostCallError(
      'not_allowed',
      `${verb} is no statement for guests: call begin, commit, rollback.`,
    );
  if (!VERBS.has(verb))
    throw new HostCallError(
      'not_allowed',
      /^[A-Z]+$/.test(verb) ? `${verb.slice(0, 40)} is no statement for guests.` : 'There is no statement.',
    );
  if (anonymous > 0 && numbered.size > 0)
    throw new HostCallError('bad_request', 'A statement has placeholders ? or $1, not both.');
  return { verb, explained, placeholders: { anonymous, numbered: [...numbered] } };
}

/** Whether nothing but blanks, comments and semicolons is left. */
export function isOver(sql: string): boolean {
  for (const token of tokens(sql)) if (token !== ';') return false;
  return true;
}

/** SQLite takes a byte order mark for a blank. A doubled quote is two texts here, which comes to the same. */
const TOKEN =
  /(?<blank>[ \t\n\f\r\uFEFF]+|--[^\n]*|\/\*[^]*?(?:\*\/|$))|'[^']*'?|"[^"]*"?|`[^`]*`?|\[[^\]]*\]?|\?\d*|[$:@#][\w$:\u{80}-\u{10FFFF}]*|[A-Za-z_\u{80}-\u{10FFFF}][\w$\u{80}-\u{10FFFF}]*|\d[\w.]*|[^]/gu;

function* tokens(sql: string): Generator<string> {
  for (const match of sql.matchAll(TOKEN)) if (match.groups?.['blank'] === undefined) yield match[0];
}
