// Waiting until channels run what was released: for which of them, how long, and what is said where they do not.

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HippoClient } from '../../../src/hippo/client.ts';
import { waitUntilServed, type ServedChannel } from '../../../src/publish/wait.ts';
import { REAL_ACCOUNT, startRealHippo, type RealChannel, type RealHippo } from '../../support/real-hippo.ts';

const PROXY = 'HTTP_PROXY';
const appId = randomUUID();
const before = process.env[PROXY];
let real: RealHippo;
let hippo: HippoClient;

beforeAll(() => {
  for (const name of ['http_proxy', 'no_proxy', 'NO_PROXY']) delete process.env[name];
});
beforeEach(async () => {
  real = await startRealHippo({ dialect: 'F', bindle: { invoices: new Map() } });
  // It serves its own channels, wherever they are said to be.
  process.env[PROXY] = real.url;
  const { HIPPO_USERNAME: username, HIPPO_PASSWORD: password } = REAL_ACCOUNT;
  hippo = new HippoClient({ url: real.url, credentials: { type: 'basic', username, password } });
  real.apps.push({ id: appId, name: 'shop', storageId: 'team/shop' });
});
afterEach(() => Promise.all([hippo.close(), real.close()]));
afterAll(() => {
  if (before === undefined) delete process.env[PROXY];
  else process.env[PROXY] = before;
});

function revision(revisionNumber: string): string {
  const known = real.revisions.find((one) => one.revisionNumber === revisionNumber);
  if (known) return known.id;
  real.revisions.push({ id: randomUUID(), appId, revisionNumber });
  return revision(revisionNumber);
}

function channel(name: string, runs: string | null, rangeRule: string | null = '*'): RealChannel {
  const made: RealChannel = {
    id: randomUUID(),
    appId,
    name,
    domain: `${name}.shop.hippofactory.io`,
    revisionSelectionStrategy: rangeRule === null ? 'UseSpecifiedRevision' : 'UseRangeRule',
    rangeRule,
    activeRevisionId: runs === null ? null : revision(runs),
  };
  real.channels.push(made);
  return made;
}

const told: string[][] = [];
beforeEach(() => told.splice(0));
function wait(
  channels: RealChannel[],
  { patience = 10_000, signal }: { patience?: number; signal?: AbortSignal } = {},
): Promise<ServedChannel[]> {
  revision('1.0.0');
  return waitUntilServed({
    id: { name: 'team/shop', version: '1.0.0' },
    hippo,
    channels,
    patience,
    pause: 5,
    onWaiting: (waiting) => told.push(waiting.map(({ name }) => name)),
    ...(signal ? { signal } : {}),
  });
}

describe('channels', () => {
  it('that run the version and answer are served', async () => {
    const [live, old] = [channel('live', '1.0.0'), channel('old', '1.0.0', null)];
    const { port } = new URL(real.url);
    expect(await wait([live, old])).toEqual([
      {
        id: live.id,
        name: 'live',
        address: `http://live.shop.hippofactory.io:${port}/`,
        runs: '1.0.0',
        status: 200,
      },
      {
        id: old.id,
        name: 'old',
        address: `http://old.shop.hippofactory.io:${port}/`,
        runs: '1.0.0',
        status: 200,
      },
    ]);
    expect(told).toEqual([['live', 'old']]);
  });

  it('are waited for', async () => {
    const slow = channel('slow', null);
    let looks = 0;
    real.refuses = (_method, path) => {
      if (path.startsWith('/api/channels/') && ++looks === 4) slow.activeRevisionId = revision('1.0.0');
      return undefined;
    };
    expect(await wait([slow])).toMatchObject([{ runs: '1.0.0' }]);
    expect(looks).toBeGreaterThanOrEqual(4);
  });

  it('are not waited for without patience, nor where there are none', async () => {
    expect(await wait([channel('slow', null)], { patience: 0 })).toMatchObject([
      { name: 'slow', runs: null },
    ]);
    expect(await wait([])).toEqual([]);
    expect(told).toEqual([]);
  });

  it('that do not come are all named, with what each of them does', async () => {
    real.page = (response) => void response.writeHead(502).end();
    const [one, two] = [channel('one', null), channel('two', '1.0.0')];
    await expect(wait([one, two], { patience: 60 })).rejects.toMatchObject({
      code: 'NOT_RUNNING',
      message: expect.stringMatching(
        /^team\/shop\/1\.0\.0 is released, but after 0 seconds one runs nothing; two answers 502\.$/,
      ),
      hint: expect.stringContaining('hippo channel logs one'),
    });
  });

  it('are served whatever the app itself answers, even if it never ends', async () => {
    real.page = (response) => void response.writeHead(500).write('still going on');
    expect(await wait([channel('live', '1.0.0')])).toMatchObject([{ status: 500 }]);
  });

  it('are asked for again where the server fails for a moment', async () => {
    let failures = 0;
    real.refuses = (method, path) =>
      told.length > 0 && method === 'GET' && path.startsWith('/api/channel') && failures++ < 4
        ? 500
        : undefined;
    expect(await wait([channel('live', '1.0.0')])).toMatchObject([{ runs: '1.0.0' }]);
    expect(failures).toBeGreaterThan(4);
  });

  it('are not asked for again where the server will not have it', async () => {
    real.refuses = (_method, path) => (told.length > 0 && path.startsWith('/api/channel') ? 403 : undefined);
    await expect(wait([channel('live', '1.0.0')])).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describe('a version that is not to come any more', () => {
  it.each([
    ['a later one is there', 'UseRangeRule', '*', '2.0.0'],
    ['another one was chosen', 'UseSpecifiedRevision', null, '0.9.0'],
  ] as const)('because %s', async (_why, strategy, rule, runs) => {
    const live = channel('live', runs, rule);
    live.revisionSelectionStrategy = strategy;
    expect(await wait([live])).toMatchObject([{ runs }]);
  });

  it('because the rule does not take it, is said at once', async () => {
    await expect(wait([channel('live', '0.9.0', '^0')])).rejects.toMatchObject({
      code: 'NOT_RUNNING',
      message: expect.stringContaining('live does not run it: its rule is "^0"'),
    });
    await expect(wait([channel('odd', null, 'P:odd')])).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });
});

describe('the signal', () => {
  it('ends the wait with its reason, also between two looks', async () => {
    const cancel = new AbortController();
    const reason = new Error('stop');
    let looks = 0;
    real.refuses = (_method, path) => {
      if (path.startsWith('/api/revisions') && ++looks === 3) setImmediate(() => cancel.abort(reason));
      return undefined;
    };
    await expect(wait([channel('slow', null)], { signal: cancel.signal })).rejects.toBe(reason);
  });
});
