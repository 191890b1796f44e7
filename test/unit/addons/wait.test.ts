// Waiting for what was begun with an add-on: for that, for nothing else, and with the broker's own words.

import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AddonItem, OperationItem } from '../../../src/addons/addons.ts';
import type { AddonsClient } from '../../../src/addons/client.ts';
import { waitForAddon, type WaitForAddonOptions } from '../../../src/addons/wait.ts';
import { HippoError } from '../../../src/hippo/errors.ts';
import { addonItem, offeringItem, planItem } from '../../support/addon-items.ts';

const PLAN = planItem('free');
const ADDON = addonItem('db', offeringItem('db', [PLAN]), PLAN, []);

function operation(kind: OperationItem['kind'], more: Partial<OperationItem> = {}): OperationItem {
  return {
    id: randomUUID(),
    kind,
    state: 'running',
    channelId: null,
    plan: null,
    message: null,
    by: 'ana',
    createdAt: '2026-11-20T12:00:00Z',
    endedAt: null,
    ...more,
  };
}

type Look = OperationItem[] | Error;

/** @param looks what each look finds, the newest operation first; the last one stays */
function wait(
  looks: Look[],
  begun: OperationItem | null,
  options: WaitForAddonOptions = {},
  after: Partial<AddonItem> = {},
): Promise<AddonItem | undefined> {
  const client = {
    operations: () => {
      const look = looks.length > 1 ? looks.shift() : looks[0];
      return look instanceof Error ? Promise.reject(look) : Promise.resolve(look ?? []);
    },
    addon: () => Promise.resolve({ ...ADDON, ...after }),
  } as unknown as AddonsClient;
  return waitForAddon(client, { ...ADDON, operation: begun }, options);
}

const create = operation('create');
const bind = operation('bind', { state: 'queued' });
const done = (one: OperationItem, message: string | null = null): OperationItem => ({
  ...one,
  state: 'succeeded',
  message,
});
const failed = (one: OperationItem, message: string): OperationItem => ({ ...one, state: 'failed', message });

describe('it ends', () => {
  test('when all that was begun together has', async () => {
    const words: string[] = [];
    const looks = [
      [bind, create],
      [bind, { ...create, message: 'half done' }],
      [bind, { ...create, message: 'half done' }],
      [{ ...bind, state: 'running', message: 'signing in' } as const, done(create)],
      [done(bind), done(create)],
    ];
    const onProgress = (text: string): unknown => words.push(text);
    expect(await wait(looks, create, { onProgress })).toMatchObject({ state: 'ready' });
    expect(words).toEqual(['half done', 'signing in']);
  });

  test('whatever is cleaned up behind it', async () => {
    const cleanUp = operation('clean-up');
    expect(await wait([[cleanUp, done(create)]], create)).toBeDefined();
  });

  test('whatever others have begun before', async () => {
    const update = operation('update');
    const mine = operation('bind', { state: 'queued' });
    const looks = [
      [mine, update],
      [done(mine), update],
    ];
    expect(await wait(looks, update, { kinds: ['bind'] })).toBeDefined();
  });

  test('when it was done before anybody could look', async () => {
    expect(await wait([[done(operation('rotate'))]], null, { kinds: ['rotate'] })).toBeDefined();
  });

  test('when the add-on is gone', async () => {
    const gone = new HippoError('NOT_FOUND', 'no such thing');
    const remove = operation('remove');
    expect(await wait([[remove], gone], remove, { kinds: ['remove'] })).toBeUndefined();
  });

  test('after failures that pass', async () => {
    const broken = new HippoError('BROKEN', 'broke off');
    expect(await wait([broken, [create], broken, [done(create)]], create)).toBeDefined();
  });
});

describe('it fails', () => {
  test.each([
    ['usable', 'It works as before.'],
    ['failed', '`hippo addons remove db --app shop` removes what is left of it.'],
    ['attention', '`hippo addons show db --app shop` says what to do.'],
  ] as const)("with the broker's own words, and what to do with one that is %s", async (state, hint) => {
    const looks = [[failed(bind, 'Not now.'), failed(create, 'No room.\u001b[2J')]];
    await expect(wait(looks, create, {}, { state })).rejects.toMatchObject({
      code: 'ADDON_FAILED',
      message: 'db of shop: add failed: No room.\\u{1b}[2J.',
      hint: expect.stringContaining(hint) as string,
    });
  });

  test('with another way out where a change has broken it', async () => {
    const update = operation('update');
    await expect(wait([[failed(update, 'No.')]], update, {}, { state: 'failed' })).rejects.toMatchObject({
      hint: expect.stringMatching(/another change may mend it.*hippo addons remove db/) as string,
    });
  });

  test('not for what had failed before', async () => {
    const old = failed(operation('update'), 'Too large.');
    const update = operation('update');
    expect(await wait([[done(update), old]], update, { kinds: ['update'] })).toBeDefined();
  });

  test('where the server says no, or never comes back', async () => {
    const refused = new HippoError('FORBIDDEN', 'no');
    await expect(wait([refused], create)).rejects.toBe(refused);
  });

  test('when nobody waits any more', async () => {
    const reason = new Error('enough');
    const stop = new AbortController();
    const looks = wait([[{ ...create, message: 'slowly' }]], create, {
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });
    await expect(looks).rejects.toBe(reason);
  });
});
