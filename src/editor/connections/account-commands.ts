// Signing in, signing out and making an account.

import { LOCAL, type Connection } from '../../session/connections.ts';
import type { App } from '../app.ts';
import type { Connections } from './connections.ts';
import { confirmUnencrypted } from './encryption.ts';

export class AccountCommands {
  readonly #app: App;
  readonly #connections: Connections;

  constructor(app: App, connections: Connections) {
    this.#app = app;
    this.#connections = connections;
  }

  /**
   * Asks who signs in, signs in and goes on with the connection as that.
   * @param name of a connection; the current one if absent
   */
  async signIn(name?: string): Promise<void> {
    const connections = this.#connections;
    const { prompts } = this.#app;
    const known = await this.#remote(name);
    if (!known)
      return void prompts.notify(
        'info',
        'The local Hippo knows you as the owner of this machine: there is no need to sign in.',
      );
    const connection = await this.#encrypted(known);
    const title = `Sign In to ${connection.name}`;
    const userName = await this.#askUserName(title, connection, connection.userName);
    const password = await this.#askPassword(title, `Password of ${userName}`, 2);
    await this.#signInAs(connection, userName, password);
    connections.report(connection.name, undefined);
  }

  async register(name?: string): Promise<void> {
    const { prompts } = this.#app;
    const connections = this.#connections;
    const core = await connections.core();
    const known = await this.#remote(name);
    if (!known)
      return void prompts.notify(
        'info',
        'The local Hippo knows you as the owner of this machine: there is no need for an account.',
      );
    const connection = await this.#encrypted(known);
    const title = `Register at ${connection.name}`;
    const userName = await this.#askUserName(title, connection, undefined, 3);
    const password = await this.#askPassword(title, `Password for ${userName}`, 2, 3);
    await this.#askPassword(title, 'The same password again', 3, 3, password);
    const client = new core.HippoClient(await core.transport(connection, connections.ports(core).network));
    try {
      await client.register(userName, password);
    } finally {
      await client.close();
    }
    await this.#signInAs(connection, userName, password);
    connections.report(connection.name, undefined);
  }

  async signOut(name?: string): Promise<void> {
    const connections = this.#connections;
    const { prompts, log } = this.#app;
    const connection = await this.#remote(name);
    if (!connection)
      return void prompts.notify(
        'info',
        'The local Hippo knows you as the owner of this machine: there is nothing to sign out of.',
      );
    const { userName } = connection;
    if (userName === undefined)
      return void prompts.notify('info', `You are not signed in to ${connection.name}.`);
    const core = await connections.core();
    const session = await connections.session({ ask: false, connection: connection.name });
    await core.signOut(connections.ports(core), session, userName, ({ message }) =>
      log.warn(`The server was not told: ${message}`),
    );
    connections.forgetSessions();
    await connections.refresh();
    connections.report(connection.name, { code: 'UNAUTHORIZED' });
    prompts.mention(`Signed out of ${connection.name}`);
  }

  async #signInAs(connection: Connection, userName: string, password: string): Promise<void> {
    const connections = this.#connections;
    const { prompts, log } = this.#app;
    const core = await connections.core();
    const { session, connection: kept } = await prompts.progress(
      { title: `Signing in to ${connection.name}…`, where: 'window' },
      () => core.signIn(connections.ports(core), connection, { userName, password, keepPassword: false }),
    );
    connections.forgetSessions();
    await connections.refresh();
    log.info(`Signed in to ${kept.hippoUrl} as ${userName}`);
    prompts.mention(`Signed in to ${kept.name} as ${userName}`);
    if (session.refreshToken === undefined)
      void connections.offerToKeep({ origin: new URL(kept.hippoUrl).origin, userName }, password);
  }

  /** Undefined for the local one. @throws SessionError `NO_SUCH_CONNECTION` */
  async #remote(name: string | undefined): Promise<Connection | undefined> {
    const wanted = name ?? (await this.#connections.current()).name;
    return wanted === LOCAL ? undefined : this.#connections.store.get(wanted);
  }

  async #encrypted(connection: Connection): Promise<Connection> {
    const allowed = await confirmUnencrypted(this.#app.prompts, connection.hippoUrl, connection);
    if (allowed.plainHttp === connection.plainHttp) return connection;
    await this.#connections.store.put({ ...connection, ...allowed });
    return { ...connection, ...allowed };
  }

  #askUserName(title: string, { hippoUrl }: Connection, value: string | undefined, of = 2): Promise<string> {
    return this.#app.prompts.input({
      title,
      prompt: `User name at ${new URL(hippoUrl).host}`,
      value,
      steps: { step: 1, of },
      check: (text) => (text.trim() === '' ? 'Type a user name.' : undefined),
    });
  }

  async #askPassword(title: string, prompt: string, step: number, of = 2, same?: string): Promise<string> {
    const password = await this.#app.prompts.input({
      title,
      prompt,
      password: true,
      steps: { step, of },
      check: (text) =>
        text === ''
          ? 'Type the password.'
          : same !== undefined && text !== same
            ? 'The two passwords differ.'
            : undefined,
    });
    this.#app.log.conceal(password);
    return password;
  }
}
