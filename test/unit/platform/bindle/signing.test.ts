// Signatures at the server (bindle.md §3).

import { generateKeyPairSync, sign } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { decode } from '../../../../src/bindle/codec.ts';
import type { Invoice, Signature } from '../../../../src/bindle/invoice.ts';
import { readSecretKeys } from '../../../../src/bindle/keys.ts';
import {
  generateKey,
  keyEntry,
  parseStrategy,
  signInvoice,
  verifyInvoice,
  type KeyEntry,
} from '../../../../src/bindle/signing.ts';
import { makeBindle } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { serverFactory, startServer, type TestServer } from './harness.ts';

const start = serverFactory();
const root = temporaryFolder();
const servers: TestServer[] = [];
const fresh = async (...parameters: Parameters<typeof start>): Promise<TestServer> => {
  const server = await start(...parameters);
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) {
    expect(server.errors).toEqual([]);
    await server.close();
  }
});

const creator = generateKey('creator', ['creator']);
const approver = generateKey('approver', ['approver']);
const plain = (): Invoice => makeBindle('a/b', '1.0.0', { a: 'one', b: 'two' }).invoice;
const signed = (): Invoice => signInvoice(plain(), creator, 'creator', 1_600_000_000);
const stored = async (server: TestServer): Promise<Invoice> =>
  (await server.call('GET', '/v1/_i/a/b/1.0.0?yanked=true')).value as unknown as Invoice;
const trusting = (strategy: string, keyring: KeyEntry[]) => ({
  verify: (invoice: Invoice) => verifyInvoice(invoice, keyring, parseStrategy(strategy)!),
});

describe('the host key', () => {
  it('is made on first start, for the owner alone, in the form of a secret key file, and stays', async () => {
    const directory = mkdtempSync(join(root, 'server-'));
    const first = await startServer({ directory });
    const [key] = first.bindle.hostKeys;
    await first.close();
    const file = join(directory, 'host_key.toml');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(decode(readFileSync(file, 'utf8'), 'toml')).toEqual({
      version: '1.0',
      key: [{ label: key!.label, roles: ['host'], keypair: expect.stringMatching(/^[A-Za-z0-9+/]{86}==$/) }],
    });
    expect((await readSecretKeys(file))[0]!.publicKey.toString('base64')).toBe(key!.key);
    const second = await startServer({ directory });
    expect(second.bindle.hostKeys).toEqual([key]);
    await second.close();
  });
});

describe('a new invoice', () => {
  it('unsigned gets the signature of the host', async () => {
    const server = await fresh({ now: () => 1_700_000_000 });
    const answer = await server.create(plain());
    const [signature, ...others] = (answer.value['invoice'] as Invoice).signature!;
    expect(others).toEqual([]);
    expect(signature).toMatchObject({ role: 'host', at: 1_700_000_000, key: server.bindle.hostKeys[0]!.key });
    expect(signature!.by).toBe(server.bindle.hostKeys[0]!.label);
    const invoice = await stored(server);
    verifyInvoice(invoice, [...server.bindle.hostKeys], parseStrategy('MultipleAttestationGreedy[host]')!);
  });

  it('signed keeps its signatures, and the host comes last', async () => {
    const server = await fresh();
    const invoice = signInvoice(signed(), approver, 'approver', 5);
    expect((await server.create(invoice)).status).toBe(202);
    const { signature } = await stored(server);
    expect(signature!.slice(0, 2)).toEqual(invoice.signature);
    expect(signature!.map(({ role }) => role)).toEqual(['creator', 'approver', 'host']);
    const keyring = [keyEntry(creator), keyEntry(approver), ...server.bindle.hostKeys];
    verifyInvoice(await stored(server), keyring, parseStrategy('GreedyVerification')!);
  });

  it('keeps all signatures when it is yanked', async () => {
    const server = await fresh();
    await server.create(signed());
    const before = await stored(server);
    await server.call('DELETE', '/v1/_i/a/b/1.0.0');
    expect(await stored(server)).toEqual({ ...before, yanked: true });
  });

  it('may be signed by one key twice, as real servers let it', async () => {
    const server = await fresh();
    const invoice = signed();
    invoice.signature!.push(invoice.signature![0]!);
    expect((await server.create(invoice)).status).toBe(202);
  });

  it('may name another host', async () => {
    const elsewhere = generateKey('elsewhere', ['host']);
    const server = await fresh();
    const invoice = signInvoice(signed(), elsewhere, 'host', 7);
    expect((await server.create(invoice)).status).toBe(202);
    expect((await stored(server)).signature!.map(({ by }) => by)).toEqual([
      'creator',
      'elsewhere',
      server.bindle.hostKeys[0]!.label,
    ]);
  });

  it('that came from here is not signed by the host again', async () => {
    const directory = mkdtempSync(join(root, 'server-'));
    const first = await startServer({ directory });
    const invoice = (await first.create(signed())).value['invoice'] as Invoice;
    await first.close();
    const again = mkdtempSync(join(root, 'server-'));
    copyFileSync(join(directory, 'host_key.toml'), join(again, 'host_key.toml'));
    const second = await startServer({ directory: again });
    const answer = await second.create(invoice);
    expect(answer.status).toBe(202);
    expect((answer.value['invoice'] as Invoice).signature).toEqual(invoice.signature);
    await second.close();
  });
});

describe('a signature that does not hold', () => {
  const [valid] = signed().signature as [Signature];
  const cases: [string, Partial<Signature>, RegExp][] = [
    ['by another name', { by: 'somebody' }, /cannot be verified/],
    ['in another role', { role: 'approver' }, /cannot be verified/],
    ['of another key', { key: approver.publicKey.toString('base64') }, /cannot be verified/],
    ['of all zeros', { signature: Buffer.alloc(64).toString('base64') }, /cannot be verified/],
    ['that is too short', { signature: 'aGVsbG8=' }, /corrupt|cannot/],
    ['in hex', { signature: Buffer.from(valid.signature, 'base64').toString('hex') }, /corrupt|cannot/],
    ['with a corrupt key', { key: 'no key' }, /key is corrupt for/],
    ['with a weak key', { key: Buffer.alloc(32).toString('base64') }, /key is corrupt for/],
  ];
  it.each(cases)('%s is refused', async (_, change, error) => {
    const server = await fresh();
    const answer = await server.create({ ...plain(), signature: [{ ...valid, ...change }] });
    expect(answer.status).toBe(400);
    expect(answer.value['error']).toMatch(error);
    expect((await server.call('GET', '/v1/_i/a/b/1.0.0')).status).toBe(404);
  });

  it('is refused beside one that does', async () => {
    const server = await fresh();
    const answer = await server.create({ ...signed(), signature: [valid, { ...valid, by: 'somebody' }] });
    expect(answer.status).toBe(400);
  });

  it('over other parcels, another name or version is refused', async () => {
    const server = await fresh();
    const invoice = signed();
    for (const changed of [
      { ...invoice, bindle: { ...invoice.bindle, name: 'a/c' } },
      { ...invoice, bindle: { ...invoice.bindle, version: '1.0.1' } },
      { ...invoice, parcel: invoice.parcel!.slice(1) },
      { ...invoice, parcel: [...invoice.parcel!].reverse() },
    ])
      expect((await server.create(changed)).status).toBe(400);
    expect((await server.create({ ...invoice, annotations: { not: 'covered' } })).status).toBe(202);
  });

  it('in the form of the specification, with the time, is refused as real servers do', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const key = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
    const lines = (at: string[]): string =>
      ['me', 'a/b', '1.0.0', 'creator', ...at, '~', ...plain().parcel!.map(({ label }) => label.sha256)].join(
        '\n',
      );
    const signature = (text: string): Signature => ({
      by: 'me',
      role: 'creator',
      at: 5,
      key,
      signature: sign(null, Buffer.from(text), privateKey).toString('base64'),
    });
    const server = await fresh();
    expect((await server.create({ ...plain(), signature: [signature(lines(['5']))] })).status).toBe(400);
    expect((await server.create({ ...plain(), signature: [signature(lines([]))] })).status).toBe(202);
  });

  it('in the name of the host is refused, whatever the policy', async () => {
    const server = await fresh({ verify: () => undefined });
    const key = server.bindle.hostKeys[0]!.key;
    const forged = { ...valid, role: 'host' as const, key };
    const answer = await server.create({ ...plain(), signature: [forged] });
    expect(answer.status).toBe(400);
  });

  it('is looked for in no more than a hundred', async () => {
    const server = await fresh();
    const answer = await server.create({ ...plain(), signature: Array.from({ length: 101 }, () => valid) });
    expect(answer).toMatchObject({ status: 400, value: { error: expect.stringContaining('more than 100') } });
  });
});

describe('the key of the host in another role', () => {
  it('is refused', async () => {
    const directory = mkdtempSync(join(root, 'server-'));
    const server = await startServer({ directory });
    const [host] = await readSecretKeys(join(directory, 'host_key.toml'));
    const answer = await server.create(signInvoice(plain(), host!, 'creator', 5));
    expect(answer).toMatchObject({ status: 400, value: { error: expect.stringContaining('signed') } });
    await server.close();
  });
});

describe('a policy of its own', () => {
  it('can be that of a real server', async () => {
    const server = await fresh(trusting('GreedyVerification', [keyEntry(creator)]));
    const refused = async (invoice: Invoice): Promise<unknown> => {
      const answer = await server.create(invoice);
      expect(answer.status).toBe(400);
      return answer.value['error'];
    };
    expect(await refused(plain())).toMatch(/No signatures found on invoice/);
    expect(await refused(signInvoice(plain(), approver, 'creator', 5))).toMatch(
      /strategy requires that all signatures for role\(s\) must be verified/,
    );
    expect(await refused(signInvoice(plain(), creator, 'approver', 5))).toMatch(
      /No signature found for role Creator/,
    );
    expect((await server.create(signed())).status).toBe(202);
  });

  it('is told who pushes', async () => {
    const seen: unknown[] = [];
    const server = await fresh({
      authenticate: () => ({ name: 'bea' }),
      verify: async (invoice, who) => void seen.push([invoice.bindle.name, who]),
    });
    expect((await server.create(plain())).status).toBe(202);
    expect(seen).toEqual([['a/b', { name: 'bea' }]]);
  });
});
