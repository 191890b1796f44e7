// Logs of channels, each in a terminal of its own: it can be searched, keeps its colours, and ends when it is closed.

import * as vscode from 'vscode';
import type { Disposable } from '../disposables.ts';
import { readLog, type LogPorts } from './channel-log.ts';

export interface LoggedChannel {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly address: string;
}

type Follow = Pick<LogPorts, 'follow' | 'open' | 'clock'>;

export class LogTerminals implements Disposable {
  /** By the id of the channel. */
  readonly #open = new Map<string, vscode.Terminal>();

  /** One that still follows it is shown again. */
  show(channel: LoggedChannel, ports: Follow): void {
    const known = this.#open.get(channel.id);
    if (known) return known.show(true);
    const terminal = vscode.window.createTerminal({
      name: channel.name,
      iconPath: new vscode.ThemeIcon('output'),
      isTransient: true,
      pty: createLog(channel, ports, () => {
        if (this.#open.get(channel.id) === terminal) this.#open.delete(channel.id);
      }),
    });
    this.#open.set(channel.id, terminal);
    terminal.show(true);
  }

  dispose(): void {
    for (const terminal of this.#open.values()) terminal.dispose();
  }
}

const dim = (text: string): string => `\u001b[2m${text}\u001b[0m`;

function createLog(
  { id, name, address }: LoggedChannel,
  ports: Follow,
  onEnd: () => void,
): vscode.Pseudoterminal {
  const written = new vscode.EventEmitter<string>();
  const closed = new vscode.EventEmitter<void>();
  const reading = new AbortController();
  const say = (line: string): void => written.fire(`${line}\r\n`);
  return {
    onDidWrite: written.event,
    onDidClose: closed.event,
    open() {
      say(dim(`The log of ${name}, ${address} (Ctrl+C ends it)`));
      const note = (line: string): void => say(dim(line));
      readLog(id, { ...ports, write: say, note }, reading.signal)
        .catch((error: unknown) => note(String(error)))
        .finally(onEnd);
    },
    handleInput(text) {
      if (text === '\u0003') closed.fire();
    },
    close() {
      reading.abort();
      onEnd();
      written.dispose();
      closed.dispose();
    },
  };
}
