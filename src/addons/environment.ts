// The names under which a channel gets an add-on's credentials: the one place that makes them.

import { createHash } from 'node:crypto';

/** Hippo takes no longer names of variables. */
export const MAX_KEY_LENGTH = 32;

/** Members of credentials that are the address; the first one that is there becomes `<NAME>_URL`. */
const ADDRESSES = ['uri', 'url', 'jdbcUrl'];

/** What most credentials have: a channel that has one of these names already is told so before anything is made. */
const USUAL = ['URL', 'JDBC_URL', 'HOST', 'HOSTNAME', 'PORT', 'USER', 'USERNAME', 'PASSWORD', 'DATABASE'];

/** `my-cache` → `MY_CACHE`. */
export function prefixOf(name: string): string {
  return upperCase(name);
}

/**
 * Credentials as variables, one for each member: `uri`, else `url`, else `jdbcUrl`, is `<NAME>_URL` (a `jdbcUrl`
 * beside another address `<NAME>_JDBC_URL`), any other `<NAME>_<KEY>`, upper case with "_" for what is neither
 * letter nor digit. Texts stay as they are; numbers and truth values become texts, objects and lists JSON; null is
 * left out.
 *
 * A name that is too long keeps its first 27 characters, then come "_" and four hexadecimal digits of the SHA-256
 * of the whole name; so does the later of two members whose names would be the same.
 * @param name of the add-on in the channel
 */
export function variablesOf(
  name: string,
  credentials: Readonly<Record<string, unknown>>,
): Map<string, string> {
  const prefix = prefixOf(name);
  const variables = new Map<string, string>();
  const address = ADDRESSES.find((key) => typeof credentials[key] === 'string');
  const members = Object.entries(credentials).sort(([a], [b]) => rank(a, address) - rank(b, address));
  for (const [key, value] of members) {
    const text = textOf(value);
    // A zero would end the value before its end.
    if (text === undefined || text.includes('\0')) continue;
    if (key === 'url' && address === 'uri' && text === credentials['uri']) continue;
    const short = key === address ? 'URL' : key === 'jdbcUrl' ? 'JDBC_URL' : upperCase(key);
    let whole = `${prefix}_${short}`;
    let variable = whole.length > MAX_KEY_LENGTH ? shortened(whole) : whole;
    while (variables.has(variable)) variable = shortened((whole = `${whole} ${key}`));
    variables.set(variable, text);
  }
  return variables;
}

/** Names that are likely to come, as long as the credentials are not known. */
export function usualVariables(name: string): string[] {
  return USUAL.map((key) => `${prefixOf(name)}_${key}`);
}

/** The address goes first, so that no other member takes its name. */
function rank(key: string, address: string | undefined): number {
  return key === address ? 0 : 1;
}

function shortened(name: string): string {
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 4).toUpperCase();
  return `${upperCase(name).slice(0, MAX_KEY_LENGTH - 5)}_${digest}`;
}

function upperCase(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
