// Adding, changing, testing, removing and choosing connections.

import { readBaseUrl } from '../../bindle/url.ts';
import { LOCAL, nameForUrl, type Connection } from '../../session/connections.ts';
import type { App, Choice, Separator } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { AccountCommands } from './account-commands.ts';
import type { Connections } from './connections.ts';

/** How the certificate of a server is checked. */
type Check = 'system' | 'file' | 'none';

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const STEPS = 4;

export class ConnectionCommands {
  readonly #app: App;
  readonly #connections: Connections;
  readonly #account: AccountCommands;

  constructor(app: App, connections: Connections, account: AccountCommands) {
    this.#app = app;
    this.#connections = connections;
    this.#account = account;
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
    const title = 'Add Connection';
    const { prompts } = this.#app;
    const hippoUrl = await this.#askHippoUrl(title, undefined);
    const connection = await this.#askRest(title, { hippoUrl });
    const { store } = this.#connections;
    const name = await prompts.input({
      title,
      prompt: 'A name for it, here and in the terminal',
      value: await this.#freeName(nameForUrl(new URL(hippoUrl))),
      steps: { step: 4, of: STEPS },
      check: async (text) =>
        !NAME.test(text)
          ? 'Use lower-case letters, digits, ".", "-" and "_".'
          : text === LOCAL || (await store.find(text))
            ? `There is a connection "${text}" already.`
            : undefined,
    });
    await store.add({ ...connection, name });
    await this.#connections.choose(name);
    this.#app.log.info(`Added the connection ${name} to ${hippoUrl}`);
    await this.test(name);
  }

  /** @param name asked for if absent */
  async edit(name?: string): Promise<void> {
    const known = await this.#pickRemote('Edit Connection', name);
    const title = `Edit ${known.name}`;
    const hippoUrl = await this.#askHippoUrl(title, known.hippoUrl);
    const moved = new URL(hippoUrl).origin !== new URL(known.hippoUrl).origin;
    // What belonged to another server is of no use at this one.
    const { userName, bindleUrl, ...rest } = known;
    const { plainHttp: _plainHttp, ...strict } = rest;
    const kept = moved
      ? strict
      : {
          ...rest,
          ...(userName === undefined ? {} : { userName }),
          ...(bindleUrl === undefined ? {} : { bindleUrl }),
        };
    const connection = await this.#askRest(title, { ...kept, hippoUrl });
    await this.#connections.store.put({ ...connection, name: known.name });
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
    const { name: wanted, hippoUrl, userName } = await this.#pickRemote('Remove Connection', name);
    await prompts.confirm(`Remove the connection "${wanted}"?`, {
      detail: `Its address, ${hippoUrl}, and what you signed in with are forgotten, for the terminal, too. Nothing on the server changes.`,
      action: 'Remove',
    });
    await connections.store.remove(wanted);
    if (userName !== undefined)
      await connections.secrets.remove({ origin: new URL(hippoUrl).origin, userName });
    connections.forgetSessions();
    await connections.refresh();
  }

  #askHippoUrl(title: string, value: string | undefined): Promise<string> {
    return this.#app.prompts
      .input({
        title,
        prompt: "Hippo's address",
        placeholder: 'https://hippo.example.com',
        value,
        steps: { step: 1, of: STEPS },
        check: (text) => problemWith(text, 'https://hippo.example.com'),
      })
      .then(withoutSlash);
  }

  /** Its Bindle server, and how certificates are checked. */
  async #askRest(title: string, known: Omit<Connection, 'name'>): Promise<Omit<Connection, 'name'>> {
    const { prompts } = this.#app;
    const bindle = await prompts.input({
      title,
      prompt: 'The Bindle server that belongs to it; leave it empty if Hippo itself tells',
      placeholder: 'https://bindle.example.com/v1',
      value: known.bindleUrl,
      steps: { step: 2, of: STEPS },
      check: (text) => (text.trim() === '' ? undefined : problemWith(text, 'https://bindle.example.com/v1')),
    });
    const { bindleUrl: _bindleUrl, insecure: _insecure, caFile: _caFile, ...rest } = known;
    const encrypted = [known.hippoUrl, bindle].some((url) => url.startsWith('https:'));
    return {
      ...rest,
      ...(bindle.trim() === '' ? {} : { bindleUrl: withoutSlash(bindle) }),
      ...(encrypted ? await this.#askCheck(title, known) : {}),
    };
  }

  async #askCheck(
    title: string,
    known: Pick<Connection, 'insecure' | 'caFile'>,
  ): Promise<Pick<Connection, 'insecure' | 'caFile'>> {
    const { prompts } = this.#app;
    const steps = { step: 3, of: STEPS };
    const check = await prompts.pick<Check>(
      [
        { label: 'Check the certificate', description: 'against what this machine trusts', value: 'system' },
        { label: 'Trust a certificate of our own, too', description: 'from a PEM file', value: 'file' },
        {
          label: '$(unlock) Accept any certificate',
          detail: 'Anybody in between can read and change everything. The status bar shows that.',
          value: 'none',
        },
      ],
      {
        title,
        placeholder: 'How is the certificate of the server checked?',
        active: known.insecure ? 'none' : known.caFile === undefined ? 'system' : 'file',
        steps,
      },
    );
    if (check === 'system') return {};
    if (check === 'none') return { insecure: true };
    const caFile = await prompts.input({
      title,
      prompt: 'Path of the PEM file with the certificates to trust',
      value: known.caFile,
      steps,
      check: (text) => this.#problemWithFile(text),
    });
    return { caFile };
  }

  async #problemWithFile(path: string): Promise<string | undefined> {
    const { readCertificates } = await this.#connections.core();
    return readCertificates(path).then(
      () => undefined,
      (error: Error) => error.message,
    );
  }

  async #freeName(wanted: string): Promise<string> {
    for (let number = 1; ; number++) {
      const name = number === 1 ? wanted : `${wanted.slice(0, 58)}-${number}`;
      if (name !== LOCAL && !(await this.#connections.store.find(name))) return name;
    }
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

function problemWith(text: string, example: string): string | undefined {
  const url = readBaseUrl(text.trim());
  if (!url) return `Give an address that starts with https:// (or http://), such as ${example}.`;
  if (url.username !== '' || url.password !== '')
    return 'Leave user name and password out; you are asked for them.';
  return undefined;
}

function withoutSlash(text: string): string {
  return text.trim().replace(/\/+$/, '');
}
