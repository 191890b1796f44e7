// What a channel ran before, and its variables.

import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChannelPatch, Variable } from '../../../src/hippo/api.ts';
import { HippoClient } from '../../../src/hippo/client.ts';
import { followRule, pinRevision, previousRevision } from '../../../src/hippo/selection.ts';
import { editVariables, withVariables } from '../../../src/hippo/variables.ts';
import { REAL_ACCOUNT, startRealHippo } from '../../support/real-hippo.ts';

const revisions = ['1.0.0', '1.1.0', '2.0.0-ana-20260101000000000', '1.2.0'].map((revisionNumber) => ({
  id: `id of ${revisionNumber}`,
  revisionNumber,
}));

function running(number: string | undefined, rangeRule: string | null) {
  const found = revisions.find(({ revisionNumber }) => revisionNumber === number);
  const activeRevision = found ? { ...found, appId: '', components: [], type: null } : null;
  return { activeRevision, rangeRule };
}

describe('before', () => {
  test.each([
    ['1.2.0', '*', '1.1.0'],
    ['1.1.0', '*', '1.0.0'],
    ['1.0.0', '*', undefined],
    // None that came earlier satisfies the rule: the last one, whatever it is.
    ['1.2.0', '^1.2', '2.0.0-ana-20260101000000000'],
    ['1.2.0', null, '2.0.0-ana-20260101000000000'],
    ['1.2.0', 'no rule at all', '2.0.0-ana-20260101000000000'],
    ['1.2.0', 'P:*-ana-*', '2.0.0-ana-20260101000000000'],
    [undefined, '*', undefined],
    ['9.9.9', '*', undefined],
  ])('%s under %s ran %s', (number, rule, expected) => {
    expect(previousRevision(running(number, rule), revisions)?.revisionNumber).toBe(expected);
  });
});

describe.each(['F', 'S'] as const)(
  'on a real Hippo of dialect %s, which starts nothing anew on PATCH',
  (dialect) => {
    async function serve() {
      const real = await startRealHippo({ dialect, bindle: { invoices: new Map() } });
      const [userName, password] = [REAL_ACCOUNT.HIPPO_USERNAME, REAL_ACCOUNT.HIPPO_PASSWORD];
      const credentials = { type: 'basic', username: userName, password } as const;
      const client = new HippoClient({ url: real.url, credentials });
      onTestFinished(async () => {
        await client.close();
        await real.close();
      });
      const id = '11111111-1111-4111-8111-111111111111';
      const appId = '22222222-2222-4222-8222-222222222222';
      real.apps.push({ id: appId, name: 'birds', storageId: 'birds' });
      for (const revisionNumber of ['1.0.0', '1.1.0'])
        real.revisions.push({ id: `id of ${revisionNumber}`, appId, revisionNumber });
      real.channels.push({
        id,
        appId,
        name: 'live',
        domain: 'birds.hippofactory.io',
        revisionSelectionStrategy: 'UseRangeRule',
        rangeRule: '~1',
        activeRevisionId: 'id of 1.1.0',
      });
      const look = (): unknown =>
        real.channels.map((channel) => [
          channel.revisionSelectionStrategy,
          channel.rangeRule,
          real.runs(channel),
        ]);
      return { client, id, look, real };
    }

    test('a revision is pinned, and the rule kept; then the rule is followed from what ran before', async () => {
      const { client, id, look, real } = await serve();
      await pinRevision(client, id, 'id of 1.0.0');
      expect(look()).toEqual([['UseSpecifiedRevision', '~1', '1.0.0']]);
      await followRule(client, id, '^1');
      expect(look()).toEqual([['UseRangeRule', '^1', '1.0.0']]);
      await followRule(client, id, '~1', { runs: 'id of 1.1.0' });
      expect(look()).toEqual([['UseRangeRule', '~1', '1.1.0']]);
      expect(real.changes.filter((change) => change.startsWith('PATCH'))).toEqual([]);
    });
  },
);

describe('variables', () => {
  function channelWith(...variables: Variable[]) {
    const patches: ChannelPatch[] = [];
    return {
      patches,
      channel: () =>
        Promise.resolve({
          environmentVariables: variables.map((variable) => ({ channelId: 'c', ...variable })),
        } as never),
      patchChannel: async (_: string, patch: ChannelPatch) => void patches.push(patch),
    };
  }

  test('are sent back as a whole', async () => {
    const client = channelWith({ key: 'A', value: '1' }, { key: 'B', value: '2' });
    const keys = await editVariables(client, 'c', (variables) =>
      withVariables(variables, [
        { key: 'B', value: '3' },
        { key: 'C', value: '' },
      ]),
    );
    expect(keys).toEqual(['A', 'B', 'C']);
    expect(client.patches).toEqual([
      {
        environmentVariables: [
          { key: 'A', value: '1' },
          { key: 'B', value: '3' },
          { key: 'C', value: '' },
        ],
      },
    ]);
  });

  test('stay as they are where an edit says so', async () => {
    const client = channelWith({ key: 'A', value: '1' });
    expect(await editVariables(client, 'c', () => undefined)).toEqual(['A']);
    expect(client.patches).toEqual([]);
  });
});
