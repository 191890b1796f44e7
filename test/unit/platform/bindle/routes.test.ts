// Every row of bindle.md §1 against the server, over HTTP.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeInvoice } from '../../../../src/bindle/codec.ts';
import type { Invoice } from '../../../../src/bindle/invoice.ts';
import { makeBindle, sha256, type TestBindle } from '../../../support/bindles.ts';
import { everything, serverFactory, type Answer, type TestServer } from './harness.ts';

const start = serverFactory();
let server: TestServer;
beforeEach(async () => {
  server = await start();
});
afterEach(async () => {
  expect(server.errors).toEqual([]);
  await server.close();
});

const ID = 'example.com/cargo/1.0.0';
const bay = (): TestBindle =>
  makeBindle('example.com/cargo', '1.0.0', { 'a.txt': 'crate', 'b.txt': 'barrel' });
const [A, B] = [sha256('crate'), sha256('barrel')];
const refused = (answer: Answer, status: number, error: string | RegExp): void => {
  expect({ status: answer.status, ...answer.value }).toEqual({
    status,
    error: typeof error === 'string' ? error : expect.stringMatching(error),
  });
  expect(answer.headers['content-type']).toBe('application/toml');
};
const ABSENT = 'resource not found: if an item does not appear in our records, it does not exist!';
const BAD_URL = 'Invalid URL. Missing Bindle ID and/or parcel SHA';
const names = (answer: Answer): string[] =>
  (answer.value['invoices'] as Invoice[]).map(({ bindle }) => `${bindle.name}/${bindle.version}`);
const withParcels = async (): Promise<TestBindle> => {
  const bindle = bay();
  expect((await server.create(bindle.invoice)).status).toBe(202);
  for (const [digest, content] of bindle.content)
    expect((await server.upload(bindle.invoice, digest, content)).status).toBe(200);
  return bindle;
};

describe('POST _i', () => {
  it('answers 202 with the invoice and what is missing', async () => {
    const { invoice } = bay();
    const answer = await server.create(invoice);
    expect(answer.status).toBe(202);
    expect(answer.headers['content-type']).toBe('application/toml');
    expect(Object.keys(answer.value).sort()).toEqual(['invoice', 'missing']);
    expect(answer.value['missing']).toEqual(invoice.parcel!.map(({ label }) => label));
    const { signature, ...rest } = answer.value['invoice'] as Invoice;
    expect(rest).toEqual(invoice);
    expect(signature).toHaveLength(1);
  });

  it('answers 201 without `missing` when all parcels are here', async () => {
    await withParcels();
    const answer = await server.create({ ...bay().invoice, bindle: { name: 'other', version: '1.0.0' } });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.value)).toEqual(['invoice']);
    const empty = await server.create({
      bindleVersion: '1.0.0',
      bindle: { name: 'empty', version: '1.0.0' },
    });
    expect(empty.status).toBe(201);
  });

  it('lists each missing label, also of one digest under two names', async () => {
    const bindle = makeBindle('twice', '1.0.0', { 'a.txt': 'same', 'b.txt': 'same' });
    const labels = bindle.invoice.parcel!.map(({ label }) => label);
    expect((await server.create(bindle.invoice)).value['missing']).toEqual(labels);
    expect((await server.call('GET', '/v1/_r/missing/twice/1.0.0')).value['missing']).toEqual(labels);
    expect((await server.upload(bindle.invoice, sha256('same'), 'same')).status).toBe(200);
    expect((await server.call('GET', '/v1/_r/missing/twice/1.0.0')).value['missing']).toEqual([]);
  });

  it('answers 409 for an id that exists, the same content or not, yanked or not', async () => {
    const { invoice } = bay();
    await server.create(invoice);
    refused(await server.create(invoice), 409, 'resource already exists');
    refused(await server.create({ ...invoice, annotations: { a: 'b' } }), 409, 'resource already exists');
    await server.call('DELETE', `/v1/_i/${ID}`);
    refused(await server.create(invoice), 409, 'resource already exists');
    const stored = await server.call('GET', `/v1/_i/${ID}?yanked=true`);
    refused(
      await server.create({ ...(stored.value as unknown as Invoice), yanked: false }),
      409,
      'resource already exists',
    );
  });

  it('answers 422 for one that is yanked from the start', async () => {
    refused(
      await server.create({ ...bay().invoice, yanked: true }),
      422,
      'bindle cannot be created as yanked',
    );
    refused(await server.call('GET', `/v1/_i/${ID}?yanked=true`), 404, ABSENT);
  });

  it.each(['/v1/_i', '/v1/_i/', '/v1/_i?some=thing'])('is at %s', async (path) => {
    const body = encodeInvoice(bay().invoice, 'toml');
    const headers = { 'content-type': 'application/toml' };
    expect((await server.call('POST', path, { headers, body })).status).toBe(202);
  });

  it.each([
    ['application/toml', 'toml'],
    ['Application/TOML', 'toml'],
    ['application/toml; charset=utf-8', 'toml'],
    ['application/json', 'json'],
    ['application/json;charset=UTF-8', 'json'],
    ['', 'toml'],
    ['', 'json'],
    [undefined, 'toml'],
    [undefined, 'json'],
  ] as const)('takes Content-Type %j with %s', async (type, format) => {
    const body = encodeInvoice(bay().invoice, format);
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await server.call('POST', '/v1/_i', { headers, body });
    expect(answer.status).toBe(202);
    expect((answer.value['invoice'] as Invoice).bindle.name).toBe('example.com/cargo');
  });

  it.each([
    'text/toml',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'nonsense',
  ])('refuses Content-Type %s', async (type) => {
    const body = encodeInvoice(bay().invoice, 'toml');
    const headers = { 'content-type': type };
    refused(await server.call('POST', '/v1/_i', { headers, body }), 400, /application\/toml/);
  });

  const valid = 'bindleVersion = "1.0.0"\n[bindle]\nname = "a"\nversion = "1.0.0"\n';
  const label = (more: string): string =>
    `${valid}[[parcel]]\n[parcel.label]\nname = "n"\nmediaType = "t"\n${more}`;
  it.each<[string, string, RegExp]>([
    ['no TOML', 'this is no TOML', /TOML/],
    ['nothing', '', /bindleVersion is missing/],
    ['HTML', '<!doctype html><title>hm</title>', /TOML/],
    ['JSON named TOML', JSON.stringify({ bindleVersion: '1.0.0' }), /TOML/],
    ['no version', 'bindleVersion = "1.0.0"\n[bindle]\nname = "a"', /bindle\.version is missing/],
    ['a bad version', valid.replace('version = "1.0.0"\n', 'version = "1.0"\n'), /SemVer|bindleVersion/],
    ['an unknown field', `yanked_reason = "x"\n${valid}`, /yanked_reason is not a known field/],
    ['an unknown field within', `${valid}[bindle.more]\na = "b"`, /bindle\.more is not a known field/],
    ['a number as annotation', `${valid}[annotations]\na = 1`, /annotations\.a must be a string/],
    ['a negative size', label(`sha256 = "${A}"\nsize = -1`), /size must be/],
    ['a fractional size', label(`sha256 = "${A}"\nsize = 1.5`), /size must be/],
    ['a huge size', label(`sha256 = "${A}"\nsize = 9223372036854775807`), /size is larger/],
    ['no size', label(`sha256 = "${A}"`), /size is missing/],
    ['a short digest', label('sha256 = "abc"\nsize = 1'), /sha256 must be 64 lower-case hex/],
    ['an upper-case digest', label(`sha256 = "${A.toUpperCase()}"\nsize = 1`), /64 lower-case/],
    ['a digest that is a path', label('sha256 = "../../../etc/passwd"\nsize = 1'), /64 lower-case/],
    ['an empty name', valid.replace('"a"', '""'), /bindle\.name is empty/],
    ['a name that climbs', valid.replace('"a"', '"a/../../b"'), /bindle\.name cannot be used/],
    ['a name with @', valid.replace('"a"', '"a@b"'), /bindle\.name cannot be used/],
    ['a name with a blank', valid.replace('"a"', '"a b"'), /bindle\.name cannot be used/],
    ['a name with a control character', valid.replace('"a"', '"a\\u0000b"'), /bindle\.name cannot be used/],
    ['a long name', valid.replace('"a"', `"${'a'.repeat(201)}"`), /bindle\.name cannot be used/],
    ['deep nesting', `a = ${'['.repeat(100_000)}`, /TOML/],
  ])('refuses %s', async (_, body, error) => {
    const headers = { 'content-type': 'application/toml' };
    const answer = await server.call('POST', '/v1/_i', { headers, body });
    refused(answer, 400, error);
    expect(names(await server.call('GET', '/v1/_q'))).toEqual([]);
  });

  it('refuses text that is not UTF-8, and takes a byte order mark', async () => {
    const headers = { 'content-type': 'application/toml' };
    const bytes = Buffer.from(valid.replace('"a"', '"\xff"'), 'latin1');
    refused(await server.call('POST', '/v1/_i', { headers, body: bytes }), 400, /UTF-8/);
    expect((await server.call('POST', '/v1/_i', { headers, body: `\ufeff${valid}` })).status).toBe(201);
  });

  it('refuses JSON that is none, and takes null for what is absent', async () => {
    const headers = { 'content-type': 'application/json' };
    refused(await server.call('POST', '/v1/_i', { headers, body: '{"bindle": ' }), 400, /JSON/);
    refused(await server.call('POST', '/v1/_i', { headers, body: '[]' }), 400, /must be a table/);
    refused(
      await server.call('POST', '/v1/_i', { headers, body: '{"__proto__": {"yanked": true}}' }),
      400,
      /known field/,
    );
    const body = JSON.stringify({
      bindleVersion: '1.0.0',
      yanked: null,
      yankedSignature: null,
      bindle: { name: 'a', version: '1.0.0', description: null, authors: null },
      annotations: null,
      parcel: null,
      group: null,
      signature: null,
    });
    expect((await server.call('POST', '/v1/_i', { headers, body })).status).toBe(201);
  });

  it('takes empty arrays, on which real servers choke', async () => {
    const headers = { 'content-type': 'application/toml' };
    const body = `parcel = []\ngroup = []\nsignature = []\n${valid.replace('[bindle]', '[bindle]\nauthors = []')}`;
    const answer = await server.call('POST', '/v1/_i', { headers, body });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.value['invoice'] as object).sort()).toEqual([
      'bindle',
      'bindleVersion',
      'signature',
    ]);
  });

  it('takes a label with origin, annotations and features', async () => {
    const { invoice } = bay();
    const first = invoice.parcel![0]!;
    first.label = {
      ...first.label,
      origin: 'from/1.0.0',
      annotations: { a: 'b' },
      feature: { wagi: { file: 'true' } },
    };
    first.conditions = { memberOf: ['g'], requires: ['h'] };
    invoice.group = [{ name: 'g', required: true, satisfiedBy: 'allOf' }, { name: 'h' }];
    invoice.annotations = { 'odd "key"': 'tab\tquote"backslash\\control\u0001ünï\u{1f600}' };
    expect((await server.create(invoice)).status).toBe(202);
    for (const accept of ['application/toml', 'application/json']) {
      const { signature, ...stored } = (await server.call('GET', `/v1/_i/${ID}`, { headers: { accept } }))
        .value as unknown as Invoice;
      expect(stored).toEqual(invoice);
      expect(signature).toHaveLength(1);
    }
  });

  it('refuses an invoice above the limit, announced or not', async () => {
    const limited = await start({ maxInvoiceBytes: 1000 });
    const headers = { 'content-type': 'application/toml' };
    const body = `${valid}# ${'x'.repeat(1000)}`;
    refused(await limited.call('POST', '/v1/_i', { headers, body }), 413, /larger than 1000 bytes/);
    const socket = await limited.connect();
    const answer = everything(socket);
    socket.write(
      `POST /v1/_i HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    socket.write(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await limited.call('POST', '/v1/_i', { headers, body: valid })).status).toBe(201);
    await limited.close();
  });

  it('takes an invoice of 5,000 parcels', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`f${index}`, `content ${index}`]),
    );
    const bindle = makeBindle('large', '1.0.0', files);
    const answer = await server.create(bindle.invoice);
    expect(answer.status).toBe(202);
    expect(answer.value['missing']).toHaveLength(5000);
    const [digest, content] = [...bindle.content][4321]!;
    expect((await server.upload(bindle.invoice, digest, content)).status).toBe(200);
    const missing = await server.call('GET', '/v1/_r/missing/large/1.0.0');
    expect(missing.value['missing']).toHaveLength(4999);
  });
});

describe('GET and HEAD _i/<id>', () => {
  it('give the invoice', async () => {
    const { invoice } = bay();
    const created = (await server.create(invoice)).value['invoice'];
    const answer = await server.call('GET', `/v1/_i/${ID}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/toml');
    expect(answer.value).toEqual(created);
    const head = await server.call('HEAD', `/v1/_i/${ID}`);
    expect(head.status).toBe(200);
    expect(head.text).toBe('');
    expect(head.headers['content-length']).toBe(String(answer.body.length));
    expect(head.headers['content-type']).toBe('application/toml');
  });

  it('tell unknown, yanked and impossible ids apart, HEAD like GET', async () => {
    await server.create(bay().invoice);
    refused(await server.call('GET', '/v1/_i/example.com/cargo/1.0.1'), 404, ABSENT);
    expect((await server.call('HEAD', '/v1/_i/example.com/cargo/1.0.1')).status).toBe(404);
    await server.call('DELETE', `/v1/_i/${ID}`);
    refused(await server.call('GET', `/v1/_i/${ID}`), 403, 'bindle is yanked');
    expect((await server.call('HEAD', `/v1/_i/${ID}`)).status).toBe(403);
    refused(await server.call('GET', `/v1/_i/${ID}?yanked=false`), 403, 'bindle is yanked');
    const yanked = await server.call('GET', `/v1/_i/${ID}?yanked=true&other=thing`);
    expect(yanked.status).toBe(200);
    expect(yanked.value['yanked']).toBe(true);
    expect((await server.call('HEAD', `/v1/_i/${ID}?yanked=true`)).status).toBe(200);
    for (const path of [
      '',
      '/',
      '/noversion',
      '/a/',
      '/a/1.0',
      '/a/v1.0.0',
      '/a/1.2.3.4',
      '/a/1.2.3-a_b',
      '/1.0.0',
      '//1.0.0',
    ])
      refused(await server.call('GET', `/v1/_i${path}`), 400, 'invalid ID given');
    expect((await server.call('HEAD', '/v1/_i/noversion')).status).toBe(400);
  });

  it.each(['yanked=1', 'yanked=', 'yanked=TRUE', 'yanked=true&yanked=true'])('refuse ?%s', async (search) => {
    await server.create(bay().invoice);
    refused(await server.call('GET', `/v1/_i/${ID}?${search}`), 400, BAD_URL);
  });

  it('decode nothing', async () => {
    const invoice = { ...bay().invoice, bindle: { name: 'a/b', version: '1.0.0+build' } };
    await server.create(invoice);
    expect((await server.call('GET', '/v1/_i/a/b/1.0.0+build')).status).toBe(200);
    for (const path of ['a%2Fb/1.0.0+build', '%61/b/1.0.0+build'])
      refused(await server.call('GET', `/v1/_i/${path}`), 404, ABSENT);
    refused(await server.call('GET', '/v1/_i/a/b/1.0.0%2Bbuild'), 400, 'invalid ID given');
    refused(await server.call('GET', `/v1/_i/a/b/1.0.0+build%40${A}`), 400, 'invalid ID given');
  });
});

describe('DELETE _i/<id>', () => {
  it('yanks, as often as it is asked', async () => {
    await withParcels();
    for (let time = 0; time < 3; time++) {
      const answer = await server.call('DELETE', `/v1/_i/${ID}`);
      expect(answer.status).toBe(200);
      expect(answer.value).toEqual({ message: 'invoice yanked' });
    }
    const { yanked, signature } = (await server.call('GET', `/v1/_i/${ID}?yanked=true`))
      .value as unknown as Invoice;
    expect(yanked).toBe(true);
    expect(signature).toHaveLength(1);
  });

  it('answers 404 for an unknown id and 400 for none', async () => {
    refused(await server.call('DELETE', `/v1/_i/${ID}`), 404, ABSENT);
    for (const path of ['', '/', '/a', `/${ID}@${A}`, `/${ID}@${A}@${A}`])
      refused(await server.call('DELETE', `/v1/_i${path}`), 400, 'invalid ID given');
  });
});

describe('_i/<id>@<sha>', () => {
  it('takes and gives parcels', async () => {
    const { invoice } = bay();
    await server.create(invoice);
    const path = `/v1/_i/${ID}@${A}`;
    const posted = await server.call('POST', path, { body: 'crate', headers: { 'content-type': 'x/y' } });
    expect(posted.status).toBe(200);
    expect(posted.value).toEqual({ message: 'parcel created' });
    const got = await server.call('GET', path, { headers: { accept: '*/*' } });
    expect(got).toMatchObject({ status: 200, text: 'crate' });
    expect(got.headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5' });
    expect(got.headers).toMatchObject({
      'content-security-policy': 'sandbox',
      'x-content-type-options': 'nosniff',
    });
    const head = await server.call('HEAD', path);
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers).toMatchObject({ 'content-type': 'text/plain', 'content-length': '5' });
    expect((await server.call('GET', `${path}?yanked=1`)).status).toBe(200);
  });

  it('answers 404 for a parcel that is not here and for an unknown invoice', async () => {
    await server.create(bay().invoice);
    refused(await server.call('GET', `/v1/_i/${ID}@${A}`), 404, ABSENT);
    expect((await server.call('HEAD', `/v1/_i/${ID}@${A}`)).status).toBe(404);
    refused(await server.call('GET', `/v1/_i/un/known/1.0.0@${A}`), 404, ABSENT);
    refused(await server.call('POST', `/v1/_i/un/known/1.0.0@${A}`, { body: 'crate' }), 404, ABSENT);
    expect((await server.call('HEAD', `/v1/_i/un/known/1.0.0@${A}`)).status).toBe(404);
  });

  it('answers 403 through a yanked invoice, for reading and writing', async () => {
    await withParcels();
    await server.call('DELETE', `/v1/_i/${ID}`);
    for (const method of ['GET', 'POST'])
      refused(await server.call(method, `/v1/_i/${ID}@${A}?yanked=true`), 403, 'bindle is yanked');
    expect((await server.call('HEAD', `/v1/_i/${ID}@${A}`)).status).toBe(403);
  });

  it('answers 400 for a digest that the invoice does not list', async () => {
    const { invoice } = bay();
    await server.create(invoice);
    const other = sha256('other');
    for (const digest of [other, A.toUpperCase(), A.slice(1), '', '..', `../../${A}`]) {
      const error = `Parcel SHA ${digest} does not exist in invoice ${ID}`;
      refused(await server.call('POST', `/v1/_i/${ID}@${digest}`, { body: 'other' }), 400, error);
      refused(await server.call('GET', `/v1/_i/${ID}@${digest}`), 400, error);
    }
    expect(server.parcelFiles()).toEqual([]);
  });

  it('answers 409 for a parcel that is here, also by way of another invoice', async () => {
    const bindle = await withParcels();
    refused(await server.upload(bindle.invoice, A, 'crate'), 409, 'resource already exists');
    const other = { ...bindle.invoice, bindle: { name: 'other', version: '1.0.0' } };
    expect((await server.create(other)).status).toBe(201);
    refused(await server.upload(other, B, 'barrel'), 409, 'resource already exists');
    expect((await server.call('GET', `/v1/_i/other/1.0.0@${B}`)).text).toBe('barrel');
  });

  it('answers 400 for content that does not fit, keeps nothing and takes the right one afterwards', async () => {
    const { invoice } = bay();
    await server.create(invoice);
    for (const body of ['', 'crat', 'crates'])
      refused(await server.upload(invoice, A, body), 400, 'parcel size does not match invoice');
    refused(await server.upload(invoice, A, 'CRATE'), 400, 'digest does not match');
    refused(await server.call('GET', `/v1/_i/${ID}@${A}`), 404, ABSENT);
    expect(server.parcelFiles()).toEqual([]);
    expect((await server.upload(invoice, A, 'crate')).status).toBe(200);
  });

  it('takes a parcel of no bytes', async () => {
    const bindle = makeBindle('empty', '1.0.0', { '.keep': '' });
    expect((await server.create(bindle.invoice)).status).toBe(202);
    expect((await server.upload(bindle.invoice, sha256(''), '')).status).toBe(200);
    expect((await server.call('GET', `/v1/_i/empty/1.0.0@${sha256('')}`)).headers['content-length']).toBe(
      '0',
    );
  });

  it('never gives out a media type that is no header value', async () => {
    const { invoice, content } = bay();
    invoice.parcel![0]!.label.mediaType = 'text/html\r\nSet-Cookie: a=b';
    invoice.parcel![1]!.label.mediaType = '';
    await server.create(invoice);
    for (const [digest, bytes] of content) {
      await server.upload(invoice, digest, bytes);
      const answer = await server.call('GET', `/v1/_i/${ID}@${digest}`);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/octet-stream' });
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });
});

describe('other methods and paths', () => {
  it.each([
    ['PUT', `/v1/_i/${ID}`],
    ['PATCH', `/v1/_i/${ID}`],
    ['OPTIONS', `/v1/_i/${ID}`],
    ['POST', `/v1/_i/${ID}`],
    ['PUT', '/v1/_i'],
    ['PUT', `/v1/_i/${ID}@${A}`],
    ['GET', `/v1/_i/${ID}@${A}@${A}`],
    ['POST', `/v1/_i/${ID}@${A}@${A}`],
  ])('%s %s is a bad URL', async (method, path) => {
    refused(await server.call(method, path), 400, BAD_URL);
  });

  it.each([
    ['POST', '/v1/_q'],
    ['DELETE', '/v1/_q'],
    ['HEAD', `/v1/_r/missing/${ID}`],
    ['POST', `/v1/_r/missing/${ID}`],
    ['POST', '/v1/bindle-keys'],
    ['POST', '/v1/login?provider=x'],
    ['PUT', '/v1/login'],
  ])('%s %s is not allowed', async (method, path) => {
    const answer = await server.call(method, path);
    expect(answer.status).toBe(405);
    expect(answer.text).toBe(method === 'HEAD' ? '' : 'HTTP method not allowed');
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.headers['allow']).toContain('GET');
  });

  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/zzz',
    '/v1/_r',
    '/v1/_r/',
    '/v1/_r/other',
    '/v1/_r/missing-not',
    '/v1/_ii',
    '/v2/_q',
    '/v1x/_q',
    '/healthz',
    '/v1//_q',
    '/favicon.ico',
  ])('GET %s is nothing', async (path) => {
    expect(await server.call('GET', path)).toMatchObject({ status: 404, text: '' });
  });

  it('takes an absolute request target', async () => {
    const answer = await server.call('GET', `http://localhost:${server.port}/v1/_q`);
    expect(answer.status).toBe(200);
  });

  it('names itself', async () => {
    expect((await server.call('GET', '/v1/_q')).headers['server']).toBe('hippo-platform');
    expect((await server.call('GET', '/v1/zzz')).headers['server']).toBe('hippo-platform');
  });
});

describe('_r/missing', () => {
  it('lists labels until all are here, and then none', async () => {
    const { invoice } = bay();
    await server.create(invoice);
    const path = `/v1/_r/missing/${ID}`;
    const labels = invoice.parcel!.map(({ label }) => label);
    expect((await server.call('GET', path)).value).toEqual({ missing: labels });
    await server.upload(invoice, A, 'crate');
    expect((await server.call('GET', path)).value).toEqual({ missing: labels.slice(1) });
    await server.upload(invoice, B, 'barrel');
    const answer = await server.call('GET', path);
    expect(answer).toMatchObject({ status: 200, value: { missing: [] } });
    const json = await server.call('GET', path, { headers: { accept: 'application/json' } });
    expect(json).toMatchObject({ status: 200, value: { missing: [] } });
  });

  it('answers 404, 403 and 400 as the invoice does', async () => {
    refused(await server.call('GET', `/v1/_r/missing/${ID}`), 404, ABSENT);
    await server.create(bay().invoice);
    await server.call('DELETE', `/v1/_i/${ID}`);
    refused(await server.call('GET', `/v1/_r/missing/${ID}`), 403, 'bindle is yanked');
    for (const path of ['', '/', '/a', `/${ID}@${A}`])
      refused(await server.call('GET', `/v1/_r/missing${path}`), 400, 'invalid ID given');
  });
});

describe('_q', () => {
  const stock = async (...ids: string[]): Promise<void> => {
    for (const id of ids) {
      const slash = id.lastIndexOf('/');
      const bindle = { name: id.slice(0, slash), version: id.slice(slash + 1) };
      expect((await server.create({ bindleVersion: '1.0.0', bindle })).status).toBe(201);
    }
  };
  const found = async (search: string): Promise<string[]> =>
    names(await server.call('GET', `/v1/_q?${search}`));

  it('lists everything in byte order with all keys', async () => {
    await stock('b/1.0.0', 'a/1.2.0', 'a/1.10.0', 'a/b/0.1.0', 'B/1.0.0', 'a-/1.0.0');
    const answer = await server.call('GET', '/v1/_q');
    expect(answer.status).toBe(200);
    const { invoices: _, ...rest } = answer.value;
    expect(rest).toEqual({
      query: '',
      strict: true,
      offset: 0,
      limit: 50,
      total: 6,
      more: false,
      yanked: false,
    });
    expect(names(answer)).toEqual(['B/1.0.0', 'a-/1.0.0', 'a/1.10.0', 'a/1.2.0', 'a/b/0.1.0', 'b/1.0.0']);
    expect((answer.value['invoices'] as Invoice[])[0]!.signature).toHaveLength(1);
  });

  it('answers with all keys when nothing is found', async () => {
    for (const accept of ['application/toml', 'application/json']) {
      const answer = await server.call('GET', '/v1/_q?q=nothing&o=3&l=7', { headers: { accept } });
      expect(answer.status).toBe(200);
      expect(answer.value).toEqual({
        query: 'nothing',
        strict: true,
        offset: 3,
        limit: 7,
        total: 0,
        more: false,
        yanked: false,
        invoices: [],
      });
    }
  });

  it('finds the whole query in the name alone, case and all', async () => {
    await stock('hello/foo/bar/baz/goodbye/1.0.0', 'foo/bar/baz/1.0.0', 'foo/hello/bar/baz/2.0.0');
    expect(await found('q=foo/bar/baz')).toEqual(['foo/bar/baz/1.0.0', 'hello/foo/bar/baz/goodbye/1.0.0']);
    expect(await found('query=foo%2Fbar%2Fbaz')).toHaveLength(2);
    expect(await found('q=FOO')).toEqual([]);
    expect(await found('q=1.0.0')).toEqual([]);
    expect(await found('q=foo+baz')).toEqual([]);
    expect(await found('q=%25')).toEqual([]);
    expect(await found('q=_')).toEqual([]);
    expect(await found('q=*')).toEqual([]);
    expect(await found("q='%20OR%201=1%20--")).toEqual([]);
    expect(await found('q=%00')).toEqual([]);
    expect(await found('q=')).toHaveLength(3);
  });

  it('goes by version and requirement', async () => {
    await stock('a/1.0.0', 'a/1.2.3', 'a/1.3.0', 'a/2.0.0-rc.1', 'a/2.0.0', 'a/1.2.3+b');
    expect(await found('v=1.2.3')).toEqual(['a/1.2.3']);
    expect(await found('version=1.2.3%2Bb')).toEqual(['a/1.2.3+b']);
    expect(await found('v=%5E1.2')).toEqual(['a/1.2.3', 'a/1.2.3+b', 'a/1.3.0']);
    expect(await found('v=%3E%3D1.3,%3C3')).toEqual(['a/1.3.0', 'a/2.0.0']);
    expect(await found('v=%3E2.0.0-alpha')).toEqual(['a/2.0.0', 'a/2.0.0-rc.1']);
    expect(await found('v=*')).toHaveLength(5);
    expect(await found('v=')).toHaveLength(6);
    expect(await found('v=nonsense')).toEqual([]);
    expect(await found('v=%3E%3D1%20%3C2')).toEqual([]);
    expect(await found('q=b&v=1.2.3')).toEqual([]);
  });

  it('pages', async () => {
    await stock(...Array.from({ length: 60 }, (_, index) => `a/0.0.${index + 100}`));
    const page = async (search: string): Promise<[number, boolean, number]> => {
      const { value } = await server.call('GET', `/v1/_q?${search}`);
      return [(value['invoices'] as unknown[]).length, value['more'] as boolean, value['total'] as number];
    };
    expect(await page('')).toEqual([50, true, 60]);
    expect(await page('o=50')).toEqual([10, false, 60]);
    expect(await page('offset=10&limit=50')).toEqual([50, false, 60]);
    expect(await page('o=9&l=50')).toEqual([50, true, 60]);
    expect(await page('l=255')).toEqual([60, false, 60]);
    expect(await page('l=0')).toEqual([0, true, 60]);
    expect(await page('l=0&o=1')).toEqual([0, true, 60]);
    expect(await page('l=0&o=60')).toEqual([0, false, 60]);
    expect(await page('o=60')).toEqual([0, false, 60]);
    expect(await page('o=18446744073709551615')).toEqual([0, false, 60]);
    expect(await found('o=58')).toEqual(['a/0.0.158', 'a/0.0.159']);
  });

  it('returns yanked invoices marked as such, whatever is asked for', async () => {
    await stock('a/1.0.0', 'b/1.0.0');
    await server.call('DELETE', '/v1/_i/a/1.0.0');
    for (const search of ['', 'yanked=true', 'yanked=false']) {
      const { value } = await server.call('GET', `/v1/_q?${search}`);
      expect(value).toMatchObject({ total: 2, yanked: false, strict: true });
      expect((value['invoices'] as Invoice[]).map(({ yanked }) => yanked ?? false)).toEqual([true, false]);
    }
  });

  it.each([
    'q=a&query=a',
    'q=a&q=a',
    'zzz=1',
    'l=256',
    'l=-1',
    'l=',
    'l=1.0',
    'l=ten',
    'o=-1',
    'o=18446744073709551616',
    'strict=1',
    'strict=',
    'yanked=yes',
    'yanked=true&yanked=true',
    'toString=1',
    '__proto__=1',
  ])('refuses ?%s', async (search) => {
    const answer = await server.call('GET', `/v1/_q?${search}`);
    expect(answer).toMatchObject({ status: 400, text: 'Invalid query string' });
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
  });

  it('takes every parameter in both spellings, HEAD, and a longer path', async () => {
    await stock('a/1.0.0');
    for (const search of [
      'q=a&v=1&o=0&l=1&strict=true&yanked=false',
      'query=a&version=1&offset=0&limit=1&strict=false&yanked=true',
    ])
      expect(await found(search)).toEqual(['a/1.0.0']);
    expect((await server.call('HEAD', '/v1/_q')).status).toBe(200);
    expect(names(await server.call('GET', '/v1/_q/foo?q=a'))).toEqual(['a/1.0.0']);
  });
});

describe('bindle-keys', () => {
  it('gives the host key as a keyring', async () => {
    for (const path of [
      '/v1/bindle-keys',
      '/v1/bindle-keys?roles=host',
      '/v1/bindle-keys?roles=H',
      '/v1/bindle-keys/x/y',
    ]) {
      const answer = await server.call('GET', path);
      expect(answer.status).toBe(200);
      expect(answer.value).toEqual({
        version: '1.0',
        key: [
          {
            label: expect.any(String),
            roles: ['host'],
            key: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
            labelSignature: expect.any(String),
          },
        ],
      });
    }
    expect((await server.call('HEAD', '/v1/bindle-keys')).status).toBe(200);
    expect(server.bindle.hostKeys).toEqual((await server.call('GET', '/v1/bindle-keys')).value['key']);
  });

  it('gives no other roles', async () => {
    for (const roles of ['creator', 'host,creator', 'host,host'])
      refused(await server.call('GET', `/v1/bindle-keys?roles=${roles}`), 400, /role host only/);
    for (const search of ['roles=', 'roles=king', 'other=1', 'roles=host&roles=host'])
      expect(await server.call('GET', `/v1/bindle-keys?${search}`)).toMatchObject({
        status: 400,
        text: 'Invalid query string',
      });
  });
});

describe('login', () => {
  it('is refused, with a provider and without', async () => {
    refused(await server.call('GET', '/v1/login?provider=github'), 400, /OpenID/);
    const answer = await server.call('GET', '/v1/login');
    expect(answer).toMatchObject({ status: 400, text: 'Invalid query string' });
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
  });
});

describe('the form of answers', () => {
  it.each([
    ['application/toml', 'toml'],
    ['application/json', 'json'],
    ['text/json', 'json'],
    ['application/json;q=0.1, application/toml', 'json'],
    ['application/toml, application/json', 'toml'],
    ['text/plain, application/json', 'json'],
    ['text/plain;q=1,text/json;charset=utf-8', 'json'],
    ['application/json+x', 'json'],
    ['Application/JSON', 'json'],
    ['not-a-mime, text/json', 'json'],
    ['application/vnd.x+json', 'toml'],
    ['application/jsonp', 'toml'],
    ['*/*', 'toml'],
    ['*', 'toml'],
    ['', 'toml'],
    ['text/html', 'toml'],
    [undefined, 'toml'],
  ])('to Accept %j is %s', async (accept, format) => {
    await server.create(bay().invoice);
    const headers = accept === undefined ? {} : { accept };
    const answer = await server.call('GET', `/v1/_i/${ID}`, { headers });
    expect(answer.headers['content-type']).toBe(`application/${format}`);
    expect((answer.value as unknown as Invoice).bindle).toEqual({
      name: 'example.com/cargo',
      version: '1.0.0',
    });
    const error = await server.call('GET', '/v1/_i/no/1.0.0', { headers });
    expect(error.headers['content-type']).toBe(`application/${format}`);
    expect(error.value).toEqual({ error: ABSENT });
  });

  it('has a length, also in JSON for every route', async () => {
    const bindle = bay();
    const headers = { accept: 'application/json' };
    const answers = [
      await server.call('POST', '/v1/_i', { headers, body: encodeInvoice(bindle.invoice, 'json') }),
      await server.call('POST', `/v1/_i/${ID}@${A}`, { headers, body: 'crate' }),
      await server.call('GET', `/v1/_r/missing/${ID}`, { headers }),
      await server.call('GET', '/v1/_q', { headers }),
      await server.call('GET', '/v1/bindle-keys', { headers }),
      await server.call('DELETE', `/v1/_i/${ID}`, { headers }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 200, 200, 200, 200]);
    for (const answer of answers) {
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.headers['content-length']).toBe(String(answer.body.length));
      expect(answer.value).toBeTypeOf('object');
    }
  });
});
