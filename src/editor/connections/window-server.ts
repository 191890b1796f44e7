// Answers the commands in this window's terminals (session/window-socket.ts).

import { randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { EditorWindow } from '../../session/open-session.ts';
import { readLine, readQuestion, type Answer } from '../../session/window-socket.ts';
import type { Disposable } from '../disposables.ts';
import { EditorError } from '../failure.ts';

/** What a path of a socket may have in bytes on every POSIX system, its end included. */
const LONGEST_PATH = 100;
/** A question is a short line; who sends more is not one of ours. */
const LONGEST_QUESTION = 8 * 1024;

export interface WindowServer extends Disposable {
  /** Of the socket or pipe. */
  readonly path: string;
  /** Names the path: with the same one, terminals that outlive a restart of the window find it again. */
  readonly id: string;
}

/**
 * @param id wished for; another one is taken if another window has it
 * @throws EditorError if there is no place that is this user's alone
 */
export async function serveWindow(
  window: EditorWindow,
  onError: (error: unknown) => void,
  id = newId(),
): Promise<WindowServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)));
    void serve(socket, window, onError);
  });
  const path = await pathOf(id);
  try {
    await listen(server, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (await answers(path)) return serveWindow(window, onError);
    // What is left of a window that is gone.
    await rm(path, { force: true });
    await listen(server, path);
  }
  if (process.platform !== 'win32') await chmod(path, 0o600);
  server.unref();
  return {
    path,
    id,
    dispose() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(socket: Socket, window: EditorWindow, onError: (error: unknown) => void): Promise<void> {
  const line = await readLine(socket, LONGEST_QUESTION);
  if (line === undefined) return void socket.destroy();
  const said = await answer(line, window).catch((error: unknown): Answer => {
    onError(error);
    return {};
  });
  socket.end(`${JSON.stringify(said)}\n`);
}

async function answer(line: string, window: EditorWindow): Promise<Answer> {
  const question = readQuestion(line);
  if (!question) return {};
  const said = await (question.ask === 'connection'
    ? window.connection(question.url)
    : window[question.ask](question.connection));
  return said === undefined ? {} : { answer: said };
}

function newId(): string {
  return randomBytes(8).toString('hex');
}

async function pathOf(id: string): Promise<string> {
  // Only its creator may connect to a pipe, unless it says otherwise.
  if (process.platform === 'win32') return `\\\\.\\pipe\\hippo-${id}`;
  const name = `hippo-${userInfo().uid}`;
  const wished = join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), name);
  const folder = Buffer.byteLength(join(wished, `${id}.sock`)) > LONGEST_PATH ? join('/tmp', name) : wished;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  // In a folder that everybody may write to, somebody else may have been there first.
  if (!stats.isDirectory() || stats.uid !== userInfo().uid || (stats.mode & 0o077) !== 0)
    throw new EditorError(
      'NOT_PRIVATE',
      `${folder} is not yours alone, so the terminal cannot ask this window for its sign-in: remove that folder.`,
    );
  return join(folder, `${id}.sock`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
