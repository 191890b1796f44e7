// A service broker that keeps everything in memory and answers as a test wants: well by default, and otherwise as
// scripted, a request at a time. What it holds can be looked at, and it outlives whoever asks it.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

export type BrokerVerb =
  | 'catalog'
  | 'provision'
  | 'update'
  | 'deprovision'
  | 'bind'
  | 'unbind'
  | 'poll'
  | 'fetch-instance'
  | 'fetch-binding';

export interface BrokerRequest {
  readonly verb: BrokerVerb;
  readonly instance: string;
  readonly binding: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever a platform sends
  readonly body: any;
}

export interface BrokerAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Instead of the usual answer: another one, `undefined` for the usual one, or what happens to the connection.
 * `lose`: it is done, and the answer is lost; `drop`: nothing is done and nobody is told.
 */
export type Script = (
  request: BrokerRequest,
) => BrokerAnswer | 'lose' | 'drop' | undefined | Promise<BrokerAnswer | 'lose' | 'drop' | undefined>;

export interface HeldInstance {
  readonly request: unknown;
  service: string;
  plan: string;
  parameters: unknown;
  readonly bindings: Map<string, { readonly request: unknown; readonly credentials: object }>;
}

export interface ScriptedBroker {
  readonly url: string;
  readonly userName: string;
  readonly password: string;
  /** What `GET /v2/catalog` gives. */
  services: object[];
  readonly instances: Map<string, HeldInstance>;
  /** Of what was sent, in order. */
  readonly requests: BrokerRequest[];
  /** 202 for these verbs, which end after so many polls. */
  readonly slow: Partial<Record<BrokerVerb, number>>;
  /** The next request of this verb is answered by it. */
  once(verb: BrokerVerb, script: Script): void;
  /** The next request of this verb waits until it is let go. */
  hold(verb: BrokerVerb): { readonly arrived: Promise<void>; readonly go: () => void };
  /** All of them, until it is taken away. */
  always(verb: BrokerVerb, script: Script | undefined): void;
  /** Credentials of a new binding. */
  credentials: (instance: string, binding: string) => object;
  /** Nobody answers, until it is started again. */
  stop(): Promise<void>;
  start(port: number): Promise<void>;
  close(): Promise<void>;
}

export const PLAN_FREE = { id: 'plan-free', name: 'free', description: 'Free.' };
export const PLAN_SMALL = {
  id: 'plan-small',
  name: 'small',
  description: 'Small.',
  free: false,
  metadata: { costs: [{ amount: { usd: 0.06 }, unit: 'HOURLY' }] },
};

/** A service with two plans that can do everything. */
export function service(more: object = {}): object {
  return {
    id: 'service-db',
    name: 'db',
    description: 'A database.',
    bindable: true,
    plan_updateable: true,
    instances_retrievable: true,
    bindings_retrievable: true,
    plans: [
      { ...PLAN_FREE, binding_rotatable: true },
      { ...PLAN_SMALL, binding_rotatable: true },
    ],
    ...more,
  };
}

interface Pending {
  readonly verb: BrokerVerb;
  readonly operation: string;
  polls: number;
  readonly done: () => void;
}

export async function startScriptedBroker(port = 0): Promise<ScriptedBroker> {
  const instances = new Map<string, HeldInstance>();
  const pending = new Map<string, Pending>();
  const requests: BrokerRequest[] = [];
  const next = new Map<BrokerVerb, Script[]>();
  const every = new Map<BrokerVerb, Script>();
  const slow: Partial<Record<BrokerVerb, number>> = {};
  let operations = 0;
  const [userName, password] = ['broker-user', 'broker-password'];
  const login = `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;

  function usual(request: BrokerRequest): BrokerAnswer {
    const { verb, instance: id, binding, body, query } = request;
    const held = instances.get(id);
    switch (verb) {
      case 'catalog':
        return { status: 200, body: { services: broker.services } };
      case 'provision': {
        if (held !== undefined) {
          const same = JSON.stringify(held.request) === JSON.stringify(body);
          const waiting = pending.get(id);
          if (same && waiting) return { status: 202, body: { operation: waiting.operation } };
          return same ? { status: 200, body: {} } : { status: 409, body: {} };
        }
        const instance: HeldInstance = {
          request: body,
          service: body.service_id,
          plan: body.plan_id,
          parameters: body.parameters,
          bindings: new Map(),
        };
        instances.set(id, instance);
        return later(request, id, () => undefined, {
          status: 201,
          body: { dashboard_url: `${broker.url}/dashboard/${id}` },
        });
      }
      case 'update':
        if (held === undefined) return { status: 404, body: {} };
        return later(
          request,
          id,
          () => {
            if (body.plan_id !== undefined) held.plan = body.plan_id;
            if (body.parameters !== undefined) held.parameters = body.parameters;
          },
          { status: 200, body: {} },
        );
      case 'deprovision':
        if (held === undefined) return { status: 410, body: {} };
        if (query['service_id'] === undefined || query['plan_id'] === undefined)
          return { status: 400, body: {} };
        if (held.bindings.size > 0) return { status: 400, body: { description: 'There are bindings.' } };
        pending.delete(id);
        return later(request, id, () => instances.delete(id), { status: 200, body: {} });
      case 'bind': {
        if (held === undefined) return { status: 404, body: {} };
        const known = held.bindings.get(binding);
        if (known !== undefined) {
          const waiting = pending.get(`${id}/${binding}`);
          if (JSON.stringify(known.request) !== JSON.stringify(body)) return { status: 409, body: {} };
          return waiting
            ? { status: 202, body: { operation: waiting.operation } }
            : { status: 200, body: { credentials: known.credentials } };
        }
        const credentials = broker.credentials(id, binding);
        held.bindings.set(binding, { request: body, credentials });
        return later(request, `${id}/${binding}`, () => undefined, { status: 201, body: { credentials } });
      }
      case 'unbind':
        if (held?.bindings.has(binding) !== true) return { status: 410, body: {} };
        pending.delete(`${id}/${binding}`);
        return later(request, `${id}/${binding}`, () => held.bindings.delete(binding), {
          status: 200,
          body: {},
        });
      case 'poll': {
        const key = binding === '' ? id : `${id}/${binding}`;
        const waiting = pending.get(key);
        if (waiting === undefined) {
          const there = binding === '' ? held !== undefined : held?.bindings.has(binding) === true;
          return there ? { status: 200, body: { state: 'succeeded' } } : { status: 410, body: {} };
        }
        if (query['operation'] !== waiting.operation) return { status: 400, body: {} };
        if (--waiting.polls > 0)
          return { status: 200, body: { state: 'in progress', description: 'half done' } };
        pending.delete(key);
        waiting.done();
        return { status: 200, body: { state: 'succeeded' } };
      }
      case 'fetch-instance':
        return held === undefined || pending.has(id)
          ? { status: 404, body: {} }
          : {
              status: 200,
              body: {
                service_id: held.service,
                plan_id: held.plan,
                dashboard_url: `${broker.url}/dashboard/${id}?fresh`,
              },
            };
      case 'fetch-binding': {
        const found = pending.has(`${id}/${binding}`) ? undefined : held?.bindings.get(binding);
        return found === undefined
          ? { status: 404, body: {} }
          : { status: 200, body: { credentials: found.credentials } };
      }
    }
  }

  /** At once, or by and by. */
  function later({ verb }: BrokerRequest, key: string, done: () => void, answer: BrokerAnswer): BrokerAnswer {
    const polls = slow[verb];
    if (polls === undefined) {
      done();
      return answer;
    }
    const operation = `${verb} ${++operations} ü/&`;
    pending.set(key, { verb, operation, polls, done });
    return { status: 202, body: { operation } };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://x');
    const found = readPath(request.method ?? '', url.pathname);
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (found === undefined) return send(response, { status: 404, body: {} });
    const asked: BrokerRequest = {
      ...found,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers as Record<string, string>,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    requests.push(asked);
    if (request.headers.authorization !== login) return send(response, { status: 401, body: {} });
    const script = next.get(asked.verb)?.shift() ?? every.get(asked.verb);
    const answer = await script?.(asked);
    if (answer === 'drop') return void request.socket.destroy();
    if (answer === 'lose') {
      usual(asked);
      return void request.socket.destroy();
    }
    send(response, answer ?? usual(asked));
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  async function stop(): Promise<void> {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  const broker: ScriptedBroker = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    userName,
    password,
    services: [service()],
    instances,
    requests,
    slow,
    once: (verb, script) => next.set(verb, [...(next.get(verb) ?? []), script]),
    hold(verb) {
      const [came, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      broker.once(verb, async () => {
        came.resolve();
        await gone.promise;
        return undefined;
      });
      return { arrived: came.promise, go: gone.resolve };
    },
    always: (verb, script) => (script ? every.set(verb, script) : every.delete(verb)),
    credentials: (instance, binding) => ({
      uri: `db://user-${binding}:secret-${binding}@127.0.0.1:5432/${instance}`,
      password: `secret-${binding}`,
      port: 5432,
    }),
    stop,
    async start(again) {
      server.listen(again, '127.0.0.1');
      await once(server, 'listening');
    },
    close: stop,
  };
  return broker;
}

function send(response: ServerResponse, { status, body, headers = {} }: BrokerAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
}

function readPath(
  method: string,
  path: string,
): Pick<BrokerRequest, 'verb' | 'instance' | 'binding'> | undefined {
  if (path === '/v2/catalog') return { verb: 'catalog', instance: '', binding: '' };
  const [, instance, binding, poll] =
    /^\/v2\/service_instances\/([^/]+)(?:\/service_bindings\/([^/]+))?(\/last_operation)?$/.exec(path) ?? [];
  if (instance === undefined) return undefined;
  const ids = { instance: decodeURIComponent(instance), binding: decodeURIComponent(binding ?? '') };
  if (poll !== undefined) return { verb: 'poll', ...ids };
  const ofBinding = binding !== undefined;
  switch (method) {
    case 'PUT':
      return { verb: ofBinding ? 'bind' : 'provision', ...ids };
    case 'PATCH':
      return { verb: 'update', ...ids };
    case 'DELETE':
      return { verb: ofBinding ? 'unbind' : 'deprovision', ...ids };
    case 'GET':
      return { verb: ofBinding ? 'fetch-binding' : 'fetch-instance', ...ids };
    default:
      return undefined;
  }
}
