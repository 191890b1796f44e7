// The sample's page of notes: published, it gets its add-on, and reads and writes rows by host calls.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { ask, type Page } from '../support/platform.ts';
import { postgresqlPrograms } from '../support/postgresql-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface SampleBuilder {
  buildSample: (folder: string) => Promise<string>;
  addNotes: (folder: string, addon: string) => Promise<void>;
}

const folder = temporaryFolder();
const home = join(folder, 'home');
const project = join(folder, 'project');
let platform: LocalPlatform;

beforeAll(async () => {
  platform = await startLocalPlatform(home);
  const module = new URL('../../.dev/sample.mjs', import.meta.url).href;
  const { buildSample, addNotes } = (await import(module)) as SampleBuilder;
  await buildSample(project);
  await addNotes(project, 'sqlite:free');
  await run('publish', project, '-v', 'production', '-y');
}, 120_000);
afterAll(() => platform.stop());

async function run(...args: string[]): Promise<string> {
  const { hippoUrl, bindleUrl } = platform;
  const env = cleanEnv(home, { HIPPO_URL: hippoUrl, BINDLE_URL: bindleUrl });
  const ran = await hippo(args, { cwd: project, env });
  expect(ran, args.join(' ')).toMatchObject({ code: 0 });
  return ran.stdout;
}

function visit(note?: string): Promise<Page> {
  return ask(`${platform.hippoUrl}/notes`, {
    headers: { host: 'hello.localhost' },
    ...(note === undefined ? {} : { method: 'POST', body: `text=${note}\r\n` }),
  });
}

async function keepsNotes(): Promise<void> {
  expect((await visit()).text).toContain('<h1>0 notes</h1>');
  expect((await visit('one <Ä>')).status).toBe(303);
  expect((await visit()).text).toContain('<h1>1 note</h1>');
  expect((await visit()).text).toContain('<li>one &lt;Ä&gt;</li>');
}

test('notes are kept in a file that the publish has added', keepsNotes);

test('without the add-on the page fails, its log says why, and the others go on', async () => {
  await run('addons', 'remove', 'db', '--yes');
  expect((await visit()).status).toBe(500);
  expect((await ask(platform.hippoUrl, { headers: { host: 'hello.localhost' } })).status).toBe(200);
  expect(await run('channel', 'logs', 'production')).toContain(
    'it imports hippo_sql, which needs an add-on with a database on this channel: hippo addons add postgresql',
  );
});

describe.skipIf(postgresqlPrograms() === undefined)('with PostgreSQL (apt-get install -y postgresql)', () => {
  test('notes are kept in a database that was added while the channel ran', async () => {
    await run('addons', 'add', 'postgresql', '--plan', 'free', '--as', 'db');
    await keepsNotes();
  }, 60_000);

  test('new credentials drop no request', async () => {
    let [going, visits] = [true, 0];
    const visitor = async (): Promise<void> => {
      for (; going; visits++) expect((await visit('again')).status).toBe(303);
    };
    const visitors = [visitor(), visitor()];
    try {
      await run('addons', 'rotate', 'db');
    } finally {
      going = false;
      await Promise.all(visitors);
    }
    expect(visits).toBeGreaterThan(1);
    expect((await visit()).status).toBe(200);
  }, 60_000);

  test('the password is in no log', async () => {
    const [uri = ''] = /postgresql:\/\/\S+/.exec(await run('addons', 'credentials', 'db', '--reveal')) ?? [];
    const { password } = new URL(uri);
    expect(password.length).toBeGreaterThan(8);
    const logs = [
      await run('channel', 'logs', 'production'),
      readFileSync(join(platform.dataDir, 'platform.log'), 'utf8'),
      readFileSync(join(platform.dataDir, 'logs', 'access.log'), 'utf8'),
    ];
    for (const log of logs) expect(log.includes(password)).toBe(false);
  });
});
