// Random sequences of requests, with restarts of the server between, against a plain model.

import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatId } from '../../../../src/bindle/id.ts';
import type { Invoice, Label } from '../../../../src/bindle/invoice.ts';
import { sha256 } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { startServer, type TestServer } from './harness.ts';
import { runs } from '../../../support/runs.ts';

const root = temporaryFolder();
const NAMES = ['a', 'a/b', 'c.d/e', 'B'];
const VERSIONS = ['1.0.0', '1.10.0', '1.2.0', '1.2.0-rc.1', '1.2.0+x'];
const CONTENTS = ['', 'one', 'two', 'three', 'x'.repeat(300_000)];

/** What a server is: invoices by id, yanked or not, and parcels by digest. */
class Model {
  readonly invoices = new Map<string, { invoice: Invoice; yanked: boolean }>();
  readonly parcels = new Map<string, string>();

  missing(invoice: Invoice): Label[] {
    return labels(invoice).filter(({ sha256 }) => !this.parcels.has(sha256));
  }

  /** The status for an invoice that is asked for as it is by default. */
  status(id: string): 200 | 403 | 404 {
    const found = this.invoices.get(id);
    return found ? (found.yanked ? 403 : 200) : 404;
  }
}

const labels = (invoice: Invoice): Label[] => (invoice.parcel ?? []).map(({ label }) => label);
const invoiceOf = (name: string, version: string, contents: string[], note: string): Invoice => ({
  bindleVersion: '1.0.0',
  bindle: { name, version },
  annotations: { note },
  ...(contents.length > 0
    ? {
        parcel: contents.map((content, index) => ({
          label: { sha256: sha256(content), mediaType: 'a/b', name: `file ${index}`, size: content.length },
        })),
      }
    : {}),
});

type Step = (model: Model, server: TestServer) => Promise<void>;
const name = fc.constantFrom(...NAMES);
const version = fc.constantFrom(...VERSIONS);
const content = fc.constantFrom(...CONTENTS);
const id = fc.tuple(name, version).map(([first, second]) => `${first}/${second}`);

const create = fc
  .tuple(name, version, fc.array(content, { maxLength: 4 }), fc.string())
  .map(([first, second, contents, note]): Step => async (model, server) => {
    const invoice = invoiceOf(first, second, contents, note);
    const key = formatId(invoice.bindle);
    const answer = await server.create(invoice);
    if (model.invoices.has(key)) {
      expect(answer.status).toBe(409);
      return;
    }
    const missing = model.missing(invoice);
    expect(answer.status).toBe(missing.length > 0 ? 202 : 201);
    expect(answer.value['missing'] ?? []).toEqual(missing);
    model.invoices.set(key, { invoice, yanked: false });
  });

const upload = fc
  .tuple(id, content, fc.constantFrom('whole', 'short', 'long', 'wrong'))
  .map(([key, text, kind]): Step => async (model, server) => {
    const body =
      kind === 'short'
        ? text.slice(1)
        : kind === 'long'
          ? `${text}!`
          : kind === 'wrong'
            ? text.replace(/^./, '?')
            : text;
    const digest = sha256(text);
    const answer = await server.call('POST', `/v1/_i/${key}@${digest}`, { body });
    const listed = labels(model.invoices.get(key)?.invoice ?? invoiceOf('', '', [], '')).some(
      ({ sha256 }) => sha256 === digest,
    );
    const status = model.status(key);
    if (status !== 200) expect(answer.status).toBe(status);
    else if (!listed) expect(answer.status).toBe(400);
    else if (model.parcels.has(digest)) expect(answer.status).toBe(409);
    else if (body !== text) expect(answer.status).toBe(400);
    else {
      expect(answer.status).toBe(200);
      model.parcels.set(digest, text);
    }
  });

const fetchParcel = fc.tuple(id, content).map(([key, text]): Step => async (model, server) => {
  const digest = sha256(text);
  const answer = await server.call('GET', `/v1/_i/${key}@${digest}`);
  const status = model.status(key);
  const listed = labels(model.invoices.get(key)?.invoice ?? invoiceOf('', '', [], ''));
  if (status !== 200) expect(answer.status).toBe(status);
  else if (!listed.some(({ sha256 }) => sha256 === digest)) expect(answer.status).toBe(400);
  else if (!model.parcels.has(digest)) expect(answer.status).toBe(404);
  else expect([answer.status, answer.text === text]).toEqual([200, true]);
});

const fetchInvoice = fc.tuple(id, fc.boolean()).map(([key, yanked]): Step => async (model, server) => {
  for (const method of ['GET', 'HEAD']) {
    const answer = await server.call(method, `/v1/_i/${key}${yanked ? '?yanked=true' : ''}`);
    const found = model.invoices.get(key);
    const status = yanked && found ? 200 : model.status(key);
    expect(answer.status).toBe(status);
    if (method === 'HEAD' || status !== 200) continue;
    const { signature, ...rest } = answer.value as unknown as Invoice;
    expect(signature).toHaveLength(1);
    expect(rest).toEqual({ ...found!.invoice, ...(found!.yanked ? { yanked: true } : {}) });
  }
});

const listMissing = id.map((key): Step => async (model, server) => {
  const answer = await server.call('GET', `/v1/_r/missing/${key}`);
  expect(answer.status).toBe(model.status(key));
  if (answer.status === 200)
    expect(answer.value['missing']).toEqual(model.missing(model.invoices.get(key)!.invoice));
});

const yank = id.map((key): Step => async (model, server) => {
  const found = model.invoices.get(key);
  expect((await server.call('DELETE', `/v1/_i/${key}`)).status).toBe(found ? 200 : 404);
  if (found) found.yanked = true;
});

const search = fc
  .tuple(fc.constantFrom('', 'a', 'b', '/', 'A', '.d'), fc.nat({ max: 8 }), fc.nat({ max: 8 }), fc.boolean())
  .map(([query, offset, limit, yanked]): Step => async (model, server) => {
    const answer = await server.call('GET', `/v1/_q?q=${query}&o=${offset}&l=${limit}&yanked=${yanked}`);
    const all = [...model.invoices]
      .filter(([, { invoice, yanked: is }]) => invoice.bindle.name.includes(query) && (yanked || !is))
      .map(([key]) => key)
      .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    expect(answer.status).toBe(200);
    expect(answer.value).toMatchObject({ total: all.length, more: all.length > offset + limit });
    expect((answer.value['invoices'] as Invoice[]).map(({ bindle }) => formatId(bindle))).toEqual(
      all.slice(offset, offset + limit),
    );
  });

const step = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 4, arbitrary: upload },
  { weight: 2, arbitrary: fetchParcel },
  { weight: 2, arbitrary: fetchInvoice },
  { weight: 2, arbitrary: listMissing },
  { weight: 1, arbitrary: yank },
  { weight: 1, arbitrary: search },
  { weight: 1, arbitrary: fc.constant('restart' as const) },
);

it('equals the model after every request, whatever comes in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const directory = mkdtempSync(join(root, 'server-'));
      const model = new Model();
      let server = await startServer({ directory });
      try {
        for (const one of steps) {
          if (one === 'restart') {
            await server.close();
            server = await startServer({ directory });
          } else await one(model, server);
        }
        expect(server.parcelFiles().sort()).toEqual([...model.parcels.keys()].sort());
        expect(server.errors).toEqual([]);
      } finally {
        await server.close();
      }
    }),
    { numRuns: runs(60) },
  );
});
