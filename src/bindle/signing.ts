// Signatures on invoices: Ed25519 over the text that peers sign (signing-spec, as the code has it: bindle.md §3).

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { SIGNATURE_ROLES, type Invoice, type Signature, type SignatureRole } from './invoice.ts';

/** A private key that may sign: `seed` and `publicKey` are 32 bytes each. */
export interface SigningKey {
  label: string;
  roles: SignatureRole[];
  seed: Buffer;
  publicKey: Buffer;
}

/** A public key that is trusted to sign, as a keyring lists it. */
export interface KeyEntry {
  label: string;
  roles: SignatureRole[];
  /** Base64 of the 32-byte public key. */
  key: string;
  labelSignature?: string;
}

export type SignatureErrorCode =
  | 'UNSIGNED'
  | 'UNKNOWN_KEY'
  | 'BAD_SIGNATURE'
  | 'CORRUPT_KEY'
  | 'MISSING_ROLE'
  | 'DUPLICATE'
  /** Recorded for somebody else, by a server that knows whose keys are whose. */
  | 'KEY_OF_ANOTHER'
  | 'KEY_REVOKED';

/** A signature that cannot be made or does not hold. The texts are those of real servers where they have one. */
export class SignatureError extends Error {
  readonly code: SignatureErrorCode;
  constructor(code: SignatureErrorCode, message: string) {
    super(message);
    this.name = 'SignatureError';
    this.code = code;
  }
}

export function generateKey(label: string, roles: SignatureRole[]): SigningKey {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return {
    label,
    roles,
    seed: Buffer.from(jwk.d ?? '', 'base64url'),
    publicKey: Buffer.from(jwk.x ?? '', 'base64url'),
  };
}

/** The keyring entry by which others come to trust this key; the label is signed, as `bindle keys` does. */
export function keyEntry(key: SigningKey): KeyEntry {
  return {
    label: key.label,
    roles: key.roles,
    key: key.publicKey.toString('base64'),
    labelSignature: sign(null, Buffer.from(key.label), privateKey(key)).toString('base64'),
  };
}

/** What a signature covers: signer, name, version, role and the parcels' digests in order. Not the time. */
export function clearText(invoice: Invoice, by: string, role: SignatureRole): string {
  return [
    by,
    invoice.bindle.name,
    invoice.bindle.version,
    role,
    '~',
    ...(invoice.parcel ?? []).map((parcel) => parcel.label.sha256),
  ].join('\n');
}

/**
 * A copy of the invoice with one more signature.
 * @param at Unix time in seconds
 * @throws SignatureError `DUPLICATE` if this key has signed it already (the specification forbids a second)
 */
export function signInvoice(invoice: Invoice, key: SigningKey, role: SignatureRole, at: number): Invoice {
  const encoded = key.publicKey.toString('base64');
  const present = invoice.signature ?? [];
  if (present.some((signature) => signature.key === encoded))
    throw new SignatureError('DUPLICATE', `The key "${key.label}" has signed this invoice already.`);
  const signature: Signature = {
    by: key.label,
    signature: sign(null, Buffer.from(clearText(invoice, key.label, role)), privateKey(key)).toString(
      'base64',
    ),
    key: encoded,
    role,
    at,
  };
  return { ...invoice, signature: [...present, signature] };
}

/** True if this one signature is valid; says nothing about trust. @throws SignatureError `CORRUPT_KEY`, `BAD_SIGNATURE` */
export function checkSignature(invoice: Invoice, signature: Signature): void {
  const key = decodeBase64(signature.key, 32);
  if (!key || hasSmallOrder(key))
    throw new SignatureError('CORRUPT_KEY', `key is corrupt for ${signature.key}`);
  const bytes = decodeBase64(signature.signature, 64);
  if (!bytes)
    throw new SignatureError('BAD_SIGNATURE', `signature block is corrupt for key ${signature.key}`);
  const text = Buffer.from(clearText(invoice, signature.by, signature.role));
  // Weak points make one signature fit many texts; peers' verify_strict refuses them, node:crypto does not.
  if (hasSmallOrder(bytes.subarray(0, 32)) || !verify(null, text, publicKey(key), bytes))
    throw new SignatureError('BAD_SIGNATURE', `signature ${signature.key} cannot be verified`);
}

export type StrategyName =
  | 'CreativeIntegrity'
  | 'AuthoritativeIntegrity'
  | 'GreedyVerification'
  | 'ExhaustiveVerification'
  | 'MultipleAttestation'
  | 'MultipleAttestationGreedy';

export interface Strategy {
  name: StrategyName;
  /** The roles that must be present, for the two MultipleAttestation strategies. */
  roles: readonly SignatureRole[];
}

interface Rules {
  roles: readonly SignatureRole[];
  /** Every signature is checked, not only those of `roles`. */
  allValid: boolean;
  /** Every checked key must be known. */
  allKnown: boolean;
  /** Each of `roles` must be there. */
  allRoles: boolean;
}

const STRATEGIES: Record<StrategyName, (roles: readonly SignatureRole[]) => Rules> = {
  CreativeIntegrity: () => ({ roles: ['creator'], allValid: false, allKnown: true, allRoles: true }),
  AuthoritativeIntegrity: () => ({
    roles: ['creator', 'approver'],
    allValid: false,
    allKnown: false,
    allRoles: false,
  }),
  GreedyVerification: () => ({ roles: ['creator'], allValid: true, allKnown: true, allRoles: true }),
  ExhaustiveVerification: () => ({ roles: SIGNATURE_ROLES, allValid: true, allKnown: true, allRoles: false }),
  MultipleAttestation: (roles) => ({ roles, allValid: false, allKnown: true, allRoles: true }),
  MultipleAttestationGreedy: (roles) => ({ roles, allValid: true, allKnown: true, allRoles: true }),
};

/** `GreedyVerification`, `MultipleAttestation[Creator, Host]`, in any case; undefined if it is none. */
export function parseStrategy(text: string): Strategy | undefined {
  const match = /^([a-z]+)(?:\[([^\]]*)\])?$/.exec(text.trim().toLowerCase());
  const name = (Object.keys(STRATEGIES) as StrategyName[]).find(
    (known) => known.toLowerCase() === match?.[1],
  );
  if (!match || !name) return undefined;
  if (!name.startsWith('Multiple')) return match[2] === undefined ? { name, roles: [] } : undefined;
  const roles = (match[2] ?? '').split(',').map((role) => role.trim());
  const known = SIGNATURE_ROLES.filter((role) => roles.includes(role));
  return roles.every((role) => known.includes(role as SignatureRole)) ? { name, roles: known } : undefined;
}

/**
 * Holds an invoice against a keyring.
 * @throws SignatureError if the strategy is not satisfied: no signature, one that does not hold, a key that
 * is not known, a role that is missing
 */
export function verifyInvoice(invoice: Invoice, keyring: readonly KeyEntry[], strategy: Strategy): void {
  const rules = STRATEGIES[strategy.name](strategy.roles);
  const signatures = invoice.signature;
  if (signatures === undefined)
    throw new SignatureError(
      'UNSIGNED',
      'No signatures found on invoice. At least one signature is required',
    );
  const known = new Set(keyring.map((entry) => entry.key));
  const filled = new Set<SignatureRole>();
  let someKnown = false;
  for (const signature of signatures) {
    const wanted = rules.roles.includes(signature.role);
    if (!rules.allValid && !wanted) continue;
    checkSignature(invoice, signature);
    filled.add(signature.role);
    if (known.has(signature.key)) someKnown = true;
    else if (rules.allKnown)
      throw new SignatureError(
        'UNKNOWN_KEY',
        'strategy requires that all signatures for role(s) must be verified',
      );
  }
  // Where there is no signature to speak of, to trust one more key would not help: that is said below.
  if (!someKnown && (filled.size > 0 || signatures.length === 0 || !rules.allRoles))
    throw new SignatureError('UNKNOWN_KEY', 'none of the signatures are made with a known key');
  const missing = rules.allRoles ? rules.roles.find((role) => !filled.has(role)) : undefined;
  if (missing)
    throw new SignatureError(
      'MISSING_ROLE',
      `No signature found for role ${missing[0]?.toUpperCase()}${missing.slice(1)}`,
    );
}

/** Standard base64 with padding of exactly `length` bytes; undefined if it is anything else. */
export function decodeBase64(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : undefined;
}

function privateKey(key: SigningKey): KeyObject {
  const jwk = {
    kty: 'OKP',
    crv: 'Ed25519',
    d: key.seed.toString('base64url'),
    x: key.publicKey.toString('base64url'),
  };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

function publicKey(bytes: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
    format: 'jwk',
  });
}

/** The public key that belongs to a seed. */
export function publicKeyOf(seed: Buffer): Buffer {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  return Buffer.from(jwk.x ?? '', 'base64url');
}

/** y coordinates, little-endian, of the points of order 1, 2, 4 and 8, with their non-canonical spellings. */
const SMALL_ORDER = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

function hasSmallOrder(point: Buffer): boolean {
  const y = Buffer.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER.has(y.toString('hex'));
}
