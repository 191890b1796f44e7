// How the store of add-ons says it stands with a Hippo, and what a person can do about it.

import { describe, expect, test } from 'vitest';
import { Emitter } from '../../../src/editor/disposables.ts';
import { HippoAddonsStore } from '../../../src/editor/marketplace/hippo-addons-store.ts';
import type { Knowledge } from '../../../src/editor/tree/addons-reader.ts';
import type { FollowerState } from '../../../src/editor/tree/follower.ts';
import { offeringItem } from '../../support/addon-items.ts';

interface Situation {
  readonly state: FollowerState;
  readonly knowledge?: Knowledge;
  /** Something was read before. */
  readonly known?: boolean;
  readonly watched?: boolean;
}

function standingIn({ state, knowledge = { state: 'read' }, known = false, watched = false }: Situation) {
  const emitter = new Emitter<never>((error) => {
    throw error;
  });
  const offerings = known ? [offeringItem('redis', [])] : undefined;
  const store = new HippoAddonsStore({
    follower: {
      state,
      connection: undefined,
      onDidChangeState: emitter.event,
      addons: { knowledge, offerings, onDidChange: emitter.event },
      start: () => undefined,
      wantOfferings: () => Promise.resolve(),
    },
    model: { isEmpty: true, onDidLearn: emitter.event },
    connections: { status: { name: 'staging' } },
    log: { error: () => undefined },
  } as never);
  if (watched) store.watch('offerings');
  const { standing } = store;
  return { ...standing, actions: standing.actions.map(({ action }) => action) };
}

describe('the standing', () => {
  test.each<[string, Situation, string, string[]]>([
    ['nobody has looked', { state: 'idle' }, 'loading', []],
    ['it is being read', { state: 'loading' }, 'loading', []],
    ['add-ons are being read', { state: 'ready', knowledge: { state: 'unknown' } }, 'loading', []],
    ['offerings are being read', { state: 'ready', watched: true }, 'loading', []],
    ['all was read', { state: 'ready', watched: true, known: true }, 'ready', []],
    ['nobody wants offerings', { state: 'ready' }, 'ready', []],
    ['the local Hippo does not run', { state: 'stopped' }, 'stopped', ['startLocal', 'switchConnection']],
    ['nobody is signed in', { state: 'signedOut' }, 'signedOut', ['signIn', 'switchConnection']],
    ['the setting names no connection', { state: 'missing' }, 'failed', ['switchConnection', 'useLocal']],
    ['it is too old', { state: 'unsupported' }, 'unsupported', ['useLocal']],
    [
      'it has no add-ons',
      { state: 'ready', knowledge: { state: 'none' } },
      'unsupported',
      ['useLocal', 'switchConnection'],
    ],
    [
      'it does not tell',
      { state: 'ready', knowledge: { state: 'failed', message: 'Why.' } },
      'failed',
      ['retry', 'showOutput'],
    ],
    ['it does not answer', { state: 'unreachable' }, 'offline', ['retry', 'showOutput']],
    ['it answers no longer', { state: 'unreachable', known: true }, 'stale', ['retry', 'showOutput']],
  ])('%s', (_, situation, state, actions) => {
    const standing = standingIn(situation);
    expect(standing).toMatchObject({ state, connection: 'staging', actions });
    // Where there is nothing to show, a sentence says why.
    if (state !== 'ready' && state !== 'loading') expect(standing.message).toMatch(/\.$/);
  });
});
