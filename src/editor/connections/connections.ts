// Which Hippo this window talks to, and sessions with it. The connections themselves are the terminal's, too
// (session/connections.ts); the choice among them is the window's.

import type { BindleClient } from '../../bindle/client.ts';
import type { HippoClient } from '../../hippo/client.ts';
import { isLoopback } from '../../bindle/url.ts';
import { ConnectionStore, LOCAL, type Connection } from '../../session/connections.ts';
import type { OpenSession, SessionPorts } from '../../session/open-session.ts';
import type { RunningPlatform } from '../../session/running-file.ts';
import type { SecretKey } from '../../session/secret-store.ts';
import type { App } from '../app.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import { networkOf } from './network.ts';
import { accountOf, EditorSecretStore } from './secret-store.ts';
import { watchFolder } from './watch-folder.ts';

/** The rooms that talk to servers, loaded on first use. */
export type Core = typeof import('../core.ts');

export type ConnectionState =
  /** Nobody has asked yet. */
  | 'unknown'
  | 'connecting'
  | 'ready'
  | 'signedOut'
  /** It does not answer. */
  | 'unreachable'
  /** The local Hippo does not run: it starts when it is needed. */
  | 'stopped'
  /** The setting names a connection that does not exist. */
  | 'missing';

export interface ConnectionStatus {
  readonly name: string;
  /** Undefined for the local one, whose address is known only while it runs, and for one that is missing. */
  readonly connection: Connection | undefined;
  readonly state: ConnectionState;
  /** Certificates are not checked: by the connection's own choice, or by `http.proxyStrictSSL`. */
  readonly unverified: 'connection' | 'setting' | undefined;
  /** Who chose it: a person in this window, the setting, or the terminal (`hippo connection use`). */
  readonly chosenBy: 'window' | 'setting' | 'terminal';
}

/** A session that stays good for as long as somebody works with it, whatever is chosen meanwhile. */
export interface Session {
  readonly connection: Connection;
  /** Set if this is the Hippo of this machine. */
  readonly platform: RunningPlatform | undefined;
  readonly userName: string | undefined;
  readonly client: HippoClient;
  /**
   * A client of the Bindle server that belongs to it; whoever asks closes it.
   * @throws EditorError `NO_BINDLE_SERVER`, SessionError, HippoError
   */
  bindle(): Promise<BindleClient>;
}

export interface SessionOptions {
  /** False in the background: nobody is asked for a password. */
  readonly ask?: boolean;
  /** Name of a connection; the current one if absent. */
  readonly connection?: string | undefined;
}

export class Connections implements Disposable {
  readonly store: ConnectionStore;
  readonly secrets: EditorSecretStore;
  readonly #app: App;
  readonly #loadCore: () => Promise<Core>;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<ConnectionStatus>;
  #status: ConnectionStatus = {
    name: LOCAL,
    connection: undefined,
    state: 'unknown',
    unverified: undefined,
    chosenBy: 'terminal',
  };
  /** By what makes them different; they stay until the window ends, because somebody may be using them. */
  readonly #sessions = new Map<string, Promise<OpenSession>>();
  readonly #all = new Set<Promise<OpenSession>>();
  #starting: Promise<RunningPlatform> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #offered: string | undefined;
  /**
   * By account: passwords for Bindle servers as they were typed in this window. They have no session that would last,
   * and nobody wants to type them for each publish.
   */
  readonly #typed = new Map<string, { key: SecretKey; password: string; accepted: boolean }>();
  /** What has failed → the connection with which it has. */
  readonly #failures = new WeakMap<object, string>();

  constructor(app: App, loadCore: () => Promise<Core> = () => import('../core.ts')) {
    this.#app = app;
    this.#loadCore = loadCore;
    this.store = new ConnectionStore(app.places.connections);
    this.secrets = new EditorSecretStore(app);
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
  }

  /** Of the current connection, or of its state. */
  get onDidChange(): Event<ConnectionStatus> {
    return this.#changed.event;
  }

  /** As far as it is known without asking. */
  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Finds out what is chosen, and keeps an eye on it. */
  start(): void {
    const refresh = (): void => void this.#app.guard.quietly('Reading the connections', () => this.refresh());
    this.#disposables.add(
      this.#app.settings.onDidChange(['hippo.connection'], () => {
        // Whoever changes the setting means it: what was picked before is over.
        void this.#app.memory.set('connection.chosen', undefined).then(refresh);
      }),
    );
    this.#disposables.add(this.#app.settings.onDidChange(['http'], refresh));
    /** Somebody may have signed in in another window. */
    const noticeSignIn = async (): Promise<void> => {
      const { hippoUrl, userName } = this.#status.connection ?? {};
      if (hippoUrl === undefined || userName === undefined) return;
      const kept = await this.secrets.get({ origin: new URL(hippoUrl).origin, userName });
      if (kept?.session && this.#status.state === 'signedOut')
        this.#show({ ...this.#status, state: 'unknown' });
    };
    this.#disposables.add(
      this.#app.secrets.onDidChange(() => {
        if (this.#status.state === 'signedOut')
          void this.#app.guard.quietly('Looking for a sign-in', noticeSignIn);
      }),
    );
    this.#disposables.add(watchFolder(this.#app.places.connections, refresh));
    refresh();
  }

  /** All of them, the local one first; its address is known while it runs. */
  async list(): Promise<(Connection | { name: typeof LOCAL; hippoUrl: undefined })[]> {
    const known = this.#status.name === LOCAL ? this.#status.connection : undefined;
    return [known ?? { name: LOCAL, hippoUrl: undefined }, ...(await this.store.list())];
  }

  /** What is chosen in this window, else by the setting, else in the terminal. @throws PrivateFileError */
  async current(): Promise<Pick<ConnectionStatus, 'name' | 'chosenBy'>> {
    const chosen = this.#app.memory.get('connection.chosen');
    if (chosen !== undefined && (chosen === LOCAL || (await this.store.find(chosen))))
      return { name: chosen, chosenBy: 'window' };
    const set = this.#app.settings.get('hippo.connection');
    if (set) return { name: set, chosenBy: 'setting' };
    return { name: await this.store.current(), chosenBy: 'terminal' };
  }

  /** For this window, in this workspace, from now on. */
  async choose(name: string): Promise<void> {
    await this.#app.memory.set('connection.chosen', name);
    await this.refresh();
  }

  /** Reads again what is chosen. @throws PrivateFileError, SessionError */
  refresh(): Promise<void> {
    // One after the other: what was read first must not be shown last.
    const next = this.#reading.then(() => this.#read());
    this.#reading = next.catch(() => undefined);
    return next;
  }

  async #read(): Promise<void> {
    const { name, chosenBy } = await this.current();
    const connection = name === LOCAL ? undefined : await this.store.find(name);
    const same = name === this.#status.name && sameText(connection, this.#status.connection);
    const missing = name !== LOCAL && !connection;
    const kept = same || (name === LOCAL && this.#status.name === LOCAL) ? this.#status : undefined;
    this.#show({
      name,
      chosenBy,
      connection: connection ?? (name === LOCAL ? kept?.connection : undefined),
      state: missing ? 'missing' : (kept?.state ?? 'unknown'),
      unverified: this.#unverified(connection),
    });
  }

  /**
   * A session with the current connection. The local Hippo is started if it does not run.
   * @throws SessionError, PlatformError, PrivateFileError, HippoError `BAD_URL`, EditorError, Cancelled
   */
  async session(options: SessionOptions = {}): Promise<Session> {
    const core = await this.#loadCore();
    const name = options.connection ?? (await this.current()).name;
    const platform = name === LOCAL ? await this.#startPlatform(core) : undefined;
    return this.#open(core, name, platform, options);
  }

  /**
   * The same for who only looks: nothing is started and nobody is asked. Undefined if the local Hippo does not run.
   * @param connection name of one; the current one if absent
   */
  async peek(connection?: string): Promise<Session | undefined> {
    const core = await this.#loadCore();
    const name = connection ?? (await this.current()).name;
    if (name !== LOCAL) return this.#open(core, name, undefined, { ask: false });
    const platform = await core.findLocalPlatform(this.#app.places);
    if (platform) return this.#open(core, name, platform, { ask: false });
    if (this.#status.name === LOCAL && this.#status.state !== 'connecting')
      this.#show({ ...this.#status, connection: undefined, state: 'stopped' });
    return undefined;
  }

  /** Does something with the current connection; the state in the status bar follows how that goes. */
  async use<T>(work: (session: Session) => Promise<T>, options: SessionOptions = {}): Promise<T> {
    // The one that is current now: while it is worked with, another may be chosen.
    const name = options.connection ?? (await this.current()).name;
    try {
      if (name === this.#status.name && this.#status.state === 'unknown')
        this.#show({ ...this.#status, state: 'connecting' });
      const session = await this.session({ ...options, connection: name });
      const result = await work(session);
      this.report(name, undefined);
      this.#offerTyped();
      return result;
    } catch (error) {
      this.report(name, error);
      throw error;
    }
  }

  /**
   * What talking to a connection came to, for those who do not go by `use`.
   * @param error undefined if it answered
   */
  report(name: string, error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#failures.set(error, name);
    // One of them may be wrong.
    if ((error as { code?: string } | undefined)?.code === 'UNAUTHORIZED') this.#typed.clear();
    if (name !== this.#status.name) return;
    const state = error === undefined ? 'ready' : this.#stateAfter(error);
    if (state !== undefined && state !== this.#status.state) this.#show({ ...this.#status, state });
    else if (error !== undefined && this.#status.state === 'connecting')
      this.#show({ ...this.#status, state: 'unknown' });
  }

  /** Name of the connection with which something has failed; undefined where that is not known. */
  whereFailed(error: unknown): string | undefined {
    return typeof error === 'object' && error !== null ? this.#failures.get(error) : undefined;
  }

  /** The next session is opened anew: who signs in, or out, is another one from then on. */
  forgetSessions(): void {
    this.#sessions.clear();
    this.#typed.clear();
  }

  /** For the functions of session/ that work on what is kept. */
  ports(core: Core, { ask = true }: SessionOptions = {}): SessionPorts {
    const { places, settings } = this.#app;
    return {
      connections: this.store,
      secrets: this.secrets,
      findPlatformAt: (url) => core.findPlatformAt(places, url),
      startPlatform: () => this.#startPlatform(core),
      network: networkOf(settings),
      ...(ask
        ? {
            askPassword: (key, connection) => this.#askPassword(key, connection),
            onPassword: (key, password, session) => {
              if (session.refreshToken === undefined) void this.offerToKeep(key, password);
            },
          }
        : {}),
    };
  }

  core(): Promise<Core> {
    return this.#loadCore();
  }

  /** Asked once for each account: whoever declines is not asked again. */
  async offerToKeep(key: SecretKey, password: string, until = 'when this session ends'): Promise<void> {
    const { userMemory, prompts } = this.#app;
    const account = accountOf(key);
    const declined = userMemory.get('password.declined') ?? [];
    if (declined.includes(account)) return;
    const answer = await prompts.notify(
      'info',
      `${new URL(key.origin).host} will ask for your password again ${until}. Keep it in VS Code's secret storage, to sign in by itself?`,
      'Keep',
      'Never',
    );
    if (answer === 'Keep') await this.secrets.set(key, { ...(await this.secrets.get(key)), password });
    if (answer === 'Never') await userMemory.set('password.declined', [...declined, account]);
  }

  dispose(): void {
    this.#disposables.dispose();
    for (const session of this.#all)
      void session.then(
        ({ client }) => client.close(),
        () => undefined,
      );
  }

  async #open(
    core: Core,
    name: string,
    platform: RunningPlatform | undefined,
    options: SessionOptions,
  ): Promise<Session> {
    const ports = {
      ...this.ports(core, options),
      ...(platform ? { startPlatform: async () => platform } : {}),
    };
    const connection = platform ? undefined : await this.#find(name);
    const key = JSON.stringify([name, connection, platform?.instance, options.ask ?? true, ports.network]);
    let opening = this.#sessions.get(key);
    if (!opening) {
      const begun = (opening = core.openSession({ connection: name }, ports));
      this.#sessions.set(key, begun);
      this.#all.add(begun);
      begun.catch(() => {
        this.#sessions.delete(key);
        this.#all.delete(begun);
      });
    }
    const opened = await opening;
    if (platform && this.#status.name === LOCAL && !sameText(this.#status.connection, opened.connection))
      this.#show({ ...this.#status, connection: opened.connection, state: 'ready' });
    return { ...opened, bindle: () => bindleOf(core, opened, ports) };
  }

  async #find(name: string): Promise<Connection> {
    const found = await this.store.find(name);
    if (found) return found;
    throw new EditorError('NO_SUCH_CONNECTION', `There is no connection "${name}".`, {
      remedies: ['editConnection', 'openSettings'],
      setting: 'hippo.connection',
    });
  }

  #startPlatform(core: Core): Promise<RunningPlatform> {
    return (this.#starting ??= this.#findOrStart(core).finally(() => (this.#starting = undefined)));
  }

  async #findOrStart(core: Core): Promise<RunningPlatform> {
    const { places, prompts, log, extension } = this.#app;
    const running = await core.findLocalPlatform(places);
    if (running) {
      if (core.isOlder(running, extension.version)) void this.#offerRestart(core, running);
      return running;
    }
    const title = 'Starting the local Hippo…';
    if (this.#status.name === LOCAL) this.#show({ ...this.#status, state: 'connecting' });
    return prompts.progress({ title, where: 'notification' }, async () => {
      try {
        const { platform, started } = await core.ensurePlatform({
          dataDir: places.platform,
          leaseSeconds: core.LEASE_SECONDS,
        });
        if (started) log.info(`Started the local Hippo at ${platform.hippoUrl}`);
        return platform;
      } catch (error) {
        this.report(LOCAL, error);
        throw error;
      }
    });
  }

  /** One that an older version of this product has started goes on, unless its user wants it replaced. */
  async #offerRestart(core: Core, running: RunningPlatform): Promise<void> {
    if (this.#offered === running.instance) return;
    this.#offered = running.instance;
    const { prompts, guard, extension } = this.#app;
    const answer = await prompts.notify(
      'info',
      `The local Hippo is of version ${running.version}, older than this extension (${extension.version}).`,
      'Restart It',
    );
    if (answer === undefined) return;
    await guard.run('Restarting the local Hippo', () =>
      prompts.progress({ title: 'Restarting the local Hippo…', where: 'notification' }, () =>
        core.restartPlatform(running),
      ),
    );
  }

  /** Those that have let somebody in. */
  #offerTyped(): void {
    for (const typed of this.#typed.values()) {
      if (typed.accepted) continue;
      typed.accepted = true;
      void this.offerToKeep(typed.key, typed.password, 'in the next window');
    }
  }

  /** @throws Cancelled: what waits for it is given up */
  async #askPassword(key: SecretKey, { name, hippoUrl }: Connection): Promise<string> {
    const { origin, userName } = key;
    const ended = new URL(hippoUrl).origin === origin;
    const typed = this.#typed.get(accountOf(key));
    if (typed) return typed.password;
    const { host } = new URL(origin);
    const password = await this.#app.prompts.input({
      title: `Sign In to ${name}`,
      prompt: ended
        ? `Your session at ${host} has ended. Password of ${userName}:`
        : `Password of ${userName} at the Bindle server ${host}:`,
      password: true,
      check: (text) => (text === '' ? 'Type the password, or press Escape to leave it.' : undefined),
    });
    this.#app.log.conceal(password);
    if (!ended) this.#typed.set(accountOf(key), { key, password, accepted: false });
    return password;
  }

  #unverified(connection: Connection | undefined): ConnectionStatus['unverified'] {
    const addresses = [connection?.hippoUrl, connection?.bindleUrl]
      .filter((url) => url !== undefined)
      .map((url) => new URL(url));
    const encrypted = addresses.filter(({ protocol }) => protocol === 'https:');
    if (encrypted.length === 0) return undefined;
    if (connection?.insecure) return 'connection';
    const lax = this.#app.settings.get('http.proxyStrictSSL') === false;
    return lax && encrypted.some(({ hostname }) => !isLoopback(hostname)) ? 'setting' : undefined;
  }

  /** Undefined if that says nothing of Hippo, as what a Bindle server on another machine answers does not. */
  #stateAfter(error: unknown): ConnectionState | undefined {
    const { name, code = '' } = error as { name?: string; code?: string };
    const { hippoUrl, bindleUrl } = this.#status.connection ?? {};
    const isOther =
      hippoUrl !== undefined &&
      bindleUrl !== undefined &&
      new URL(hippoUrl).origin !== new URL(bindleUrl).origin;
    return name === 'BindleError' && isOther ? undefined : STATES[code];
  }

  #show(status: ConnectionStatus): void {
    if (sameText(status, this.#status)) return;
    this.#status = status;
    this.#app.context.set('hippo.connection', status.name);
    this.#app.context.set('hippo.connectionState', status.state);
    this.#changed.fire(status);
  }
}

const STATES: Readonly<Record<string, ConnectionState>> = {
  UNAUTHORIZED: 'signedOut',
  UNREACHABLE: 'unreachable',
  BROKEN: 'unreachable',
  NOT_HIPPO: 'unreachable',
  PLATFORM_FAILED: 'unreachable',
  NO_SUCH_CONNECTION: 'missing',
};

/** @throws EditorError `NO_BINDLE_SERVER`, SessionError, HippoError */
async function bindleOf(core: Core, opened: OpenSession, ports: SessionPorts): Promise<BindleClient> {
  const { connection } = opened;
  const url = await core.bindleUrlOf(opened, ports);
  if (url === undefined)
    throw new EditorError(
      'NO_BINDLE_SERVER',
      `Nobody has said which Bindle server belongs to the connection "${connection.name}".`,
      { remedies: ['editConnection'] },
    );
  const credentials = core.bindleCredentials(opened, new URL(url), ports);
  const { network, insecure, ca } = await core.transport(connection, ports.network);
  return new core.BindleClient({
    url,
    ...(credentials === undefined ? {} : { credentials }),
    ...(network === undefined ? {} : { network }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(ca === undefined ? {} : { ca }),
  });
}

function sameText(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
