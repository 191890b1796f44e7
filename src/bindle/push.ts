// Sends a bindle: the invoice first, then the parcels that the server says it lacks, and looks again until it
// lacks none. Built for servers that are fragile (bindle.md §0): nothing unhashed is sent, an upload that has
// begun is finished, and after every doubt the server is asked what it has.

import { setTimeout as delay } from 'node:timers/promises';
import type { BindleClient } from './client.ts';
import { BindleError } from './http.ts';
import { formatId, type BindleId } from './id.ts';
import type { Invoice, Label } from './invoice.ts';
import { IN_MEMORY_BYTES, type OpenParcel } from './parcel-files.ts';
import { sameContent } from './same-content.ts';

export type PushEvent =
  /** The server knows the invoice: new, or it was there with this content. */
  | { type: 'announced'; id: BindleId; created: boolean }
  /** What will be sent now, each digest once. */
  | { type: 'missing'; labels: readonly Label[]; bytes: number }
  | { type: 'started'; label: Label }
  | { type: 'progress'; label: Label; bytes: number }
  | { type: 'sent'; label: Label }
  | { type: 'retry'; reason: string }
  /** Cancelled: this many uploads are finished first. */
  | { type: 'finishing'; uploads: number };

export interface PushOptions {
  client: BindleClient;
  invoice: Invoice;
  /** Opens a parcel whose bytes are hashed and fit the label. */
  open: (label: Label) => Promise<OpenParcel>;
  /** Uploads at a time. */
  parallelism?: number;
  /** Nothing new starts; uploads in flight are finished (on our own server: dropped). */
  signal?: AbortSignal;
  /** Uploads in flight are dropped as well; on real servers that blocks those parcels for good. */
  abort?: AbortSignal;
  onEvent?: (event: PushEvent) => void;
  /** First pause before something is tried again, in ms; doubled each time. */
  pause?: number;
}

export interface PushResult {
  id: BindleId;
  /** False if the server had this invoice already. */
  created: boolean;
  sent: Label[];
}

export type PushErrorCode = 'CONTENT_DIFFERS' | 'YANKED' | 'STUCK' | 'PARCEL_REFUSED' | 'CANCELLED';

/** Why a push did not end well, where it is more than one answer of the server (`BindleError`). */
export class PushError extends Error {
  readonly code: PushErrorCode;
  readonly hint: string | undefined;
  /** Names of parcels that may be stuck on the server. */
  readonly stuck: readonly string[];
  constructor(
    code: PushErrorCode,
    message: string,
    more: { hint?: string; stuck?: string[]; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'PushError';
    this.code = code;
    this.hint = more.hint;
    this.stuck = more.stuck ?? [];
  }
}

const ATTEMPTS = 5;
const LONGEST_PAUSE_MS = 5_000;
/** Bytes that wait in memory to be sent, all uploads together. */
const MEMORY_BYTES = 3 * IN_MEMORY_BYTES;
/** Failures after which the same request may go well. */
const TRANSIENT = new Set(['BROKEN', 'UNREACHABLE', 'SERVER', 'EXISTS']);

/**
 * Pushes an invoice and its parcels. Safe to repeat at any time: what is there is not sent again.
 * @throws PushError, BindleError, and what `open` throws
 */
export async function push(options: PushOptions): Promise<PushResult> {
  const { client, invoice, onEvent, pause = 250 } = options;
  const id: BindleId = { name: invoice.bindle.name, version: invoice.bindle.version };
  stopIfCancelled(options);
  const created = await announce(options, id, pause);
  onEvent?.({ type: 'announced', id, created });

  const labels = new Map((invoice.parcel ?? []).map(({ label }) => [label.sha256, label]));
  const upload = new Uploads(options, id);
  for (let round = 0; ; round++) {
    stopIfCancelled(options);
    const lacking = await retrying(options, pause, (signal) => client.missing(id, { signal }));
    const wanted = lacking.map(({ sha256 }) => labels.get(sha256)).filter((label) => label !== undefined);
    if (wanted.length < lacking.length)
      throw new BindleError('NOT_BINDLE', `${client.url.href} asks for parcels that are not in the invoice.`);
    if (wanted.length === 0) break;
    if (round === 0)
      onEvent?.({ type: 'missing', labels: wanted, bytes: wanted.reduce((sum, { size }) => sum + size, 0) });
    upload.doubt(wanted);
    if (upload.failedLast) {
      onEvent?.({ type: 'retry', reason: upload.failedLast });
      await rest(pause * 2 ** (round - 1), options.signal);
    }
    await upload.round(wanted);
  }
  return { id, created, sent: upload.sent };
}

/** Creates the invoice, or finds that it is there with the same content. True if it is new. */
async function announce(options: PushOptions, id: BindleId, pause: number): Promise<boolean> {
  const { client, invoice, onEvent } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await finishing(options, () => client.announceInvoice(invoice, { signal: options.abort }));
      return true;
    } catch (error) {
      stopIfCancelled(options);
      // A server that never answered at all is not worth the wait.
      if (!isTransient(error) || (error.code === 'UNREACHABLE' && attempt === 1)) throw error;
      const present = error.code === 'EXISTS' ? await findInvoice(options, id) : undefined;
      if (present) {
        requireSame(present, invoice, id);
        return false;
      }
      // 409 without an invoice: another push is writing it just now.
      if (attempt >= ATTEMPTS) throw error;
      onEvent?.({ type: 'retry', reason: error.message });
      await rest(pause * 2 ** (attempt - 1), options.signal);
      stopIfCancelled(options);
    }
  }
}

async function findInvoice(options: PushOptions, id: BindleId): Promise<Invoice | undefined> {
  try {
    return await options.client.getInvoice(id, { yanked: true, signal: eitherOf(options) });
  } catch (error) {
    stopIfCancelled(options);
    if (isTransient(error) || (error instanceof BindleError && error.code === 'NOT_FOUND')) return undefined;
    throw error;
  }
}

function requireSame(present: Invoice, invoice: Invoice, id: BindleId): void {
  if (present.yanked)
    throw new PushError('YANKED', `${formatId(id)} was yanked on this server.`, {
      hint: 'A yanked version cannot be published again: raise the version in HIPPOFACTS.',
    });
  if (!sameContent(present, invoice))
    throw new PushError('CONTENT_DIFFERS', `${formatId(id)} is on the server already, with other content.`, {
      hint: 'A published version never changes: raise the version in HIPPOFACTS.',
    });
}

/** The parcels of one push: which were sent, how often each one failed, what is in flight. */
class Uploads {
  readonly sent: Label[] = [];
  /** Why there has to be another round; undefined if all went well so far. */
  failedLast: string | undefined;
  readonly #options: PushOptions;
  readonly #id: BindleId;
  readonly #failures = new Map<string, BindleError[]>();
  readonly #memory = new Budget(MEMORY_BYTES);

  constructor(options: PushOptions, id: BindleId) {
    this.#options = options;
    this.#id = id;
  }

  /**
   * Looks at what is missing again: what was sent and taken counts as one failure more, or a server that
   * forgets would be sent the same for ever. @throws PushError, BindleError
   */
  doubt(labels: readonly Label[]): void {
    for (const label of labels) {
      const index = this.sent.findIndex(({ sha256 }) => sha256 === label.sha256);
      if (index < 0) continue;
      this.sent.splice(index, 1);
      const taken = `The server has taken ${label.name} and lists it as missing all the same.`;
      this.#count(
        label,
        new BindleError('SERVER', taken, { hint: 'Tell the operator of the server.' }),
        (error) => {
          throw error;
        },
      );
    }
  }

  /** Tries each parcel once. Throws what no repetition can mend, after the uploads in flight have ended. */
  async round(labels: readonly Label[]): Promise<void> {
    const { client, signal, abort, onEvent, parallelism = 8 } = this.#options;
    const queue = [...labels];
    const flying = new Set<Label>();
    const dropped = new Set<Label>();
    const drop = new AbortController();
    let fatal: { error: unknown } | undefined;
    this.failedLast = undefined;

    const onCancel = (): void => {
      if (client.forgetsAborted) drop.abort(new Error('cancelled'));
      else if (flying.size > 0) onEvent?.({ type: 'finishing', uploads: flying.size });
    };
    const onAbort = (): void => drop.abort(new Error('cancelled'));
    signal?.addEventListener('abort', onCancel);
    abort?.addEventListener('abort', onAbort);
    if (abort?.aborted) onAbort();

    const worker = async (): Promise<void> => {
      while (!fatal && !isCancelled(this.#options)) {
        const label = queue.shift();
        if (!label) return;
        try {
          await this.#one(label, drop.signal, flying);
        } catch (error) {
          if (drop.signal.aborted) {
            if (flying.has(label)) dropped.add(label);
          } else if (isTransient(error)) this.#count(label, error, (cause) => (fatal ??= { error: cause }));
          else fatal ??= { error };
        } finally {
          flying.delete(label);
        }
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(parallelism, queue.length) }, worker));
    } finally {
      signal?.removeEventListener('abort', onCancel);
      abort?.removeEventListener('abort', onAbort);
    }
    if (fatal) throw fatal.error;
    if (isCancelled(this.#options))
      throw cancelled(client.forgetsAborted ? [] : [...dropped].map(({ name }) => name), this.sent.length);
  }

  async #one(label: Label, signal: AbortSignal, flying: Set<Label>): Promise<void> {
    const { client, open, onEvent } = this.#options;
    const held = label.size <= IN_MEMORY_BYTES ? label.size : 0;
    await this.#memory.take(held);
    try {
      const parcel = await open(label);
      let delivered = false;
      try {
        if (isCancelled(this.#options)) return;
        onEvent?.({ type: 'started', label });
        const content = parcel.content();
        const body = Buffer.isBuffer(content)
          ? content
          : counted(content, (bytes) => onEvent?.({ type: 'progress', label, bytes }));
        flying.add(label);
        await client.sendParcel(this.#id, label.sha256, label.size, body, { signal });
        delivered = true;
        if (Buffer.isBuffer(content)) onEvent?.({ type: 'progress', label, bytes: label.size });
        this.sent.push(label);
        onEvent?.({ type: 'sent', label });
      } catch (error) {
        if (error instanceof BindleError && error.code === 'REFUSED')
          throw await refused(label, parcel, error);
        throw error;
      } finally {
        await parcel.close(delivered);
      }
    } finally {
      this.#memory.give(held);
    }
  }

  #count(label: Label, error: BindleError, giveUp: (error: unknown) => void): void {
    this.failedLast = error.message;
    const failures = [...(this.#failures.get(label.sha256) ?? []), error];
    this.#failures.set(label.sha256, failures);
    if (failures.length < ATTEMPTS) return;
    // Some servers close the connection on a large double, so that the answer to one in three is all there is.
    giveUp(failures.some(({ code }) => code === 'EXISTS') ? stuckError(label, error) : error);
  }
}

async function refused(label: Label, parcel: OpenParcel, error: BindleError): Promise<PushError> {
  const changed = await parcel.changed().catch(() => false);
  return new PushError(
    'PARCEL_REFUSED',
    changed
      ? `${label.name} changed while it was being sent, so the server refused it.`
      : `The server refuses ${label.name} (${error.detail ?? error.message}).`,
    {
      hint: changed
        ? 'Let the build finish, then publish again; if the server then says that the parcel exists, it is stuck there.'
        : 'Publish again; if it stays so, tell the operator of the server.',
      stuck: [label.name],
      cause: error,
    },
  );
}

function stuckError(label: Label, cause: BindleError): PushError {
  return new PushError(
    'STUCK',
    `${label.name} is stuck on the server: it says that the parcel exists, and also that it is missing.`,
    {
      hint:
        'An earlier upload broke off, or one is still running. Wait a minute and try again; if it stays so, the ' +
        `operator must remove the folder parcels/${label.sha256} of the server. A changed file gets round it.`,
      stuck: [label.name],
      cause,
    },
  );
}

function cancelled(stuck: string[], sent: number): PushError {
  const named =
    stuck.length > 0
      ? ` These uploads were dropped and may be stuck on the server: ${stuck.join(', ')}.`
      : '';
  return new PushError(
    'CANCELLED',
    `Cancelled after ${sent} uploaded ${sent === 1 ? 'file' : 'files'}.${named}`,
    {
      hint: 'Nothing was released. Publishing again goes on where this stopped.',
      stuck,
    },
  );
}

function isCancelled({ signal, abort }: PushOptions): boolean {
  return signal?.aborted === true || abort?.aborted === true;
}

function stopIfCancelled(options: PushOptions): void {
  if (isCancelled(options)) throw cancelled([], 0);
}

function isTransient(error: unknown): error is BindleError {
  return error instanceof BindleError && TRANSIENT.has(error.code);
}

/** Asks again after failures that may pass; a cancel ends it at once, for nothing is half-done by asking. */
async function retrying<T>(
  options: PushOptions,
  pause: number,
  ask: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(eitherOf(options));
    } catch (error) {
      stopIfCancelled(options);
      if (!isTransient(error) || attempt >= ATTEMPTS) throw error;
      options.onEvent?.({ type: 'retry', reason: error.message });
      await rest(pause * 2 ** (attempt - 1), options.signal);
      stopIfCancelled(options);
    }
  }
}

/** Lets one upload that nothing else is in flight beside end after a cancel, and says that it does. */
async function finishing(options: PushOptions, upload: () => Promise<void>): Promise<void> {
  const onCancel = (): void => options.onEvent?.({ type: 'finishing', uploads: 1 });
  options.signal?.addEventListener('abort', onCancel);
  try {
    await upload();
  } finally {
    options.signal?.removeEventListener('abort', onCancel);
  }
}

function eitherOf({ signal, abort }: PushOptions): AbortSignal | undefined {
  const signals = [signal, abort].filter((one) => one !== undefined);
  return signals.length > 0 ? AbortSignal.any(signals) : undefined;
}

async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(Math.min(ms, LONGEST_PAUSE_MS), undefined, signal ? { signal } : {}).catch(() => undefined);
}

async function* counted(
  source: AsyncIterable<Buffer>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    yield chunk;
    onBytes(chunk.length);
  }
}

/** Lets callers in while what they hold together stays below a limit; one alone always comes in. */
class Budget {
  readonly #limit: number;
  #held = 0;
  readonly #waiting: { amount: number; enter: () => void }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  async take(amount: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#fits(amount)) this.#held += amount;
    else await new Promise<void>((enter) => this.#waiting.push({ amount, enter }));
  }

  give(amount: number): void {
    this.#held -= amount;
    for (let next = this.#waiting[0]; next && this.#fits(next.amount); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#held += next.amount;
      next.enter();
    }
  }

  #fits(amount: number): boolean {
    return this.#held === 0 || this.#held + amount <= this.#limit;
  }
}
