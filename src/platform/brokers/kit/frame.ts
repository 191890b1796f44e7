// The HTTP frame of a broker: who asks, with which version, for what, and whether the request is well-formed, in the
// order that every checker expects: 401, 412, 400, 422 (Open Service Broker API 2.17).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Check, Errors } from 'typebox/value';
import type { Static, TSchema } from 'typebox';
import {
  BindRequest,
  osbHeaders,
  osbQuery,
  ProvisionRequest,
  UpdateRequest,
  type JsonObject,
  type OsbError,
} from '../../../addons/osb.ts';
import type { Answer, Broker, Removal } from './broker.ts';
import { entityTag } from './catalog.ts';
import { badRequest, BrokerFailure, notFound } from './failure.ts';
import type { Log } from './log.ts';
import { sameSecret } from './secrets.ts';

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DEPTH = 32;
const MAX_ID_LENGTH = 255;
const REQUEST_TIMEOUT = 30_000;

export interface Credentials {
  username: string;
  password: string;
}

export interface FrameOptions {
  broker: Broker;
  credentials: Credentials;
  catalog: () => Promise<object>;
  /** Pages beside the API: documentation, dashboards. False if there is none at this path. */
  page: (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;
  log: Log;
}

/** A server that is not listening yet. */
export function createFrame(options: FrameOptions): Server {
  return createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    void handle(options, request, response);
  });
}

interface Call {
  method: string;
  query: URLSearchParams;
  body: () => Promise<JsonObject>;
  /** Decoded parts of the path behind `/v2/`. */
  path: string[];
  mayWait: boolean;
}

async function handle(
  options: FrameOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const identity = request.headers[osbHeaders.requestIdentity];
  if (typeof identity === 'string' && identity !== '')
    response.setHeader(osbHeaders.requestIdentity, identity);
  try {
    const url = urlOf(request);
    if (!/^\/v2(\/|$)/.test(url.pathname)) {
      if (!(await options.page(request, response, url))) throw notFound('There is nothing at this address.');
      return;
    }
    checkCaller(request, options.credentials);
    checkVersion(request);
    const call: Call = {
      method: request.method ?? 'GET',
      query: url.searchParams,
      body: () => readJson(request),
      path: url.pathname.split('/').slice(2).map(decoded),
      mayWait: url.searchParams.get(osbQuery.acceptsIncomplete) === 'true',
    };
    if (call.path.join('/') === 'catalog') await sendCatalog(options, call, request, response);
    else {
      const { status, body } = await dispatch(options.broker, call);
      send(response, status, body);
    }
  } catch (error) {
    sendFailure(options, request, response, error);
  }
}

function urlOf({ url = '' }: IncomingMessage): URL {
  try {
    return new URL(url, 'http://broker.invalid');
  } catch {
    throw badRequest('The address of the request is malformed.');
  }
}

function checkCaller({ headers }: IncomingMessage, { username, password }: Credentials): void {
  const [, encoded = ''] = /^basic +([\w+/=-]+)\s*$/i.exec(headers.authorization ?? '') ?? [];
  if (!sameSecret(Buffer.from(encoded, 'base64').toString('utf8'), `${username}:${password}`))
    throw new BrokerFailure(401, 'Unauthorized', 'Wrong user name or password.');
}

/** Checkers send an empty version for a missing one, and expect 412 for both. */
function checkVersion({ headers }: IncomingMessage): void {
  const version = headers[osbHeaders.apiVersion];
  if (typeof version !== 'string' || !/^2\.\d+$/.test(version))
    throw new BrokerFailure(
      412,
      'UnsupportedVersion',
      'The header X-Broker-API-Version must name a version 2.x.',
    );
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest('The address of the request is malformed.');
  }
}

async function sendCatalog(
  { catalog }: FrameOptions,
  { method }: Call,
  { headers }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET') throw notAllowed('GET');
  const body = JSON.stringify(await catalog());
  const tag = entityTag(body);
  response.setHeader('etag', tag);
  const known = (headers['if-none-match'] ?? '').split(',').map((text) => text.trim().replace(/^W\//, ''));
  if (known.includes(tag) || known.includes('*')) response.writeHead(304).end();
  else sendText(response, 200, body);
}

async function dispatch(broker: Broker, call: Call): Promise<Answer> {
  const [collection, instanceId = '', second, bindingId = '', last] = call.path;
  if (collection !== 'service_instances' || call.path.length < 2)
    throw notFound('There is nothing at this address.');
  checkId(instanceId);
  if (call.path.length === 2) return instanceCall(broker, call, instanceId);
  if (call.path.length === 3 && second === 'last_operation') return poll(broker, call, instanceId, null);
  if (
    second !== 'service_bindings' ||
    call.path.length > 5 ||
    (last ?? 'last_operation') !== 'last_operation'
  )
    throw notFound('There is nothing at this address.');
  checkId(bindingId);
  return last === undefined
    ? bindingCall(broker, call, instanceId, bindingId)
    : poll(broker, call, instanceId, bindingId);
}

async function instanceCall(broker: Broker, call: Call, id: string): Promise<Answer> {
  const { method, mayWait } = call;
  switch (method) {
    case 'PUT':
      return broker.provision(id, checked(ProvisionRequest, await call.body()), mayWait);
    case 'PATCH':
      return broker.update(id, checked(UpdateRequest, await call.body()), mayWait);
    case 'DELETE':
      return broker.deprovision(id, removalOf(call), mayWait);
    case 'GET':
      return { status: 200, body: broker.fetchInstance(id) };
    default:
      throw notAllowed('PUT, PATCH, DELETE, GET');
  }
}

async function bindingCall(broker: Broker, call: Call, instanceId: string, id: string): Promise<Answer> {
  const { method, mayWait } = call;
  switch (method) {
    case 'PUT':
      return broker.bind(
        instanceId,
        id,
        checked(BindRequest, broker.completed(instanceId, await call.body())),
        mayWait,
      );
    case 'DELETE':
      return broker.unbind(instanceId, id, removalOf(call), mayWait);
    case 'GET':
      return { status: 200, body: broker.fetchBinding(instanceId, id) };
    default:
      throw notAllowed('PUT, DELETE, GET');
  }
}

function poll(broker: Broker, { method, query }: Call, instanceId: string, bindingId: string | null): Answer {
  if (method !== 'GET') throw notAllowed('GET');
  return {
    status: 200,
    body: broker.lastOperation(instanceId, bindingId, query.get(osbQuery.operation)),
  };
}

function removalOf({ query }: Call): Removal {
  const serviceId = query.get(osbQuery.serviceId);
  const planId = query.get(osbQuery.planId);
  if (!serviceId || !planId) throw badRequest('service_id and plan_id must be in the query.');
  return { serviceId, planId };
}

function checkId(id: string): void {
  if (id === '' || id.length > MAX_ID_LENGTH)
    throw badRequest(`An id must have from 1 to ${MAX_ID_LENGTH} characters.`);
}

function checked<T extends TSchema>(schema: T, body: unknown): Static<T> {
  if (Check(schema, body)) return body;
  const [first] = Errors(schema, body);
  const missing = first?.keyword === 'required' ? first.params.requiredProperties : [];
  const where = [...(first?.instancePath.split('/').slice(1) ?? []), ...missing.slice(0, 1)].join('.');
  throw badRequest(`${where || 'The body'} ${missing.length > 0 ? 'is missing' : 'is not what it must be'}.`);
}

/** @throws BrokerFailure if it is too large, is called something else, or is no JSON object */
async function readJson(request: IncomingMessage): Promise<JsonObject> {
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type))
    throw badRequest('The body must be application/json.');
  let length = 0;
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES)
      throw new BrokerFailure(413, 'TooLarge', `A body may have ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw badRequest('The body is not JSON.');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw badRequest('The body must be a JSON object.');
  if (isDeeper(body, MAX_DEPTH)) throw badRequest(`The body may be nested ${MAX_DEPTH} deep.`);
  return body as JsonObject;
}

function isDeeper(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeper(member, depth - 1));
}

function notAllowed(allow: string): BrokerFailure {
  return new BrokerFailure(405, 'MethodNotAllowed', `Only ${allow} are possible here.`);
}

function sendFailure(
  { log }: FrameOptions,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const failure =
    error instanceof BrokerFailure
      ? error
      : new BrokerFailure(500, 'BrokerError', 'Something went wrong in the broker: its log says more.');
  if (failure !== error)
    log(`${request.method} failed: ${error instanceof Error ? error.stack : String(error)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (failure.status === 401) response.setHeader('www-authenticate', 'Basic realm="broker"');
  // What has not been read of a body must not be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  send(response, failure.status, failure.body satisfies OsbError);
}

function send(response: ServerResponse, status: number, body: object): void {
  sendText(response, status, JSON.stringify(body));
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': response.hasHeader('etag') ? 'no-cache' : 'no-store',
    })
    .end(text);
}
