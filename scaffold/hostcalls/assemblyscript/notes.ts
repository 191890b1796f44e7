// A page of notes, which an add-on for SQL keeps: PostgreSQL or SQLite, under the name `db`. It goes beside wagi.ts of
// an app from the AssemblyScript template, and is a module of its own: without the add-on the others go on.

import { Database, HostError, Result, Value } from './hippo';
import { answer, escapeHtml, variable } from './wagi';

const database = new Database('db');

if (variable('REQUEST_METHOD') == 'POST') add(input());
else show();

/** @param form as `text/plain`: `text=…` and a line's end */
function add(form: string): void {
  const text = form.startsWith('text=') ? form.substring(5).trim() : '';
  if (text != '') {
    const result = run('INSERT INTO notes (text) VALUES ($1)', [Value.of(text)]);
    if (result.error !== null) return fail(result.error!);
  }
  process.stdout.write('Status: 303\nLocation: /notes\n\n');
}

function show(): void {
  const result = run('SELECT text FROM notes ORDER BY at DESC LIMIT 20', []);
  if (result.error !== null) return fail(result.error!);
  const items = new Array<string>();
  for (let i = 0; i < result.rows.length; i++)
    items.push('<li>' + escapeHtml(result.rows[i][0].text) + '</li>');
  const count = items.length == 1 ? '1 note' : items.length.toString() + ' notes';
  page(200, count, '<ul>' + items.join('') + '</ul>');
}

/** The table is made by whoever needs it first. */
function run(sql: string, parameters: Value[]): Result {
  const result = database.query(sql, parameters);
  const error = result.error;
  if (error === null || error.sqlState != '42P01') return result;
  const made = database.query(
    'CREATE TABLE notes (text text NOT NULL, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP)',
  );
  // Somebody else may have made it meanwhile.
  if (made.error !== null && made.error!.code != 'sql') return made;
  return database.query(sql, parameters);
}

function fail(error: HostError): void {
  page(503, 'No notes', '<p>' + escapeHtml(error.message) + '</p>');
}

function page(status: i32, heading: string, content: string): void {
  answer(
    status,
    'text/html; charset=utf-8',
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>' +
      heading +
      '</title><link rel="stylesheet" href="/static/style.css"><h1>' +
      heading +
      '</h1><form method="post" action="/notes" enctype="text/plain">' +
      '<input name="text" placeholder="A note" aria-label="A note"> <button>Keep it</button></form>' +
      content +
      '</html>\n',
  );
}

function input(): string {
  const buffer = new ArrayBuffer(4096);
  const bytes = new Array<u8>();
  for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer)) {
    const part = Uint8Array.wrap(buffer, 0, n);
    for (let i = 0; i < n; i++) bytes.push(part[i]);
  }
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}
