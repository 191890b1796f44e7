// kill -9 of the local Hippo while eight clients publish and change things: what was acknowledged is there, and
// nothing half is. HIPPO_TEST_ROUNDS=50 is the long form.

import { join } from 'node:path';
import { compare } from 'semver';
import { expect, test } from 'vitest';
import { BindleClient } from '../../src/bindle/client.ts';
import { formatId } from '../../src/bindle/id.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { makeBindle } from '../support/bindles.ts';
import { startedPlatform, type RunningPlatform } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
const ROUNDS = Number(process.env['HIPPO_TEST_ROUNDS'] ?? 3);
const CLIENTS = 8;
const PASSWORD = 'correct horse';

/** What one client has been told is done. */
interface Acknowledged {
  name: string;
  appId: string;
  channelId: string;
  /** Versions with all their parcels. */
  pushed: Set<string>;
  registered: Set<string>;
  /** The last value that was taken, and one whose answer never came. */
  variable: string | undefined;
  underWay: string | undefined;
  token: { id: string; token: string } | undefined;
}

function connect(platform: RunningPlatform, username: string): { hippo: HippoClient; bindle: BindleClient } {
  const credentials = { type: 'basic', username, password: PASSWORD } as const;
  return {
    hippo: new HippoClient({ url: platform.ready.hippoUrl, credentials }),
    bindle: new BindleClient({ url: platform.ready.bindleUrl, credentials }),
  };
}

async function prepare(platform: RunningPlatform, index: number): Promise<Acknowledged> {
  const name = `client-${index}`;
  const owner = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
  await owner.register(name, PASSWORD);
  await owner.close();
  const { hippo, bindle } = connect(platform, name);
  const appId = await hippo.createApp({ name, storageId: name });
  const channelId = await hippo.createChannel({ appId, name: 'main' });
  await Promise.all([hippo.close(), bindle.close()]);
  return {
    name,
    appId,
    channelId,
    pushed: new Set(),
    registered: new Set(),
    variable: undefined,
    underWay: undefined,
    token: undefined,
  };
}

/** Publishes and changes things until the platform is gone. */
async function work(platform: RunningPlatform, state: Acknowledged, round: number): Promise<void> {
  const { hippo, bindle } = connect(platform, state.name);
  try {
    for (let count = 0; ; count++) {
      const version = `${round}.${count}.0`;
      const made = makeBindle(state.name, version, {
        'own.txt': `${state.name} ${version}`,
        'same.txt': 'same',
      });
      await bindle.createInvoice(made.invoice);
      for (const label of await bindle.missing(made.invoice.bindle))
        await bindle
          .sendParcel(made.invoice.bindle, label.sha256, label.size, made.content.get(label.sha256)!)
          // Another client was faster with the same content.
          .catch((error: unknown) => {
            if ((error as { code?: string }).code !== 'EXISTS') throw error;
          });
      state.pushed.add(version);
      await hippo.registerRevision({ appStorageId: state.name, revisionNumber: version });
      state.registered.add(version);
      state.underWay = version;
      await hippo.patchChannel(state.channelId, { environmentVariables: [{ key: 'A', value: version }] });
      state.variable = version;
      state.token = await hippo.createDeployToken({ appId: state.appId });
    }
  } catch {
    // The platform was killed.
  } finally {
    await Promise.all([hippo.close(), bindle.close()]).catch(() => undefined);
  }
}

async function look(platform: RunningPlatform, state: Acknowledged): Promise<void> {
  const { hippo, bindle } = connect(platform, state.name);
  const channel = await hippo.channel(state.channelId);
  const numbers = (await hippo.revisions({ appId: state.appId })).map(({ revisionNumber }) => revisionNumber);
  expect(numbers).toEqual(expect.arrayContaining([...state.registered]));
  const value = channel.environmentVariables[0]?.value;
  expect([state.variable, state.underWay]).toContain(value);
  // A channel with a rule runs the newest of what there is: no registration is half done.
  const newest = [...numbers].sort((a, b) => compare(b, a))[0];
  expect(channel.activeRevision?.revisionNumber).toBe(newest);
  for (const version of state.pushed) {
    const id = { name: state.name, version };
    const [invoice, missing] = [await bindle.getInvoice(id), await bindle.missing(id)];
    expect(formatId(invoice.bindle)).toBe(formatId(id));
    expect(missing).toEqual([]);
  }
  if (state.token !== undefined) {
    const tokens = await hippo.deployTokens({ appId: state.appId });
    expect(tokens.map(({ id }) => id)).toContain(state.token.id);
  }
  await Promise.all([hippo.close(), bindle.close()]);
}

test('what was acknowledged survives', { timeout: ROUNDS * 60_000 }, async () => {
  const start = (): Promise<RunningPlatform> =>
    startedPlatform('--data', join(folder, 'data'), '--port', '0');
  let platform = await start();
  const states = await Promise.all(Array.from({ length: CLIENTS }, (_, index) => prepare(platform, index)));
  for (let round = 1; round <= ROUNDS; round++) {
    const workers = states.map((state) => work(platform, state, round));
    const before = states.reduce((sum, { pushed }) => sum + pushed.size, 0);
    // Killed in the midst of it, and each time at another point.
    while (states.reduce((sum, { pushed }) => sum + pushed.size, 0) < before + 10 + ((round * 7) % 13))
      await new Promise((resolve) => setImmediate(resolve));
    await platform.stop('SIGKILL');
    await Promise.all(workers);
    platform = await start();
    for (const state of states) await look(platform, state);
  }
  await platform.stop();
});
