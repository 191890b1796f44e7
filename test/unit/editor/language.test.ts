// Writing HIPPOFACTS without VS Code: what is parsed, watched and looked at, and when.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Connections } from '../../../src/editor/connections/connections.ts';
import { EditorError } from '../../../src/editor/failure.ts';
import { AddHandler } from '../../../src/editor/language/add-handler.ts';
import * as analysis from '../../../src/editor/language/analysis.ts';
import { Diagnoser, TYPING } from '../../../src/editor/language/diagnoser.ts';
import { LanguageDocuments, type TextDocument } from '../../../src/editor/language/documents.ts';
import { findRoute } from '../../../src/editor/language/find-route.ts';
import { FollowRenames } from '../../../src/editor/language/follow-renames.ts';
import { CurrentServer } from '../../../src/editor/language/server.ts';
import { chooseFile } from '../../../src/editor/language/show-files.ts';
import type { Texts } from '../../../src/editor/language/texts.ts';
import type { Watch } from '../../../src/editor/language/watched-project.ts';
import { ProblemBoard } from '../../../src/editor/problem-board.ts';
import { Projects } from '../../../src/editor/projects.ts';
import type { ServerFacts } from '../../../src/hippofacts/facts.ts';
import type { Problem } from '../../../src/hippofacts/problem.ts';
import { applyEdits } from '../../../src/hippofacts/text-edit.ts';
import { ServerLook, type ServerFactsOptions } from '../../../src/session/server-facts.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { waitFor } from '../../support/wait.ts';

const RIGHT = `[bindle]
name = "weather"
version = "1.0.0"

[[handler]]
route = "/"
name = "weather.wasm"
files = ["public/*", "data/**/*.txt"]
`;
/** `_start` and nothing else. */
const WASM = Buffer.from('AGFzbQEAAAABBAFgAAADAgEABwoBBl9zdGFydAAACgQBAgAL', 'base64');

const temporary = temporaryFolder();
let number = 0;
let folder: string;
let app: FakeApp;
let documents: LanguageDocuments;
let board: ProblemBoard;
let diagnoser: Diagnoser;
let watched: Map<string, (path: string) => void>;
let shown: (readonly Problem[])[];
let server: { [K in keyof ServerFacts]: ServerFacts[K] };

beforeEach(() => {
  folder = join(temporary, String(++number));
  app = new FakeApp(join(folder, 'home'));
  watched = new Map();
  shown = [];
  server = {
    origin: 'http://hippo.test',
    bindle: async () => undefined,
    bindles: async () => undefined,
    versions: async () => undefined,
    channels: async () => undefined,
  };
  const watch: Watch = (path, depth, onChange) => {
    const key = `${depth} ${path.slice(folder.length)}`;
    watched.set(key, onChange);
    return { dispose: () => watched.delete(key) };
  };
  documents = new LanguageDocuments({ app, analysis: async () => analysis, server, watch });
  board = new ProblemBoard(
    (_, problems) => void shown.push(problems),
    () => app.settings.get('hippo.language.severity'),
  );
  diagnoser = new Diagnoser(app, documents, board);
  write('weather.wasm', WASM);
  write('public/index.html', '<h1>Weather</h1>');
  write('data/2026/may.txt', 'rain');
});

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

class Document implements TextDocument {
  readonly uri: TextDocument['uri'];
  version = 1;
  isClosed = false;
  #text: string;

  constructor(text: string, name = 'HIPPOFACTS') {
    const file = join(folder, name);
    this.uri = { fsPath: file, toString: () => pathToFileURL(file).href };
    this.#text = text;
  }

  getText(): string {
    return this.#text;
  }

  type(text: string): void {
    this.#text = text;
    this.version++;
    diagnoser.edited(this);
  }

  close(): void {
    this.isClosed = true;
    diagnoser.closed(this);
    documents.close(this);
  }
}

/** As if the watchers told of it. */
function tell(name: string): void {
  const file = join(folder, name);
  for (const [key, onChange] of watched) {
    const [depth = '', place = ''] = key.split(' ');
    const scope = join(folder, place);
    if (depth === 'tree' ? file.startsWith(scope) : dirname(file) === scope) return onChange(file);
  }
}

const codes = (): string[] => (shown.at(-1) ?? []).map(({ code }) => code);
const shows = (...wanted: string[]): Promise<unknown> => waitFor(() => expect(codes()).toEqual(wanted));

describe('a document', () => {
  test('is parsed once for each version', async () => {
    const document = new Document(RIGHT);
    const [first, again] = await Promise.all([documents.of(document), documents.of(document)]);
    expect(again).toBe(first);
    document.type(RIGHT.replace('1.0.0', '2.0.0'));
    expect((await documents.of(document))?.manifest.bindle?.version?.value).toBe('2.0.0');
  });

  test('that is closed is not known, and nothing of its folder is watched any more', async () => {
    const [one, two] = [new Document(RIGHT), new Document(RIGHT, 'other.toml')];
    const facts = (await documents.of(one))?.facts;
    expect((await documents.of(two))?.facts).toBe(facts);
    one.close();
    expect(watched.size).toBeGreaterThan(0);
    two.close();
    expect(watched.size).toBe(0);
    expect(await documents.of(one)).toBeUndefined();
    expect(documents.all).toEqual([]);
  });

  test('has watched what its patterns can match, and no more', async () => {
    const document = new Document(RIGHT);
    await documents.of(document);
    expect([...watched.keys()].map((key) => key.replaceAll('\\', '/')).sort()).toEqual([
      'entries ',
      'entries /public',
      'tree /data',
    ]);
    document.type(RIGHT.replace(', "data/**/*.txt"', ''));
    await documents.of(document);
    expect(watched.size).toBe(2);
  });
});

describe('problems', () => {
  test('are told when a document is opened, and again a moment after the last keystroke', async () => {
    const document = new Document(RIGHT.replace('1.0.0', '1.0'));
    diagnoser.look(document);
    await shows('invalid-version');
    document.type(RIGHT.replace('1.0.0', '1.0.'));
    app.pass(TYPING - 1);
    document.type(RIGHT);
    app.pass(TYPING - 1);
    expect(codes()).toEqual(['invalid-version']);
    app.pass(1);
    await shows();
  });

  test('follow the disk, once for many files', async () => {
    const document = new Document(RIGHT.replace('"public/*"', '"public/*", "gen/*"'));
    let changes = 0;
    documents.onDidChangeFacts(() => changes++);
    diagnoser.look(document);
    await shows('no-match');
    for (let n = 0; n < 5000; n++) {
      if (n < 3) write(`gen/${n}`, '');
      tell(`gen/${n}`);
      // As VS Code tells of many: so many at a time, with pauses.
      if (n % 500 === 0) app.pass(200);
    }
    app.pass(499);
    expect(changes).toBe(0);
    app.pass(1);
    await shows();
    expect(changes).toBe(1);
  });

  test('are not looked at for files that have nothing to do with it', async () => {
    const document = new Document(RIGHT);
    let changes = 0;
    documents.onDidChangeFacts(() => changes++);
    diagnoser.look(document);
    await waitFor(() => expect(watched.size).toBe(3));
    write('notes.md', '');
    tell('notes.md');
    tell('public/deep/page.html');
    app.pass(1000);
    expect(changes).toBe(0);
  });

  test('are found by a save where nobody can watch', async () => {
    const document = new Document(RIGHT);
    diagnoser.look(document);
    await waitFor(() => expect(watched.size).toBe(3));
    await diagnoser.problemsOf(document);
    rmSync(join(folder, 'weather.wasm'));
    documents.refresh(document);
    await shows('missing-module');
  });

  test('of the disk are told before the server has answered, and its own then', async () => {
    const { promise, resolve } = Promise.withResolvers<'none'>();
    server.bindle = () => promise;
    const external = `[[handler]]\nroute = "/x"\nexternal = { bindleId = "x/1.0.0", handlerId = "x" }\n`;
    const document = new Document(`${RIGHT.replace('"public/*"', '"none/*"')}\n${external}`);
    diagnoser.look(document);
    await shows('no-match');
    resolve('none');
    await shows('no-match', 'external-not-found');
  });

  test('that a publish has heard from a server stand until one says that they are over', async () => {
    const document = new Document(RIGHT.replace('"public/*"', '"none/*"'));
    const uri = document.uri.toString();
    const range = new analysis.LineIndex(RIGHT).range(30, 37);
    board.publish(uri, [{ code: 'version-taken', severity: 'error', message: 'It is taken', range }]);
    const answers = [Promise.resolve(undefined), Promise.resolve<'none'>('none')];
    server.bindle = () => answers.shift()!;
    diagnoser.look(document);
    await shows('version-taken', 'no-match');
    // As when the answer comes later than anybody waits.
    await waitFor(() => expect(answers).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(codes()).toEqual(['version-taken', 'no-match']);
    diagnoser.look(document);
    await shows('no-match');
  });

  test('of an older text are not told', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    server.versions = () => promise;
    const document = new Document(RIGHT.replace('1.0.0', '1.0'));
    diagnoser.look(document);
    await shows('invalid-version');
    document.type(RIGHT);
    const before = shown.length;
    resolve(undefined);
    app.pass(TYPING);
    await shows();
    expect(shown.length).toBe(before + 1);
  });

  test('are known at once to who asks what can be done', async () => {
    const document = new Document(RIGHT);
    diagnoser.look(document);
    document.type(RIGHT.replace('1.0.0', '1.0'));
    expect((await diagnoser.problemsOf(document)).map(({ code }) => code)).toEqual(['invalid-version']);
  });

  test('are known to who asks, though another look overtakes the one that is waited for', async () => {
    const document = new Document(RIGHT.replace('1.0.0', '1.0'));
    diagnoser.look(document);
    const known = diagnoser.problemsOf(document);
    diagnoser.look(document);
    diagnoser.look(document);
    expect((await known).map(({ code }) => code)).toEqual(['invalid-version']);
  });

  test('are not waited for when the document is closed', async () => {
    const document = new Document(RIGHT.replace('1.0.0', '1.0'));
    const known = diagnoser.problemsOf(document);
    document.close();
    await expect(known).rejects.toThrow();
    expect(documents.all).toEqual([]);
  });

  test('are as loud as a setting says', async () => {
    diagnoser.look(new Document(RIGHT.replace('"public/*"', '"none/*"')));
    await shows('no-match');
    await app.settings.set('hippo.language.severity', { 'no-match': 'off' }, 'user');
    await shows();
  });

  test('are gone with the document', async () => {
    const document = new Document(RIGHT.replace('1.0.0', '1.0'));
    diagnoser.look(document);
    await shows('invalid-version');
    document.close();
    expect(codes()).toEqual([]);
  });
});

describe('HIPPOFACTS', () => {
  let text: string;
  let selected: string[];
  let texts: Texts;

  beforeEach(() => {
    text = RIGHT;
    selected = [];
    app.files = [pathToFileURL(join(folder, 'HIPPOFACTS')).href];
    texts = {
      read: async () => text,
      edit: async (_, edits) => {
        text = applyEdits(text, edits);
        return true;
      },
      show: async (_, { start, end }) => void selected.push(text.slice(start.offset, end.offset)),
    };
  });

  describe('gets a handler for a module', () => {
    const add = (name: string): Promise<void> => {
      const fsPath = join(folder, name);
      const handlers = new AddHandler(app, new Projects(app), async () => analysis, texts);
      return handlers.add({ scheme: 'file', fsPath, toString: () => pathToFileURL(fsPath).href });
    };

    test('below the others, with its route selected', async () => {
      await add('build/tides.wasm');
      expect(text).toBe(`${RIGHT}\n[[handler]]\nroute = "/tides"\nname = "build/tides.wasm"\n`);
      expect(selected).toEqual(['"/tides"']);
    });

    test('unless it has one, which is shown', async () => {
      await add('weather.wasm');
      expect(text).toBe(RIGHT);
      expect(selected).toEqual(['[[handler]]']);
      expect(app.mentions).toEqual(['weather.wasm is in HIPPOFACTS already']);
    });

    test('if it is there', async () => {
      app.files = [];
      await expect(add('x.wasm')).rejects.toThrow(EditorError);
      await expect(add('x.wasm')).rejects.toMatchObject({ code: 'NO_PROJECT' });
    });
  });

  describe('is changed when what it speaks of has got another name', () => {
    const rename = (from: string, to: string): Promise<void> =>
      new FollowRenames(app, new Projects(app), async () => analysis, texts).offer([
        { from: join(folder, from), to: join(folder, to) },
      ]);

    test('if a person likes that', async () => {
      app.press(/^weather\.wasm is rain\.wasm now\./, 'Change');
      await rename('weather.wasm', 'rain.wasm');
      expect(text).toBe(RIGHT.replace('weather.wasm', 'rain.wasm'));
      await rename('public', 'static');
      expect(text).toContain('"public/*"');
    });

    test('and nobody is asked for what it does not speak of', async () => {
      await rename('notes.md', 'read me.md');
      await rename('../elsewhere.wasm', '../there.wasm');
      expect(app.notifications).toEqual([]);
    });
  });

  describe('says which handler answers an address', () => {
    const find = (): Promise<void> => findRoute(app, new Projects(app), async () => analysis, texts);

    test('by its routes', async () => {
      text = `${RIGHT}\n[[handler]]\nroute = "/api/..."\nname = "api.wasm"\n`;
      app.answer('api', 'https://weather.test/api/days?n=1');
      await find();
      expect(app.refusals).toHaveLength(1);
      expect(selected).toEqual(['"/api/..."']);
    });

    test('or that none does', async () => {
      app.answer('/nowhere');
      await expect(find()).rejects.toMatchObject({ code: 'NO_HANDLER' });
    });
  });
});

test('a late answer of the current server is told of, and kept', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly []>();
  let asked = 0;
  const client = { findApps: () => (asked++, promise), channel: () => Promise.reject(new Error()) };
  class ImpatientLook extends ServerLook {
    constructor(options: ServerFactsOptions) {
      super({ ...options, patience: 1 });
    }
  }
  const connections = {
    status: { name: 'test', connection: { hippoUrl: 'http://hippo.test' }, state: 'ready' },
    onDidChange: () => ({ dispose: () => undefined }),
    core: async () => ({ ServerLook: ImpatientLook }),
    peek: async () => ({ connection: { hippoUrl: 'http://hippo.test' }, client }),
  };
  const current = new CurrentServer(app, connections as unknown as Connections);
  const changed = Promise.withResolvers<undefined>();
  current.onDidChange(() => changed.resolve(undefined));
  expect(await current.channels('weather')).toBeUndefined();
  resolve([]);
  await changed.promise;
  expect(await current.channels('weather')).toEqual([]);
  expect(asked).toBe(1);
  current.dispose();
});

test('the files of a handler can be chosen from', async () => {
  const known = await documents.of(new Document(RIGHT));
  if (!known) throw new Error('It is not known.');
  app.answer('data/2026/may.txt');
  expect(await chooseFile(app, known, 4)).toBe(join(folder, 'data/2026/may.txt'));
  expect(app.asked.at(-1)).toMatchObject({
    title: '3 files',
    offers: ['weather.wasm', 'public/index.html', 'data/2026/may.txt'],
  });
});
