// What a broker's answer says, in its own words where it has some.

import { OsbError } from '../../addons/osb.ts';
import { matches } from '../../hippo/check.ts';
import type { BrokerResult } from './broker-client.ts';
import { line } from './catalog.ts';
import type { Outcome } from './outcomes.ts';

/** The code of a refusal. */
export function errorOf(result: BrokerResult): string | null | undefined {
  return result.kind === 'answer' && matches(OsbError, result.body) ? result.body.error : undefined;
}

/** What the broker says of an instance whose update or removal has failed. */
export function flagsOf(result: BrokerResult): { usable?: boolean; repeatable?: boolean } {
  if (result.kind !== 'answer' || !matches(OsbError, result.body)) return {};
  const { instance_usable: usable, update_repeatable: repeatable } = result.body;
  return {
    ...(usable === false ? { usable } : {}),
    ...(repeatable === false ? { repeatable } : {}),
  };
}

/** The broker's own words, else what happened, as a sentence. */
export function wordsOf(outcome: Outcome, result: BrokerResult): string {
  if (result.kind !== 'answer')
    return result.kind === 'unsent'
      ? `The broker cannot be reached (${result.reason.replace(/\.$/, '')}).`
      : `The broker's answer did not come (${result.reason}).`;
  const { status, body } = result;
  const { error, description } = (typeof body === 'object' && body !== null ? body : {}) as OsbError;
  const said = line(description, 1000);
  if (outcome === 'overdue')
    return `The broker did not come to an end in the time that it has${said === null ? '' : `; at last it said: ${said}`}.`;
  if (outcome === 'failed')
    return said === null ? 'The broker has failed, and does not say why.' : `The broker says: ${said}`;
  if (said !== null) return `The broker says: ${said}`;
  switch (outcome) {
    case 'malformed-ok':
    case 'malformed-new':
      return `The broker answered with status ${status} and what no platform can read.`;
    case 'other-success':
      return `The broker answered with status ${status}, which means nothing here.`;
    default: {
      const word = line(error, 60);
      return `The broker answered with status ${status}${word === null ? '' : ` (${word})`}.`;
    }
  }
}

const MASK = '***';
/** Shorter ones stand in too many words that are none. */
const SHORTEST = 4;

/** What stands under a name that tells of a secret, in whatever depth. */
export function secretsIn(parameters: unknown, told = false): string[] {
  if (typeof parameters === 'string') return told ? [parameters] : [];
  if (typeof parameters !== 'object' || parameters === null) return [];
  return Object.entries(parameters).flatMap(([name, value]) =>
    secretsIn(value, told || /passw|passphrase|secret|token|credential|key$/i.test(name)),
  );
}

/** A broker's words, which may repeat what was sent to it, without secrets. */
export function withoutSecrets(words: string, secrets: readonly string[]): string {
  return secrets
    .filter(({ length }) => length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, MASK), words);
}
