// Connections to Hippos by name, and which one is used. `local` is always there: the Hippo of this machine.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLoopback, readBaseUrl } from '../bindle/url.ts';
import { SessionError } from './errors.ts';
import { createPrivate, readPrivate, removePrivate, writePrivate } from '../bindle/private-file.ts';

export const LOCAL = 'local';

export interface Connection {
  readonly name: string;
  /** Hippo's base URL. */
  readonly hippoUrl: string;
  /** The Bindle server that belongs to it, ending in `/v1`; undefined if nobody has said. */
  readonly bindleUrl?: string;
  /** Who signs in; undefined before anybody has. */
  readonly userName?: string;
  /** Who goes to the Bindle server with a name and a password, where that is another server than Hippo. */
  readonly bindleUserName?: string;
  /** Accept any certificate. */
  readonly insecure?: boolean;
  /** PEM file with certificates to trust besides the machine's own. */
  readonly caFile?: string;
  /** Credentials may go over http to another machine. */
  readonly plainHttp?: boolean;
}

/** What of a connection is kept; its name is that of the file. */
type Kept = Omit<Connection, 'name'>;

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const CURRENT = '.current';

export class ConnectionStore {
  readonly #folder: string;

  /** @param folder with a file (0600) for each connection */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Those that were added, by name. @throws PrivateFileError */
  async list(): Promise<Connection[]> {
    const files = await readdir(this.#folder).catch(() => []);
    const names = files.filter((file) => /^[^.].*\.json$/.test(file)).map((file) => file.slice(0, -5));
    const found = await Promise.all(names.sort().map((name) => this.find(name)));
    return found.filter((connection) => connection !== undefined);
  }

  /** @throws PrivateFileError */
  async find(name: string): Promise<Connection | undefined> {
    const text = NAME.test(name) ? await readPrivate(this.#file(name)) : undefined;
    if (text === undefined) return undefined;
    try {
      const kept = JSON.parse(text) as Kept;
      return readBaseUrl(kept.hippoUrl) ? { ...kept, name } : undefined;
    } catch {
      throw new SessionError(
        'BAD_CONNECTION',
        `The connection "${name}" in ${this.#file(name)} is damaged.`,
        'Remove that file, then add the connection again.',
      );
    }
  }

  /** @throws SessionError `NO_SUCH_CONNECTION` */
  async get(name: string): Promise<Connection> {
    const found = await this.find(name);
    if (found) return found;
    const names = [LOCAL, ...(await this.list()).map((connection) => connection.name)];
    throw new SessionError(
      'NO_SUCH_CONNECTION',
      `There is no connection "${name}".`,
      `There ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}; \`hippo connection add\` adds one.`,
    );
  }

  /** @throws SessionError `CONNECTION_EXISTS`, `BAD_CONNECTION` */
  async add(connection: Connection): Promise<void> {
    check(connection);
    if (!(await createPrivate(this.#file(connection.name), textOf(connection))))
      throw new SessionError(
        'CONNECTION_EXISTS',
        `There is a connection "${connection.name}" already.`,
        `Choose another name, or remove it first: hippo connection remove ${connection.name}`,
      );
  }

  /** Adds or replaces it. @throws SessionError `BAD_CONNECTION` */
  async put(connection: Connection): Promise<void> {
    check(connection);
    await writePrivate(this.#file(connection.name), textOf(connection));
  }

  /** Without it, the local Hippo is used if it was this one. @throws SessionError `NO_SUCH_CONNECTION` */
  async remove(name: string): Promise<void> {
    await this.get(name);
    if ((await this.current()) === name) await this.use(LOCAL);
    await removePrivate(this.#file(name));
  }

  /** The name of the one that is used: `local` unless another was chosen. @throws PrivateFileError */
  async current(): Promise<string> {
    const name = (await readPrivate(join(this.#folder, CURRENT)))?.trim() ?? LOCAL;
    return name !== LOCAL && (await this.find(name)) ? name : LOCAL;
  }

  /** @throws SessionError `NO_SUCH_CONNECTION` */
  async use(name: string): Promise<void> {
    if (name !== LOCAL) await this.get(name);
    await writePrivate(join(this.#folder, CURRENT), `${name}\n`);
  }

  /** The connection to a server: the one that is used if it is to there, else the first. @throws PrivateFileError */
  async findByOrigin(origin: string): Promise<Connection | undefined> {
    const there = (await this.list()).filter(({ hippoUrl }) => new URL(hippoUrl).origin === origin);
    const current = await this.current();
    return there.find(({ name }) => name === current) ?? there[0];
  }

  /** Those whose Bindle server is there, the one that is used first. @throws PrivateFileError */
  async listByBindleServer(origin: string): Promise<Connection[]> {
    const current = await this.current();
    return (await this.list())
      .filter(({ bindleUrl }) => bindleUrl !== undefined && new URL(bindleUrl).origin === origin)
      .sort((a, b) => Number(b.name === current) - Number(a.name === current));
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }
}

/** A name for a server that nobody has named: its host, and its port if that is not the usual one. */
export function nameForUrl(url: URL): string {
  const host = url.hostname.replace(/[^a-z0-9.-]+/g, '-').replace(/^[^a-z0-9]+/, '') || 'hippo';
  return `${host}${url.port ? `-${url.port}` : ''}`.slice(0, 63);
}

/** @throws SessionError `UNENCRYPTED` if credentials would go over http to another machine */
export function demandEncryption({ hippoUrl, plainHttp }: Pick<Connection, 'hippoUrl' | 'plainHttp'>): void {
  const { protocol, hostname, host } = new URL(hippoUrl);
  if (protocol === 'https:' || isLoopback(hostname) || plainHttp) return;
  throw new SessionError(
    'UNENCRYPTED',
    `Passwords and tokens would go to ${host} unencrypted, for everybody in between to read.`,
    'Use https://, or allow it for this connection with --plain-http (see `hippo help connection`).',
  );
}

function check({ name, hippoUrl, bindleUrl }: Connection): void {
  if (name === LOCAL)
    throw new SessionError(
      'BAD_CONNECTION',
      `"${LOCAL}" is the Hippo of this machine.`,
      'Choose another name.',
    );
  if (!NAME.test(name))
    throw new SessionError(
      'BAD_CONNECTION',
      `"${name}" cannot name a connection.`,
      'Use lower-case letters, digits, ".", "-" and "_", at most 63 of them.',
    );
  for (const url of [hippoUrl, ...(bindleUrl === undefined ? [] : [bindleUrl])]) {
    const read = readBaseUrl(url);
    if (!read)
      throw new SessionError(
        'BAD_CONNECTION',
        `"${url}" is not the address of a server.`,
        'Give one that starts with http:// or https://.',
      );
    if (read.username !== '' || read.password !== '')
      throw new SessionError(
        'BAD_CONNECTION',
        'The address holds a user name or a password.',
        'Give the address alone, then sign in with `hippo login`.',
      );
  }
}

function textOf({ name: _name, ...kept }: Connection): string {
  return `${JSON.stringify(kept, null, 2)}\n`;
}
