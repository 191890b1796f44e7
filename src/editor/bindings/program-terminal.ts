// A program with add-ons as a task's terminal shows it. VS Code keeps what it is told of tasks and terminals: the
// variables go from here to the program, and nowhere else.

import { spawn, type ChildProcess } from 'node:child_process';
import type { App } from '../app.ts';
import { Emitter, type Event } from '../disposables.ts';
import { describeFailure } from '../failure.ts';

export interface Program {
  /** With arguments, as for a shell; or the program alone, with `args`. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

const CTRL_C = '\x03';
/** Milliseconds that a program has to end after the first Ctrl-C, or when its terminal is closed. */
const PATIENCE = 5_000;
const CANCELLED = 130;
const FAILED = 1;
/** As shells answer for what is not there. */
const NOT_FOUND = 127;

/** A pseudoterminal of VS Code's. The program has pipes, not a terminal: it may see no reason for colours. */
export class ProgramTerminal {
  readonly #app: Pick<App, 'log' | 'clock'>;
  readonly #prepare: () => Promise<{ program: Program; note: string }>;
  readonly #written: Emitter<string>;
  readonly #closed: Emitter<number>;
  #child: ChildProcess | undefined;
  #stopped = false;
  #isOver = false;

  /** @param prepare what is run, and a line about it */
  constructor(app: Pick<App, 'log' | 'clock'>, prepare: () => Promise<{ program: Program; note: string }>) {
    this.#app = app;
    this.#prepare = prepare;
    const onError = (error: unknown): void => app.log.error('A terminal failed', error);
    this.#written = new Emitter(onError);
    this.#closed = new Emitter(onError);
  }

  get onDidWrite(): Event<string> {
    return this.#written.event;
  }

  /** With the exit code. */
  get onDidClose(): Event<number> {
    return this.#closed.event;
  }

  open(): void {
    void this.#start();
  }

  handleInput(data: string): void {
    if (data.includes(CTRL_C)) return this.#stop(this.#stopped ? 'SIGKILL' : 'SIGINT');
    // There is no terminal below that would show what is typed.
    const text = data.replaceAll('\r', '\n');
    this.#write(text);
    this.#child?.stdin?.write(text);
  }

  /** Its terminal is closed, or the task was terminated. */
  close(): void {
    if (!this.#isOver) this.#stop('SIGTERM');
  }

  async #start(): Promise<void> {
    try {
      const { program, note } = await this.#prepare();
      this.#write(`\x1b[2m${note}\x1b[0m\n`);
      // Closed while somebody was asked.
      if (this.#stopped) return this.#end(CANCELLED);
      this.#run(program);
    } catch (error) {
      const failure = describeFailure(error);
      if (failure) this.#app.log.error('The task failed', error);
      this.#write(failure ? `\x1b[31merror: ${failure.message}\x1b[0m\n` : '\x1b[33mCancelled.\x1b[0m\n');
      this.#end(failure ? FAILED : CANCELLED);
    }
  }

  #run({ command, args, cwd, env }: Program): void {
    const options = {
      cwd,
      env: { ...colours(process.env), ...inherited(), ...env },
      // A group of its own: what the program starts ends with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    };
    const child = args ? spawn(command, args, options) : spawn(command, { ...options, shell: true });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => this.#write(text));
    }
    child.stdin.on('error', () => undefined);
    child.on('error', (error: NodeJS.ErrnoException) => {
      this.#write(
        `\x1b[31merror: ${error.code === 'ENOENT' ? `There is no program "${command}"` : `"${command}" could not be started (${error.code})`}.\x1b[0m\n`,
      );
      this.#end(NOT_FOUND);
    });
    child.on('close', (code, signal) => this.#end(code ?? (signal === null ? FAILED : CANCELLED)));
  }

  #stop(signal: NodeJS.Signals): void {
    this.#stopped = true;
    const child = this.#child;
    if (!child) return;
    kill(child, signal);
    if (signal !== 'SIGKILL') this.#app.clock.after(PATIENCE, () => this.#isOver || kill(child, 'SIGKILL'));
  }

  #end(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#closed.fire(code);
  }

  #write(text: string): void {
    this.#written.fire(text.replace(/\r?\n/g, '\r\n'));
  }
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    if (process.platform === 'win32')
      spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true });
    else process.kill(-pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** The extension host's own, without what makes VS Code's program something else than it is. */
function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:ELECTRON_|VSCODE_|NODE_OPTIONS$)/.test(name)),
  );
}

/** What shows output can show colours; programs that write into pipes have to be told. */
function colours({ NO_COLOR }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return NO_COLOR ? {} : { FORCE_COLOR: '1', CLICOLOR_FORCE: '1', TERM: 'xterm-256color' };
}
