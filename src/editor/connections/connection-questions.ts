// The questions about a connection that is added or changed, one short step after the other.

import { readBaseUrl } from '../../bindle/url.ts';
import { LOCAL, nameForUrl, type Connection } from '../../session/connections.ts';
import type { SecretKey } from '../../session/secret-store.ts';
import type { App } from '../app.ts';
import type { Connections } from './connections.ts';
import { confirmUnencrypted } from './encryption.ts';

export interface Answers {
  readonly connection: Connection;
  /** For the account on the Bindle server, if it has one, and if it is new. */
  readonly secret: { readonly key: SecretKey; readonly password: string } | undefined;
}

/** How the certificate of a server is checked. */
type Check = 'system' | 'file' | 'none';

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const STEPS = 4;

export class ConnectionQuestions {
  readonly #app: App;
  readonly #connections: Connections;

  constructor(app: App, connections: Connections) {
    this.#app = app;
    this.#connections = connections;
  }

  /** @param known the one that is changed; absent for a new one @throws Cancelled */
  async ask(known?: Connection): Promise<Answers> {
    const title = known ? `Edit ${known.name}` : 'Add Connection';
    const hippoUrl = await this.#askHippoUrl(title, known?.hippoUrl);
    // What belonged to another server is of no use at this one.
    const same = known && new URL(hippoUrl).origin === new URL(known.hippoUrl).origin ? known : undefined;
    const bindleUrl = await this.#askBindleUrl(title, same?.bindleUrl);
    const account = await this.#askAccount(title, hippoUrl, bindleUrl, same);
    const encrypted = [hippoUrl, bindleUrl].some((url) => url?.startsWith('https:'));
    const check = encrypted ? await this.#askCheck(title, known ?? {}) : {};
    return {
      secret: account.secret,
      connection: {
        name: known?.name ?? (await this.#askName(title, hippoUrl)),
        hippoUrl,
        ...(bindleUrl === undefined ? {} : { bindleUrl }),
        ...(same?.userName === undefined ? {} : { userName: same.userName }),
        ...(same?.plainHttp ? { plainHttp: true } : {}),
        ...account.connection,
        ...check,
      },
    };
  }

  async #askHippoUrl(title: string, value: string | undefined): Promise<string> {
    const example = 'https://hippo.example.com';
    const text = await this.#app.prompts.input({
      title,
      prompt: "Hippo's address",
      placeholder: example,
      value,
      steps: { step: 1, of: STEPS },
      check: (entered) => problemWith(entered, example),
    });
    return withoutSlash(text);
  }

  async #askBindleUrl(title: string, value: string | undefined): Promise<string | undefined> {
    const example = 'https://bindle.example.com/v1';
    const text = await this.#app.prompts.input({
      title,
      prompt: 'The Bindle server that belongs to it; leave it empty if Hippo itself tells',
      placeholder: example,
      value,
      steps: { step: 2, of: STEPS },
      check: (entered) => (entered.trim() === '' ? undefined : problemWith(entered, example)),
    });
    return text.trim() === '' ? undefined : withoutSlash(text);
  }

  /** Who pushes to a Bindle server that is another one than Hippo. */
  async #askAccount(
    title: string,
    hippoUrl: string,
    bindleUrl: string | undefined,
    known: Connection | undefined,
  ): Promise<{ connection: Pick<Connection, 'bindleUserName' | 'plainHttp'>; secret: Answers['secret'] }> {
    const server = new URL(bindleUrl ?? hippoUrl);
    if (bindleUrl === undefined || server.origin === new URL(hippoUrl).origin)
      return { connection: {}, secret: undefined };
    const { prompts, log } = this.#app;
    const steps = { step: 2, of: STEPS };
    const userName = await prompts.input({
      title,
      prompt: `User name at ${server.host}; leave it empty if everybody may push there`,
      value: known?.bindleUserName,
      steps,
    });
    if (userName.trim() === '') return { connection: {}, secret: undefined };
    const key = { origin: server.origin, userName: userName.trim() };
    const kept = (await this.#connections.secrets.get(key))?.password !== undefined;
    const allowed = await confirmUnencrypted(prompts, bindleUrl, known ?? {});
    const password = await prompts.input({
      title,
      prompt: `Password of ${key.userName} at ${server.host}${kept ? '; leave it empty to keep the one you have given' : ''}`,
      password: true,
      steps,
      check: (text) => (text === '' && !kept ? 'Type the password.' : undefined),
    });
    if (password !== '') log.conceal(password);
    return {
      connection: { bindleUserName: key.userName, ...allowed },
      secret: password === '' ? undefined : { key, password },
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

  async #askName(title: string, hippoUrl: string): Promise<string> {
    const { store } = this.#connections;
    const isTaken = async (name: string): Promise<boolean> =>
      name === LOCAL || (await store.find(name)) !== undefined;
    const wanted = nameForUrl(new URL(hippoUrl));
    let free = wanted;
    for (let number = 2; await isTaken(free); number++) free = `${wanted.slice(0, 58)}-${number}`;
    return this.#app.prompts.input({
      title,
      prompt: 'A name for it, here and in the terminal',
      value: free,
      steps: { step: 4, of: STEPS },
      check: async (text) => {
        if (!NAME.test(text)) return 'Use lower-case letters, digits, ".", "-" and "_".';
        return (await isTaken(text)) ? `There is a connection "${text}" already.` : undefined;
      },
    });
  }
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
