// Adding, changing, testing, removing and choosing connections.

import { LOCAL, type Connection } from '../../session/connections.ts';
import type { SecretKey } from '../../session/secret-store.ts';
import type { App, Choice, Separator } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { AccountCommands } from './account-commands.ts';
import { ConnectionQuestions } from './connection-questions.ts';
import type { Connections } from './connections.ts';
import { accountOf } from './secret-store.ts';

export class ConnectionCommands {
  readonly #app: App;
  readonly #connections: Connections;
  readonly #account: AccountCommands;
  readonly #questions: ConnectionQuestions;

  constructor(app: App, connections: Connections, account: AccountCommands) {
    this.#app = app;
    this.#connections = connections;
    this.#account = account;
    this.#questions = new ConnectionQuestions(app, connections);
  }

  async switch(): Promise<void> {
    const { name } = await this.#connections.current();
    type Pick = { use: string } | 'add' | 'edit' | 'test';
    const all = await this.#connections.list();
    const uses = all.map((connection) => ({ use: connection.name }));
    const choices: (Choice<Pick> | Separator)[] = [
      ...all.map((connection, index): Choice<Pick> => ({
        label: titleOf(connection.name),
        description: connection.name === name ? 'in use' : '',
        detail: detailOf(connection),
        value: uses[index] ?? { use: connection.name },
      })),
      { separator: 'connections' },
      { label: '$(add) Add Connection…', value: 'add' },
      ...(all.length > 1 ? [{ label: '$(edit) Edit Connection…', value: 'edit' } as const] : []),
      { label: '$(pulse) Test Connection…', value: 'test' },
    ];
    const picked = await this.#app.prompts.pick(choices, {
      title: 'Hippo Connection',
      placeholder: 'Which Hippo does this window talk to?',
      active: uses.find(({ use }) => use === name),
    });
    if (picked === 'add') return this.add();
    if (picked === 'edit') return this.edit();
    if (picked === 'test') return this.test();
    await this.#connections.choose(picked.use);
  }

  /** Starts the local Hippo, if it does not run, and uses it. */
  async startLocal(): Promise<void> {
    const connections = this.#connections;
    if ((await connections.current()).name !== LOCAL) await connections.choose(LOCAL);
    const { hippoUrl } = await connections.use(async ({ connection }) => connection, { connection: LOCAL });
    this.#app.prompts.mention(`The local Hippo runs at ${hippoUrl}`);
  }

  async add(): Promise<void> {
    const { connection, secret } = await this.#questions.ask();
    const { name, hippoUrl } = connection;
    await this.#connections.store.add(connection);
    if (secret) await this.#connections.secrets.set(secret.key, { password: secret.password });
    await this.#connections.choose(name);
    this.#app.log.info(`Added the connection ${name} to ${hippoUrl}`);
    await this.test(name);
  }

  /** @param name asked for if absent */
  async edit(name?: string): Promise<void> {
    const known = await this.#pickRemote('Edit Connection', name);
    const { connection, secret } = await this.#questions.ask(known);
    await this.#connections.store.put(connection);
    if (secret) await this.#connections.secrets.set(secret.key, { password: secret.password });
    this.#connections.forgetSessions();
    await this.#connections.refresh();
    await this.test(known.name);
  }

  /** @param name of the connection; the current one if absent */
  async test(name?: string): Promise<void> {
    const { prompts, log } = this.#app;
    const connections = this.#connections;
    const core = await connections.core();
    const wanted = name ?? (await connections.current()).name;
    const examined = await prompts.progress(
      { title: `Testing ${titleOf(wanted)}…`, where: 'notification', cancellable: true },
      async (_report, signal) => {
        try {
          const session = await connections.session({ connection: wanted, ask: false });
          const network = connections.ports(core).network;
          const result = await core.examine(session, network, { signal });
          connections.report(wanted, result.myself ? undefined : { code: 'UNAUTHORIZED' });
          return { ...result, hippoUrl: session.connection.hippoUrl };
        } catch (error) {
          connections.report(wanted, error);
          throw error;
        }
      },
    );
    const { identity, myself, bindle, hippoUrl } = examined;
    const what =
      identity.product === undefined ? 'a Hippo' : `${identity.product} ${identity.version ?? ''}`.trim();
    const who = myself
      ? `you are ${myself.userName}${myself.administrator ? ', an administrator' : ''}`
      : 'you are not signed in';
    const server =
      bindle.url === null
        ? 'its Bindle server is not known'
        : `its Bindle server ${bindle.ok === false ? 'does not answer' : 'answers'}`;
    log.info(
      `${wanted}: ${hippoUrl} is ${what} (dialect ${identity.dialect}), ${who}; ${bindle.url ?? 'its Bindle server'} ${bindle.answer}`,
    );
    const sentence = `${titleOf(wanted)} answers: ${what}, ${who}, ${server}.`;
    if (!myself) {
      const answer = await prompts.notify('info', sentence, 'Sign In');
      if (answer !== undefined) await this.#account.signIn(wanted);
    } else if (bindle.ok === true) void prompts.notify('info', sentence);
    else {
      const answer = await prompts.notify('warning', sentence, 'Edit Connection');
      if (answer !== undefined) await this.edit(wanted);
    }
  }

  /** @param name asked for if absent */
  async remove(name?: string): Promise<void> {
    const { prompts } = this.#app;
    const connections = this.#connections;
    const connection = await this.#pickRemote('Remove Connection', name);
    const { name: wanted, hippoUrl } = connection;
    await prompts.confirm(`Remove the connection "${wanted}"?`, {
      detail: `Its address, ${hippoUrl}, and what you signed in with are forgotten, for the terminal, too. Nothing on the server changes.`,
      action: 'Remove',
    });
    await connections.store.remove(wanted);
    // Another connection may be to the same server, as the same user.
    const used = (await connections.store.list()).flatMap(secretsOf).map(accountOf);
    for (const key of secretsOf(connection))
      if (!used.includes(accountOf(key))) await connections.secrets.remove(key);
    connections.forgetSessions();
    await connections.refresh();
  }

  /** @throws EditorError `NO_CONNECTIONS`, SessionError, Cancelled */
  async #pickRemote(title: string, name: string | undefined): Promise<Connection> {
    const { store } = this.#connections;
    if (name !== undefined) return store.get(name);
    const all = await store.list();
    if (all.length === 0)
      throw new EditorError('NO_CONNECTIONS', 'There is only the local Hippo, which needs no connection.');
    const current = (await this.#connections.current()).name;
    return this.#app.prompts.pick(
      all.map((connection) => ({
        label: connection.name,
        description: connection.name === current ? 'in use' : '',
        detail: detailOf(connection),
        value: connection,
      })),
      {
        title,
        placeholder: 'Which connection?',
        active: all.find((connection) => connection.name === current),
      },
    );
  }
}

/** Where the secrets of a connection are kept, if it has any. */
function secretsOf({ hippoUrl, userName, bindleUrl, bindleUserName }: Connection): SecretKey[] {
  return [
    ...(userName === undefined ? [] : [{ origin: new URL(hippoUrl).origin, userName }]),
    ...(bindleUrl === undefined || bindleUserName === undefined
      ? []
      : [{ origin: new URL(bindleUrl).origin, userName: bindleUserName }]),
  ];
}

export function titleOf(name: string): string {
  return name === LOCAL ? 'Local Hippo' : name;
}

function detailOf({
  hippoUrl,
  ...connection
}: {
  name: string;
  hippoUrl: string | undefined;
  userName?: string;
  insecure?: boolean;
}): string {
  const { userName, insecure } = connection;
  return [
    hippoUrl ?? 'starts when it is needed',
    userName === undefined ? undefined : `as ${userName}`,
    insecure ? 'certificate not verified' : undefined,
  ]
    .filter((part) => part !== undefined)
    .join(' • ');
}
