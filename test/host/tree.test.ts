// The tree inside a real extension host, on a real local Hippo: its rows as VS Code gets them, what is done with them,
// and files of a revision.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { commands, FileType, ThemeIcon, TreeItemCollapsibleState, Uri, workspace } from 'vscode';
import type { Core } from '../../src/editor/connections/connections.ts';
import { Follower } from '../../src/editor/tree/follower.ts';
import { AppsModel } from '../../src/editor/tree/model.ts';
import { nodeId } from '../../src/editor/tree/nodes.ts';
import { AppsProvider } from '../../src/editor/tree/provider.ts';
import type { HippoClient } from '../../src/hippo/client.ts';
import { findPlaces } from '../../src/session/places.ts';

const root = process.env['HIPPO_HOST_ROOT'] ?? '';

async function cli(...args: string[]): Promise<string> {
  const program = join(root, 'dist/cli.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args]);
  return stdout;
}

/** Waits until it is true. */
async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} has not come true.`);
}

describe('the tree', function () {
  this.timeout(60_000);

  let folder: string;
  let client: HippoClient;
  let model: AppsModel;
  let follower: Follower;
  let provider: AppsProvider;
  let channel: { id: string; appId: string };
  const changes: (string[] | undefined)[] = [];
  const fail = (error: unknown): void => {
    throw error;
  };

  async function publish(version: string, style: string): Promise<void> {
    mkdirSync(join(folder, 'static'), { recursive: true });
    writeFileSync(
      join(folder, 'HIPPOFACTS'),
      `[bindle]\nname = "acme/tree"\nversion = "${version}"\n\n[[handler]]\nroute = "/"\nname = "app.wasm"\nfiles = ["static/*"]\n`,
    );
    // An empty module: nothing asks for its page here.
    writeFileSync(join(folder, 'app.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    writeFileSync(join(folder, 'static/style.css'), style);
    await cli('publish', '--yes', '--no-wait', '-v', 'production', folder);
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hippo-tree-'));
    await publish('1.0.0', 'h1 { color: teal }\n');
    // As the extension has them.
    const core = createRequire(import.meta.url)(join(root, 'dist/editor-core.cjs')) as Core;
    const platform = await core.findLocalPlatform(findPlaces(process.env));
    assert.ok(platform);
    const token = readFileSync(platform.tokenFile, 'utf8').trim();
    client = new core.HippoClient({ url: platform.hippoUrl, credentials: { type: 'bearer', token } });
    model = new AppsModel(fail);
    follower = new Follower(model, {
      open: () =>
        Promise.resolve({ name: 'local', hippoUrl: platform.hippoUrl, userName: undefined, client }),
      report: () => undefined,
      log: console,
      clock: {
        now: Date.now,
        after: (milliseconds, run) => {
          const timer = setTimeout(run, milliseconds);
          return { dispose: () => clearTimeout(timer) };
        },
      },
    });
    provider = new AppsProvider({ model, follower, onError: fail });
    provider.onDidChangeTreeData((rows) => changes.push(rows));
    const found = (await client.channels()).find(({ domain }) => domain.startsWith('tree'));
    assert.ok(found);
    channel = found;
  });
  after(async () => {
    provider.dispose();
    follower.dispose();
    await client.close();
    await cli('platform', 'stop');
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives its rows once it has them', async () => {
    const asked = provider.getChildren();
    follower.start();
    const app = nodeId.app(channel.appId);
    assert.ok((await asked).includes(app));
    const item = provider.getTreeItem(app);
    assert.deepEqual(
      [item.id, item.label, item.description, item.contextValue, item.accessibilityInformation?.label],
      [app, 'tree', 'acme/tree', 'app', 'App tree, 1 channel'],
    );
    assert.equal(item.collapsibleState, TreeItemCollapsibleState.Collapsed);
    assert.deepEqual(await provider.getChildren(app), [nodeId.channel(channel.id)]);
    const row = provider.getTreeItem(nodeId.channel(channel.id));
    assert.match(String(row.description), /^1\.0\.0 • tree\.localhost:\d+$/);
    assert.ok(row.iconPath instanceof ThemeIcon);
    assert.equal(provider.getParent(nodeId.channel(channel.id)), app);
  });

  it('has revisions read when they are opened, and a row that comes back as it was', async () => {
    const revisions = nodeId.revisions(channel.id);
    const rows = await provider.getChildren(revisions);
    assert.deepEqual(
      rows.map((row) => provider.getTreeItem(row).label),
      ['1.0.0'],
    );
    provider.noteOpened(revisions, true);
    assert.equal(provider.getTreeItem(revisions).collapsibleState, TreeItemCollapsibleState.Expanded);
    assert.equal(provider.getTreeItem('app:gone').label, '');
  });

  it('tells of the smallest rows that changed', async () => {
    await until('quiet', () => model.node(nodeId.channel(channel.id))?.icon !== 'loading~spin');
    changes.length = 0;
    await client.patchChannel(channel.id, { environmentVariables: [{ key: 'CITY', value: 'Oslo' }] });
    await until('the variable', () => changes.length > 0);
    assert.deepEqual(changes[0], [nodeId.variables(channel.id)]);
    assert.equal(provider.getTreeItem(nodeId.variable(channel.id, 'CITY')).description, '••••••');
  });

  it('does what its rows offer, by the commands of the extension', async () => {
    const row = nodeId.channel(channel.id);
    await commands.executeCommand('hippo.channel.stop', row);
    assert.equal((await client.channel(channel.id)).desiredStatus, 'Dead');
    await until('the icon', () => model.node(row)?.icon === 'debug-pause');
    await commands.executeCommand('hippo.channel.start', row);
    assert.equal((await client.channel(channel.id)).desiredStatus, 'Running');
    await publish('1.1.0', 'h1 { color: navy }\n');
    await until('the release', () => /^1\.1\.0/.test(model.node(row)?.description ?? ''));
    await commands.executeCommand('hippo.channel.rollBack', row);
    assert.equal((await client.channel(channel.id)).activeRevision?.revisionNumber, '1.0.0');
    await until('the row', () => /^1\.0\.0 \(pinned\)/.test(model.node(row)?.description ?? ''));
  });

  it('shows files of a revision, and lets nobody change them', async () => {
    const at = (version: string, path: string): Uri =>
      Uri.from({ scheme: 'hippo-bindle', authority: 'local', path: `/acme~tree@${version}/${path}` });
    const text = async (uri: Uri): Promise<string> => (await workspace.openTextDocument(uri)).getText();
    assert.equal(await text(at('1.0.0', 'static/style.css')), 'h1 { color: teal }\n');
    assert.equal(await text(at('1.1.0', 'static/style.css')), 'h1 { color: navy }\n');
    assert.deepEqual((await workspace.fs.readDirectory(at('1.0.0', ''))).sort(), [
      ['app.wasm', FileType.File],
      ['static', FileType.Directory],
    ]);
    assert.equal((await workspace.fs.stat(at('1.0.0', 'app.wasm'))).size, 8);
    assert.equal(workspace.fs.isWritableFileSystem('hippo-bindle'), false);
    await assert.rejects(Promise.resolve(workspace.fs.writeFile(at('1.0.0', 'app.wasm'), new Uint8Array())));
    await assert.rejects(
      Promise.resolve(workspace.fs.stat(at('1.0.0', 'nothing'))),
      /FileNotFound|EntryNotFound/,
    );
    await assert.rejects(Promise.resolve(workspace.fs.stat(at('9.9.9', 'app.wasm'))));
  });
});
