// A Redis for the guests of one binding, over one connection that is made when it is needed.

import {
  ABI_LIMITS,
  encodeResponse,
  HostCallError,
  kvValue,
  wholeNumber,
  type KvRequest,
  type KvValue,
} from '../../../addons/host-calls.ts';
import { tooLarge } from './rows.ts';
import { busy, type Service, type ServiceLimits, type ServiceRun } from './service.ts';

/** How often `list` asks again where a part of the keys has none of the prefix. */
const MAX_SCANS = 1000;

type Library = typeof import('./redis-client.ts');
type Client = ReturnType<typeof connect>;

export class RedisServer implements Service {
  readonly #uri: string;
  readonly #limits: ServiceLimits;
  #library: Library | undefined;
  #client: Promise<Client> | undefined;
  /** The last one, which may be about to connect. */
  #raw: Client | undefined;
  /** Clients whose server was about to say too much. */
  readonly #tooLarge = new WeakSet<Client>();
  #calls = 0;

  constructor(uri: string, limits: ServiceLimits) {
    this.#uri = uri;
    this.#limits = limits;
  }

  async kv(_run: ServiceRun, request: KvRequest): Promise<Uint8Array> {
    if (this.#calls >= this.#limits.queue) throw busy();
    this.#calls++;
    let client: Client | undefined;
    try {
      client = await (this.#client ??= this.#connect());
      return encodeResponse(await this.#inTime(client, answer(sender(client, this.#library), request)));
    } catch (error) {
      throw client && this.#tooLarge.has(client)
        ? tooLarge(`is much larger than ${ABI_LIMITS.response} bytes`)
        : errorOf(error, this.#library);
    } finally {
      this.#calls--;
    }
  }

  runEnded(): void {
    // Nothing stays open.
  }

  async close(): Promise<void> {
    if (this.#raw?.isOpen) this.#raw.destroy();
  }

  async #connect(): Promise<Client> {
    this.#library ??= await import('./redis-client.ts');
    const client = connect(this.#library, this.#uri, this.#limits);
    this.#raw = client;
    const forget = (): void => void (this.#client = undefined);
    const { RedisReplyTooLarge } = this.#library;
    client.on('error', (error) => {
      forget();
      if (error instanceof RedisReplyTooLarge) this.#tooLarge.add(client);
      // After an error in what it says, it would go on with the rest of it.
      if (client.isOpen) client.destroy();
    });
    client.on('terminated', forget).on('end', forget);
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new HostCallError('unavailable', 'The add-on does not answer.', undefined, 'no answer'));
      if (client.isOpen) client.destroy();
    }, this.#limits.connect);
    try {
      const connected = client.connect();
      connected.catch(() => undefined);
      await Promise.race([connected, late.promise]);
      return client;
    } catch (error) {
      forget();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** A server that does not answer is given up, with everything that waits for it. */
  async #inTime<Result>(client: Client, work: Promise<Result>): Promise<Result> {
    const { statement } = this.#limits;
    const timer = setTimeout(() => {
      this.#client = undefined;
      if (client.isOpen) client.destroy();
    }, statement);
    return work.finally(() => clearTimeout(timer));
  }
}

function connect({ createClient }: Library, uri: string, { connect: connectTimeout, queue }: ServiceLimits) {
  return createClient({
    url: uri,
    RESP: 2,
    socket: { connectTimeout, reconnectStrategy: false },
    disableOfflineQueue: true,
    disableClientInfo: true,
    commandsQueueMaxLength: 3 * queue * ABI_LIMITS.keys,
  });
}

/** @throws ErrorReply, HostCallError, errors of the connection */
async function answer(send: Send, request: KvRequest): Promise<object> {
  switch (request.operation) {
    case 'get':
      return { values: await get(send, request.keys) };
    case 'set': {
      const { key, value, ttl, only } = request;
      const reply = await send<unknown>(
        'SET',
        key,
        Buffer.from(value),
        ...(ttl === undefined ? [] : ['PX', String(ttl)]),
        ...(only === undefined ? [] : [only === 'absent' ? 'NX' : 'XX']),
      );
      return { done: reply !== null };
    }
    case 'delete':
      return { deleted: request.keys.length === 0 ? 0 : Number(await send<string>('DEL', ...request.keys)) };
    case 'increment':
      return { value: wholeNumber(BigInt(await send<string>('INCRBY', request.key, String(request.by)))) };
    case 'expire': {
      const { key, ttl } = request;
      if (ttl !== undefined) return { done: (await send<string>('PEXPIRE', key, String(ttl))) === '1' };
      const [, known] = await Promise.all([send<string>('PERSIST', key), send<string>('EXISTS', key)]);
      return { done: known === '1' };
    }
    case 'list':
      return list(send, request);
  }
}

type Send = <Reply>(...args: (string | Buffer)[]) => Promise<Reply>;

/** Gives bytes for texts, and digits for numbers, which may have 64 bits. */
function sender(client: Client, library: Library | undefined): Send {
  const typeMapping =
    library === undefined
      ? {}
      : { [library.RESP_TYPES.BLOB_STRING]: Buffer, [library.RESP_TYPES.NUMBER]: String };
  return (...args) => client.sendCommand(args, { typeMapping });
}

/** No more is asked for than a response may have: a value may be of somebody else who has the URL. */
async function get(send: Send, keys: readonly string[]): Promise<(KvValue | null)[]> {
  const lengths = await Promise.all(
    keys.map(async (key) => {
      const [length, known] = await Promise.all([send<string>('STRLEN', key), send<string>('EXISTS', key)]);
      return known === '1' ? Number(length) : undefined;
    }),
  );
  const bytes = lengths.reduce<number>((sum, length = 0) => sum + length, 0);
  if (bytes > ABI_LIMITS.response) throw tooLarge(`is larger than ${ABI_LIMITS.response} bytes`);
  return Promise.all(
    keys.map(async (key, at) => {
      const length = lengths[at];
      if (length === undefined) return null;
      return length === 0 ? '' : kvValue(await send<Buffer>('GETRANGE', key, '0', String(length - 1)));
    }),
  );
}

async function list(
  send: Send,
  { prefix, limit, cursor = '0' }: KvRequest & { operation: 'list' },
): Promise<object> {
  if (!/^\d{1,20}$/.test(cursor))
    throw new HostCallError('bad_request', '"cursor" has to be what the last call gave.');
  const pattern = `${prefix.replaceAll(/[\\*?[\]^]/g, '\\$&')}*`;
  let next = cursor;
  let keys: Buffer[] = [];
  for (let scans = 0; scans < MAX_SCANS && keys.length === 0 && (scans === 0 || next !== '0'); scans++) {
    const reply = await send<[Buffer, Buffer[]]>(
      ...['SCAN', next, 'MATCH', pattern, 'COUNT', String(limit), 'TYPE', 'string'],
    );
    [next, keys] = [reply[0].toString(), reply[1]];
  }
  return { keys: keys.map((key) => key.toString('utf8')), cursor: next === '0' ? null : next };
}

/** Redis says what is wrong by the first word of its errors. */
function errorOf(error: unknown, library: Library | undefined): unknown {
  if (error instanceof HostCallError) return error;
  if (library === undefined || !(error instanceof library.ErrorReply)) {
    const { code, name } = error as { code?: string; name?: string };
    return new HostCallError(
      'unavailable',
      'The add-on does not answer.',
      undefined,
      code ?? name ?? 'no answer',
    );
  }
  const { message } = error;
  const [word = ''] = message.split(' ', 1);
  if (word === 'WRONGTYPE')
    return new HostCallError('wrong_type', 'The key holds something else than a value of hippo_kv.');
  if (/not an integer/.test(message))
    return new HostCallError('wrong_type', 'The value of the key is no whole number.');
  if (/overflow/.test(message))
    return new HostCallError('out_of_range', 'The sum is no whole number of 64 bits.');
  if (word === 'OOM')
    return new HostCallError('full', "The add-on's plan has no more room: delete something.");
  if (word === 'NOPERM') return new HostCallError('not_allowed', 'The add-on does not allow this.');
  return new HostCallError('unavailable', 'The add-on cannot answer now.', undefined, word);
}
