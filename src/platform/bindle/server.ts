// The Bindle server: every route of the protocol (bindle.md §1) under `/v1`, to be mounted on a node:http server.

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { answers, KEYRING_VERSION } from '../../bindle/api.ts';
import {
  canonical,
  CodecError,
  decodeInvoice,
  JSON_TYPE,
  TOML,
  type WireFormat,
} from '../../bindle/codec.ts';
import { formatId, parseId, type BindleId } from '../../bindle/id.ts';
import { checkStorable, InvoiceError, type Invoice, type Label } from '../../bindle/invoice.ts';
import { ensureSigningKey } from '../../bindle/keys.ts';
import {
  checkSignature,
  keyEntry,
  signInvoice,
  type KeyEntry,
  type SigningKey,
} from '../../bindle/signing.ts';
import { openDatabase, type Database } from '../store/database.ts';
import { FileParcelStore } from '../store/file-parcels.ts';
import type { ParcelStore } from '../store/parcels.ts';
import { plain, refusalFor, refusals, Refusal, refuse, send, type Answer } from './answer.ts';
import { announcedLength, contentOf, drain, textOf } from './body.ts';
import { InvoiceStore, MIGRATIONS, type InvoiceState, type ListedParcel } from './invoices.ts';
import { readQuery, readRoles, readYanked } from './parameters.ts';
import { SharedLock } from './shared-lock.ts';

/** Somebody with an account. */
export interface Principal {
  readonly name: string;
}

/**
 * Who sends a request: `anonymous` without credentials, `refused` with ones that do not hold; whoever has tried
 * too often is to wait.
 */
export type Identity<P extends Principal = Principal> =
  P | 'anonymous' | 'refused' | { readonly retryAfterSeconds: number };

/** What somebody wants to do to the bindles of a name: push and complete new ones, or withdraw what is there. */
export type WriteAction = 'push' | 'yank';

export interface BindleServerOptions<P extends Principal = Principal> {
  /** Where invoices, parcels and the host key are kept; no other process may use it (see `lockDirectory`). */
  directory: string;
  /** Where parcels are kept instead, if not in the directory. */
  parcels?: ParcelStore;
  /**
   * Called for every request. Without it everybody may do everything; with it reading is open to all, unless
   * this refuses it, and writing needs an account.
   */
  authenticate?: (headers: IncomingHttpHeaders, address: string) => Identity<P> | Promise<Identity<P>>;
  /** Whether somebody may push, complete and yank bindles of this name. Default: yes. */
  mayWrite?: (who: P | 'anonymous', name: string, action: WriteAction) => boolean | Promise<boolean>;
  /** Whether somebody may know of bindles of this name. Default: yes. */
  mayRead?: (who: P | 'anonymous', name: string) => boolean;
  /**
   * Holds a new invoice's signatures against a policy; throws a SignatureError where they do not satisfy it.
   * Default: there may be none, and those that there are must be valid.
   */
  verify?: (invoice: Invoice, who: P | 'anonymous') => void | Promise<void>;
  /**
   * Called right before a new bindle is stored, to record whose it is; false, or a SignatureError, if it must
   * not be any more.
   */
  claim?: (invoice: Invoice, who: P | 'anonymous') => boolean;
  /** Unix time in seconds, for the host's signature. */
  now?: () => number;
  /** Told of every failure that is not the peer's doing; the peer hears nothing of its cause. */
  report?: (error: unknown, request: string) => void;
  /** Largest invoice in bytes as it is sent; 16 MiB if not given. */
  maxInvoiceBytes?: number;
  /** A connection on which nothing moves for so long is closed; two minutes if not given. */
  idleMs?: number;
}

export interface HandleOptions {
  /** The request came by node:http's 'checkContinue' event, and its peer waits before it sends the body. */
  awaitsContinue?: boolean;
}

const BASE = '/v1';
/** More would make verifying one invoice a burden: each signature covers every parcel. */
const MAX_SIGNATURES = 100;

/**
 * Opens the server's store, made if it is not there, with a host key of its own.
 * @throws StoreError, KeyFileError
 */
export async function createBindleServer<P extends Principal = Principal>(
  options: BindleServerOptions<P>,
): Promise<BindleServer<P>> {
  const { directory } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const parcels = options.parcels ?? (await FileParcelStore.open(join(directory, 'parcels')));
  const { key } = await ensureSigningKey(join(directory, 'host_key.toml'), 'host', 'Hippo Bindle server');
  return new BindleServer(openDatabase(join(directory, 'bindle.db'), MIGRATIONS), parcels, key, options);
}

/** One request as the routes see it. */
interface Call<P extends Principal> {
  request: IncomingMessage;
  method: string;
  /** After `?`. */
  search: string;
  who: P | 'anonymous';
  /** The body; asking for it tells a waiting peer to go on. */
  content: () => AsyncIterable<Buffer>;
}

export class BindleServer<P extends Principal = Principal> {
  /** What `bindle-keys` answers: the public key by which this server signs. */
  readonly hostKeys: readonly KeyEntry[];
  readonly #database: Database;
  readonly #invoices: InvoiceStore;
  readonly #parcels: ParcelStore;
  readonly #hostKey: SigningKey;
  readonly #options: BindleServerOptions<P>;
  readonly #maxInvoiceBytes: number;
  readonly #active = new Map<ServerResponse, Promise<void>>();
  /** Pushes share it; removing needs it alone, for a parcel must not go while an invoice counts on it. */
  readonly #shared = new SharedLock();
  #closed: Promise<void> | undefined;

  /** Use `createBindleServer`. */
  constructor(
    database: Database,
    parcels: ParcelStore,
    hostKey: SigningKey,
    options: BindleServerOptions<P>,
  ) {
    this.#database = database;
    this.#invoices = new InvoiceStore(database);
    this.#parcels = parcels;
    this.#hostKey = hostKey;
    this.#options = options;
    this.#maxInvoiceBytes = options.maxInvoiceBytes ?? 16 * 1024 * 1024;
    this.hostKeys = [{ ...keyEntry(hostKey), roles: ['host'] }];
  }

  /**
   * Answers one request, whatever it is; resolves when the answer is handed over or the peer is gone, and
   * never rejects. A server that listens for 'checkContinue' too lets peers learn that a parcel is there
   * before they send it.
   */
  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    { awaitsContinue = false }: HandleOptions = {},
  ): Promise<void> {
    const done = this.#serve(request, response, awaitsContinue).catch((error: unknown) => {
      // The answer itself could not be written; what has gone out of it must not pass for a whole one.
      this.#report(error, request);
      response.destroy();
    });
    this.#active.set(response, done);
    await done;
    this.#active.delete(response);
  }

  /** The invoice with this id, for the rooms beside; of a yanked bindle too, since what runs goes on running. */
  invoice(id: BindleId): Invoice | undefined {
    const found = this.#invoices.find(id);
    return found && this.#invoices.read(found.number);
  }

  /** The versions of the bindles with exactly this name that are not yanked, in the order in which they came. */
  versions(name: string): string[] {
    return this.#invoices.versions(name);
  }

  /** What a bindle says of itself; undefined if it says nothing or is not here. */
  description(id: BindleId): string | undefined {
    return this.#invoices.description(id);
  }

  /** The names of all bindles that are not yanked, in their order. */
  names(): string[] {
    return this.#invoices.names();
  }

  /** The ids of all bindles, yanked ones too, in the order in which they came. */
  ids(): BindleId[] {
    return this.#invoices.ids();
  }

  /**
   * Stores a bindle with all its parcels at once: it is there whole, or not at all.
   * @param open gives a parcel's content, which is held against its label
   * @returns how many of the parcels were not here before
   * @throws Refusal, and what `verify` and `claim` throw; ParcelError; whatever `open` throws
   */
  async store(
    invoice: Invoice,
    who: P,
    open: (label: Label) => Promise<AsyncIterable<Uint8Array>>,
  ): Promise<number> {
    return this.#shared.run(async () => {
      await this.#demandNew(invoice, who);
      const labels = [...new Map(labelsOf(invoice).map((label) => [label.sha256, label])).values()];
      const stored = await this.#parcels.sizes(labels.map((label) => label.sha256));
      for (const label of labelsOf(invoice)) await this.#demandSize(label, stored.get(label.sha256));
      const missing = lacking(labels, stored);
      // Content first: an invoice that is there has all of it.
      for (const label of missing) await this.#parcels.put(label.sha256, label.size, await open(label));
      this.#store(invoice, who);
      return missing.length;
    });
  }

  /**
   * Removes bindles for good, and the parcels that no other bindle lists. Pushes wait for it, and it for them.
   * @returns the parcels that went, and their bytes
   */
  async remove(ids: readonly BindleId[]): Promise<{ parcels: number; bytes: number }> {
    return this.#shared.alone(async () => {
      for (const id of ids) this.#invoices.remove(id);
      let [parcels, bytes] = [0, 0];
      for await (const sha256 of this.#parcels.list()) {
        if (this.#invoices.lists(sha256)) continue;
        const size = (await this.#parcels.size(sha256)) ?? 0;
        if (!(await this.#parcels.remove(sha256))) continue;
        parcels++;
        bytes += size;
      }
      return { parcels, bytes };
    });
  }

  /** Breaks off what is under way, drops unfinished uploads and closes the store. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const response of this.#active.keys()) response.destroy();
    await Promise.allSettled(this.#active.values());
    this.#database.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): Promise<void> {
    response.setTimeout(this.#options.idleMs ?? 120_000, () => response.destroy());
    let waiting = awaitsContinue;
    const content = (): AsyncIterable<Buffer> => {
      if (waiting) response.writeContinue();
      waiting = false;
      return contentOf(request);
    };
    let answer: Answer;
    try {
      answer = await this.#answer(request, content);
    } catch (error) {
      // The peer has broken off: nobody is there for an answer, and there is nothing to report.
      if (request.destroyed && !request.complete) return;
      const refusal = refusalFor(error);
      if (!refusal) this.#report(error, request);
      answer = refuse(refusal ?? refusals.failed());
    }
    // A peer that was not told to go on may send its body all the same: nobody could tell it from a request.
    if (waiting) response.setHeader('connection', 'close');
    else drain(request);
    await send(request.headers.accept, response, answer);
  }

  #report(error: unknown, request: IncomingMessage): void {
    this.#options.report?.(error, `${request.method} ${request.url}`);
  }

  async #answer(request: IncomingMessage, content: () => AsyncIterable<Buffer>): Promise<Answer> {
    if (this.#closed) throw refusals.closing();
    // Nothing is decoded: peers send ids as they are (bindle.md §0 trap 10).
    const [, path = '', search = ''] =
      /^(?:https?:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?/i.exec(request.url ?? '') ?? [];
    const method = request.method ?? '';
    if (path !== BASE && !path.startsWith(`${BASE}/`)) return plain.notFound;
    const who = await this.#identify(request, method);
    const [, route, tail = ''] = /^\/([^/]+)(?:\/(.*))?$/s.exec(path.slice(BASE.length)) ?? [];
    const call: Call<P> = { request, method, search, who, content };
    switch (route) {
      case '_i':
        return this.#invoiceRoute(call, tail);
      case '_r':
        if (tail !== 'missing' && !tail.startsWith('missing/')) return plain.notFound;
        return method === 'GET'
          ? this.#listMissing(call, tail.slice('missing/'.length))
          : plain.wrongMethod('GET');
      case '_q':
        return isRead(method) ? this.#search(call) : plain.wrongMethod('GET, HEAD');
      case 'bindle-keys':
        return isRead(method) ? this.#keys(search) : plain.wrongMethod('GET, HEAD');
      case 'login':
        return method === 'GET' ? login(search) : plain.wrongMethod('GET');
      default:
        return plain.notFound;
    }
  }

  async #identify({ headers, socket }: IncomingMessage, method: string): Promise<P | 'anonymous'> {
    if (!this.#options.authenticate) return 'anonymous';
    const who = await this.#options.authenticate(headers, socket.remoteAddress ?? '');
    if (who === 'refused') throw refusals.unauthorized();
    if (typeof who === 'object' && 'retryAfterSeconds' in who) throw refusals.limited(who.retryAfterSeconds);
    if (who === 'anonymous' && !isRead(method)) throw refusals.accessDenied();
    return who;
  }

  #invoiceRoute(call: Call<P>, tail: string): Answer | Promise<Answer> {
    const { method } = call;
    if (method === 'POST' && tail === '') return this.#createInvoice(call);
    if (method === 'DELETE') return this.#yank(call, demandId(tail));
    const [id = '', sha256, ...others] = tail.split('@');
    if (others.length > 0) throw refusals.invalidUrl();
    if (isRead(method))
      return sha256 === undefined
        ? this.#getInvoice(call, demandId(id))
        : this.#getParcel(call, demandId(id), sha256);
    if (method === 'POST' && sha256 !== undefined) return this.#createParcel(call, demandId(id), sha256);
    throw refusals.invalidUrl();
  }

  async #createInvoice(call: Call<P>): Promise<Answer> {
    const type = invoiceType(call.request.headers['content-type']);
    if ((announcedLength(call.request) ?? 0) > this.#maxInvoiceBytes)
      throw refusals.tooLarge(this.#maxInvoiceBytes);
    const text = await textOf(call.content(), this.#maxInvoiceBytes);
    const invoice = decodeInvoice(text, type ?? (text.trimStart().startsWith('{') ? 'json' : 'toml'));
    return this.#shared.run(async () => {
      await this.#demandNew(invoice, call.who);
      const labels = labelsOf(invoice);
      const stored = await this.#parcels.sizes(labels.map((label) => label.sha256));
      for (const label of labels) await this.#demandSize(label, stored.get(label.sha256));
      const missing = lacking(labels, stored);
      const signed = this.#store(invoice, call.who);
      return { status: missing.length > 0 ? 202 : 201, table: answers.create(signed, missing) };
    });
  }

  /** Everything that a new invoice has to satisfy but for its parcels. */
  async #demandNew(invoice: Invoice, who: P | 'anonymous'): Promise<void> {
    await this.#demandWrite(who, invoice.bindle.name, 'push');
    if ((invoice.signature?.length ?? 0) > MAX_SIGNATURES)
      throw new InvoiceError('signature', `has more than ${MAX_SIGNATURES} entries`);
    await (this.#options.verify ?? signaturesHold)(invoice, who);
    if (invoice.yanked) throw refusals.createYanked();
    checkStorable(invoice);
    if (this.#invoices.find(invoice.bindle)) throw refusals.exists();
  }

  #store(invoice: Invoice, who: P | 'anonymous'): Invoice {
    const signed = this.#sign(invoice);
    if (!(this.#options.claim?.(invoice, who) ?? true)) throw refusals.accessDenied();
    // Somebody may have been faster since it was looked for.
    if (!this.#invoices.create(signed)) throw refusals.exists();
    return signed;
  }

  #getInvoice({ who, search }: Call<P>, id: BindleId): Answer {
    const yanked = readYanked(search);
    if (yanked === undefined) throw refusals.invalidUrl();
    this.#demandRead(who, id.name);
    const { number } = this.#demandInvoice(id, yanked);
    return { status: 200, table: canonical(this.#invoices.read(number)) };
  }

  async #yank(call: Call<P>, id: BindleId): Promise<Answer> {
    await this.#demandWrite(call.who, id.name, 'yank');
    const invoice = this.#demandInvoice(id, true);
    if (!invoice.yanked) this.#invoices.yank(invoice.number);
    return { status: 200, table: answers.message('invoice yanked') };
  }

  async #createParcel(call: Call<P>, id: BindleId, sha256: string): Promise<Answer> {
    await this.#demandWrite(call.who, id.name, 'push');
    const { size } = this.#demandListed(id, sha256);
    if ((await this.#parcels.size(sha256)) === size) throw refusals.exists();
    const announced = announcedLength(call.request);
    if (announced !== undefined && announced !== size) throw refusals.sizeMismatch();
    // Others may be sending the same parcel. Whoever brings it whole is told so: to their peers a 409 is a failure.
    // No lock: what an invoice lists is never removed.
    await this.#parcels.put(sha256, size, call.content());
    return { status: 200, table: answers.message('parcel created') };
  }

  async #getParcel(call: Call<P>, id: BindleId, sha256: string): Promise<Answer> {
    this.#demandRead(call.who, id.name);
    const { size, mediaType } = this.#demandListed(id, sha256);
    if ((await this.#parcels.size(sha256)) !== size) throw refusals.notFound();
    if (call.method === 'HEAD') return { size, mediaType };
    const parcel = await this.#parcels.open(sha256);
    if (!parcel) throw refusals.notFound();
    return { size, mediaType, stream: parcel.stream };
  }

  async #listMissing({ who }: Call<P>, tail: string): Promise<Answer> {
    const id = demandId(tail);
    this.#demandRead(who, id.name);
    const { number } = this.#demandInvoice(id, false);
    const labels = labelsOf(this.#invoices.read(number));
    const stored = await this.#parcels.sizes(labels.map((label) => label.sha256));
    return { status: 200, table: answers.missing(lacking(labels, stored)) };
  }

  #search({ who, search }: Call<P>): Answer {
    const query = readQuery(search);
    if (!query) return plain.badQuery;
    const found = this.#invoices.search(query, (name) => this.#mayRead(who, name));
    return { status: 200, table: answers.matches(found) };
  }

  #keys(search: string): Answer {
    const roles = readRoles(search);
    if (!roles) return plain.badQuery;
    if (roles.length > 1 || (roles[0] ?? 'host') !== 'host')
      throw new Refusal(
        400,
        'this server gives out keys with the role host only: ask for host or for no role',
      );
    return { status: 200, table: answers.keyring({ version: KEYRING_VERSION, key: [...this.hostKeys] }) };
  }

  async #demandWrite(who: P | 'anonymous', name: string, action: WriteAction): Promise<void> {
    const allowed = (await this.#options.mayWrite?.(who, name, action)) ?? true;
    if (!allowed) throw refusals.accessDenied();
  }

  #mayRead(who: P | 'anonymous', name: string): boolean {
    return this.#options.mayRead?.(who, name) ?? true;
  }

  /** What somebody must not know of does not exist for them. */
  #demandRead(who: P | 'anonymous', name: string): void {
    if (!this.#mayRead(who, name)) throw refusals.notFound();
  }

  #demandInvoice(id: BindleId, yankedToo: boolean): InvoiceState {
    const found = this.#invoices.find(id);
    if (!found) throw refusals.notFound();
    if (found.yanked && !yankedToo) throw refusals.yanked();
    return found;
  }

  #demandListed(id: BindleId, sha256: string): ListedParcel {
    const { number } = this.#demandInvoice(id, false);
    const parcel = this.#invoices.parcel(number, sha256);
    if (!parcel) throw refusals.notListed(sha256, formatId(id));
    return parcel;
  }

  /** Refuses a label that gives a stored parcel another size: it could never be completed. */
  async #demandSize({ sha256, size }: Label, stored: number | undefined): Promise<void> {
    if (stored === undefined || stored === size) return;
    const parcel = await this.#parcels.open(sha256);
    if (!parcel) return;
    const hash = createHash('sha256');
    for await (const chunk of parcel.stream) hash.update(chunk as Buffer);
    // If the file is not what its name says, it is the file that is wrong: a loss of power has cut it short.
    if (hash.digest('hex') === sha256)
      throw new InvoiceError('parcel', `lists ${sha256} with ${size} bytes, but it has ${stored}`);
  }

  /** With the host's signature, unless it has that already, as an invoice has that once came from here. */
  #sign(invoice: Invoice): Invoice {
    const own = this.hostKeys[0]?.key;
    const present = invoice.signature?.find(({ key, role }) => key === own && role === 'host');
    if (!present)
      return signInvoice(
        invoice,
        this.#hostKey,
        'host',
        this.#options.now?.() ?? Math.floor(Date.now() / 1000),
      );
    checkSignature(invoice, present);
    return invoice;
  }
}

function login(search: string): Answer {
  if (!new URLSearchParams(search).has('provider')) return plain.badQuery;
  throw new Refusal(400, 'this server knows no OpenID provider: sign in with a user name and a password');
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** The form that a Content-Type announces; undefined where there is none, and the text itself has to tell. */
function invoiceType(contentType: string | undefined): WireFormat | undefined {
  const essence = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (essence === '') return undefined;
  if (essence === TOML) return 'toml';
  if (essence === JSON_TYPE) return 'json';
  throw new CodecError(`An invoice is sent as ${TOML} or ${JSON_TYPE}.`);
}

function demandId(text: string): BindleId {
  const id = parseId(text);
  if (!id) throw refusals.invalidId();
  return id;
}

function labelsOf(invoice: Invoice): Label[] {
  return (invoice.parcel ?? []).map((parcel) => parcel.label);
}

/**
 * The labels whose parcels are not here, one for each parcel as peers have it. A file of another size is not
 * the parcel: it is to be sent again.
 */
function lacking(labels: Label[], stored: ReadonlyMap<string, number>): Label[] {
  return labels.filter((label) => stored.get(label.sha256) !== label.size);
}

function signaturesHold(invoice: Invoice): void {
  for (const signature of invoice.signature ?? []) checkSignature(invoice, signature);
}
