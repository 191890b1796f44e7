// What is written when a process of the platform throws, or is asked how it is, with credentials at hand: Node's
// reports, what it prints, and logs hold none of them.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settledAddon } from '../support/addons-platform.ts';
import { AddonsClient } from '../../src/addons/client.ts';
import { HippoClient } from '../../src/hippo/client.ts';
import { startedPlatform } from '../support/platform.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const root = temporaryFolder();
let broker: ScriptedBroker;
beforeAll(async () => {
  broker = await startScriptedBroker();
});
afterAll(() => broker.close());

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

// Windows has no signals that a program can wait for.
test.skipIf(process.platform === 'win32')('crash reports hold no secret', async () => {
  const reports = mkdtempSync(join(root, 'reports-'));
  const data = mkdtempSync(join(root, 'data-'));
  const thrower = join(root, 'throws.mjs');
  writeFileSync(
    thrower,
    "process.on('SIGALRM', () => { throw Object.assign(new Error('thrown as asked'), { pid: process.pid }); });",
  );
  process.env['NODE_OPTIONS'] =
    `--report-on-signal --report-uncaught-exception --report-on-fatalerror --report-directory=${reports} --import=${pathToFileURL(thrower).href}`;
  const starting = startedPlatform('--data', data, '--port', '0');
  delete process.env['NODE_OPTIONS'];
  const platform = await starting;
  const { ready, token } = platform;
  const hippo = new HippoClient({ url: ready.hippoUrl, credentials: { type: 'bearer', token } });
  const addons = new AddonsClient(hippo);
  try {
    const { url, userName, password } = broker;
    await addons.registerBroker({ name: 'main', url, userName, password });
    const appId = await hippo.createApp({ name: 'app', storageId: 'app' });
    const channelId = await hippo.createChannel({ appId, name: 'main' });
    // One of a broker that ships, too: that has its own secrets.
    const shipped = await addons.createAddon({ name: 'sqlite', channelId });
    const { id } = await addons.createAddon({
      name: 'db',
      channelId,
      parameters: { key: 'secret-parameter' },
    });
    for (const one of [shipped.id, id])
      expect(await settledAddon(addons, one)).toMatchObject({ state: 'ready' });
    // The values are in memory, and a request with the broker's credentials and new parameters is under way.
    const values = (await addons.addonVariables(channelId, true)).map(({ value }) => value!);
    const { arrived, go } = broker.hold('update');
    await addons.changeAddon(id, { plan: 'small', parameters: { key: 'secret-parameter' } });
    await arrived;

    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(ready.pid)])
      .toString()
      .trim()
      .split(/\s+/)
      .map(Number);
    const all = [...children, ready.pid];
    expect(children.length).toBeGreaterThan(0);
    const reportsOf = (pid: number) => readdirSync(reports).filter((name) => name.includes(`.${pid}.`));
    for (const pid of all) process.kill(pid, 'SIGUSR2');
    await waitFor(() => expect(all.filter((pid) => reportsOf(pid).length === 0)).toEqual([]));
    for (const pid of all) process.kill(pid, 'SIGALRM');
    await waitFor(() => expect(all.filter((pid) => reportsOf(pid).length < 2)).toEqual([]));

    go();
    const logins = filesIn(join(data, 'brokers'))
      .filter((file) => file.endsWith('credentials.json'))
      .map((file) => (JSON.parse(readFileSync(file, 'utf8')) as { password: string }).password);
    expect(logins.length).toBeGreaterThan(0);
    const secrets = [
      token,
      password,
      Buffer.from(`${userName}:${password}`).toString('base64'),
      'secret-parameter',
      ...values.filter((value) => value.includes('secret-')),
      ...logins,
    ];
    const written = [...filesIn(reports), ...filesIn(data).filter((file) => file.endsWith('.log'))];
    const texts = new Map(written.map((file) => [file, readFileSync(file, 'utf8')]));
    texts.set('what it printed', platform.stderr());
    expect([...texts.values()].join('')).toContain('thrown as asked');
    for (const [where, text] of texts)
      for (const secret of secrets) expect(text.includes(secret), `a secret in ${where}`).toBe(false);
  } finally {
    await hippo.close();
    await platform.stop().catch(() => undefined);
  }
});
