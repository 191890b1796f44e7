// How a command in a terminal of the editor asks the window for its connection and its token: over a socket that only
// its owner may use (a named pipe on Windows), so that no token stands in the environment. One question and one
// answer a connection, each a line of JSON.

import { connect, type Socket } from 'node:net';
import type { EditorWindow } from './open-session.ts';

/** In which the window tells its terminals the path of the socket. */
export const WINDOW_SOCKET = 'HIPPO_EDITOR_SOCKET';

/** Milliseconds. The window may have to renew a token first. */
const PATIENCE = 10_000;
const LONGEST_LINE = 64 * 1024;

export type Question =
  | { readonly ask: 'connection'; readonly url?: string }
  | { readonly ask: 'token' | 'bindlePassword'; readonly connection: string };

/** `answer` is absent where the window has nothing to say. */
export interface Answer {
  readonly answer?: string;
}

/** The window behind a socket. One that is gone, as after a restart of the editor, has nothing to say. */
export function windowAt(path: string): EditorWindow {
  return {
    connection: (url) => ask(path, { ask: 'connection', ...(url === undefined ? {} : { url }) }),
    token: (connection) => ask(path, { ask: 'token', connection }),
    bindlePassword: (connection) => ask(path, { ask: 'bindlePassword', connection }),
  };
}

/** Undefined for a line that is none. */
export function readQuestion(line: string): Question | undefined {
  const value = parse(line);
  const { ask: what, url, connection } = value ?? {};
  if (what === 'connection' && (url === undefined || typeof url === 'string'))
    return { ask: what, ...(url === undefined ? {} : { url }) };
  const isKnown = what === 'token' || what === 'bindlePassword';
  return isKnown && typeof connection === 'string' ? { ask: what, connection } : undefined;
}

async function ask(path: string, question: Question): Promise<string | undefined> {
  const line = await exchange(path, `${JSON.stringify(question)}\n`);
  const { answer } = parse(line ?? '') ?? {};
  return typeof answer === 'string' ? answer : undefined;
}

async function exchange(path: string, line: string): Promise<string | undefined> {
  const socket = connect(path, () => socket.write(line));
  socket.setTimeout(PATIENCE, () => socket.destroy());
  try {
    return await readLine(socket, LONGEST_LINE);
  } finally {
    socket.destroy();
  }
}

/** The first line; undefined if there is none, or it has more characters than `most`. */
export function readLine(socket: Socket, most: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += String(chunk);
      const end = text.indexOf('\n');
      if (end >= 0 || text.length > most) resolve(end >= 0 && end <= most ? text.slice(0, end) : undefined);
    });
    // What has nothing more to say, or is not there at all.
    socket.on('error', () => resolve(undefined));
    socket.on('close', () => resolve(undefined));
  });
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
