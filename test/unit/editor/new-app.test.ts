// "New App…" asks three things and brings a person to the code, wherever that is; "Add HIPPOFACTS" writes one.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { Emitter } from '../../../src/editor/disposables.ts';
import { Cancelled, EditorError } from '../../../src/editor/failure.ts';
import { AddHippofacts } from '../../../src/editor/new-app/add-hippofacts.ts';
import { Arrival } from '../../../src/editor/new-app/arrival.ts';
import type { Folders } from '../../../src/editor/new-app/folders.ts';
import { watchHasApp } from '../../../src/editor/new-app/has-app.ts';
import { NewApp } from '../../../src/editor/new-app/new-app.ts';
import { announceSteps } from '../../../src/editor/new-app/walkthrough.ts';
import { Projects } from '../../../src/editor/projects.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const root = temporaryFolder();
const core = () => import('../../../src/editor/core.ts');
let number = 0;
/** Where apps are made. */
let place: string;
let app: FakeApp;
let arrival: Arrival;
let newApp: NewApp;
/** What happened to windows, in order; names of what lies in `place`. */
let happened: string[];
/** What the dialog for a folder gives. */
let chosen: string | undefined;

const workspaceFolder = (path: string) => ({ name: basename(path), uri: pathToFileURL(path).href, path });
const inPlace = (path: string): string => path.slice(place.length + 1).replaceAll('\\', '/');

const manifests = new Emitter<void>((error) => {
  throw error;
});
const pages = new Emitter<void>((error) => {
  throw error;
});
const folders: Folders = {
  onDidShowPage: pages.event,
  onDidChangeManifests: manifests.event,
  choose: async () => {
    happened.push('asked for a folder');
    if (chosen === undefined) throw new Cancelled();
    return chosen;
  },
  open: async (folder, where) => void happened.push(`opened ${inPlace(folder)} ${where}`),
  add: async (folder) => void happened.push(`added ${inPlace(folder)}`),
  show: async (file) => void happened.push(`showed ${inPlace(file)}`),
  resource: (file) => ({ scheme: 'file', fsPath: file, toString: () => pathToFileURL(file).href }),
  showWalkthrough: async () => void happened.push('showed the walkthrough'),
};

beforeEach(() => {
  place = join(root, String(number++));
  mkdirSync(place);
  app = new FakeApp(join(root, 'home'));
  happened = [];
  chosen = place;
  arrival = new Arrival(app, folders);
  newApp = new NewApp({ app, core, folders, arrival });
});

/** Another window of the same user, with this folder in its workspace, or none. */
function otherWindow(...paths: string[]): { app: FakeApp; arrival: Arrival } {
  const other = new FakeApp(join(root, 'home'));
  Object.assign(other, { userMemory: app.userMemory });
  other.time = app.time;
  other.openFolders(...paths.map(workspaceFolder));
  return { app: other, arrival: new Arrival(other, folders) };
}

describe('in a window without a folder', () => {
  test('the app is made where a person says, and opened', async () => {
    app.answer('AssemblyScript', 'shop');
    await newApp.make();
    expect(happened).toEqual(['asked for a folder', 'opened shop here']);
    expect(readFileSync(join(place, 'shop', 'HIPPOFACTS'), 'utf8')).toContain('name = "shop"\n');
    expect(app.asked.map(({ kind, offers }) => [kind, offers])).toEqual([
      ['pick', ['AssemblyScript', 'Rust']],
      ['input', []],
    ]);
  });

  test('its folder has the last part of its name', async () => {
    app.answer('Rust', 'example.com/ana/shop');
    await newApp.make();
    expect(happened).toContain('opened shop here');
    expect(readFileSync(join(place, 'shop', 'HIPPOFACTS'), 'utf8')).toContain(
      'name = "example.com/ana/shop"\n',
    );
  });

  test('a folder that was made for it in the dialog is used', async () => {
    mkdirSync(join(place, 'shop'));
    chosen = join(place, 'shop');
    app.answer('Rust', 'shop');
    await newApp.make();
    expect(happened).toContain('opened shop here');
  });

  test('a name that is none is refused until it is one', async () => {
    app.answer('Rust', '', 'my shop', 'shop');
    await newApp.make();
    expect(app.refusals).toEqual([
      'This cannot be its name: it is empty.',
      'This cannot be its name: it contains " "; use letters, digits, "-", "_", "." and "/".',
    ]);
  });

  const givenUp: [string, (string | typeof CANCEL)[]][] = [
    ['the template', [CANCEL]],
    ['the name', ['Rust', CANCEL]],
    ['the folder', ['Rust', 'shop']],
  ];
  test.each(givenUp)('nothing is made if %s is not given', async (_, answers) => {
    chosen = undefined;
    app.answer(...answers);
    await expect(newApp.make()).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(existsSync(join(place, 'shop'))).toBe(false);
  });

  test('what is in the way is said, and may be tried again', async () => {
    mkdirSync(join(place, 'shop'));
    writeFileSync(join(place, 'shop', 'mine.txt'), '');
    app.answer('Rust', 'shop');
    const failure = await newApp.make().catch((error: EditorError) => error);
    expect(failure).toMatchObject({
      code: 'NOT_EMPTY',
      message: expect.stringContaining('is not empty: mine.txt.') as string,
      remedies: ['retry'],
    });
    expect(happened).toEqual(['asked for a folder']);
  });
});

describe('in a workspace', () => {
  test('it is made in a new folder, whose code is shown', async () => {
    writeFileSync(join(place, 'other.txt'), '');
    app.openFolders(workspaceFolder(place));
    app.answer('Rust', 'shop', '$(new-folder) shop');
    await newApp.make();
    expect(happened).toEqual(['showed shop/src/main.rs']);
    expect(app.notifications).toMatchObject([{ message: '"shop" is ready. It needs Rust, by rustup.' }]);
    expect(app.asked.at(-1)?.offers).toEqual(['$(new-folder) shop', '$(folder-opened) Choose a Folder…']);
  });

  test('it can be published at once', async () => {
    const published: (string | undefined)[] = [];
    app.commands.register(
      'hippo.publish',
      (where) => void published.push(typeof where === 'object' ? where.fsPath : undefined),
    );
    app.openFolders(workspaceFolder(place));
    app.answer('Rust', 'shop', '$(new-folder) shop');
    app.press(/is ready/, 'Publish');
    await newApp.make();
    await expect.poll(() => published).toEqual([join(place, 'shop', 'HIPPOFACTS')]);
  });

  test('it is made in a folder of the workspace that is empty', async () => {
    app.openFolders(workspaceFolder(place));
    app.answer('AssemblyScript', 'shop', `$(folder) ${basename(place)}`);
    await newApp.make();
    expect(happened).toEqual(['showed assembly/index.ts']);
  });

  test.each([
    ['Open It', 'opened shop here'],
    ['Open It in a New Window', 'opened shop elsewhere'],
    ['Add It to the Workspace', 'added shop'],
  ])('made elsewhere, "%s"', async (way, outcome) => {
    app.openFolders(workspaceFolder(join(root, 'home')));
    app.answer('Rust', 'shop', '$(folder-opened) Choose a Folder…', way);
    await newApp.make();
    expect(happened).toEqual(['asked for a folder', outcome]);
  });
});

describe('where its folder is opened', () => {
  const make = async (origin?: 'walkthrough'): Promise<void> => {
    app.answer('Rust', 'shop');
    await newApp.make(origin);
    happened = [];
  };

  test('its code is shown once', async () => {
    await make();
    const there = otherWindow(join(place, 'shop'));
    there.arrival.watch();
    await expect.poll(() => happened).toEqual(['showed shop/src/main.rs']);
    expect(there.app.notifications).toHaveLength(1);
    otherWindow(join(place, 'shop')).arrival.watch();
    expect(app.userMemory.get('newApp.made')).toBeUndefined();
    expect(happened).toHaveLength(1);
  });

  test('the walkthrough goes on, if that is where it began', async () => {
    await make('walkthrough');
    otherWindow(join(place, 'shop')).arrival.watch();
    await expect.poll(() => happened).toEqual(['showed shop/src/main.rs', 'showed the walkthrough']);
  });

  test('it may be added to a window later', async () => {
    await make();
    const there = otherWindow(place);
    there.arrival.watch();
    expect(happened).toEqual([]);
    there.app.openFolders(workspaceFolder(place), workspaceFolder(join(place, 'shop')));
    await expect.poll(() => happened).toEqual(['showed shop/src/main.rs']);
  });

  test('nothing is shown much later', async () => {
    await make();
    const there = otherWindow(join(place, 'shop'));
    there.app.time += 3_600_000;
    there.arrival.watch();
    await expect.poll(() => app.userMemory.get('newApp.made')).toBeUndefined();
    expect(happened).toEqual([]);
  });
});

describe('"Add HIPPOFACTS to This Folder"', () => {
  const resource = (path: string) => ({ scheme: 'file', fsPath: path });
  const add = (path?: string): Promise<void> =>
    new AddHippofacts(app, core, folders).add(path === undefined ? undefined : resource(path));

  test('writes one that fits what is there, and opens it', async () => {
    writeFileSync(join(place, 'Cargo.toml'), '[package]\nname = "birds"\nversion = "1.2.3"\n');
    await add(place);
    expect(happened).toEqual(['showed HIPPOFACTS']);
    expect(readFileSync(join(place, 'HIPPOFACTS'), 'utf8')).toMatch(/name = "birds"\nversion = "1\.2\.3"/);
  });

  test('is about the folder of the workspace, and asks for it if there are several', async () => {
    app.openFolders(workspaceFolder(place));
    await add();
    expect(happened).toEqual(['showed HIPPOFACTS']);
    mkdirSync(join(place, 'blog'));
    app.openFolders(workspaceFolder(place), workspaceFolder(join(place, 'blog')));
    app.answer('blog');
    await add();
    expect(happened.at(-1)).toBe('showed blog/HIPPOFACTS');
  });

  test.each(['HIPPOFACTS', 'hippofacts.toml'])('opens %s, if that is there already', async (name) => {
    writeFileSync(join(place, name), '# mine\n');
    const failure = await add(place).catch((error: EditorError) => error);
    expect(failure).toMatchObject({ code: 'EXISTS', message: `${place} has a HIPPOFACTS already.` });
    expect(await (failure as EditorError).help[0]?.run()).toBe(false);
    expect(happened).toEqual([`showed ${name}`]);
    expect(readFileSync(join(place, name), 'utf8')).toBe('# mine\n');
  });

  test('opens a folder where none is open', async () => {
    const failure = await add().catch((error: EditorError) => error);
    expect(failure).toMatchObject({ code: 'NO_FOLDER' });
    mkdirSync(join(place, 'shop'));
    chosen = join(place, 'shop');
    await (failure as EditorError).help[0]?.run();
    expect(happened).toEqual(['asked for a folder', 'opened shop here']);
  });
});

test('whether there is an app in the workspace is known, and follows what comes and goes', async () => {
  const hasApp = () => app.contextKeys.get('hippo.hasApp');
  const watching = watchHasApp(app, new Projects(app), manifests.event);
  await expect.poll(hasApp).toBe(false);
  app.files = [pathToFileURL(join(place, 'HIPPOFACTS')).href];
  manifests.fire();
  app.pass(1_000);
  await expect.poll(hasApp).toBe(true);
  app.files = [];
  app.openFolders();
  app.pass(1_000);
  await expect.poll(hasApp).toBe(false);
  watching.dispose();
});

test('steps of the walkthrough that were completed before it was opened are said again then', () => {
  const said = () => [...app.contextKeys.keys()].filter((key) => key.startsWith('hippo.walkthrough.'));
  const announcing = announceSteps(app, pages.event);
  app.context.set('hippo.connectionState', 'ready');
  app.context.set('hippo.hasApp', true);
  app.context.set('hippo.published', false);
  expect(said()).toEqual([]);
  pages.fire();
  app.pass(10_000);
  expect(said()).toEqual(['hippo.walkthrough.start', 'hippo.walkthrough.app']);
  app.context.set('hippo.published', true);
  app.context.set('hippo.visited', true);
  pages.fire();
  app.pass(10_000);
  expect(said()).toHaveLength(4);
  announcing.dispose();
});
