// What a channel ran before, and its variables.

import { describe, expect, test } from 'vitest';
import type { ChannelPatch, Variable } from '../../../src/hippo/api.ts';
import { previousRevision } from '../../../src/hippo/selection.ts';
import { editVariables, withVariables } from '../../../src/hippo/variables.ts';

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
