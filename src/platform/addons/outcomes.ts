// What a broker's answers mean, and what is done then: one table (Open Service Broker 2.17, "Orphan Mitigation").
// Nothing else decides whether something is removed from a broker.

import { matches } from '../../hippo/check.ts';
import {
  BindingAnswer,
  DeleteAnswer,
  MAX_OPERATION_LENGTH,
  OsbError,
  osbErrors,
  ProvisionAnswer,
} from '../../addons/osb.ts';
import type { BrokerResult } from './broker-client.ts';

export const VERBS = ['provision', 'bind', 'update', 'deprovision', 'unbind'] as const;
export type Verb = (typeof VERBS)[number];

export const OUTCOMES = [
  /** 200 or 201 as it should be. */
  'done',
  /** 202 as it should be. */
  'accepted',
  /** 200 with a body that is none. */
  'malformed-ok',
  /** 201 or 202 with a body that is none. */
  'malformed-new',
  'other-success',
  /** 410. */
  'gone',
  /** 422 ConcurrencyError; by some brokers 409. */
  'busy',
  /** 429: it was not looked at. */
  'later',
  /** Any other 4xx, and redirects, which are not followed. */
  'refused',
  'server-error',
  /** No answer, or a broken one: nobody knows whether it was done. */
  'lost',
  /** It never left this machine. */
  'unsent',
  /** What last_operation said. */
  'failed',
  /** It took longer than it may. */
  'overdue',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Reaction =
  | 'finish'
  | 'poll'
  /** It has failed, and the broker has nothing new. */
  | 'fail'
  /** It has failed, and what the broker may have of it is removed. */
  | 'clean-up'
  /** It has failed, and nobody knows what the broker has: nothing is removed, the user is told. */
  | 'doubt'
  /** The same request goes out again, ever more slowly: it changes nothing if it was done already. */
  | 'again';

type Row = Readonly<Record<Verb, Reaction>>;

const all = (reaction: Reaction): Row => ({
  provision: reaction,
  bind: reaction,
  update: reaction,
  deprovision: reaction,
  unbind: reaction,
});
/** For what makes something, for updates, and for removals. */
const row = (making: Reaction, update: Reaction, removing: Reaction): Row => ({
  provision: making,
  bind: making,
  update,
  deprovision: removing,
  unbind: removing,
});

/**
 * A removal that did not end is asked for again until it has: that is the loop of the specification, of which this
 * is the only form. An update never removes anything.
 */
export const REACTIONS: Readonly<Record<Outcome, Row>> = {
  done: all('finish'),
  accepted: all('poll'),
  'malformed-ok': row('fail', 'doubt', 'finish'),
  'malformed-new': row('clean-up', 'doubt', 'again'),
  'other-success': row('clean-up', 'doubt', 'again'),
  gone: row('fail', 'fail', 'finish'),
  busy: all('again'),
  later: all('again'),
  refused: all('fail'),
  'server-error': row('clean-up', 'fail', 'again'),
  lost: row('clean-up', 'again', 'again'),
  unsent: all('again'),
  failed: row('clean-up', 'fail', 'again'),
  overdue: row('clean-up', 'doubt', 'again'),
};

/** The answer's shape for each verb. */
const ANSWERS = {
  provision: ProvisionAnswer,
  update: ProvisionAnswer,
  bind: BindingAnswer,
  unbind: DeleteAnswer,
  deprovision: DeleteAnswer,
} as const;

export function outcomeOf(verb: Verb, result: BrokerResult): Outcome {
  if (result.kind !== 'answer') return result.kind;
  const { status, body } = result;
  const error = matches(OsbError, body) ? body.error : undefined;
  if (status === 200 || status === 201 || status === 202) {
    // A removal knows no 201.
    if (status === 201 && (verb === 'deprovision' || verb === 'unbind' || verb === 'update'))
      return 'other-success';
    const sound =
      matches(ANSWERS[verb], body) && String(operationOf(body) ?? '').length <= MAX_OPERATION_LENGTH;
    if (!sound) return status === 200 ? 'malformed-ok' : 'malformed-new';
    return status === 202 ? 'accepted' : 'done';
  }
  if (status >= 200 && status < 300) return 'other-success';
  if (status === 410) return 'gone';
  if (status === 429) return 'later';
  if (status === 422 && error === osbErrors.concurrency) return 'busy';
  // Where the specification says ConcurrencyError, brokers of Azure's kind say this.
  if (status === 409 && verb !== 'provision' && verb !== 'bind') return 'busy';
  return status >= 500 ? 'server-error' : 'refused';
}

/** What names a request that was accepted, for polling. */
export function operationOf(body: unknown): string | undefined {
  const operation = (body as { operation?: unknown } | undefined)?.operation;
  return typeof operation === 'string' ? operation : undefined;
}
