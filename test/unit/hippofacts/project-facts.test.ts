// What is known of the disk: found once for all who ask, until it changes.

import { appendFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand } from '../../../src/hippofacts/expand.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { DiskFacts } from '../../../src/hippofacts/project-facts.ts';
import { Reach } from '../../../src/hippofacts/reach.ts';
import { Remembered } from '../../../src/hippofacts/remembered.ts';
import { runs } from '../../support/runs.ts';
import { sketch } from '../../support/wasm.ts';
import { makeFolder, manifestWith } from './folders.ts';

const names = async (facts: DiskFacts, pattern: string): Promise<string[]> =>
  (await facts.pattern(pattern)).matches.map(({ name }) => name);

describe('facts', () => {
  test('of a pattern: files, bytes, and what is wrong', async () => {
    const facts = new DiskFacts(await makeFolder({ 'a/1': '1', 'a/2': '22', 'b/3': '333' }));
    const known = await facts.pattern('a/*');
    expect(known).toMatchObject({ literal: false, bytes: 3, problems: [] });
    expect(known.matches.map(({ name, size }) => [name, size])).toEqual([
      ['a/1', 1],
      ['a/2', 2],
    ]);
    expect(await facts.pattern('c/*')).toMatchObject({ matches: [], problems: [{ code: 'no-match' }] });
    expect(await facts.pattern('a/1')).toMatchObject({ literal: true, bytes: 1 });
    expect(await facts.together(['a/*', '*/1', '**/*'])).toEqual({
      files: 3,
      bytes: 6,
      repeats: [
        { pattern: 1, before: [0], names: ['a/1'], all: true },
        { pattern: 2, before: [0], names: ['a/1', 'a/2'], all: false },
      ],
    });
  });

  test('of a module, a folder and the project', async () => {
    const directory = await makeFolder({ 'x.txt': 'x', 'd/y.txt': 'y' });
    await writeFile(path.join(directory, 'm.wasm'), sketch({ functions: [[]] }));
    await symlink('d', path.join(directory, 'l'));
    const facts = new DiskFacts(directory);
    expect(await facts.module('m.wasm')).toMatchObject({
      found: true,
      name: 'm.wasm',
      path: path.join(directory, 'm.wasm'),
      wasm: { kind: 'module' },
    });
    expect(await facts.module('n.wasm')).toMatchObject({ found: false, problem: { code: 'missing-module' } });
    expect(await facts.folder('')).toEqual([
      { name: 'd', kind: 'folder' },
      { name: 'l', kind: 'link' },
      { name: 'm.wasm', kind: 'file' },
      { name: 'x.txt', kind: 'file' },
    ]);
    expect(await facts.folder('l')).toEqual([{ name: 'y.txt', kind: 'file' }]);
    for (const none of ['none', '..', 'd/../..', 'x.txt']) expect(await facts.folder(none)).toEqual([]);
    expect(await facts.modules()).toEqual([{ name: 'm.wasm' }]);
  });

  test('stay until a change is told', async () => {
    const directory = await makeFolder({ 'a/1': '1', 'm.wasm': 'x' });
    const at = (name: string): string => path.join(directory, name);
    const facts = new DiskFacts(directory);
    const before = await facts.pattern('a/*');
    const module = await facts.module('m.wasm');
    await writeFile(at('a/2'), '22');
    await appendFile(at('a/1'), '1');
    expect(await facts.pattern('a/*')).toBe(before);
    // What has nothing to do with it changes nothing.
    expect(facts.changed([at('b/other')])).toBe(false);
    expect(await facts.pattern('a/*')).toBe(before);
    expect(facts.changed([at('a/2')])).toBe(true);
    expect(await facts.pattern('a/*')).toMatchObject({ bytes: 3 });
    facts.changed([at('a/1')]);
    expect(await facts.pattern('a/*')).toMatchObject({ bytes: 4 });
    expect(await facts.module('m.wasm')).toBe(module);
    await writeFile(at('m.wasm'), sketch({ functions: [[]] }));
    facts.changed([at('m.wasm')]);
    expect(await facts.module('m.wasm')).toMatchObject({ wasm: { kind: 'module' } });
  });

  test('see folders come and go', async () => {
    const directory = await makeFolder();
    const at = (name: string): string => path.join(directory, name);
    const facts = new DiskFacts(directory);
    expect(await names(facts, 'a/**/*')).toEqual([]);
    expect(await facts.module('a/m.wasm')).toMatchObject({ found: false });
    await mkdir(at('a/b'), { recursive: true });
    await writeFile(at('a/b/1'), '1');
    await writeFile(at('a/m.wasm'), 'm');
    facts.changed([at('a')]);
    expect(await names(facts, 'a/**/*')).toEqual(['a/b/1', 'a/m.wasm']);
    expect(await facts.module('a/m.wasm')).toMatchObject({ found: true });
    await rename(at('a'), at('c'));
    facts.changed([at('a'), at('c')]);
    expect(await names(facts, 'a/**/*')).toEqual([]);
    expect(await facts.module('a/m.wasm')).toMatchObject({ found: false });
    await rename(at('c'), at('a'));
    await appendFile(at('a/b/1'), '1');
    facts.changed([at('c'), at('a')]);
    expect(await facts.pattern('a/**/*')).toMatchObject({ bytes: 3 });
    await rm(at('a'), { recursive: true });
    facts.forget();
    expect(await names(facts, 'a/**/*')).toEqual([]);
  });

  test('of secrets are read again where a text has changed', async () => {
    const directory = await makeFolder({ 'k.txt': 'nothing', '.env': '' });
    const facts = new DiskFacts(directory);
    expect(await facts.secrets('*')).toEqual(['.env']);
    await writeFile(path.join(directory, 'k.txt'), `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n`);
    facts.changed([path.join(directory, 'k.txt')]);
    expect(await facts.secrets('*')).toEqual(['.env', 'k.txt']);
  });

  test('of a digest are those of the file as it is', async () => {
    const directory = await makeFolder({ a: 'a' });
    const facts = new DiskFacts(directory);
    const file = path.join(directory, 'a');
    const digest = await facts.sha256(file);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    await writeFile(file, 'bb');
    facts.changed([file]);
    expect(await facts.sha256(file)).not.toBe(digest);
    expect(await facts.sha256(path.join(directory, 'none'))).toBeUndefined();
  });

  test('are those of a fresh look, whatever has changed', async () => {
    const file = fc.constantFrom('a/x', 'a/b/x', 'a/b/y', 'c/x', 'x', 'm.wasm', 'a/m.wasm');
    const change = fc.record({ file, action: fc.constantFrom('write', 'remove', 'remove folder') });
    const patterns = ['a/*', '**/x', 'a/**/*', 'x', '*/x', 'A/*', 'c'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        async (rounds) => {
          const directory = await makeFolder();
          const facts = new DiskFacts(directory);
          const all = async (asked: DiskFacts): Promise<unknown> => ({
            patterns: await Promise.all(patterns.map((pattern) => asked.pattern(pattern))),
            together: await asked.together(patterns),
            module: await asked.module('a/m.wasm'),
            folder: await asked.folder('a/b'),
            modules: await asked.modules(),
          });
          await all(facts);
          for (const round of rounds) {
            const changed: string[] = [];
            for (const { file: name, action } of round) {
              const target = path.join(
                directory,
                action === 'remove folder' ? path.posix.dirname(name) : name,
              );
              if (target === directory) continue;
              changed.push(target);
              if (action !== 'write') await rm(target, { recursive: true, force: true });
              else {
                // Watchers tell of new folders, too.
                for (let at = path.dirname(target); at !== directory; at = path.dirname(at)) changed.push(at);
                await mkdir(path.dirname(target), { recursive: true });
                await appendFile(target, 'x');
              }
            }
            facts.changed(changed);
            expect(await all(facts)).toEqual(await all(new DiskFacts(directory)));
          }
        },
      ),
      { numRuns: runs(20) },
    );
  });

  test('are what a publish finds', async () => {
    const directory = await makeFolder({ 'm.wasm': 'm', 'a/1': '1', 'a/.2': '2', 'b/c/3': '3' });
    const patterns = ['**/*', 'a/*', 'A/*', '[', '/etc/passwd', 'b/**', '../x'];
    const manifest = parseManifest(manifestWith(...patterns));
    const { entries, problems } = await expand(manifest, { directory });
    const facts = new DiskFacts(directory);
    const known = await Promise.all(patterns.map((pattern) => facts.pattern(pattern)));
    expect(known.map(({ matches }) => matches.map(({ name }) => name))).toEqual(
      entries[0]?.patterns.map(({ files }) => files.map(({ name }) => name)),
    );
    expect(known.flatMap((one) => one.problems)).toEqual(problems.map(({ range: _, ...finding }) => finding));
  });
});

describe('what is remembered', () => {
  const remembered = (): Remembered<number> =>
    new Remembered<number>({ capacity: 10, weigh: (answer) => answer });

  test('is found once for all who ask at the same time', async () => {
    const memory = remembered();
    let found = 0;
    const find = (): Promise<number> => Promise.resolve(++found);
    expect(await Promise.all([memory.get('a', find), memory.get('a', find)])).toEqual([1, 1]);
    expect(await memory.get('a', find)).toBe(1);
    expect(memory.forget((key) => key === 'b')).toBe(false);
    expect(memory.forget()).toBe(true);
    expect(await memory.get('a', find)).toBe(2);
  });

  test('is given up when nobody waits any more', async () => {
    const memory = remembered();
    const [one, two] = [new AbortController(), new AbortController()];
    let given: AbortSignal | undefined;
    const find = (signal: AbortSignal): Promise<number> =>
      new Promise((_, reject) => {
        given = signal;
        signal.addEventListener('abort', () => reject(new Error('given up')));
      });
    const first = memory.get('a', find, one.signal);
    const second = memory.get('a', find, two.signal);
    const reason = new Error('no longer');
    one.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(given?.aborted).toBe(false);
    two.abort(reason);
    await expect(second).rejects.toBe(reason);
    expect(given?.aborted).toBe(true);
    expect(await memory.get('a', () => Promise.resolve(3))).toBe(3);
  });

  test('is not a failure', async () => {
    const memory = remembered();
    await expect(memory.get('a', () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await memory.get('a', () => Promise.resolve(1))).toBe(1);
  });

  test('that is forgotten while it is found is found anew', async () => {
    const memory = remembered();
    let answer: (value: number) => void = () => undefined;
    const old = memory.get('a', () => new Promise<number>((resolve) => (answer = resolve)));
    memory.forget((key) => key === 'b');
    const fresh = memory.get('a', () => Promise.resolve(2));
    answer(1);
    expect(await Promise.all([old, fresh])).toEqual([1, 2]);
    expect(await memory.get('a', () => Promise.resolve(3))).toBe(2);
  });

  test('weighs no more than it may: what was used longest ago goes', async () => {
    const memory = remembered();
    const find = (weight: number) => (): Promise<number> => Promise.resolve(weight);
    await memory.get('a', find(4));
    await memory.get('b', find(4));
    await memory.get('a', find(0));
    await memory.get('c', find(5));
    expect(await memory.get('b', find(1))).toBe(1);
    expect(await memory.get('c', find(0))).toBe(5);
    expect(await memory.get('d', find(99))).toBe(99);
    expect(await memory.get('d', find(0))).toBe(99);
  });
});

describe('what a watcher looks at', () => {
  test.each<[string[], string[], [string, string][]]>([
    [
      ['build/m.wasm'],
      [],
      [
        ['', 'entries'],
        ['build', 'entries'],
      ],
    ],
    [
      [],
      ['static/css/*.css'],
      [
        ['', 'entries'],
        ['static', 'entries'],
        ['static/css', 'entries'],
      ],
    ],
    [
      [],
      ['static/**/*.css', 'static/img/*'],
      [
        ['', 'entries'],
        ['static', 'tree'],
      ],
    ],
    [['m.wasm'], ['**/*'], [['', 'tree']]],
    [
      [],
      ['a/*/b'],
      [
        ['', 'entries'],
        ['a', 'tree'],
      ],
    ],
    [[], ['./x', 'y/../z'], [['', 'entries']]],
    [['../out.wasm'], ['dir/'], []],
  ])('%j %j', (modules, patterns, expected) => {
    const scopes = new Reach({ modules, patterns }, 'linux').scopes();
    expect(scopes.map(({ folder, depth }) => [folder, depth])).toEqual(expected);
  });

  test('has every file that is covered, and the folders on the way', () => {
    const part = fc.constantFrom('a', 'b', '*', '**', '.', '[ab]');
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    const segments = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 3 }), segments, (patterns, file) => {
        const reach = new Reach({ modules: [], patterns }, 'linux');
        if (!reach.covers(file)) return;
        const scopes = reach.scopes();
        for (let length = 1; length <= file.length; length++) {
          const folder = file.slice(0, length - 1).join('/');
          const seen = scopes.some(
            (scope) =>
              scope.folder === folder ||
              (scope.depth === 'tree' &&
                (scope.folder === '' || `${folder}/`.startsWith(`${scope.folder}/`))),
          );
          expect(seen, `${patterns.join()} sees ${file.slice(0, length).join('/')}`).toBe(true);
        }
      }),
    );
  });
});
