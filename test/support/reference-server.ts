// A Bindle server as the reference implementation behaves, with the faults that clients must live with
// (bindle.md §0 to §4): poisoned parcels, 409 for every double, refusals in TOML, no HEAD worth the name.

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse, stringify, type JsonMap } from '@iarna/toml';
import type { Invoice, Label } from '../../src/bindle/invoice.ts';
import {
  generateKey,
  keyEntry,
  parseStrategy,
  signInvoice,
  verifyInvoice,
  type KeyEntry,
} from '../../src/bindle/signing.ts';
import { encodeInvoice } from '../../src/bindle/codec.ts';

export interface ReferenceServer {
  /** Ends in `/v1`. */
  url: string;
  invoices: Map<string, Invoice>;
  /** Digest → bytes; `null` is a poisoned parcel: a folder without its file. */
  parcels: Map<string, Buffer | null>;
  /** `METHOD path` of every request, in order. */
  log: string[];
  /** Called before a request is handled; true if it has dealt with it. */
  intercept: ((req: IncomingMessage, res: ServerResponse) => boolean | Promise<boolean>) | undefined;
  /** Most uploads that were under way at once. */
  mostUploads: number;
  /** The keys that a strategy other than none wants to see. */
  keyring: KeyEntry[];
  close(): Promise<void>;
}

export interface ReferenceOptions {
  /** Refuse invoices that this strategy does not accept; none by default. */
  strategy?: string;
  /** `user:password`; reading stays open. */
  htpasswd?: string;
}

export async function startReferenceServer(options: ReferenceOptions = {}): Promise<ReferenceServer> {
  const host = generateKey('reference host', ['host']);
  const state: ReferenceServer = {
    url: '',
    invoices: new Map(),
    parcels: new Map(),
    log: [],
    intercept: undefined,
    mostUploads: 0,
    keyring: [keyEntry(host)],
    close: () => Promise.resolve(),
  };
  let uploads = 0;

  const send = (res: ServerResponse, status: number, value: object): void => {
    const body = stringify(JSON.parse(JSON.stringify(value)) as JsonMap);
    res.writeHead(status, { 'content-type': 'application/toml' }).end(body);
  };
  const refuse = (res: ServerResponse, status: number, error: string): void => send(res, status, { error });
  const missingOf = (invoice: Invoice, holds: (sha: string) => boolean): Label[] =>
    (invoice.parcel ?? []).map(({ label }) => label).filter(({ sha256 }) => !holds(sha256));
  const withFile = (sha: string): boolean => Buffer.isBuffer(state.parcels.get(sha));
  const withFolder = (sha: string): boolean => state.parcels.has(sha);

  const create = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const body = await readAll(req);
    if (req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== 'application/toml')
      return refuse(res, 400, 'expected application/toml');
    let invoice: Invoice;
    try {
      invoice = parse(body.toString()) as unknown as Invoice;
    } catch {
      return refuse(res, 400, 'bad TOML');
    }
    const id = `${invoice.bindle.name}/${invoice.bindle.version}`;
    if (options.strategy !== undefined) {
      try {
        verifyInvoice(invoice, state.keyring, parseStrategy(options.strategy)!);
      } catch (error) {
        return refuse(res, 400, (error as Error).message);
      }
    }
    if (state.invoices.has(id)) return refuse(res, 409, 'resource already exists');
    const signed = signInvoice(invoice, host, 'host', 1_700_000_000);
    state.invoices.set(id, signed);
    const missing = missingOf(invoice, withFolder);
    send(res, missing.length > 0 ? 202 : 201, {
      invoice: parse(encodeInvoice(signed, 'toml')),
      ...(missing.length > 0 ? { missing } : {}),
    });
  };

  const upload = async (
    req: IncomingMessage,
    res: ServerResponse,
    id: string,
    sha: string,
  ): Promise<void> => {
    const invoice = state.invoices.get(id);
    if (!invoice) return refuse(res, 404, 'resource not found: no such invoice');
    if (invoice.yanked) return refuse(res, 403, 'bindle is yanked');
    const label = (invoice.parcel ?? []).find((parcel) => parcel.label.sha256 === sha)?.label;
    if (!label) return refuse(res, 400, `parcel SHA ${sha} does not exist in invoice ${id}`);
    if (state.parcels.has(sha)) return refuse(res, 409, 'resource already exists');
    // The folder comes first and stays, whatever becomes of the upload.
    state.parcels.set(sha, null);
    uploads++;
    state.mostUploads = Math.max(state.mostUploads, uploads);
    try {
      const body = await readAll(req);
      if (body.length !== label.size) return refuse(res, 400, 'parcel size does not match invoice');
      if (createHash('sha256').update(body).digest('hex') !== sha)
        return refuse(res, 400, 'digest does not match');
      state.parcels.set(sha, body);
      send(res, 200, { message: 'parcel created' });
    } finally {
      uploads--;
    }
  };

  const handle = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const url = new URL(req.url ?? '/', 'http://reference');
    state.log.push(`${req.method} ${req.url}`);
    if (await state.intercept?.(req, res)) return;
    const given = req.headers.authorization;
    if (options.htpasswd !== undefined) {
      const wanted = `Basic ${Buffer.from(options.htpasswd).toString('base64')}`;
      if (given !== undefined && given !== wanted) return refuse(res, 401, 'unauthorized');
      if (given === undefined && req.method !== 'GET') return refuse(res, 403, 'access denied');
    }
    if (url.pathname === '/healthz')
      return void res
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"status":"OK","version":"0.9.2"}');
    if (!url.pathname.startsWith('/v1/')) return void res.writeHead(404).end();
    const path = url.pathname.slice('/v1'.length);
    if (path === '/_i' && req.method === 'POST') return create(req, res);
    if (path === '/bindle-keys') return send(res, 200, { version: '1.0', key: [keyEntry(host)] });
    if (path === '/login') return refuse(res, 400, 'no OIDC configured');
    if (path === '/_q') {
      const query = url.searchParams.get('query') ?? url.searchParams.get('q') ?? '';
      const found = [...state.invoices]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .filter(([id]) => id.split('/').slice(0, -1).join('/').includes(query));
      return send(res, 200, {
        query,
        strict: true,
        offset: 0,
        limit: 50,
        total: found.length,
        more: false,
        yanked: false,
        invoices: found.map(([, invoice]) => invoice),
      });
    }
    const missing = /^\/_r\/missing\/(.+)$/.exec(path)?.[1];
    if (missing !== undefined) {
      const invoice = state.invoices.get(missing);
      if (!invoice) return refuse(res, 404, 'resource not found');
      if (invoice.yanked) return refuse(res, 403, 'bindle is yanked');
      return send(res, 200, { missing: missingOf(invoice, withFile) });
    }
    const [, id = '', sha] = /^\/_i\/([^@]+)(?:@([^@]+))?$/.exec(path) ?? [];
    if (id === '') return refuse(res, 400, 'Invalid URL. Missing Bindle ID and/or parcel SHA');
    if (req.method === 'POST' && sha !== undefined) return upload(req, res, id, sha);
    const invoice = state.invoices.get(id);
    if (!invoice) return refuse(res, 404, 'resource not found');
    if (req.method === 'DELETE') {
      invoice.yanked = true;
      return send(res, 200, { message: 'invoice yanked' });
    }
    if (invoice.yanked && url.searchParams.get('yanked') !== 'true')
      return refuse(res, 403, 'bindle is yanked');
    if (sha === undefined)
      return void res
        .writeHead(200, { 'content-type': 'application/toml' })
        .end(encodeInvoice(invoice, 'toml'));
    const parcel = state.parcels.get(sha);
    if (!parcel) return refuse(res, 404, 'resource not found');
    res
      .writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': parcel.length })
      .end(parcel);
  };

  const server = createServer((req, res) => {
    handle(req, res).catch(() => res.destroy());
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  state.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  state.close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return state;
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
