// Names of variables and add-ons in source: where they are offered, what is told of them, and what is known without a
// server.

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChannelAddon } from '../../../src/editor/bindings/bound.ts';
import { KnownAddons } from '../../../src/editor/bindings/known-addons.ts';
import { nameAt, namesAt } from '../../../src/editor/bindings/names.ts';
import type { ConnectionStatus } from '../../../src/editor/connections/connections.ts';
import * as core from '../../../src/editor/core.ts';
import { Projects } from '../../../src/editor/projects.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { startAddons, type TestAddons } from '../platform/addons/harness.ts';

function addon(name: string, more: Partial<ChannelAddon> = {}): ChannelAddon {
  return {
    addonId: name,
    channelId: 'one',
    name,
    offering: 'postgresql',
    displayName: 'PostgreSQL',
    plan: 'small',
    app: 'shop',
    channel: 'dev',
    interfaces: ['sql'],
    variables: [`${name.toUpperCase()}_URL`, `${name.toUpperCase()}_HOST`],
    ...more,
  };
}

/** The names at the bar in a line. */
function offered(
  languageId: string,
  marked: string,
  addons: readonly ChannelAddon[] = [addon('db')],
): string[] {
  const column = marked.indexOf('|');
  const line = marked.replace('|', '');
  return namesAt(languageId, line, column, addons)?.offers.map(({ label }) => label) ?? [];
}

const VARIABLES = ['DB_HOST', 'DB_URL'];

describe('names are offered', () => {
  test.each([
    ['rust', 'let url = env::var("|").unwrap();'],
    ['rust', 'let url = std::env::var("DB|");'],
    ['rust', 'let url = var("|DB_URL");'],
    ['typescript', 'const url = process.env.|'],
    ['typescript', 'const url = process.env.DB_|;'],
    ['javascript', "const url = process.env['|'];"],
    ['typescript', 'const url = process.env["DB_|"];'],
    ['typescript', "process.env.get('|')"],
    ['python', 'url = os.environ["|"]'],
    ['python', "url = os.environ.get('|')"],
    ['python', 'url = os.getenv("|")'],
    ['c', 'char *url = getenv("|");'],
    ['cpp', 'auto url = std::getenv("D|");'],
    ['go', 'url := os.Getenv("|")'],
    ['go', 'url, ok := os.LookupEnv("|")'],
  ])('%s: %s', (languageId, line) => {
    expect(offered(languageId, line)).toEqual(VARIABLES);
  });

  test('of add-ons, where a host call is made of them', () => {
    expect(offered('rust', 'let database = Database::new("|");')).toEqual(['db']);
    expect(offered('typescript', "const database = new Database('d|');")).toEqual(['db']);
    // Nobody can call what has no interface.
    expect(offered('rust', 'Database::new("|")', [addon('mail', { interfaces: [] })])).toEqual([]);
  });

  test.each([
    ['rust', 'println!("|");'],
    ['rust', 'env::var("DB_URL")|'],
    ['typescript', 'const process = |'],
    ['python', 'print("|")'],
    ['markdown', 'env::var("|")'],
  ])('and nowhere else: %s: %s', (languageId, line) => {
    expect(offered(languageId, line)).toEqual([]);
  });
});

test('a variable says whose it is, in each channel that has it', () => {
  const addons = [addon('db'), addon('db', { channelId: 'two', channel: 'prod*', plan: 'large' })];
  const line = 'env::var("DB_URL")';
  const found = nameAt('rust', line, 12, addons);
  expect(line.slice(found?.place.start, found?.place.end)).toBe('DB_URL');
  expect(found?.offer.detail).toBe('db (PostgreSQL, small)');
  expect(found?.offer.documentation).toContain('`shop: dev`: db, PostgreSQL, plan small');
  expect(found?.offer.documentation).toContain('plan large');
  expect(nameAt('rust', 'env::var("HOME")', 12, addons)).toBeUndefined();
});

describe('what is known', () => {
  let root: string;
  let hippo: TestAddons;
  let app: FakeApp;
  let status: ConnectionStatus;
  let peeks: number;
  let isUp: boolean;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'hippo-known-addons-'));
    hippo = await startAddons(root);
    const { appId, channels } = await hippo.app('shop', ['dev']);
    mkdirSync(join(root, 'shop'));
    writeFileSync(join(root, 'shop/HIPPOFACTS'), '[bindle]\nname = "shop/app"\nversion = "1.0.0"\n');
    const [offering] = await hippo.client.offerings();
    const begun = await hippo.client.createAddon({
      name: offering?.reference ?? '',
      plan: 'free',
      channelId: channels[0] ?? '',
    });
    expect(begun.appId).toBe(appId);
    await core.waitForAddon(hippo.client, begun);
    app = new FakeApp(join(root, 'home'));
    app.files = [pathToFileURL(join(root, 'shop/HIPPOFACTS')).href];
    app.openFolders({ name: 'w', uri: pathToFileURL(root).href, path: root });
    const connection = { name: 'test', hippoUrl: hippo.hippo.url, userName: 'ana' };
    status = { name: 'test', connection, state: 'ready', unverified: undefined, chosenBy: 'window' };
  });
  afterAll(async () => {
    await hippo.close();
    rmSync(root, { recursive: true, force: true });
  });

  function known(): KnownAddons {
    peeks = 0;
    isUp = true;
    const connections = {
      core: async () => core,
      peek: async () => {
        peeks++;
        if (!isUp) throw Object.assign(new Error('It does not answer.'), { code: 'UNREACHABLE' });
        return { client: hippo.hippo.client, connection: status.connection } as never;
      },
      report: () => undefined,
      get status() {
        return status;
      },
    };
    return new KnownAddons({ app, connections, projects: new Projects(app), changes: [] });
  }
  const source = (): string => pathToFileURL(join(root, 'shop/src/main.rs')).href;

  test('of an app is read in the background, and remembered for a server that does not answer', async () => {
    const first = known();
    await first.ready();
    expect(first.around(source())).toEqual([]);
    await first.refresh();
    const [found] = first.around(source()) ?? [];
    expect(found).toMatchObject({ app: 'shop', channel: 'dev', plan: 'free' });
    expect(found?.variables.length).toBeGreaterThan(0);
    // Nothing that is a secret.
    expect(JSON.stringify(app.memory.get('bindings.known'))).not.toMatch(/"(password|uri|value)"/);
    first.dispose();

    const next = known();
    isUp = false;
    await next.ready();
    expect(next.around(source())).toEqual([found]);
    await next.refresh();
    expect(next.around(source())).toEqual([found]);
  });

  test('is not read again for every key that is typed', async () => {
    const one = known();
    await one.ready();
    for (let key = 0; key < 20; key++) one.around(source());
    await one.refresh();
    expect(peeks).toBe(1);
    app.pass(10_001);
    await one.refresh();
    expect(peeks).toBe(2);
  });

  test('is nothing while nobody is signed in, for somebody else, and away from any HIPPOFACTS', async () => {
    const one = known();
    await one.refresh();
    const ready = status;
    status = { ...ready, state: 'signedOut' };
    expect(one.around(source())).toBeUndefined();
    status = { ...ready, connection: { name: 'test', hippoUrl: hippo.hippo.url, userName: 'eve' } };
    isUp = false;
    expect(one.around(source())).toEqual([]);
    status = ready;
    expect(one.around(pathToFileURL(join(root, 'elsewhere/main.rs')).href)).toBeUndefined();
  });

  test('waits for no answer', async () => {
    const one = known();
    await one.refresh();
    const before = one.around(source());
    app.pass(10_001);
    const asked = one.refresh();
    // It has not come yet.
    expect(one.around(source())).toEqual(before);
    await asked;
    expect(peeks).toBe(2);
  });
});
