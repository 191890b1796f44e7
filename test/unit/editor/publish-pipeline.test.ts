// Publishing from the editor to servers of the original makes, without VS Code: what is asked, shown, remembered and
// sent.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import * as core from '../../../src/editor/core.ts';
import { Connections } from '../../../src/editor/connections/connections.ts';
import { EditorError } from '../../../src/editor/failure.ts';
import { Builds, type BuildTask, type BuildTasks } from '../../../src/editor/publish/builds.ts';
import { PublishCommands } from '../../../src/editor/publish/commands.ts';
import { History } from '../../../src/editor/publish/history.ts';
import { Publisher, type Preview } from '../../../src/editor/publish/publisher.ts';
import { Targets } from '../../../src/editor/publish/targets.ts';
import { Projects } from '../../../src/editor/projects.ts';
import { nodeId } from '../../../src/editor/tree/nodes.ts';
import type { Problem } from '../../../src/hippofacts/problem.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { startGate, type Gate } from '../../support/gate.ts';
import { REAL_ACCOUNT, startRealHippo, type RealDialect, type RealHippo } from '../../support/real-hippo.ts';
import { startReferenceServer, type ReferenceServer } from '../../support/reference-server.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const uriOf = (path: string): string => pathToFileURL(path).href;
let number = 0;
let dir: string;
let app: FakeApp;
let bindle: ReferenceServer;
let hippo: RealHippo;
let gate: Gate;
let window: Window;

/** All of publishing, with what VS Code does told by the test. */
interface Window {
  connections: Connections;
  commands: PublishCommands;
  publisher: Publisher;
  targets: Targets;
  history: History;
  previews: Preview[];
  /** By URI. */
  shown: Map<string, readonly Problem[]>;
  /** What is done when it is time to save. */
  save: () => Promise<void>;
  /** Problems that a person was taken to. */
  opened: Problem[];
  builds: BuildTask[];
  /** What the build does. */
  build: () => Promise<number | undefined>;
}

function openWindow(): Window {
  const connections = new Connections(app, async () => core);
  const tasks: BuildTasks = {
    all: async () => made.builds,
    run: () => made.build(),
    showFailure: async () => undefined,
  };
  const builds = new Builds(app, tasks);
  const history = new History(app);
  const documents = {
    save: () => made.save(),
    showProblem: async (_: unknown, problem: Problem) => void made.opened.push(problem),
  };
  const shown: Window['shown'] = new Map();
  const diagnostics = {
    has: ({ uri }: { uri: string }) => (shown.get(uri) ?? []).length > 0,
    show: ({ uri }: { uri: string }, problems: readonly Problem[]) => void shown.set(uri, problems),
  };
  const publisher = new Publisher({ app, connections, builds, history, documents, diagnostics });
  const targets = new Targets(app, new Projects(app), connections);
  const previews: Preview[] = [];
  const commands = new PublishCommands({
    app,
    connections,
    publisher,
    targets,
    builds,
    documents,
    history,
    showPreview: async (preview) => void previews.push(preview),
    offerCode: async () => [],
  });
  const made: Window = {
    connections,
    commands,
    publisher,
    targets,
    history,
    previews,
    shown,
    save: async () => undefined,
    opened: [],
    builds: [],
    build: async () => 0,
  };
  return made;
}

async function serve(dialect: RealDialect = 'F'): Promise<void> {
  bindle = await startReferenceServer();
  hippo = await startRealHippo({ dialect, bindle });
  gate = await startGate(new URL(bindle.url).origin);
  // Whoever looks at a page of its channels finds it there.
  vi.stubEnv('HTTP_PROXY', hippo.url);
  vi.stubEnv('USER', 'ana');
  const { HIPPO_USERNAME: userName, HIPPO_PASSWORD: password } = REAL_ACCOUNT;
  await window.connections.store.add({
    name: 'real',
    hippoUrl: hippo.url,
    bindleUrl: `${gate.url}/v1`,
    userName,
  });
  await window.connections.secrets.set({ origin: new URL(hippo.url).origin, userName }, { password });
  await window.connections.choose('real');
}

function write(version = '1.0.0', text = 'a'): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), '\0asm\x01\0\0\0');
  writeFileSync(join(dir, 'a.txt'), text);
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    `[bindle]\nname = "ana/weather"\nversion = "${version}"\n[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["*.txt"]\n`,
  );
}

const runs = (): Record<string, string | undefined> =>
  Object.fromEntries(hippo.channels.map((channel) => [channel.name, hippo.runs(channel)]));

beforeEach(() => {
  number++;
  dir = join(folder, `work-${number}`);
  write();
  app = new FakeApp(join(folder, `home-${number}`));
  app.time = Date.now();
  app.openFolders({ name: 'weather', uri: uriOf(dir), path: dir });
  app.files = [uriOf(join(dir, 'HIPPOFACTS'))];
  window = openWindow();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  window.connections.dispose();
  await Promise.all([bindle?.close(), hippo?.close(), gate?.close()]);
});

describe('a publish', () => {
  test('makes what is missing, tells how it went and is remembered', async () => {
    await serve();
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(runs()).toEqual({ production: '1.0.0' });
    expect(app.progresses[0]).toBe('Publishing weather');
    expect(app.notifications).toEqual([
      {
        level: 'info',
        message: 'Published weather: production runs 1.0.0.',
        buttons: ['Open in Browser', 'View Output'],
      },
    ]);
    expect(app.lines.join('\n')).toMatch(
      /Published ana\/weather\/1\.0\.0 in [\d.]+ s \(collect .*, wait .*\)/,
    );
    expect(window.history.records).toMatchObject([
      {
        kind: 'publish',
        label: 'weather',
        bindle: { name: 'ana/weather', version: '1.0.0' },
        versioning: 'production',
        connection: 'real',
        app: { name: 'weather' },
        channels: [{ name: 'production', runs: '1.0.0' }],
      },
    ]);
  });

  test('gives each development build a version of its own, by the setting', async () => {
    await serve();
    app.answer('Make and Never Ask');
    await window.commands.publish(undefined);
    app.pass(1);
    await window.commands.publish(undefined);
    expect(Object.keys(runs())).toEqual(['ana']);
    expect(runs()['ana']).toMatch(/^1\.0\.0-ana-\d{17}$/);
    expect(bindle.invoices.size).toBe(2);
    expect(app.unused).toBe(0);
    app.values.set('hippo.publish.mode', 'production');
    await window.commands.publish(undefined);
    expect(runs()['production']).toBe('1.0.0');
  });

  test('saves before anything is read, and stops if that fails', async () => {
    await serve();
    app.answer('Make App');
    window.save = async () => write('2.0.0');
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(runs()).toEqual({ production: '2.0.0' });
    window.save = () => Promise.reject(new EditorError('NOT_SAVED', 'HIPPOFACTS could not be saved.'));
    await expect(window.commands.publish(undefined)).rejects.toMatchObject({ code: 'NOT_SAVED' });
    expect(bindle.invoices.size).toBe(1);
  });

  test('is one, whoever starts it twice', async () => {
    await serve();
    let go = (): void => undefined;
    window.builds = [
      {
        name: 'npm: build',
        type: 'npm',
        group: 'build',
        isBackground: false,
        folder: undefined,
        path: undefined,
        detail: undefined,
      },
    ];
    window.build = () => new Promise((resolve) => (go = () => resolve(0)));
    app.values.set('hippo.publish.buildTask', 'npm: build');
    app.answer('Make App');
    const first = window.commands.publish(undefined);
    await waitFor(() => expect(app.progresses).toContain('Building with "npm: build"'));
    await window.commands.publish(undefined);
    await window.commands.preview(undefined);
    expect(app.mentions).toEqual([
      'weather is being published already.',
      'weather is being published: wait until that is done.',
    ]);
    go();
    await first;
    expect(bindle.invoices.size).toBe(1);
    const look = window.commands.preview(undefined);
    await waitFor(() => expect(app.shownProgress).toEqual(['Previewing weather']));
    await window.commands.publish(undefined);
    expect(app.mentions.at(-1)).toBe('weather is being previewed: wait until that is done.');
    app.cancelProgress('Previewing weather');
    go();
    await look;
    expect(app.progresses.filter((text) => text === 'Publishing weather')).toHaveLength(1);
  });

  test('waits for trust; a preview does not, and builds nothing', async () => {
    await serve();
    app.trust(false);
    app.values.set('hippo.publish.buildTask', 'npm: build');
    await expect(window.commands.publish(undefined)).rejects.toMatchObject({
      code: 'UNTRUSTED',
      remedies: ['manageTrust'],
    });
    expect(app.progresses).toEqual([]);
    await window.commands.preview(undefined);
    expect(window.previews).toHaveLength(1);
  });

  test('raises the version where it is taken, in the file, too', async () => {
    await serve();
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    write('1.0.0', 'b');
    app.answer('1.1.0', 'Publish');
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(runs()).toEqual({ production: '1.1.0' });
    expect(readFileSync(join(dir, 'HIPPOFACTS'), 'utf8')).toContain('version = "1.1.0"');
    write('1.0.0', 'c');
    app.values.set('hippo.publish.whenVersionIsTaken', 'stop');
    await expect(window.commands.publish(undefined, { versioning: 'production' })).rejects.toMatchObject({
      code: 'VERSION_TAKEN',
      remedies: ['openSettings'],
    });
  });

  test('asks which app is meant where several have these bindles, once', async () => {
    await serve();
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    hippo.apps.push({
      id: '0f2a3b4c-0000-4000-8000-000000000000',
      name: 'forecast',
      storageId: 'ana/weather',
    });
    app.answer('weather', 'Make Channel');
    await window.commands.publish(undefined);
    await window.commands.publish(undefined);
    expect(app.unused).toBe(0);
    expect(app.asked.filter(({ title }) => title === 'Publish weather')).toEqual([
      { kind: 'pick', title: 'Publish weather', offers: ['weather', 'forecast'] },
    ]);
  });

  test('of a module, which has no HIPPOFACTS', async () => {
    await serve();
    app.answer('Make App');
    await window.commands.publish({ scheme: 'file', fsPath: '', toString: () => uriOf(join(dir, 'm.wasm')) });
    expect([...bindle.invoices.keys()]).toEqual([expect.stringMatching(/^m\/0\.1\.0-ana-\d{17}$/)]);
    expect(app.notifications[0]?.message).toMatch(/^Published m\.wasm: ana runs /);
  });

  test('goes to a new channel whose name every Hippo takes', async () => {
    await serve();
    app.answer('Production', '$(add) New Channel…', 'not a name!', 'testers', 'Make App');
    await window.commands.publishWith(undefined);
    expect(app.refusals).toEqual(['Use letters, digits, "-" and "_".']);
    expect(runs()).toEqual({ testers: '1.0.0' });
  });

  test('is not begun from what a revision holds, or from another place that is no disk', async () => {
    await serve();
    const uri = 'hippo-bindle://real/ana~weather@1.0.0/HIPPOFACTS';
    const where = { scheme: 'hippo-bindle', fsPath: '/HIPPOFACTS', toString: () => uri };
    await expect(window.commands.publish(where)).rejects.toMatchObject({ code: 'NOT_ON_DISK' });
    expect(app.progresses).toEqual([]);
  });

  test('from a row of the tree goes to that app, or that channel', async () => {
    await serve();
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    const [{ id = '' } = {}] = hippo.channels;
    app.answer('Publish');
    await window.commands.publish(nodeId.channel(id));
    expect(runs()['production']).toMatch(/^1\.0\.0-ana-\d{17}$/);
    write();
    writeFileSync(
      join(dir, 'HIPPOFACTS'),
      readFileSync(join(dir, 'HIPPOFACTS'), 'utf8').replace('ana/', 'bob/'),
    );
    await expect(window.commands.publish(nodeId.app(hippo.apps[0]?.id ?? ''))).rejects.toMatchObject({
      code: 'NO_PROJECT',
      message: 'No HIPPOFACTS in this workspace makes the bindles of weather (ana/weather).',
    });
  });

  test('to an old Hippo, which cannot say what will run it', async () => {
    await serve('O');
    hippo.apps.push({ id: 'a1', name: 'weather', storageId: 'ana/weather' });
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(app.notifications).toEqual([
      {
        level: 'warning',
        message: 'Published weather 1.0.0; this Hippo does not say what runs it.',
        buttons: ['View Output'],
      },
    ]);
  });
});

test('looks for pages of channels on the way that VS Code knows', async () => {
  await serve();
  vi.stubEnv('HTTP_PROXY', '');
  app.values.set('http.proxy', hippo.url);
  app.answer('Make App');
  await window.commands.publish(undefined, { versioning: 'production' });
  expect(app.notifications.map(({ message }) => message)).toEqual([
    'Published weather: production runs 1.0.0.',
  ]);
});

describe('what is wrong', () => {
  test('with HIPPOFACTS is shown there and nowhere else, until it is right', async () => {
    await serve();
    const uri = uriOf(join(dir, 'HIPPOFACTS'));
    write('1.0');
    await window.commands.publish(undefined);
    expect(window.shown.get(uri)).toMatchObject([
      { code: 'invalid-version', severity: 'error', range: { start: { line: 2 } } },
    ]);
    expect(window.opened).toMatchObject([{ code: 'invalid-version' }]);
    expect(app.notifications).toEqual([]);
    expect(app.mentions).toEqual(['$(error) weather has 1 error: nothing was made or sent.']);
    write('1.0.1');
    await window.publisher.check(window.targets.at(uri));
    expect(window.shown.get(uri)).toEqual([]);
    expect(bindle.log).toEqual([]);
  });

  test('with the build stops the publish', async () => {
    await serve();
    window.builds = [
      {
        name: 'Cargo: Build WASM',
        type: 'shell',
        group: undefined,
        isBackground: false,
        folder: undefined,
        path: undefined,
        detail: undefined,
      },
    ];
    window.build = async () => 101;
    app.answer('Cargo: Build WASM');
    await expect(window.commands.publish(undefined)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: 'The build "Cargo: Build WASM" failed (exit code 101), so nothing was published.',
    });
    expect(bindle.log).toEqual([]);
  });

  test('with the server is told by the status, too', async () => {
    await serve();
    await hippo.close();
    await expect(window.commands.publish(undefined)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(window.connections.status.state).toBe('unreachable');
    expect(window.history.records).toEqual([]);
  });
});

describe('a cancel', () => {
  const isUpload = ({ method, url = '' }: { method?: string | undefined; url?: string | undefined }) =>
    method === 'POST' && url.includes('@');

  test('of a question publishes nothing', async () => {
    await serve();
    app.answer(CANCEL);
    await window.commands.publish(undefined);
    expect(app.mentions).toEqual(['Publishing weather: Cancelled: nothing was sent.']);
    expect(app.notifications).toEqual([]);
    expect(bindle.invoices.size).toBe(0);
  });

  test('lets uploads end, and the next publish goes on from there', async () => {
    await serve();
    gate.hold(isUpload);
    app.answer('Make App', 'Make App');
    const publish = window.commands.publish(undefined, { versioning: 'production' });
    await waitFor(() => expect(gate.waiting()).toBe(2));
    app.cancelProgress('Publishing weather');
    await waitFor(() => expect(app.shownProgress).toContain('Cancelled: 2 uploads will be finished first'));
    gate.open();
    await publish;
    expect(app.mentions).toEqual(['Publishing weather: Cancelled after 2 uploaded files.']);
    expect(hippo.apps).toEqual([]);
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(runs()).toEqual({ production: '1.0.0' });
  });

  test('drops them on demand, and says what may be stuck', async () => {
    await serve();
    gate.hold(isUpload);
    app.answer('Make App');
    const publish = window.commands.publish(undefined);
    await waitFor(() => expect(gate.waiting()).toBe(2));
    app.cancelProgress('Publishing weather');
    const second = 'Cancelled: 2 uploads will be finished first';
    await waitFor(() => expect(app.shownProgress).toContain(second));
    app.cancelProgress(second);
    await publish;
    expect(app.notifications).toEqual([
      {
        level: 'warning',
        message: expect.stringMatching(/may be stuck on the server: (m\.wasm, a\.txt|a\.txt, m\.wasm)\.$/),
        buttons: ['View Output'],
      },
    ]);
  });

  test('of the wait leaves a publish that is remembered', async () => {
    await serve();
    hippo.page = () => app.cancelProgress('Publishing weather');
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    expect(app.mentions.at(-1)).toContain('is released, but it was not waited until it is served');
    expect(window.history.records).toMatchObject([
      {
        kind: 'publish',
        bindle: { name: 'ana/weather', version: '1.0.0' },
        app: { id: hippo.apps[0]?.id, name: 'weather' },
        channels: [{ id: hippo.channels[0]?.id, name: 'production' }],
      },
    ]);
  });

  test('does not wait for a server that takes its time before anything has begun', async () => {
    await serve();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const open = window.connections.use.bind(window.connections);
    window.connections.use = async (work, options) => {
      await held;
      return open(work, options);
    };
    const publish = window.commands.publish(undefined);
    await waitFor(() => expect(app.shownProgress).toEqual(['Publishing weather']));
    app.cancelProgress('Publishing weather');
    await publish;
    expect(app.mentions).toEqual(['Publishing weather: Cancelled.']);
    release();
    expect(bindle.log).toEqual([]);
  });
});

describe('release again', () => {
  async function publishTwice(): Promise<void> {
    await serve();
    app.values.set('hippo.publish.confirmChannels', false);
    app.answer('Make App');
    await window.commands.publish(undefined, { versioning: 'production' });
    write('1.1.0', 'b');
    await window.commands.publish(undefined, { versioning: 'production' });
    app.values.set('hippo.publish.confirmChannels', true);
    app.notifications.length = 0;
    expect(runs()).toEqual({ production: '1.1.0' });
  }

  test('puts a version back on the channels that it was published to', async () => {
    await publishTwice();
    app.answer('Publish');
    await window.commands.releaseAgain(window.history.records[1]);
    expect(runs()).toEqual({ production: '1.0.0' });
    expect(app.asked.at(-1)).toMatchObject({ title: 'Change what production runs?' });
    expect(app.notifications.map(({ message }) => message)).toEqual(['production runs 1.0.0 again.']);
    expect(window.history.records[0]).toMatchObject({ kind: 'again', bindle: { version: '1.0.0' } });
    expect(hippo.revisions.map(({ revisionNumber }) => revisionNumber)).toEqual(['1.0.0', '1.1.0']);
  });

  test('remembers what it has done before it fails', async () => {
    await publishTwice();
    hippo.page = (response) => {
      // Somebody has another wish, and what runs is not what was released.
      for (const channel of hippo.channels)
        Object.assign(channel, {
          revisionSelectionStrategy: 'UseRangeRule',
          rangeRule: '^9',
          activeRevisionId: null,
        });
      response.writeHead(502).end();
    };
    app.answer('Publish');
    await expect(window.commands.releaseAgain(window.history.records[1])).rejects.toMatchObject({
      code: 'NOT_RUNNING',
    });
    expect(window.history.records).toHaveLength(3);
    expect(window.history.records[0]).toMatchObject({
      kind: 'again',
      bindle: { version: '1.0.0' },
      channels: [{ name: 'production' }],
    });
  });

  test('asks which one, and changes nothing for whoever turns away', async () => {
    await publishTwice();
    app.answer('weather 1.0.0', CANCEL);
    await window.commands.releaseAgain(undefined);
    expect(runs()).toEqual({ production: '1.1.0' });
    expect(window.history.records).toHaveLength(2);
  });

  test('says what is gone', async () => {
    await publishTwice();
    const [, first] = window.history.records;
    hippo.channels.length = 0;
    await expect(window.commands.releaseAgain(first)).rejects.toMatchObject({
      message: 'weather no longer has production.',
    });
    hippo.apps.length = 0;
    await expect(window.commands.releaseAgain(first)).rejects.toMatchObject({
      message: 'The app weather is no longer at real.',
    });
  });
});

test('a preview sends nothing and says what is wrong without being an error', async () => {
  await serve();
  writeFileSync(
    join(dir, 'HIPPOFACTS'),
    readFileSync(join(dir, 'HIPPOFACTS'), 'utf8').replace('"*.txt"', '"*.txt", "*.html"'),
  );
  await window.commands.preview(undefined);
  expect(window.previews).toMatchObject([
    {
      target: { label: 'weather', kind: 'project' },
      plan: { steps: [{ type: 'create-app' }, { type: 'create-channel' }] },
      problems: [{ severity: 'warning' }],
      connection: 'real',
    },
  ]);
  expect(bindle.invoices.size).toBe(0);
  expect(hippo.changes).toEqual([]);
});

test('a bindle is prepared in a folder', async () => {
  await serve();
  const target = window.targets.at(uriOf(join(dir, 'HIPPOFACTS')));
  const listener = {
    line: () => undefined,
    now: () => undefined,
    finishing: () => undefined,
    signal: new AbortController().signal,
    abort: new AbortController().signal,
  };
  const made = await window.publisher.prepare(target, { versioning: 'production' }, '.hippo', listener);
  expect(made.startsWith(join(dir, '.hippo'))).toBe(true);
  expect(readFileSync(join(made, 'invoice.toml'), 'utf8')).toContain('role = "creator"');
  expect(bindle.invoices.size).toBe(0);
});

test('a bindle that needs no other is prepared whether or not the Bindle server can be had', async () => {
  await serve();
  const { bindleUrl: _none, ...alone } = await window.connections.store.get('real');
  await window.connections.store.put(alone);
  const target = window.targets.at(uriOf(join(dir, 'HIPPOFACTS')));
  const { signal } = new AbortController();
  const listener = {
    line: () => undefined,
    now: () => undefined,
    finishing: () => undefined,
    signal,
    abort: signal,
  };
  const made = await window.publisher.prepare(target, { versioning: 'production' }, '.hippo', listener);
  expect(readFileSync(join(made, 'invoice.toml'), 'utf8')).toContain('ana/weather');
});

test('a file that looks like a secret is allowed for its folder, and for no other one', async () => {
  await serve();
  const other = { name: 'other', uri: uriOf(join(folder, 'other')), path: join(folder, 'other') };
  app.openFolders(...app.workspace.folders, other);
  app.folderValues.set(uriOf(dir), new Map([['hippo.publish.allow', ['first.pem']]]));
  const uri = uriOf(join(dir, 'HIPPOFACTS'));
  await window.commands.allow(uri, ['.env']);
  expect(app.settings.get('hippo.publish.allow', uri)).toEqual(['first.pem', '.env']);
  expect(app.settings.get('hippo.publish.allow', `${other.uri}/HIPPOFACTS`)).toEqual([]);
  app.trust(false);
  await expect(window.commands.allow(uri, ['id_rsa'])).rejects.toMatchObject({ code: 'UNTRUSTED' });
});
