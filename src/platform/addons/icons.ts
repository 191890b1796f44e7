// Fetches the pictures of offerings, from the public network alone: a catalog must not make the platform look at
// what only this machine or its network can see.

import { lookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { isLoopbackName } from './catalog.ts';

const MAX_BYTES = 64 * 1024;
/** Milliseconds. */
const TIME = 10_000;

/** Networks that are not the public one (RFC 6890 and its registry). */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE.addSubnet(network, prefix, 'ipv4');
/** Only 2000::/3 is given out; of that, what carries addresses of the other kind or is for examples is not public. */
const PUBLIC_6 = new BlockList();
PUBLIC_6.addSubnet('2000::', 3, 'ipv6');
const PRIVATE_6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const)
  PRIVATE_6.addSubnet(network, prefix, 'ipv6');

/** Whether an IP address is one of the public network. */
export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !PRIVATE.check(address, 'ipv4');
  return PUBLIC_6.check(address, 'ipv6') && !PRIVATE_6.check(address, 'ipv6');
}

/**
 * A picture as a data URI; undefined if there is none that may be shown.
 * @param imageUrl `http:`, `https:` or `data:`
 * @param broker whose picture it is: one on loopback may have its pictures there, too, and any at its own host
 */
export async function fetchIcon(imageUrl: string, broker: URL): Promise<string | undefined> {
  const url = new URL(imageUrl);
  const bytes = url.protocol === 'data:' ? fromDataUri(imageUrl) : await download(url, broker);
  const type = bytes && typeOf(bytes);
  return type === undefined ? undefined : `data:${type};base64,${bytes!.toString('base64')}`;
}

function fromDataUri(uri: string): Buffer | undefined {
  const [, base64, data = ''] = /^data:[^,;]*(?:;[^,;]*)*?(;base64)?,(.*)$/is.exec(uri) ?? [];
  try {
    const bytes = base64 ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
    return bytes.length <= MAX_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}

async function download(url: URL, broker: URL): Promise<Buffer | undefined> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  try {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const found = isIP(host) ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true });
    const own = url.host === broker.host && url.protocol === broker.protocol;
    const near = isLoopbackName(broker.hostname);
    const allowed = found.every(
      ({ address }) => own || isPublic(address) || (near && isLoopbackAddress(address)),
    );
    const [first] = found;
    return allowed && first !== undefined ? await get(url, first) : undefined;
  } catch {
    return undefined;
  }
}

function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^127\./.test(address);
}

/** At the address that was looked at: the name might lead elsewhere the next time. */
function get(url: URL, at: { address: string; family: number }): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const sent = make(url, {
      agent: false,
      signal: AbortSignal.timeout(TIME),
      headers: { accept: 'image/svg+xml, image/png, image/webp, image/jpeg' },
      lookup: (_, options, callback) =>
        options.all === true
          ? (callback as (error: null, found: object[]) => void)(null, [at])
          : callback(null, at.address, at.family),
    });
    sent.once('error', reject);
    // Redirects are not followed.
    sent.once('response', (response) => {
      if (response.statusCode === 200) return void read(response).then(resolve, reject);
      response.destroy();
      resolve(undefined);
    });
    sent.end();
  });
}

async function read(response: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** By its first bytes, whatever it says that it is. */
function typeOf(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from('89504e470d0a1a0a', 'hex'))) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.from('ffd8ff', 'hex'))) return 'image/jpeg';
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')
    return 'image/webp';
  return isSvg(bytes.toString('utf8', 0, 4096)) ? 'image/svg+xml' : undefined;
}

/** What may stand before the element, each with its end. */
const BEFORE_SVG: readonly (readonly [RegExp, string])[] = [
  [/^<\?xml/, '?>'],
  [/^<!--/, '-->'],
  [/^<!DOCTYPE(?=[^>[]*>)/i, '>'],
];

/** Step by step: a pattern for all of it would take the time of whoever sends nothing but comments. */
function isSvg(text: string): boolean {
  let rest = text.replace(/^\ufeff/, '').trimStart();
  for (;;) {
    const end = BEFORE_SVG.find(([start]) => start.test(rest))?.[1];
    if (end === undefined) return /^<svg[\s/>]/i.test(rest);
    const at = rest.indexOf(end);
    if (at < 0) return false;
    rest = rest.slice(at + end.length).trimStart();
  }
}
