// Patterns: the table of bindle.md §8 row by row, and random ones against a plain model of Rust's glob.

import fc from 'fast-check';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expand } from '../../../src/hippofacts/expand.ts';
import { glob, type GlobOptions } from '../../../src/hippofacts/glob.ts';
import { parsePattern, PatternError } from '../../../src/hippofacts/glob-pattern.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import type { Problem } from '../../../src/hippofacts/problem.ts';
import { Project } from '../../../src/hippofacts/project.ts';
import { makeFolder, manifestWith } from './folders.ts';
import { isPattern, rustGlob, type Tree } from './rust-glob-model.ts';
import { runs } from '../../support/runs.ts';

interface Found {
  names: string[];
  problems: readonly Problem[];
  codes: string[];
}

async function expandIn(directory: string, ...patterns: string[]): Promise<Found> {
  const { entries, problems } = await expand(parseManifest(manifestWith(...patterns)), { directory });
  const names = entries
    .flatMap((entry) => entry.patterns)
    .flatMap(({ files }) => files.map(({ name }) => name));
  return { names, problems, codes: problems.map(({ code }) => code) };
}

const FILES = {
  'm.wasm': 'm',
  '.env': 'dot',
  'a.js': 'a',
  'B.js': 'B',
  'b{1}.txt': 'brace',
  '!x': 'bang',
  '^': 'caret',
  'back.js': 'back',
  'dir/x.js': 'x',
  'dir/y.js': 'y',
  'dir/.hidden/z.js': 'z',
  'dir/deep/er/w.js': 'w',
  'node_modules/p/i.js': 'i',
};

describe('the table', () => {
  const rows: [pattern: string, names: string[]][] = [
    ['*', ['!x', '.env', 'B.js', '^', 'a.js', 'back.js', 'b{1}.txt', 'm.wasm']],
    [
      '**/*',
      [
        '!x',
        '.env',
        'B.js',
        '^',
        'a.js',
        'back.js',
        'b{1}.txt',
        'dir/.hidden/z.js',
        'dir/deep/er/w.js',
        'dir/x.js',
        'dir/y.js',
        'm.wasm',
        'node_modules/p/i.js',
      ],
    ],
    [
      '**/*.js',
      [
        'B.js',
        'a.js',
        'back.js',
        'dir/.hidden/z.js',
        'dir/deep/er/w.js',
        'dir/x.js',
        'dir/y.js',
        'node_modules/p/i.js',
      ],
    ],
    ['dir/**/*', ['dir/.hidden/z.js', 'dir/deep/er/w.js', 'dir/x.js', 'dir/y.js']],
    ['dir/**/**/*.js', ['dir/.hidden/z.js', 'dir/deep/er/w.js', 'dir/x.js', 'dir/y.js']],
    ['dir/*.js', ['dir/x.js', 'dir/y.js']],
    ['dir/[!x].js', ['dir/y.js']],
    ['[^a].js', ['a.js']],
    ['[^a]', ['^']],
    ['[!^].js', ['B.js', 'a.js']],
    ['[a-b].js', ['a.js']],
    ['[A-a].js', ['B.js', 'a.js']],
    ['b{1}.txt', ['b{1}.txt']],
    ['b[{]*.txt', ['b{1}.txt']],
    ['!x', ['!x']],
    ['?.js', ['B.js', 'a.js']],
    ['./a.js', ['a.js']],
    ['dir/./x.js', ['dir/x.js']],
    ['dir/../a.js', ['a.js']],
    ['dir/deep/../../a.js', ['a.js']],
    ['dir//x.js', ['dir/x.js']],
    ['.*', ['.env']],
    ['.*/a.js', ['a.js']],
    ['dir/.*/z.js', ['dir/.hidden/z.js']],
    ['**/x.js', ['dir/x.js']],
  ];
  test.each(rows)('%s', async (pattern, names) => {
    const folder = await makeFolder(FILES);
    const found = await expandIn(folder, pattern);
    expect(found.names).toEqual(names);
    expect(found.codes).toEqual([]);
  });

  const nothing: [pattern: string, message: string][] = [
    ['', 'An empty pattern matches no files: write which ones, such as static/*'],
    ['none/*.txt', 'No files matched pattern none/*.txt'],
    ['missing.txt', 'No files matched pattern missing.txt'],
    ['A.js', 'No files matched pattern A.js: upper and lower case differ, write a.js'],
    ['missing/../a.js', 'No files matched pattern missing/../a.js'],
    ['a.js/..', 'No files matched pattern a.js/..'],
    ['**/../a.js', 'No files matched pattern **/../a.js'],
    ['**/./a.js', 'No files matched pattern **/./a.js'],
    [
      'dir/**',
      'No files matched pattern dir/**: it stands for folders, write dir/**/* for the files in them',
    ],
    ['**', 'No files matched pattern **: it stands for folders, write **/* for the files in them'],
    ['dir/', 'No files matched pattern dir/: it stands for folders, write dir/**/* for the files in them'],
    ['dir', 'No files matched pattern dir: it stands for folders, write dir/**/* for the files in them'],
    [
      '*.{js,txt}',
      'No files matched pattern *.{js,txt}: braces have no special meaning, write one pattern for each',
    ],
    ['!a.js', 'No files matched pattern !a.js: ! has no special meaning, files cannot be excluded'],
    ['@(a).js', 'No files matched pattern @(a).js'],
    ['+(a).js', 'No files matched pattern +(a).js'],
    ['a.j\\s', 'No files matched pattern a.j\\s: there is no a.j\\s, write a.js'],
  ];
  test.each(nothing)('%s matches nothing', async (pattern, message) => {
    const { names, problems } = await expandIn(await makeFolder(FILES), pattern);
    expect(names).toEqual([]);
    expect(problems.map((problem) => [problem.severity, problem.message])).toEqual([['warning', message]]);
  });

  test('what dir/** lacks is offered', async () => {
    const { problems } = await expandIn(await makeFolder(FILES), 'dir/**');
    expect(problems[0]).toMatchObject({ code: 'no-match', replacement: '"dir/**/*"' });
  });

  const invalid: [pattern: string, reason: RegExp][] = [
    ['**.js', /recursive wildcards must form a single path component/],
    ['a/**x', /recursive wildcards must form a single path component/],
    ['a**/x', /recursive wildcards must form a single path component/],
    ['***', /wildcards are either regular \* or recursive \*\*/],
    ['[', /invalid range pattern/],
    ['[]', /invalid range pattern/],
    ['[!]', /invalid range pattern/],
    ['[a-', /invalid range pattern/],
    ['x[a/b]', /invalid range pattern/],
  ];
  test.each(invalid)('%s is refused', async (pattern, reason) => {
    const { problems } = await expandIn(await makeFolder(FILES), pattern);
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([['invalid-pattern', 'error']]);
    expect(problems[0]?.message).toMatch(reason);
    expect(problems[0]?.range.start.line).toBe(7);
  });

  test('[]a] and [!]a] hold a bracket', async () => {
    const folder = await makeFolder({ 'm.wasm': '', ']': '1', a: '2', b: '3' });
    expect((await expandIn(folder, '[]a]')).names).toEqual([']', 'a']);
    expect((await expandIn(folder, '[!]a]')).names).toEqual(['b']);
  });

  test('a backslash is a character, and a slash in the name of the bindle', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'a\\b.txt': '1' });
    expect((await expandIn(folder, 'a\\b.*')).names).toEqual(['a/b.txt']);
    const { codes } = await expandIn(await makeFolder({ 'm.wasm': '', '..\\evil': '1' }), '*evil');
    expect(codes).toEqual(['bad-file-name']);
  });

  test('on Windows a backslash separates folders', () => {
    expect(parsePattern('dir\\**\\*.js', true).components.map(({ recursive }) => recursive)).toEqual([
      false,
      true,
      false,
    ]);
    expect(() => parsePattern('dir\\a**', true)).toThrow(PatternError);
  });

  test('special characters in the project’s own path mean nothing', async () => {
    const folder = await makeFolder({ 'odd [a]*{x}/m.wasm': '', 'odd [a]*{x}/static/a.js': 'a' });
    const project = path.join(folder, 'odd [a]*{x}');
    expect((await expandIn(project, 'static/*')).names).toEqual(['static/a.js']);
    expect((await expandIn(project, path.join(project, 'static/*'))).names).toEqual(['static/a.js']);
  });

  test('names are ordered by their bytes, each folder in its place', async () => {
    const folder = await makeFolder({
      'm.wasm': '',
      'a-b': '',
      'a/x': '',
      a0: '',
      'Z/q': '',
      é: '',
      '😀': '',
      '\uFB01': '',
    });
    expect((await expandIn(folder, '**/*')).names).toEqual([
      'Z/q',
      'a/x',
      'a-b',
      'a0',
      'm.wasm',
      'é',
      '\uFB01',
      '😀',
    ]);
  });

  test('odd names are names', async () => {
    const names = ['line\nbreak.txt', ' blank ', 'tab\t.txt', '"quoted".txt', "it's", '👩‍👩‍👧.txt', '-rf'];
    const folder = await makeFolder({
      'm.wasm': '',
      ...Object.fromEntries(names.map((name) => [`odd/${name}`, name])),
    });
    expect((await expandIn(folder, 'odd/*')).names.sort()).toEqual(names.map((name) => `odd/${name}`).sort());
    expect((await expandIn(folder, 'odd/line?break.txt')).names).toEqual(['odd/line\nbreak.txt']);
  });

  test('names that are not UTF-8 are passed over, as Rust does', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'd/ok\uFFFD.txt': '1' });
    await writeFile(
      Buffer.concat([Buffer.from(path.join(folder, 'd/')), Buffer.from([0xff, 0x2e, 0x74])]),
      'x',
    );
    expect((await expandIn(folder, 'd/*')).names).toEqual(['d/ok\uFFFD.txt']);
  });
});

describe('the borders of the project', () => {
  const inside = { 'proj/m.wasm': '', 'proj/static/a.js': 'a' };

  test('an absolute pattern in the project is as a relative one', async () => {
    const folder = await makeFolder(inside);
    const project = path.join(folder, 'proj');
    for (const pattern of [
      `${project}/static/*.js`,
      `${project}//static/./a.js`,
      path.join(folder, 'proj/static/a.js'),
    ])
      expect(await expandIn(project, pattern)).toMatchObject({ names: ['static/a.js'], codes: [] });
  });

  test.each([
    '../x',
    '../*',
    '../**/*',
    'static/../../x',
    '/etc/*',
    '/etc/hostname',
    '../other/*.js',
    '../pro*/m.wasm',
  ])('%s is outside', async (pattern) => {
    const folder = await makeFolder({ ...inside, x: 'secret', 'other/b.js': 'b' });
    const { names, problems } = await expandIn(path.join(folder, 'proj'), pattern);
    expect(names).toEqual([]);
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([['outside-project', 'error']]);
  });

  test('one file outside is enough: the first by name is told, and the rest not looked for', async () => {
    const names = ['z', 'm', 'a', 'k', 'b', 'x'].map((name) => [`out/${name}.txt`, name]);
    const folder = await makeFolder({ ...inside, ...Object.fromEntries(names), 'proj/link': '-> ../out' });
    const { problems } = await expandIn(path.join(folder, 'proj'), 'link/*.txt', 'link/**/*');
    expect(problems.map(({ files }) => files)).toEqual([['link/a.txt'], ['link/a.txt']]);
  });

  test('a way that leaves and comes back is a detour', async () => {
    const folder = await makeFolder(inside);
    const project = path.join(folder, 'proj');
    expect(await expandIn(project, '../proj/static/*')).toMatchObject({ names: ['static/a.js'], codes: [] });
    expect(await expandIn(project, '../proj/static/a.js')).toMatchObject({
      names: ['static/a.js'],
      codes: [],
    });
  });

  test('links that leave it are errors, by file and by folder, literally and by pattern', async () => {
    const folder = await makeFolder({
      ...inside,
      'outside/secret.txt': 's',
      'proj/file-link.txt': '-> ../outside/secret.txt',
      'proj/folder-link': '-> ../outside',
    });
    const project = path.join(folder, 'proj');
    for (const pattern of [
      'file-link.txt',
      '*.txt',
      'folder-link/*',
      'folder-link/secret.txt',
      '**/secret.txt',
    ]) {
      const { names, problems } = await expandIn(project, pattern);
      expect([pattern, names, problems.map(({ code }) => code)]).toEqual([pattern, [], ['outside-project']]);
      expect(problems[0]?.files?.[0]).toMatch(/-link/);
    }
    // Nothing of it is published where no file of it matches.
    expect(await expandIn(project, '**/*.js')).toMatchObject({ names: ['static/a.js'], codes: [] });
  });

  test('`..` of a linked folder is where the link leads', async () => {
    const folder = await makeFolder({
      'm.wasm': '',
      'far/away/deep/x.txt': 'x',
      'far/away/n.txt': 'n',
      'n.txt': 'wrong',
      link: '-> far/away/deep',
    });
    expect((await expandIn(folder, 'link/../n.txt')).names).toEqual(['far/away/n.txt']);
  });

  test('a project may be reached by a link', async () => {
    const folder = await makeFolder({ 'real/m.wasm': '', 'real/static/a.js': 'a', link: '-> real' });
    expect(await expandIn(path.join(folder, 'link'), 'static/*')).toMatchObject({
      names: ['static/a.js'],
      codes: [],
    });
    expect((await expandIn(path.join(folder, 'link'), `${folder}/real/static/*`)).names).toEqual([
      'static/a.js',
    ]);
  });
});

describe('links in the project', () => {
  test('linked files and folders are followed', async () => {
    const folder = await makeFolder({
      'm.wasm': '',
      'store/v2/a.txt': 'a',
      'public/current': '-> ../store/v2',
      'public/b.txt': '-> ../store/v2/a.txt',
    });
    expect((await expandIn(folder, 'public/current/*')).names).toEqual(['public/current/a.txt']);
    expect((await expandIn(folder, 'public/**/*')).names).toEqual(['public/b.txt', 'public/current/a.txt']);
  });

  test('a folder is entered once by **, by its own name before any link', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'b/x.txt': 'x', 'a-link': '-> b', 'z-link': '-> b' });
    const { names, problems } = await expandIn(folder, '**/*.txt');
    expect(names).toEqual(['b/x.txt']);
    expect(problems).toMatchObject([
      { code: 'link-repeated', severity: 'warning', files: ['a-link', 'z-link'] },
    ]);
  });

  test('a folder that a link led into is not entered again from above', async () => {
    const folder = await makeFolder({
      'm.wasm': '',
      'p/y.txt': 'y',
      'p/q/x.txt': 'x',
      'a/1-inner': '-> ../p/q',
      'a/2-outer': '-> ../p',
    });
    expect((await expandIn(folder, 'a/**/*.txt')).names).toEqual(['a/1-inner/x.txt', 'a/2-outer/y.txt']);
  });

  test('links in circles end, with a warning', async () => {
    const folder = await makeFolder({
      'm.wasm': '',
      'd/x.txt': 'x',
      'd/up': '-> ..',
      'd/self': '-> .',
      'd/e/y.txt': 'y',
      'd/e/back': '-> ../../f',
      'f/forth': '-> ../d/e',
      'f/z.txt': 'z',
    });
    const { names, problems } = await expandIn(folder, '**/*.txt');
    expect(names).toEqual(['d/e/y.txt', 'd/x.txt', 'f/z.txt']);
    expect(problems.map(({ code, severity, files }) => [code, severity, files])).toEqual([
      ['link-loop', 'warning', ['d/self', 'd/up']],
      ['link-repeated', 'warning', ['d/e/back', 'f/forth']],
    ]);
    // Out of two rings, one goes through the other: the link is the only way in.
    expect((await expandIn(folder, 'd/e/**/*.txt')).names).toEqual(['d/e/back/z.txt', 'd/e/y.txt']);
  });

  test('a link to nothing is an error where it is matched, and missing where it is named', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'd/gone.txt': '-> nowhere', 'd/a.txt': 'a' });
    const { names, problems } = await expandIn(folder, 'd/*.txt');
    expect(names).toEqual(['d/a.txt']);
    expect(problems).toMatchObject([{ code: 'unreadable', severity: 'error', files: ['d/gone.txt'] }]);
    expect((await expandIn(folder, 'd/gone.txt')).codes).toEqual(['no-match']);
  });

  test('a socket is no file', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'd/a.txt': 'a' });
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path.join(folder, 'd/socket'), resolve));
    const { names, codes } = await expandIn(folder, 'd/*');
    await new Promise((resolve) => server.close(resolve));
    expect({ names, codes }).toEqual({ names: ['d/a.txt'], codes: ['unreadable'] });
  });

  test.runIf(process.platform !== 'win32')('a folder that may not be read is an error', async () => {
    const folder = await makeFolder({ 'm.wasm': '', 'shut/a.txt': 'a', 'open/b.txt': 'b' });
    const { chmod, chown } = await import('node:fs/promises');
    await chmod(path.join(folder, 'shut'), 0);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(folder, 65534, 65534);
    if (isRoot) process.seteuid?.(65534);
    try {
      const { problems } = await expandIn(folder, '**/*.txt');
      expect(problems).toMatchObject([{ code: 'unreadable', severity: 'error', files: ['shut'] }]);
      // A name in it is looked up in vain, as in Rust.
      expect((await expandIn(folder, 'shut/a.txt')).codes).toEqual(['no-match']);
      expect((await expandIn(folder, 'open/*')).codes).toEqual([]);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(path.join(folder, 'shut'), 0o755);
    }
  });
});

describe('against a plain model of Rust’s glob', () => {
  const NAMES = [
    'a',
    'b',
    'ab',
    'A',
    '.a',
    'a.js',
    'b.js',
    '.b.js',
    '^',
    '!a',
    '{a,b}',
    'a b',
    'é',
    '😀',
    '-',
    ']',
    '+(a)',
  ];
  const PARTS = [
    ...NAMES,
    ...[
      '*',
      '**',
      '?',
      '??',
      '*.js',
      '.*',
      'a*',
      '*a*',
      '*.*',
      '[ab]',
      '[!a]',
      '[^a]',
      '[a-z]*',
      '[!.]*',
      '[]]',
      '[a-]',
    ],
    ...['', '.', '..', '***', '**a', '[', '[]', 'a[', '[b-a]', '[😀é]', '[!]]', '*[js]', '?*?'],
  ];
  const tree = fc.letrec<{ folder: Tree; entry: Tree | string }>((tie) => ({
    folder: fc.dictionary(fc.constantFrom(...NAMES), tie('entry'), { maxKeys: 5, noNullPrototype: true }),
    entry: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constant('file'), tie('folder')),
  })).folder;
  const pattern = fc
    .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'));

  async function build(folder: string, entries: Tree): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [name, entry] of Object.entries(entries))
      if (typeof entry === 'string') await writeFile(path.join(folder, name), entry);
      else await build(path.join(folder, name), entry);
  }

  test('random patterns on random trees', async () => {
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.array(pattern, { minLength: 8, maxLength: 16 }),
        async (entries, patterns) => {
          const base = await mkdtemp(path.join(tmpdir(), 'hippofacts-'));
          try {
            const project = path.join(base, 'project');
            await build(project, entries);
            for (const text of patterns) {
              const { names, codes } = await expandIn(project, text);
              const problems = codes.filter((code) => code !== 'missing-module' && code !== 'no-match');
              if (!isPattern(text)) expect([text, problems]).toEqual([text, ['invalid-pattern']]);
              else if (!problems.includes('outside-project')) {
                expect([text, problems]).toEqual([text, []]);
                expect([text, [...names].sort()]).toEqual([text, [...rustGlob(entries, text)].sort()]);
                expect(new Set(names).size).toBe(names.length);
              }
            }
          } finally {
            await rm(base, { recursive: true });
          }
        },
      ),
      { numRuns: runs(150) },
    );
  });

  test('names and components in pure form', () => {
    const chars = fc
      .array(fc.constantFrom(...'ab*?[]!^-.{}\\é😀'), { maxLength: 8 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(chars, chars, (text, name) => {
        let pattern: ReturnType<typeof parsePattern> | undefined;
        try {
          pattern = parsePattern(text);
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
        }
        expect(pattern !== undefined).toBe(isPattern(text));
        if (!pattern || name === '' || name === '.' || name === '..' || text === '' || text === '**') return;
        const matched = pattern.components.every((component) => component.matches(name));
        expect(matched).toBe(
          rustGlob({ d: { [name]: 'file' } }, `d/${text}`).has(`d/${name}`) ||
            (/^\.\.?$/.test(text) && text === name),
        );
      }),
      { numRuns: runs(5000) },
    );
  });

  test('a pattern of many stars takes no long time', () => {
    const [component] = parsePattern(`${'*a'.repeat(60)}b`).components;
    expect(component?.matches('a'.repeat(255))).toBe(false);
  });
});

test('20,000 files and several patterns (time is printed, not asserted)', async () => {
  const folder = await makeFolder({ 'm.wasm': '' });
  for (let outer = 0; outer < 100; outer++) {
    const inner = path.join(folder, outer < 50 ? 'static' : 'node_modules', `d${outer}`);
    await mkdir(inner, { recursive: true });
    await Promise.all(
      Array.from({ length: 200 }, (_, file) => writeFile(path.join(inner, `f${file}.txt`), '')),
    );
  }
  const started = performance.now();
  const { names } = await expandIn(
    folder,
    '**/*',
    'static/**/*.txt',
    '**/f1*.txt',
    'static/*/f?.txt',
    '*.wasm',
  );
  const all = performance.now();
  await expandIn(folder, 'static/d1/*.txt');
  console.log(
    `20,000 files, 5 patterns: ${Math.round(all - started)} ms; one folder: ${Math.round(performance.now() - all)} ms`,
  );
  expect(names).toHaveLength(20_001 + 10_000 + 100 * 111 + 50 * 10 + 1);
});

describe('a walk', () => {
  test('can be stopped, also where all folders are known', async () => {
    const folder = await makeFolder(
      Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`f${index}`, ''])),
    );
    const project = await Project.open(folder);
    const pattern = parsePattern('*');
    expect((await glob(project, pattern)).matches).toHaveLength(1500);
    const controller = new AbortController();
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    await expect(glob(project, pattern, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('that only guesses ends early, and leaves folders out', async () => {
    const project = await Project.open(await makeFolder(FILES));
    const names = async (text: string, options: GlobOptions): Promise<string[]> =>
      (await glob(project, parsePattern(text), options)).matches.map(({ segments }) => segments.join('/'));
    const leaveOut = new Set(['node_modules', 'dir']);
    expect(await names('**/*.js', { leaveOut })).toEqual(['B.js', 'a.js', 'back.js']);
    expect(await names('dir/**/x.js', { leaveOut })).toEqual(['dir/x.js']);
    expect(await names('*', { names: 3 })).toEqual(['!x', '.env', 'B.js']);
  });
});
