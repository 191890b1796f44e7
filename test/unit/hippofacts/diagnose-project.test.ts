// All that is told of a project: every kind of problem at its exact place, however the file is written, and the same as
// a publish tells.

import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { collect } from '../../../src/hippofacts/collect.ts';
import {
  diagnoseAll,
  diagnoseProject,
  diagnoseText,
  type DiagnoseOptions,
} from '../../../src/hippofacts/diagnose-project.ts';
import type { KnownBindle, ProjectFacts, ServerFacts } from '../../../src/hippofacts/facts.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { PROBLEM_CODES } from '../../../src/hippofacts/problem-codes.ts';
import type { Diagnosis, Problem, ProblemCode } from '../../../src/hippofacts/problem.ts';
import { DiskFacts } from '../../../src/hippofacts/project-facts.ts';
import { unreadable } from '../../../src/hippofacts/unreadable.ts';
import { BINDLE, CORPUS, MODULE, type Diagnosed, type Expected } from './diagnostics.ts';
import { runs } from '../../support/runs.ts';
import { hashFile } from './folders.ts';

const made: string[] = [];
afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});

async function folderOf(project: Pick<Diagnosed, 'files'>): Promise<string> {
  const files: Record<string, string | Buffer | null> = { 'm.wasm': MODULE, ...project.files };
  const folder = await mkdtemp(path.join(tmpdir(), 'hippo-diagnose-'));
  made.push(folder);
  for (const [name, content] of Object.entries(files)) {
    if (content === null) continue;
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (typeof content === 'string' && content.startsWith('-> ')) await symlink(content.slice(3), file);
    else await writeFile(file, content);
  }
  return folder;
}

interface Place {
  start: number;
  end: number;
}

/** The text without its marks, and the places that they stand around, in the order of their beginnings. */
function readMarks(marked: string): { text: string; places: Place[] } {
  let text = '';
  const places: Place[] = [];
  const open: Place[] = [];
  for (const char of marked) {
    if (char === '⟦') {
      const place = { start: text.length, end: -1 };
      places.push(place);
      open.push(place);
    } else if (char === '⟧') open.pop()!.end = text.length;
    else text += char;
  }
  return { text, places };
}

function serverOf(bindles: Readonly<Record<string, KnownBindle>>): ServerFacts {
  return {
    origin: 'http://bindle.test',
    bindle: (id) => Promise.resolve(Object.hasOwn(bindles, id) ? bindles[id] : 'none'),
    bindles: () => Promise.resolve(Object.keys(bindles)),
    versions: (name) =>
      Promise.resolve(
        Object.keys(bindles)
          .filter((id) => id.startsWith(`${name}/`))
          .map((id) => id.slice(name.length + 1))
          .sort()
          .reverse(),
      ),
    channels: () => Promise.resolve(undefined),
  };
}

async function factsOf(project: Diagnosed): Promise<DiskFacts> {
  const { bindles } = project;
  return new DiskFacts(await folderOf(project), {
    platform: 'linux',
    ...(bindles && { server: serverOf(bindles) }),
  });
}

function check(problems: readonly Problem[], places: readonly Place[], expected: readonly Expected[]): void {
  expect(
    problems.map(({ code, severity, range }) => [code, severity, range.start.offset, range.end.offset]),
  ).toEqual(
    expected.map(([code, severity], index) => [code, severity, places[index]?.start, places[index]?.end]),
  );
  for (const [index, [, , words, replacement]] of expected.entries()) {
    if (typeof words === 'string') expect(problems[index]?.message).toContain(words);
    else expect(problems[index]?.message).toMatch(words);
    if (replacement !== undefined) expect(problems[index]?.replacement).toBe(replacement);
  }
}

describe('the corpus', () => {
  test.each(CORPUS.map((project) => [project.name, project] as const))('%s', async (_, project) => {
    const { text, places } = readMarks(project.text);
    const problems = await diagnoseAll(parseManifest(text), await factsOf(project), project.options);
    check(problems, places, project.expected);
  });

  const spellings: [name: string, (marked: string) => string][] = [
    ['CRLF', (marked) => marked.replaceAll('\n', '\r\n')],
    ['a byte order mark', (marked) => `\uFEFF${marked}`],
    ['comments with letters of two units', (marked) => marked.replace(/^(?=\S)/gm, '# 🦛 ⅷ\n')],
    ['blanks', (marked) => marked.replaceAll(' = ', '\t =  ')],
    [
      'a broken annotation',
      (marked) => `${marked}${marked.includes('[annotations]') ? '' : '[annotations]\n'}x = ⟦"🦛⟧\n`,
    ],
  ];
  test.each(spellings)('with %s, the places are the same', async (name, respell) => {
    for (const project of CORPUS) {
      // What the line numbers in the words are depends on the spelling; so do broken statements.
      const { text, places } = readMarks(respell(project.text));
      const problems = await diagnoseAll(parseManifest(text), await factsOf(project), project.options);
      const broken: Expected[] = name === 'a broken annotation' ? [['unclosed-text', 'error', '']] : [];
      const told = problems.map(({ code, range }) => [code, range.start.offset, range.end.offset]);
      const wanted = [...project.expected, ...broken].map(([code], index) => [
        code,
        places[index]?.start,
        places[index]?.end,
      ]);
      expect(told, `${project.name}\n${text}`).toEqual(wanted);
    }
  });

  test('a replacement mends what it is for', async () => {
    for (const project of CORPUS) {
      const { text } = readMarks(project.text);
      const facts = await factsOf(project);
      const problems = await diagnoseAll(parseManifest(text), facts, project.options);
      for (const { replacement, range, code } of problems) {
        if (replacement === undefined) continue;
        const mended = text.slice(0, range.start.offset) + replacement + text.slice(range.end.offset);
        const left = await diagnoseAll(parseManifest(mended), facts, project.options);
        const still = left.filter((problem) => problem.code === code).length;
        expect(still, `${project.name}: ${replacement}`).toBeLessThan(
          problems.filter((problem) => problem.code === code).length,
        );
      }
    }
  });

  test('has every kind of problem, but for those below', () => {
    const told = new Set(CORPUS.flatMap(({ expected }) => expected.map(([code]) => code)));
    const below = ['bad-file-name', 'inferred-name', 'inferred-version', 'link-loop', 'link-repeated'];
    const missing = Object.keys(PROBLEM_CODES).filter((code) => !told.has(code as ProblemCode));
    expect(missing.sort()).toEqual(below);
  });
});

describe('what a publish refuses', () => {
  /** As `hippo publish` collects: the errors are the same, and all else that it says is told, too. */
  async function agree(text: string, facts: ProjectFacts, options: DiagnoseOptions = {}): Promise<void> {
    const { versioning = 'dev', allow } = options;
    const { ok, problems } = await collect(text, {
      directory: facts.directory,
      hash: hashFile,
      versioning,
      platform: 'linux',
      ...(allow && { allow }),
      ...(facts.server && {
        lookup: async (id) => {
          const bindle = await facts.server?.bindle(id);
          return typeof bindle === 'object' ? bindle.invoice : undefined;
        },
      }),
    });
    const told = await diagnoseAll(parseManifest(text), facts, { versioning, ...(allow && { allow }) });
    const plain = ({ code, severity, message, range, replacement, files }: Problem): object => ({
      code,
      severity,
      message,
      range,
      // Which versions there are is asked by the check alone.
      ...(code !== 'external-not-found' && { replacement }),
      files,
    });
    expect(told.map(plain)).toEqual(expect.arrayContaining(problems.map(plain)));
    const refused = told.filter(({ severity, code }) => severity === 'error' && code !== 'version-taken');
    expect(refused.map(plain)).toEqual(problems.filter(({ severity }) => severity === 'error').map(plain));
    expect(refused.length === 0).toBe(ok);
  }

  test('is told in the same words, all over the corpus', async () => {
    for (const project of CORPUS) {
      const { text } = readMarks(project.text);
      // Without a server a publish refuses what refers to one; the check leaves it to whoever can ask.
      if (!project.bindles && text.includes('external')) continue;
      await agree(text, await factsOf(project), project.options);
    }
  });

  test('is told in the same words, whatever is made of the text', async () => {
    const texts = CORPUS.filter(({ bindles }) => !bindles).map((project) => readMarks(project.text).text);
    const files = CORPUS.filter(({ name }) => !/link to nothing/.test(name)).map((project) => project.files);
    const facts = new DiskFacts(
      await folderOf({ files: Object.assign({}, ...files) as NonNullable<Diagnosed['files']> }),
      {
        platform: 'linux',
      },
    );
    const piece = fc.constantFrom(
      '"',
      "'",
      '[',
      ']',
      '\n',
      '=',
      '*',
      '**/',
      '/',
      '..',
      '{',
      '#',
      '[[handler]]\n',
      'a',
    );
    const edit = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.oneof(fc.constant(''), piece) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...texts),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async (text, edits) => {
          let edited = text;
          for (const { at, remove, insert } of edits) {
            const offset = at % (edited.length + 1);
            edited = edited.slice(0, offset) + insert + edited.slice(offset + remove);
          }
          // These would look for files all over this machine.
          if (/external|\.[.*?[]/.test(edited)) return;
          await agree(edited, facts);
        },
      ),
      { numRuns: runs(300) },
    );
  });

  test('is told of files that cannot be read, however that is found out', async () => {
    const directory = await folderOf({ files: { 'a/1': '1', 'a/2': '2' } });
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    const text = `${BINDLE}[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["a/*", "a/1"]\n`;
    // As bindle/parcel-files.ts tells it.
    const hash = (file: string): ReturnType<typeof hashFile> =>
      file.endsWith('1')
        ? Promise.reject(new Error('It cannot be read.', { cause: denied }))
        : hashFile(file);
    const { problems } = await collect(text, { directory, hash, versioning: 'dev' });
    const disk = new DiskFacts(directory);
    const facts: ProjectFacts = Object.assign(Object.create(disk) as DiskFacts, {
      pattern: async (pattern: string) => ({
        ...(await disk.pattern(pattern)),
        unreadable: [unreadable('a/1', denied)],
      }),
      secrets: () => Promise.resolve([]),
      together: () => Promise.resolve({ files: 0, bytes: 0, repeats: [] }),
      module: (name: string) => disk.module(name),
    });
    expect(problems.map(({ code }) => code)).toEqual(['unreadable']);
    expect(await diagnoseAll(parseManifest(text), facts)).toEqual(problems);
  });

  const GOLDEN = path.resolve('test/fixtures/hippofacts');
  test.each(readdirSync(GOLDEN).filter((name) => name !== 'README.md'))(
    'is told of the golden case %s',
    async (name) => {
      const directory = path.join(GOLDEN, name, 'app');
      // What is on a server is in the corpus.
      const text = readFileSync(path.join(directory, 'HIPPOFACTS'), 'utf8').replaceAll(
        'handlerId',
        'handler_id',
      );
      await agree(text, new DiskFacts(directory));
    },
  );
});

describe('a server', () => {
  const text = `${BINDLE}[[handler]]\nroute = "r"\nexternal.bindleId = "lib/1.0.0"\nexternal.handlerId = "h"\n`;
  const looks = async (facts: DiskFacts): Promise<Diagnosis[]> => {
    const all: Diagnosis[] = [];
    for await (const one of diagnoseProject(parseManifest(text), facts)) all.push(one);
    return all;
  };

  test('is not waited for before the disk is told', async () => {
    let answer: (known: 'none') => void = () => undefined;
    const slow = new Promise<'none'>((resolve) => (answer = resolve));
    const server = { ...serverOf({}), bindle: () => slow };
    const facts = new DiskFacts(await folderOf({}), { server });
    const lists = diagnoseProject(parseManifest(text), facts);
    const first = await lists.next();
    expect(first.value?.problems.map(({ code }) => code)).toEqual(['route-unreachable']);
    expect(first.value?.complete).toBe(false);
    const second = lists.next();
    answer('none');
    const last = (await second).value;
    expect(last?.problems.map(({ code }) => code)).toEqual(['route-unreachable', 'external-not-found']);
    expect(last?.complete).toBe(true);
    expect((await lists.next()).done).toBe(true);
  });

  test('that answers at once makes one list', async () => {
    const facts = new DiskFacts(await folderOf({}), { server: serverOf({}) });
    const lists = await looks(facts);
    expect(lists.map(({ problems, complete }) => [problems.length, complete])).toEqual([[2, true]]);
  });

  test('that does not answer is left to the publish', async () => {
    const server = { ...serverOf({}), bindle: () => Promise.resolve(undefined) };
    const facts = new DiskFacts(await folderOf({}), { server });
    const lists = await looks(facts);
    expect(lists.map(({ complete }) => complete)).toEqual([false]);
    expect(lists[0]?.problems.map(({ code }) => code)).toEqual(['route-unreachable']);
  });

  test.each([['lib/1.0.0'], ['x/1.2.3']])('that does not answer about %s has not said all', async (id) => {
    const server = serverOf({});
    const bindle: ServerFacts['bindle'] = async (one) => (one === id ? undefined : server.bindle(one));
    const facts = new DiskFacts(await folderOf({}), { server: { ...server, bindle } });
    const lists = await looks(facts);
    expect(lists.at(-1)?.complete).toBe(false);
  });
});

test('without a disk, the text is looked at', async () => {
  const text = `${BINDLE}[[handler]]\nroute = "r"\nname = "gone.wasm"\nfiles = ["x"]\n`;
  const problems = await diagnoseAll(parseManifest(text), undefined);
  expect(problems.map(({ code }) => code)).toEqual(['route-unreachable']);
  expect(problems).toEqual(diagnoseText(parseManifest(text)));
});

test('a folder that is not there has nothing', async () => {
  const facts = new DiskFacts(path.join(await folderOf({}), 'none'));
  const text = `${BINDLE}[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["x"]\n`;
  expect((await diagnoseAll(parseManifest(text), facts)).map(({ code }) => code)).toEqual(['missing-module']);
});

test('stops when the signal says so', async () => {
  const reason = new Error('enough');
  const facts = new DiskFacts(await folderOf({}));
  const options = { signal: AbortSignal.abort(reason) };
  await expect(diagnoseAll(parseManifest(BINDLE), facts, options)).rejects.toBe(reason);
});
