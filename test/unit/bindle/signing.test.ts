import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createPrivateKey, sign } from 'node:crypto';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSecretKeys,
  ensureSigningKey,
  isExposed,
  keyringText,
  parseTrusted,
  readKeyringFile,
  readSecretKeys,
  trustKeys,
} from '../../../src/bindle/keys.ts';
import {
  SIGNATURE_ROLES,
  type Invoice,
  type Signature,
  type SignatureRole,
} from '../../../src/bindle/invoice.ts';
import {
  checkSignature,
  clearText,
  generateKey,
  keyEntry,
  parseStrategy,
  signInvoice,
  verifyInvoice,
  type KeyEntry,
  type SigningKey,
} from '../../../src/bindle/signing.ts';
import { makeBindle } from '../../support/bindles.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const { invoice } = makeBindle('example.com/a', '1.0.0-rc.1', { a: '1', b: '2' });
const [creator, approver, host, proxy, stranger] = (
  ['creator', 'approver', 'host', 'proxy', 'creator'] as const
).map((role, index) => generateKey(`key ${index}`, [role])) as [
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
  SigningKey,
];
const signed = (...by: [SigningKey, SignatureRole][]): Invoice =>
  by.reduce((all, [key, role]) => signInvoice(all, key, role, 1_700_000_000), invoice);
const broken = (
  value: Invoice,
  index = 0,
  change: Partial<Signature> = { signature: Buffer.alloc(64, 7).toString('base64') },
): Invoice => ({
  ...value,
  signature: value.signature!.map((signature, at) =>
    at === index ? { ...signature, ...change } : signature,
  ),
});

describe('signatures', () => {
  it('cover signer, name, version, role and digests in order, in the text that peers sign', () => {
    expect(clearText(invoice, 'Ana', 'creator')).toBe(
      [
        'Ana',
        'example.com/a',
        '1.0.0-rc.1',
        'creator',
        '~',
        ...invoice.parcel!.map(({ label }) => label.sha256),
      ].join('\n'),
    );
  });

  it('hold against the RFC 8032 test vector', () => {
    // Section 7.1, test 1: the empty message.
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
    const made = sign(null, Buffer.alloc(0), createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
    expect(made.toString('hex')).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  it('do not hold once anything that they cover has changed', () => {
    const good = signed([creator, 'creator']);
    const [signature] = good.signature!;
    expect(() => checkSignature(good, signature!)).not.toThrow();
    const changes: Invoice[] = [
      { ...good, bindle: { ...good.bindle, name: 'other' } },
      { ...good, bindle: { ...good.bindle, version: '1.0.1' } },
      { ...good, parcel: [...good.parcel!].reverse() },
      { ...good, parcel: good.parcel!.slice(1) },
      broken(good, 0, { by: 'Eve' }),
      broken(good, 0, { role: 'host' }),
    ];
    for (const changed of changes)
      expect(() => checkSignature(changed, changed.signature![0]!)).toThrow(
        expect.objectContaining({ code: 'BAD_SIGNATURE' }),
      );
    // The time is not covered.
    expect(() => checkSignature(good, { ...signature!, at: 5 })).not.toThrow();
  });

  it.each([
    ['no base64', 'not base64!'],
    ['base64 without padding', Buffer.alloc(32, 1).toString('base64').replace('=', '')],
    ['too short', Buffer.alloc(31).toString('base64')],
    ['hex', Buffer.alloc(32, 1).toString('hex')],
    ['the point of order 1', Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64')],
    ['the point of order 4', Buffer.alloc(32).toString('base64')],
    ['empty', ''],
  ])('are refused with a key that is %s', (_name, key) => {
    const bad = broken(signed([creator, 'creator']), 0, { key });
    expect(() => checkSignature(bad, bad.signature![0]!)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_KEY' }),
    );
  });

  it('made with a weak key and the trivial signature are refused', () => {
    // A = identity and R = identity, S = 0 satisfies the bare equation for every text.
    const identity = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]);
    const forged: Signature = {
      by: 'x',
      role: 'creator',
      at: 0,
      key: identity.toString('base64'),
      signature: Buffer.concat([identity, Buffer.alloc(32)]).toString('base64'),
    };
    expect(() => checkSignature(invoice, forged)).toThrow();
  });

  it('are made once by a key', () => {
    expect(() => signed([creator, 'creator'], [creator, 'host'])).toThrow(
      expect.objectContaining({ code: 'DUPLICATE' }),
    );
  });
});

describe('strategies', () => {
  const ring = (...keys: SigningKey[]): KeyEntry[] => keys.map(keyEntry);
  const both = ring(creator, host);
  const c = signed([creator, 'creator']);
  const ch = signed([creator, 'creator'], [host, 'host']);
  const cs = signed([creator, 'creator'], [stranger, 'approver']);
  const h = signed([host, 'host']);
  const a = signed([approver, 'approver']);
  const p = signed([proxy, 'proxy']);

  it.each<[string, string, Invoice, KeyEntry[], string | undefined]>([
    ['Creative takes a known creator', 'CreativeIntegrity', c, both, undefined],
    ['Creative overlooks a bad host signature', 'CreativeIntegrity', broken(ch, 1), both, undefined],
    ['Creative wants the creator known', 'CreativeIntegrity', c, ring(host), 'UNKNOWN_KEY'],
    ['Creative wants a creator', 'CreativeIntegrity', h, both, 'MISSING_ROLE'],
    ['Creative wants it valid', 'CreativeIntegrity', broken(c), both, 'BAD_SIGNATURE'],
    ['Authoritative takes an approver', 'AuthoritativeIntegrity', a, ring(approver), undefined],
    ['Authoritative takes one known of two', 'AuthoritativeIntegrity', cs, both, undefined],
    ['Authoritative wants each valid', 'AuthoritativeIntegrity', broken(cs, 1), both, 'BAD_SIGNATURE'],
    ['Authoritative wants one known', 'AuthoritativeIntegrity', cs, ring(host), 'UNKNOWN_KEY'],
    ['Authoritative does not count a host', 'AuthoritativeIntegrity', h, both, 'UNKNOWN_KEY'],
    ['Greedy takes creator and host, both known', 'GreedyVerification', ch, both, undefined],
    ['Greedy wants all valid', 'GreedyVerification', broken(ch, 1), both, 'BAD_SIGNATURE'],
    ['Greedy wants all known', 'GreedyVerification', ch, ring(creator), 'UNKNOWN_KEY'],
    ['Greedy wants a creator', 'GreedyVerification', h, both, 'MISSING_ROLE'],
    ['Exhaustive takes any role', 'ExhaustiveVerification', p, ring(proxy), undefined],
    ['Exhaustive wants all known', 'ExhaustiveVerification', ch, ring(creator), 'UNKNOWN_KEY'],
    ['Exhaustive wants all valid', 'ExhaustiveVerification', broken(ch, 0), both, 'BAD_SIGNATURE'],
    ['Multiple takes both roles', 'MultipleAttestation[creator,host]', ch, both, undefined],
    ['Multiple overlooks others', 'MultipleAttestation[host]', broken(ch, 0), both, undefined],
    ['Multiple wants each role', 'MultipleAttestation[creator,host]', c, both, 'MISSING_ROLE'],
    ['Multiple wants them known', 'MultipleAttestation[host]', ch, ring(creator), 'UNKNOWN_KEY'],
    [
      'MultipleGreedy wants the others valid too',
      'MultipleAttestationGreedy[host]',
      broken(ch, 0),
      both,
      'BAD_SIGNATURE',
    ],
    [
      'MultipleGreedy wants the others known too',
      'MultipleAttestationGreedy[host]',
      ch,
      ring(host),
      'UNKNOWN_KEY',
    ],
    ['MultipleGreedy takes all known', 'MultipleAttestationGreedy[Host]', ch, both, undefined],
  ])('%s', (_name, strategy, value, keyring, code) => {
    const check = (): void => verifyInvoice(value, keyring, parseStrategy(strategy)!);
    if (code === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    'CreativeIntegrity',
    'AuthoritativeIntegrity',
    'GreedyVerification',
    'ExhaustiveVerification',
    'MultipleAttestation[host]',
    'MultipleAttestationGreedy[host]',
  ])('%s refuses what is not signed, and an empty list', (name) => {
    const strategy = parseStrategy(name)!;
    expect(() => verifyInvoice(invoice, both, strategy)).toThrow(/No signatures found on invoice/);
    expect(() => verifyInvoice({ ...invoice, signature: [] }, both, strategy)).toThrow(
      /none of the signatures are made with a known key/,
    );
    expect(() => verifyInvoice(ch, [], strategy)).toThrow(expect.objectContaining({ code: 'UNKNOWN_KEY' }));
  });

  it('never accept more with fewer keys', () => {
    const pool = [creator, approver, host, proxy, stranger];
    const names = [
      'CreativeIntegrity',
      'AuthoritativeIntegrity',
      'GreedyVerification',
      'ExhaustiveVerification',
      'MultipleAttestation[creator]',
      'MultipleAttestationGreedy[host]',
    ];
    const accepts = (value: Invoice, keys: SigningKey[], name: string): boolean => {
      try {
        verifyInvoice(value, ring(...keys), parseStrategy(name)!);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(
        fc.subarray(pool, { minLength: 1 }),
        fc.subarray(pool),
        fc.constantFrom(...names),
        fc.nat(),
        (signers, known, name, dropped) => {
          const value = signed(...signers.map((key): [SigningKey, SignatureRole] => [key, key.roles[0]!]));
          const fewer = known.filter((_, index) => index !== dropped % (known.length || 1));
          if (!accepts(value, known, name)) expect(accepts(value, fewer, name)).toBe(false);
        },
      ),
    );
  });

  it.each([
    ['greedyverification', 'GreedyVerification', []],
    [' CreativeIntegrity ', 'CreativeIntegrity', []],
    ['MULTIPLEATTESTATION[Creator, Host]', 'MultipleAttestation', ['creator', 'host']],
  ])('%j is read', (text, name, roles) => {
    expect(parseStrategy(text)).toEqual({ name, roles });
  });
  it.each([
    '',
    'Greedy',
    'MultipleAttestation',
    'MultipleAttestation[]',
    'MultipleAttestation[boss]',
    'MultipleAttestation[host',
    'CreativeIntegrity[host]',
  ])('%j is no strategy', (text) => {
    expect(parseStrategy(text)).toBeUndefined();
  });
});

describe('key files', () => {
  const folder = temporaryFolder();
  let next = 0;
  const fresh = (): string => join(folder, String(next++), 'secret_keys.toml');

  it('are made on first use, for their owner alone, and read again', async () => {
    const file = fresh();
    const { key, created } = await ensureSigningKey(file, 'creator', 'ana');
    expect(created).toBe(true);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await isExposed(file)).toBe(false);
    const again = await ensureSigningKey(file, 'creator', 'other');
    expect(again).toMatchObject({ created: false, key: { label: 'ana' } });
    expect(again.key.seed.equals(key.seed)).toBe(true);
    expect((await ensureSigningKey(file, 'host', 'h')).created).toBe(true);
    expect(await readSecretKeys(file)).toHaveLength(2);
    expect(readdirSync(join(file, '..'))).toEqual(['secret_keys.toml']);
  });

  it('are made once although ten come at once', async () => {
    const file = fresh();
    const keys = await Promise.all(
      Array.from({ length: 10 }, (_, index) => ensureSigningKey(file, 'creator', `k${index}`)),
    );
    expect(new Set(keys.map(({ key }) => key.label)).size).toBe(1);
    expect(keys.filter(({ created }) => created)).toHaveLength(1);
  });

  it('have the form of the reference client', async () => {
    const file = fresh();
    await addSecretKeys(file, [creator]);
    const text = readFileSync(file, 'utf8');
    expect(text).toMatch(/^version = "1\.0"$/m);
    expect(text).toContain('[[key]]');
    expect(text).toMatch(/^roles = \[ ?"creator" ?\]$/m);
    expect(Buffer.from(/keypair = "([^"]+)"/.exec(text)![1]!, 'base64')).toHaveLength(64);
  });

  it('keep every key although twenty are added at once', async () => {
    const file = fresh();
    const keys = Array.from({ length: 20 }, (_, index) => generateKey(`k${index}`, ['creator']));
    await Promise.all(keys.map((key) => addSecretKeys(file, [key])));
    expect(new Set((await readSecretKeys(file)).map(({ label }) => label)).size).toBe(20);
    await Promise.all(keys.map((key) => trustKeys(`${file}.ring`, [keyEntry(key)])));
    expect((await readKeyringFile(`${file}.ring`)).key).toHaveLength(20);
  });

  it('outlive a writer that died with the lock', async () => {
    const file = fresh();
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(`${file}.lock`, '');
    utimesSync(`${file}.lock`, 1, 1);
    await addSecretKeys(file, [creator]);
    expect(readdirSync(join(file, '..'))).toEqual(['secret_keys.toml']);
  });

  it('keep every key when one is added, and refuse a second of the same name', async () => {
    const file = fresh();
    await addSecretKeys(file, [creator, approver]);
    await expect(addSecretKeys(file, [host, creator])).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect((await readSecretKeys(file)).map(({ label }) => label)).toEqual([creator.label, approver.label]);
  });

  it.each([
    ['not TOML', 'key = [['],
    ['a short key', '[[key]]\nlabel = "a"\nkeypair = "c2VjcmV0"\nroles = ["creator"]'],
    ['no role', `[[key]]\nlabel = "a"\nkeypair = "${Buffer.alloc(64, 1).toString('base64')}"\nroles = []`],
    [
      'halves that do not fit',
      `[[key]]\nlabel = "a"\nkeypair = "${Buffer.concat([creator.seed, host.publicKey]).toString('base64')}"\nroles = ["creator"]`,
    ],
    ['a private key in broken TOML', `keypair = "${creator.seed.toString('base64')}`],
  ])('with %s are refused without showing what is in them', async (_name, text) => {
    const file = fresh();
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
    const error = (await readSecretKeys(file).catch((cause: unknown) => cause)) as Error;
    expect(error).toMatchObject({ code: 'KEY_FILE', message: expect.stringContaining(file) });
    expect(error.message).not.toContain(creator.seed.toString('base64'));
    expect(error.message).not.toContain('c2VjcmV0');
  });

  it.skipIf(process.platform === 'win32')('that others can read are noticed', async () => {
    const file = fresh();
    await ensureSigningKey(file, 'creator', 'ana');
    chmodSync(file, 0o644);
    expect(await isExposed(file)).toBe(true);
  });

  it('that cannot be written say so', async () => {
    const blocker = join(folder, 'blocker');
    writeFileSync(blocker, '');
    await expect(ensureSigningKey(join(blocker, 'x', 'keys.toml'), 'creator', 'a')).rejects.toMatchObject({
      code: 'PRIVATE_FILE',
    });
    expect(existsSync(join(blocker, 'x'))).toBe(false);
  });

  it('of trusted keys hold each key once', async () => {
    const file = fresh();
    expect(await trustKeys(file, [keyEntry(creator), keyEntry(host)])).toHaveLength(2);
    expect(await trustKeys(file, [{ ...keyEntry(creator), label: 'again' }])).toEqual([]);
    const { key } = await readKeyringFile(file);
    expect(key.map(({ roles }) => roles)).toEqual([['creator'], ['host']]);
    expect(key[0]?.labelSignature).toBeTypeOf('string');
  });

  it('take over what people hand around', () => {
    const entry = keyEntry(creator);
    expect(parseTrusted(entry.key, 'ana')).toEqual([{ label: 'ana', roles: ['creator'], key: entry.key }]);
    expect(parseTrusted(keyringText(entry), 'x')).toEqual([entry]);
    for (const text of [
      '',
      'hello',
      'version = "1.0"',
      '[[key]]\nlabel = "a"\nroles = ["creator"]\nkey = "short"',
    ])
      expect(() => parseTrusted(text, 'x')).toThrow(expect.objectContaining({ code: 'KEY_FILE' }));
  });

  it('know all roles', () => {
    for (const role of SIGNATURE_ROLES) expect(generateKey('x', [role]).roles).toEqual([role]);
  });
});
