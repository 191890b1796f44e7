// The command `hippo` in this window's terminals and tasks: on the PATH after any other, with the connection of the
// window, and signed in as the window is.

import { readRunning } from '../../session/running-file.ts';
import { LOCAL, type Connection } from '../../session/connections.ts';
import type { EditorWindow } from '../../session/open-session.ts';
import { WINDOW_SOCKET } from '../../session/window-socket.ts';
import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import type { Connections } from './connections.ts';
import { commandFolder, commandVariables, writeCommand } from './hippo-command.ts';
import { serveWindow, type WindowServer } from './window-server.ts';

type Addresses = Pick<Connection, 'hippoUrl' | 'bindleUrl'>;

const WHY = 'The command `hippo`, with the connection of this window';

export class TerminalCommand implements Disposable {
  readonly #app: App;
  readonly #connections: Connections;
  readonly #env: NodeJS.ProcessEnv;
  readonly #disposables = new Disposables();
  #server: Promise<WindowServer> | undefined;
  #bin: Promise<string> | undefined;
  /** Origin of each address that terminals have been told → the connection. They keep it when the window switches. */
  readonly #told = new Map<string, string>();
  /** Where the local Hippo was last. */
  #local: Addresses | undefined;
  #work: Promise<unknown> = Promise.resolve();

  /** @param env of the extension host */
  constructor(app: App, connections: Connections, env: NodeJS.ProcessEnv = process.env) {
    this.#app = app;
    this.#connections = connections;
    this.#env = env;
  }

  start(): void {
    const { settings, workspace } = this.#app;
    const update = (): void => void this.update();
    this.#disposables.add(this.#connections.onDidChange(update));
    this.#disposables.add(workspace.onDidTrust(update));
    this.#disposables.add(settings.onDidChange(['hippo.terminal'], update));
    if (this.#isWanted) {
      // At once, with what needs no waiting for: a task that was waiting for the extension to be activated, the first
      // of a workspace, finds the command. Its scripts are written by the time that a terminal has started.
      const { terminals, extension } = this.#app;
      terminals.add(this.#command, commandFolder(extension.storage), WHY);
    }
    update();
  }

  /** One change after the other, each with what is so by then. */
  update(): Promise<unknown> {
    return (this.#work = this.#work.then(() =>
      this.#app.guard.quietly('The command in the terminal', () => this.#update()),
    ));
  }

  dispose(): void {
    this.#disposables.dispose();
    void this.#server?.then(
      (server) => server.dispose(),
      () => undefined,
    );
  }

  get #isWanted(): boolean {
    const { settings, workspace } = this.#app;
    return workspace.isTrusted && settings.get('hippo.terminal.command');
  }

  get #command(): Record<string, string> {
    return commandVariables(this.#app.extension.path('dist/cli.cjs'));
  }

  async #update(): Promise<void> {
    const { terminals, extension } = this.#app;
    if (!this.#isWanted) return terminals.clear();
    const bin = await (this.#bin ??= writeCommand(extension.storage).catch((error: unknown) => {
      this.#bin = undefined;
      throw error;
    }));
    const { path } = await (this.#server ??= this.#serve().catch((error: unknown) => {
      this.#server = undefined;
      throw error;
    }));
    terminals.set({ ...this.#command, [WINDOW_SOCKET]: path, ...(await this.#addresses()) }, bin, WHY);
  }

  /** Other programs, such as the original `hippo`, know these variables too. */
  async #addresses(): Promise<Record<string, string>> {
    const { name, connection, chosenBy } = this.#connections.status;
    // A server that the user's own environment names stays the one that is meant, until another is chosen here.
    if (chosenBy === 'terminal' && this.#hasOwnServer()) return {};
    // The local Hippo, where it does not run, will most likely be where it was; where it never was, commands ask.
    const known = connection ?? (name === LOCAL ? await this.#findLocal() : undefined);
    if (!known) return {};
    if (name === LOCAL) this.#local = known;
    this.#told.set(new URL(known.hippoUrl).origin, name);
    return {
      HIPPO_URL: known.hippoUrl,
      ...(known.bindleUrl === undefined ? {} : { BINDLE_URL: known.bindleUrl }),
    };
  }

  /** Without an address that it had before, every open terminal would be marked as out of date when it stops. */
  async #findLocal(): Promise<Addresses | undefined> {
    return (await readRunning(this.#app.places.platform)) ?? this.#local;
  }

  /** In a window that was opened from a terminal of another one, the variables are those of that one. */
  #hasOwnServer(): boolean {
    return Boolean(this.#env['HIPPO_URL']) && !this.#env[WINDOW_SOCKET];
  }

  async #serve(): Promise<WindowServer> {
    const { memory, log } = this.#app;
    const server = await serveWindow(
      this.#window(),
      (error) => log.error('A command in the terminal got no answer', error),
      memory.get('terminal.socket'),
    );
    await memory.set('terminal.socket', server.id);
    return server;
  }

  #window(): EditorWindow {
    return {
      connection: async (url) => {
        if (url !== undefined) return this.#told.get(originOf(url) ?? '');
        const { name, chosenBy } = await this.#connections.current();
        return chosenBy === 'terminal' && this.#hasOwnServer() ? undefined : name;
      },
      token: async (name) => {
        if (!(await this.#isTold(name))) return undefined;
        const { client } = await this.#connections.session({ connection: name, ask: false });
        return client.bearer();
      },
      bindlePassword: async (name) => {
        if (!(await this.#isTold(name))) return undefined;
        const { bindleUrl, bindleUserName: userName } = await this.#connections.store.get(name);
        if (bindleUrl === undefined || userName === undefined) return undefined;
        const kept = await this.#connections.secrets.get({ origin: new URL(bindleUrl).origin, userName });
        return kept?.password;
      },
    };
  }

  /** Commands get what belongs to the connection in use, and to those that terminals were told of before. */
  async #isTold(name: string): Promise<boolean> {
    if (name === LOCAL || !this.#app.workspace.isTrusted) return false;
    return [...this.#told.values()].includes(name) || (await this.#connections.current()).name === name;
  }
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
