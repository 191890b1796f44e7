// A client of the Bindle protocol (bindle.md §1) that gets on with real servers of 0.3 and later and with our own.

import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import {
  paths,
  readCreateAnswer,
  readKeyring,
  readMatches,
  readMissing,
  SERVER_NAME,
  type CreateAnswer,
  type Keyring,
  type Matches,
  type Query,
} from './api.ts';
import { decode, encodeInvoice, JSON_TYPE, TOML } from './codec.ts';
import {
  authorization,
  BindleError,
  connectionError,
  createDispatcher,
  followingRedirects,
  parseBaseUrl,
  type Credentials,
  type HttpOptions,
  type Network,
} from './http.ts';
import { formatId, nameProblem, type BindleId } from './id.ts';
import { checkDigests, readInvoice, type Invoice, type Label } from './invoice.ts';

/** JSON is read many times faster; servers take the first that they know, and refusals come in TOML anyway. */
const ACCEPT = `${JSON_TYPE}, ${TOML};q=0.9`;

/** An invoice of 50,000 parcels has about 20 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

interface Answer {
  status: number;
  text: string;
  type: string;
}

export class BindleClient {
  readonly url: URL;
  readonly #dispatcher: Dispatcher;
  readonly #reader: Dispatcher;
  readonly #network: Network | undefined;
  readonly #credentials: () => Promise<Credentials | undefined>;
  readonly #authenticated: boolean;
  #ours: boolean | undefined;

  /** @throws BindleError `BAD_URL` */
  constructor(options: HttpOptions) {
    this.url = parseBaseUrl(options.url);
    this.#dispatcher = createDispatcher(options);
    this.#reader = followingRedirects(this.#dispatcher);
    const { credentials, network } = options;
    this.#network = network;
    this.#credentials = typeof credentials === 'function' ? credentials : async () => credentials;
    this.#authenticated = credentials !== undefined;
  }

  /** True once the server has shown to be our own, which forgets an aborted upload; real ones never do. */
  get forgetsAborted(): boolean {
    return this.#ours === true;
  }

  /** POST `_i`. @throws BindleError `EXISTS` if the id is taken, whatever its content */
  async createInvoice(invoice: Invoice, options: CallOptions = {}): Promise<CreateAnswer> {
    const answer = await this.#send('POST', paths.invoices, options, {
      body: encodeInvoice(invoice, 'toml'),
      type: TOML,
    });
    return this.#read(answer, readCreateAnswer);
  }

  /** POST `_i` for those who will ask what is missing: the answer, as long as the invoice itself, is not read. */
  async announceInvoice(invoice: Invoice, options: CallOptions = {}): Promise<void> {
    await this.#send('POST', paths.invoices, options, { body: encodeInvoice(invoice, 'toml'), type: TOML });
  }

  /** GET `_i/<id>`. @throws BindleError `NOT_FOUND`, or `YANKED` unless `yanked` is set */
  async getInvoice(id: BindleId, options: CallOptions & { yanked?: boolean } = {}): Promise<Invoice> {
    const path = paths.invoice(safe(id)) + (options.yanked ? '?yanked=true' : '');
    return this.#read(await this.#send('GET', path, options), readSafeInvoice);
  }

  /** GET `_r/missing/<id>`: the labels whose parcels the server lacks, each digest once. */
  async missing(id: BindleId, options: CallOptions = {}): Promise<Label[]> {
    const labels = this.#read(await this.#send('GET', paths.missing(safe(id)), options), readMissing);
    return [...new Map(labels.map((label) => [label.sha256, label])).values()];
  }

  /**
   * POST `_i/<id>@<sha256>` with exactly `size` bytes. The bytes must have been hashed: a real server is left
   * with a parcel that can never be stored again when they do not fit (bindle.md §0 trap 5).
   */
  async sendParcel(
    id: BindleId,
    sha256: string,
    size: number,
    body: Buffer | AsyncIterable<Buffer>,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#send('POST', paths.parcel(safe(id), sha256), options, {
      body,
      type: 'application/octet-stream',
      length: size,
    });
  }

  /** GET `_i/<id>@<sha256>`: the parcel's bytes, neither counted nor hashed. */
  async getParcel(id: BindleId, sha256: string, options: CallOptions = {}): Promise<Readable> {
    const { statusCode, headers, body } = await this.#request(
      'GET',
      paths.parcel(safe(id), sha256),
      options,
      {
        accept: '*/*',
      },
    );
    if (statusCode === 200) return body;
    throw this.#failure({ status: statusCode, text: await readText(body, this.url), type: typeOf(headers) });
  }

  /** DELETE `_i/<id>`; yanking what is yanked is no error. */
  async yank(id: BindleId, options: CallOptions = {}): Promise<void> {
    await this.#send('DELETE', paths.invoice(safe(id)), options);
  }

  /** GET `_q`. */
  async search(query: Query, options: CallOptions = {}): Promise<Matches> {
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      if (value !== undefined) parameters.set(key, String(value));
    const path = parameters.size > 0 ? `${paths.query}?${parameters.toString()}` : paths.query;
    return this.#read(await this.#send('GET', path, options), readMatches);
  }

  /** GET `bindle-keys`: the keys by which the server signs as host. Servers before 0.9 have none. */
  async keys(options: CallOptions = {}): Promise<Keyring> {
    return this.#read(await this.#send('GET', paths.keys, options), readKeyring);
  }

  /** GET `login`: the fields of a device authorisation (RFC 8628) plus `client_id` and `token_url`. */
  async login(provider: string, options: CallOptions = {}): Promise<Record<string, unknown>> {
    const path = `${paths.login}?${new URLSearchParams({ provider }).toString()}`;
    return this.#read(await this.#send('GET', path, options), (value) => value as Record<string, unknown>);
  }

  /** GET `/healthz`, beside the API: the version the server says it has; undefined if it says none. */
  async health(options: CallOptions = {}): Promise<string | undefined> {
    const { statusCode, body } = await this.#request('GET', new URL('/healthz', this.url), options);
    const text = await readText(body, this.url);
    if (statusCode !== 200) throw new BindleError('SERVER', `${this.url.origin} says that it is not well.`);
    try {
      const { version } = JSON.parse(text) as { version?: unknown };
      return typeof version === 'string' ? version : undefined;
    } catch {
      return undefined;
    }
  }

  /** Ends the connections; requests in flight are finished. */
  async close(): Promise<void> {
    await this.#dispatcher.close();
  }

  async #send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    options: CallOptions,
    content?: { body: string | Buffer | AsyncIterable<Buffer>; type: string; length?: number },
  ): Promise<Answer> {
    const { statusCode, headers, body } = await this.#request(method, path, options, {
      ...(content ? { 'content-type': content.type, body: content.body } : {}),
      ...(content?.length === undefined ? {} : { 'content-length': String(content.length) }),
    });
    const answer = { status: statusCode, text: await readText(body, this.url), type: typeOf(headers) };
    // Real servers answer 200 to 202; a redirect that is left could not be followed.
    if (statusCode >= 200 && statusCode < 300) return answer;
    throw this.#failure(answer);
  }

  async #request(
    method: 'GET' | 'POST' | 'DELETE',
    path: string | URL,
    { signal }: CallOptions,
    { body, ...headers }: Record<string, unknown> = {},
  ): Promise<Dispatcher.ResponseData> {
    const url = path instanceof URL ? path : new URL(this.url.href.replace(/\/$/, '') + path);
    const common = {
      accept: ACCEPT,
      'user-agent': 'hippo-tools',
      ...authorization(await this.#credentials()),
    };
    try {
      const response = await request(url, {
        method,
        headers: { ...common, ...(headers as Record<string, string>) },
        // undici takes any iterable; its types do not say so.
        body: (body ?? null) as string | Buffer | Readable | null,
        dispatcher: method === 'GET' ? this.#reader : this.#dispatcher,
        ...(signal ? { signal } : {}),
      });
      this.#ours ??= response.headers['server'] === SERVER_NAME;
      return response;
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw connectionError(error, this.url, this.#network);
    }
  }

  #read<T>(answer: Answer, read: (value: unknown) => T): T {
    try {
      return read(decode(answer.text, answer.type === JSON_TYPE ? 'json' : 'toml'));
    } catch (error) {
      throw this.#notBindle(answer, error);
    }
  }

  #notBindle(answer: Answer, cause?: unknown): BindleError {
    const sent = answer.type === '' ? 'something else' : answer.type;
    const versioned = this.url.pathname.endsWith('/v1');
    return new BindleError(
      'NOT_BINDLE',
      `${this.url.href} answers, but not as a Bindle server (status ${answer.status}, ${sent}).`,
      {
        status: answer.status,
        hint: versioned
          ? 'Check host and port of the address.'
          : `Check the address; a Bindle server's ends in /v1: try ${this.url.href.replace(/\/$/, '')}/v1.`,
        cause,
      },
    );
  }

  /** Status and words of a refusal, told apart as bindle.md §4 says (403 is "yanked" or "not allowed"). */
  #failure(answer: Answer): BindleError {
    const detail = errorText(answer);
    const { status } = answer;
    const more = { status, ...(detail === undefined ? {} : { detail }) };
    const said = detail === undefined ? '' : `: ${detail}`;
    if (status === 401)
      return new BindleError('UNAUTHORIZED', `${this.url.origin} does not accept these credentials.`, {
        ...more,
        hint: 'Check user name and password (--bindle-username, --bindle-password).',
      });
    if (status === 407)
      return new BindleError('UNREACHABLE', 'The proxy wants credentials.', {
        ...more,
        hint: 'Put user name and password into HTTP_PROXY or HTTPS_PROXY.',
      });
    if (detail === undefined) return this.#notBindle(answer);
    if (status === 403 && /yanked/i.test(detail))
      return new BindleError('YANKED', 'This bindle is yanked: it can be neither read nor added to.', more);
    if (status === 403)
      return new BindleError('FORBIDDEN', `${this.url.origin} does not allow this${said}.`, {
        ...more,
        hint: this.#authenticated
          ? 'Your account lacks the right: ask the operator.'
          : 'Sign in with --bindle-username and --bindle-password.',
      });
    if (status === 404)
      return new BindleError('NOT_FOUND', `The server has no such bindle or parcel (${detail}).`, more);
    if (status === 409) return new BindleError('EXISTS', `The server refuses it as a double${said}.`, more);
    if (status === 413) return new BindleError('REFUSED', `This is too large for the server${said}.`, more);
    if (status < 500) return new BindleError('REFUSED', `The server refuses this${said}.`, more);
    return new BindleError('SERVER', `The server failed (status ${status})${said}.`, {
      ...more,
      hint: 'Try again.',
    });
  }
}

/** Ids go into addresses as they are. @throws BindleError `BAD_ID` for one that would lead elsewhere */
function safe(id: BindleId): BindleId {
  const problem = nameProblem(id.name);
  if (problem)
    throw new BindleError(
      'BAD_ID',
      `"${asPhrase(formatId(id))}" cannot be asked for: its name is not usable, ${problem}.`,
    );
  return id;
}

/** Digests become names of files: an invoice with others is not worth reading on. */
function readSafeInvoice(value: unknown): Invoice {
  const invoice = readInvoice(value);
  checkDigests(invoice);
  return invoice;
}

async function readText(body: Dispatcher.ResponseData['body'], url: URL): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Leaving the loop ends the connection.
      if (bytes > MAX_ANSWER_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error, url);
  }
  if (bytes > MAX_ANSWER_BYTES)
    throw new BindleError('NOT_BINDLE', `${url.href} answers with more than any bindle's invoice has.`, {
      hint: 'Check the address.',
    });
  return Buffer.concat(chunks).toString('utf8');
}

function typeOf(headers: Dispatcher.ResponseData['headers']): string {
  const value = headers['content-type'];
  return (Array.isArray(value) ? value[0] : value)?.split(';')[0]?.trim().toLowerCase() ?? '';
}

/** The server's sentence: `error = "..."`, or the plain text and JSON that some routes and proxies send. */
function errorText({ text, type, status }: Answer): string | undefined {
  if (text === '') return status === 404 || status >= 500 ? undefined : `status ${status}`;
  if (type === 'text/html') return undefined;
  if (type === 'text/plain') return asPhrase(text);
  try {
    const { error } = decode(text, type === JSON_TYPE ? 'json' : 'toml') as { error?: unknown };
    return typeof error === 'string' ? asPhrase(error) : undefined;
  } catch {
    return undefined;
  }
}

/** One line of somebody else's words, as a part of a sentence of ours. */
function asPhrase(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  return line
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, 300)
    .replace(/[.\s]+$/, '');
}
