// "Add Binding Code…" without VS Code, on a real platform: what is asked, what changes, and what is said.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AddonItem } from '../../../src/addons/addons.ts';
import { applyPlan } from '../../../src/bindings/apply.ts';
import { DiskTexts } from '../../../src/bindings/disk-texts.ts';
import { BindingCode } from '../../../src/editor/bindings/binding-code.ts';
import { newCode, type CodeEditor, type CodePlace, type Cursor } from '../../../src/editor/bindings/code.ts';
import { Environments } from '../../../src/editor/bindings/environments.ts';
import { FindAddons } from '../../../src/editor/bindings/find-addons.ts';
import { guardActions } from '../../../src/editor/bindings/guarded-actions.ts';
import { Maker } from '../../../src/editor/bindings/maker.ts';
import { Offers } from '../../../src/editor/bindings/offers.ts';
import { Uses } from '../../../src/editor/bindings/uses.ts';
import * as core from '../../../src/editor/core.ts';
import { Projects } from '../../../src/editor/projects.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { waitFor } from '../../support/wait.ts';
import { startAddons, type TestAddons } from '../platform/addons/harness.ts';

const HIPPOFACTS = `[bindle]
name = "shop/app"
version = "1.0.0"

[[handler]]
route = "/"
name = "target/wasm32-wasip1/release/shop.wasm"
`;
const MAIN = `use std::env;

fn main() {
    println!("Content-Type: text/plain\\n");
    println!("{}", env::args().count());
}
`;

let root: string;
let hippo: TestAddons;
let appId: string;
let channel: string;
let addon: AddonItem;
let app: FakeApp;
let window: Window;

interface Window {
  code: CodeEditor;
  cursor: Cursor | undefined;
  /** What a person says to the preview. */
  accepts: boolean;
  previews: string[];
  revealed: CodePlace[];
  peeked: CodePlace[];
  binding: BindingCode;
  uses: Uses;
  offers: Offers;
  environments: Environments;
}

function openWindow(): Window {
  const connections = {
    core: async () => core,
    use: async <T>(work: (session: never) => Promise<T>) => work({ client: hippo.hippo.client } as never),
    peek: async () => ({ client: hippo.hippo.client }) as never,
  };
  const code: CodeEditor = {
    texts: new DiskTexts(),
    get cursor() {
      return made.cursor;
    },
    async apply(changes, { title, confirm }) {
      if (confirm) made.previews.push(title);
      if (confirm && !made.accepts) return false;
      await applyPlan({ changes, notes: [], reveal: undefined });
      return true;
    },
    reveal: async (place) => void made.revealed.push(place),
    peek: async (places) => void made.peeked.push(...places),
    nameOf: (path) => path.slice(root.length + 1),
  };
  const maker = new Maker(app, code);
  const find = new FindAddons({ app, connections, projects: new Projects(app) });
  const binding = new BindingCode({ app, find, maker, code });
  const made: Window = {
    code,
    cursor: undefined,
    accepts: true,
    previews: [],
    revealed: [],
    peeked: [],
    binding,
    uses: new Uses({ app, find, maker, code }),
    offers: new Offers({ app, connections, find, maker, code: binding }),
    environments: new Environments(app, connections),
  };
  return made;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hippo-binding-code-'));
  hippo = await startAddons(root);
  // As a broker of PostgreSQL hands them out: host calls can use them.
  hippo.broker.credentials = (instance, binding) => ({
    uri: `postgresql://user:secret-${binding}@127.0.0.1:5432/${instance}`,
    password: `secret-${binding}`,
  });
  const made = await hippo.app('shop', ['dev']);
  [appId, channel] = [made.appId, made.channels[0] ?? ''];
  const begun = await hippo.client.createAddon({ name: 'db', plan: 'free', channelId: channel });
  addon = (await core.waitForAddon(hippo.client, begun)) ?? begun;
});
afterAll(async () => {
  await hippo.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  app = new FakeApp(mkdtempSync(join(root, 'home-')));
  const folder = join(root, 'shop');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'HIPPOFACTS'), HIPPOFACTS);
  writeFileSync(
    join(folder, 'Cargo.toml'),
    '[package]\nname = "shop"\nversion = "0.1.0"\nedition = "2021"\n',
  );
  writeFileSync(join(folder, 'src/main.rs'), MAIN);
  app.files = [pathToFileURL(join(folder, 'HIPPOFACTS')).href];
  app.openFolders({ name: 'shop', uri: pathToFileURL(folder).href, path: folder });
  window = openWindow();
});

const path = (name: string): string => join(root, 'shop', name);
const text = (name: string): string => readFileSync(path(name), 'utf8');

describe('binding code', () => {
  test('goes to a module of its own: code, HIPPOFACTS and names of variables in one change', async () => {
    app.answer('Host call');
    await window.binding.add({ addonId: addon.id, channelId: channel });
    expect(window.previews).toEqual(['Binding code for db']);
    expect(text('HIPPOFACTS')).toContain('hippo_addons = "db:free"');
    const [place] = window.revealed;
    const added = readFileSync(place?.path ?? '', 'utf8');
    expect(added.slice(place?.start, place?.end).trim()).not.toBe('');
    expect(added).toContain('"db"');
    expect(added).not.toContain('secret');
  });

  test('goes to the cursor, with imports where they belong', async () => {
    const offset = MAIN.indexOf('    println!("{}"');
    window.cursor = { path: path('src/main.rs'), name: 'src/main.rs', offset, line: 5 };
    app.answer('Host call', 'At the cursor');
    await window.binding.add();
    const after = text('src/main.rs');
    expect(after).toContain('"db"');
    expect(after.startsWith('use std::env;') || after.includes('\nuse std::env;')).toBe(true);
    expect(window.revealed[0]?.path).toBe(path('src/main.rs'));
    const { start = 0, end = 0 } = window.revealed[0] ?? {};
    expect(after.slice(start, end)).toContain('db');
  });

  test('asked for twice is there already, with a way to it', async () => {
    app.answer('Host call');
    await window.binding.add({ addonId: addon.id });
    const before = [text('HIPPOFACTS'), readFileSync(window.revealed[0]?.path ?? '', 'utf8')];
    const [first] = window.revealed.splice(0);
    app.answer('Host call');
    app.press(/all there already/, 'Show It');
    await window.binding.add({ addonId: addon.id });
    await waitFor(() => expect(window.revealed).toHaveLength(1));
    expect(window.revealed[0]?.path).toBe(first?.path);
    expect([text('HIPPOFACTS'), readFileSync(first?.path ?? '', 'utf8')]).toEqual(before);
    expect(window.previews).toHaveLength(1);
  });

  test('that nobody wants changes nothing', async () => {
    window.accepts = false;
    app.answer('Host call');
    await window.binding.add({ addonId: addon.id });
    expect([text('HIPPOFACTS'), text('src/main.rs')]).toEqual([HIPPOFACTS, MAIN]);
    expect(existsSync(path('.env.example'))).toBe(false);
    expect(app.mentions).toEqual(['No binding code was added']);
    app.answer(CANCEL);
    await expect(window.binding.add({ addonId: addon.id })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(text('HIPPOFACTS')).toBe(HIPPOFACTS);
  });

  test('warns of what a handler cannot do', async () => {
    app.answer(CANCEL);
    await expect(window.binding.add({ addonId: addon.id })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(app.asked[0]?.offers).toEqual(['Host call', 'Environment variable']);
  });

  test('does not go to what is not a file', async () => {
    window.cursor = { path: undefined, name: 'Untitled-1', offset: 0, line: 1 };
    app.answer('Host call', 'At the cursor');
    await expect(window.binding.add({ addonId: addon.id })).rejects.toThrow(
      'Untitled-1 is not a file yet: save it in the folder of your app, then add the code at its cursor.',
    );
  });

  test('needs a project, an app and an add-on, and says which', async () => {
    writeFileSync(path('HIPPOFACTS'), HIPPOFACTS.replace('shop/app', 'other/app'));
    await expect(window.binding.add({ addonId: addon.id })).rejects.toThrow(
      'No HIPPOFACTS in this workspace makes the bindles of shop (shop/app): open the folder of its code.',
    );
    await expect(window.binding.add()).rejects.toThrow('No app runs the bindles of shop yet');
    await hippo.app('other');
    await expect(window.binding.add()).rejects.toThrow('other has no add-ons yet');
  });
});

describe('where an add-on is used', () => {
  test('is shown before it is taken away', async () => {
    app.answer('Host call');
    await window.binding.add({ addonId: addon.id });
    const done: string[] = [];
    const actions = guardActions(
      { remove: async ({ addonId }: { addonId: string }) => void done.push(addonId) } as never,
      async () => window.uses,
      () => addon,
    );
    app.answer('Show Where');
    await expect(actions.remove({ addonId: addon.id })).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(window.peeked.map((place) => place.path)).toContain(path('HIPPOFACTS'));
    expect(window.peeked.some((place) => place.path.endsWith('.rs'))).toBe(true);
    expect(done).toEqual([]);
    app.answer('Go On');
    await actions.remove({ addonId: addon.id });
    expect(done).toEqual([addon.id]);
  });

  test('is not asked about where nothing uses it', async () => {
    const done: string[] = [];
    const actions = guardActions(
      { detach: async () => void done.push('detached') } as never,
      async () => window.uses,
      () => addon,
    );
    await actions.detach({ addonId: addon.id, channelId: channel });
    expect(done).toEqual(['detached']);
    await window.uses.show({ addonId: addon.id });
    expect(app.notifications[0]?.message).toBe('Nothing in shop uses db.');
  });
});

describe('when a publish has ended', () => {
  const record = (): never =>
    ({ app: { id: appId, name: 'shop' }, connection: 'test', channels: [] }) as never;
  const project = async (): Promise<never> => (await new Projects(app).all())[0] as never;

  test('code that is missing is offered once, and inserted with the same preview', async () => {
    app.press(/has no code for db yet/, 'Insert Binding Code');
    const lines = await window.offers.published(await project(), record());
    expect(lines).toEqual([expect.stringContaining('hippo addons code db')]);
    await waitFor(() => expect(window.revealed).toHaveLength(1));
    expect(window.previews).toEqual(['Binding code for db']);
    expect(await window.offers.published(await project(), record())).toEqual([]);
    expect(app.notifications).toHaveLength(1);
  });

  test('nobody is asked twice, and not at all where the setting says so', async () => {
    await window.offers.published(await project(), record());
    await window.offers.published(await project(), record());
    expect(app.notifications).toHaveLength(1);
    app.values.set('hippo.publish.insertBindings', 'never');
    expect(await window.offers.published(await project(), record())).toEqual([]);
    app.values.set('hippo.publish.insertBindings', 'always');
    expect(await window.offers.published(await project(), record())).toEqual([]);
    await waitFor(() => expect(window.revealed).toHaveLength(1));
    expect(window.previews).toEqual([]);
    expect(text('HIPPOFACTS')).toContain('hippo_addons');
  });

  test('"Don\'t Ask Again" is remembered for the user', async () => {
    app.press(/is ready in shop: dev/, "Don't Ask Again");
    await window.offers.added({ addon, connection: 'test', channelId: channel });
    expect(app.values.get('hippo.publish.insertBindings')).toBe('never');
  });
});

describe('variables for a program', () => {
  test('are given once somebody has allowed it, and stand in no log', async () => {
    app.answer('Give Variables');
    const first = await window.environments.of({ app: 'shop', channel: 'dev', program: 'npm start' });
    expect(first.variables['DB_URL']).toContain('secret-');
    expect(first.where).toBe('shop: dev');
    await window.environments.of({ app: 'shop', channel: 'dev', program: 'npm start' });
    expect(app.asked).toHaveLength(1);
    app.log.info(`It said ${first.variables['DB_URL']} and ${first.variables['DB_PASSWORD']}`);
    expect(app.lines.join('\n')).not.toContain('secret-');
  });

  test('are refused to who does not want it, and in a workspace that nobody trusts', async () => {
    app.answer(CANCEL);
    const wish = { app: 'shop', channel: 'dev', program: 'npm start' };
    await expect(window.environments.of(wish)).rejects.toMatchObject({ code: 'CANCELLED' });
    app.trust(false);
    await expect(window.environments.of(wish)).rejects.toMatchObject({ code: 'UNTRUSTED' });
    app.trust(true);
    await expect(window.environments.of({ ...wish, channel: 'nowhere' })).rejects.toMatchObject({
      code: 'NO_SUCH_CHANNEL',
    });
  });
});

test('what is new of a text is found behind what was inserted before it', () => {
  const at = (offset: number): { offset: number; line: number; column: number } => ({
    offset,
    line: 0,
    column: offset,
  });
  const edit = (offset: number, inserted: string): never =>
    ({ range: { start: at(offset), end: at(offset) }, text: inserted }) as never;
  const changes = [
    { type: 'edit' as const, path: '/a', why: '', edits: [edit(10, '\nlet db;\n'), edit(0, 'use x;\n')] },
  ];
  expect(newCode({ changes, notes: [], reveal: { path: '/a', offset: 18 } })).toEqual({
    path: '/a',
    start: 18,
    end: 25,
  });
});
