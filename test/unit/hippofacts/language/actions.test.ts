// Code actions: each mends its problem, and leaves every other byte as it was.

import { describe, expect, test } from 'vitest';
import { actions, type CodeAction } from '../../../../src/hippofacts/language/actions.ts';
import { addHandler } from '../../../../src/hippofacts/language/add-handler.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import type { Problem, ProblemCode } from '../../../../src/hippofacts/problem.ts';
import { applyEdits } from '../../../../src/hippofacts/text-edit.ts';
import { problemsOf } from './ask.ts';
import { knownFacts, SERVER } from './known-facts.ts';

const facts = knownFacts(SERVER);

/** What can be done about the first problem of a kind. */
async function fixes(text: string, code: ProblemCode, more: readonly Problem[] = []): Promise<CodeAction[]> {
  const manifest = parseManifest(text);
  const problems = [...problemsOf(manifest), ...more];
  const problem = problems.find((one) => one.code === code);
  if (!problem) throw new Error(`There is no ${code}: ${problems.map((one) => one.code).join(' ')}`);
  const found = await actions(manifest, problem.range, problems, facts);
  return found.filter((action) => action.problems.includes(problem));
}

/** `[before|after]`: where something comes in. A file with everything that an edit must leave alone. */
function around(fragment: string): string {
  return `\uFEFF# top\r\n[bindle]   # b\r\nname = "x" \r\nversion = "1.0.0"\t# aligned\r\n\r\n  [[handler]]\r\n  route    = "/"    # r\r\n  name     = "bin/a.wasm"\r\n\r\n${fragment}\r\n[annotations]\r\nbroken =\r\nlast = 'x'   `;
}

describe('what is missing or open', () => {
  test.each<[ProblemCode, string, string]>([
    ['unclosed-text', '[[handler]]\nroute = "/a', '[[handler]]\nroute = "/a"'],
    ['unclosed-text', '[[handler]]\nroute = "/a # why', '[[handler]]\nroute = "/a" # why'],
    ['unclosed-text', "[[handler]]\nroute = '/a", "[[handler]]\nroute = '/a'"],
    ['unclosed-text', '[[handler]]\nfiles = ["a]', '[[handler]]\nfiles = ["a"]'],
    ['unclosed-text', '[[handler]]\nfiles = ["a", "b', '[[handler]]\nfiles = ["a", "b"]'],
    [
      'unclosed-text',
      '[[handler]]\nfiles = [\n  "a,\n  "b",\n]',
      '[[handler]]\nfiles = [\n  "a",\n  "b",\n]',
    ],
    ['unclosed-text', '[bindle]\ndescription = """a\nb', '[bindle]\ndescription = """a\nb"""'],
    ['unclosed-list', '[[handler]]\nfiles = ["a"', '[[handler]]\nfiles = ["a"]'],
    ['unclosed-list', '[[handler]]\nfiles = ["a" # b', '[[handler]]\nfiles = ["a"] # b'],
    ['unclosed-list', '[[handler]]\nfiles = [\n  "a", # b', '[[handler]]\nfiles = [\n  "a", # b\n]'],
    [
      'unclosed-list',
      '[[handler]]\n  files = [\n    "a"\n  route = "/"',
      '[[handler]]\n  files = [\n    "a"\n  ]\n  route = "/"',
    ],
    [
      'unclosed-table',
      '[[handler]]\nexternal = { bindleId = "a/b/1.0.0"',
      '[[handler]]\nexternal = { bindleId = "a/b/1.0.0" }',
    ],
    ['unclosed-header', '[bind', '[bindle]'],
    ['unclosed-header', '[[handler', '[[handler]]'],
    ['missing-comma', '[[handler]]\nfiles = ["a" "b"]', '[[handler]]\nfiles = ["a", "b"]'],
    [
      'missing-comma',
      '[[handler]]\nfiles = [\n  "a" # one\n  "b"\n]',
      '[[handler]]\nfiles = [\n  "a", # one\n  "b"\n]',
    ],
    ['unquoted-text', '[bindle]\nversion = 1.0.0', '[bindle]\nversion = "1.0.0"'],
    ['trailing-text', '[bindle]\nname = "a" version = "1.0.0"', '[bindle]\nname = "a"\nversion = "1.0.0"'],
    ['bad-escape', '[[handler]]\nname = "bin\\q.wasm"', '[[handler]]\nname = "bin/q.wasm"'],
    [
      'multi-line-table',
      '[[handler]]\nexternal = {\n  bindleId = "a/b/1.0.0",\n}',
      '[[handler]]\nexternal = { bindleId = "a/b/1.0.0" }',
    ],
    [
      'duplicate-key',
      '[bindle]\nname = "a"\nname = "b" # two\nversion = "1.0.0"',
      '[bindle]\nname = "a"\nversion = "1.0.0"',
    ],
    ['invalid-version', '[bindle]\nversion = "v1.2"', '[bindle]\nversion = "1.2.0"'],
    ['invalid-version', "[bindle]\nversion = '1.2.3.4'", "[bindle]\nversion = '1.2.3'"],
    ['invalid-name', '[bindle]\nname = "My app"', '[bindle]\nname = "My-app"'],
    ['unknown-field', '[[handler]]\nfile = ["a"]', '[[handler]]\nfiles = ["a"]'],
    ['wrong-type', '[[handler]]\nfiles = "a"', '[[handler]]\nfiles = ["a"]'],
    ['escaped-author', '[bindle]\nauthors = ["A &lt;a@b&gt;"]', '[bindle]\nauthors = ["A <a@b>"]'],
    [
      'entrypoint-on-external',
      '[[handler]]\nentrypoint = "x"\nexternal = { bindleId = "a/b/1.0.0" }',
      '[[handler]]\nexternal = { bindleId = "a/b/1.0.0" }',
    ],
    ['name-and-external', '[[handler]]\nroute = "/"', '[[handler]]\nroute = "/"\nname = "bin/a.wasm"'],
    [
      'no-handlers',
      '[bindle]\nname = "a"\n\n[annotations]\na = "b"\n',
      '[bindle]\nname = "a"\n\n[annotations]\na = "b"\n\n[[handler]]\nroute = "/"\nname = "bin/a.wasm"\n',
    ],
  ])('%s in %j', async (code, text, expected) => {
    const [first] = await fixes(text, code);
    expect(first?.preferred).toBe(true);
    expect(applyEdits(text, first?.edits ?? [])).toBe(expected);
  });

  test('a module out of another bindle goes with its table', async () => {
    const text =
      '[[handler]]\nname = "m"\n[handler.external] # x\nbindleId = "a/b/1.0.0"\n\n[[handler]]\nname = "n"\n';
    const found = (await fixes(text, 'name-and-external')).find(({ title }) => title === 'Remove external');
    expect(applyEdits(text, found?.edits ?? [])).toBe('[[handler]]\nname = "m"\n\n[[handler]]\nname = "n"\n');
  });

  test('two sources of a module: either goes, with all of its lines', async () => {
    const text =
      '[[handler]]\nname = "m"\nexternal.bindleId = "a/b/1.0.0" # x\nroute = "/"\nexternal.handlerId = "h"\n';
    const found = await fixes(text, 'name-and-external');
    expect(found.map(({ title, edits }) => [title, applyEdits(text, edits)])).toEqual([
      [
        'Remove name',
        '[[handler]]\nexternal.bindleId = "a/b/1.0.0" # x\nroute = "/"\nexternal.handlerId = "h"\n',
      ],
      ['Remove external', '[[handler]]\nname = "m"\nroute = "/"\n'],
    ]);
  });
});

describe('a missing key comes in where people write it', () => {
  test.each([
    ['below its header', '[bindle]\nversion = "1.0.0"', '[bindle]\nname = "birds"\nversion = "1.0.0"'],
    [
      'behind the one before it',
      '[bindle]\nname = "a" # n\nauthors = []',
      '[bindle]\nname = "a" # n\nversion = "0.1.0"\nauthors = []',
    ],
    ['in a table without keys', '[[handler]]', '[[handler]]\nroute = "/"'],
    [
      'as far in as the others',
      '[[handler]]\r\n\t name = "m"',
      '[[handler]]\r\n\t route = "/"\r\n\t name = "m"',
    ],
    ['as a dotted key', 'bindle.name = "a"', 'bindle.name = "a"\nbindle.version = "0.1.0"'],
    ['in braces', 'bindle = { name = "a" }', 'bindle = { name = "a", version = "0.1.0" }'],
    [
      'in a header of its own',
      '[[handler]]\nroute = "/"\n[handler.external]\nbindleId = "tools/fileserver/1.0.3"\n',
      '[[handler]]\nroute = "/"\n[handler.external]\nbindleId = "tools/fileserver/1.0.3"\nhandlerId = "static"\n',
    ],
    [
      'of what is dotted in a handler',
      '[[handler]]\nroute = "/"\nexternal.bindleId = "tools/fileserver/1.0.3"\nfiles = []\n',
      '[[handler]]\nroute = "/"\nexternal.bindleId = "tools/fileserver/1.0.3"\nexternal.handlerId = "static"\nfiles = []\n',
    ],
    [
      'in a table that ends the file with a comment',
      '[bindle]\nname = "a"\n# end',
      '[bindle]\nname = "a"\nversion = "0.1.0"\n# end',
    ],
  ])('%s', async (_where, text, expected) => {
    const problem = problemsOf(parseManifest(text)).find(
      ({ code, message }) =>
        code === 'missing-field' && !message.includes('[bindle] is missing field [') && message.includes('`'),
    );
    const found = await actions(
      parseManifest(text),
      problem?.range ?? expect.fail('no problem'),
      problemsOf(parseManifest(text)),
      facts,
    );
    const fixed = found
      .filter(({ problems }) => problems[0]?.message === problem?.message)
      .map(({ edits }) => applyEdits(text, edits));
    expect(fixed).toEqual([expected]);
  });

  test.each([
    ['an empty file', '', '[bindle]\nname = "birds"\nversion = "0.1.0"\n'],
    [
      'a handler',
      '[[handler]]\r\nroute = "/"\r\n',
      '[bindle]\r\nname = "birds"\r\nversion = "0.1.0"\r\n\r\n[[handler]]\r\nroute = "/"\r\n',
    ],
    [
      'a comment of the file and one of the handler',
      '# file\n\n# handler\n[[handler]]\n',
      '# file\n\n[bindle]\nname = "birds"\nversion = "0.1.0"\n\n# handler\n[[handler]]\n',
    ],
    [
      'a byte order mark',
      '\uFEFF[[handler]]\n',
      '\uFEFF[bindle]\nname = "birds"\nversion = "0.1.0"\n\n[[handler]]\n',
    ],
  ])('[bindle] of %s', async (_what, text, expected) => {
    const manifest = parseManifest(text);
    const [problem] = problemsOf(manifest).filter(({ message }) => message.includes('[bindle]'));
    const found = await actions(
      manifest,
      problem?.range ?? expect.fail('no problem'),
      problemsOf(manifest),
      facts,
    );
    const fix = found.find(({ title }) => title === 'Add [bindle]');
    expect(applyEdits(text, fix?.edits ?? [])).toBe(expected);
  });
});

test('whatever is around, nothing else is touched', async () => {
  for (const [code, fragment, fixed] of [
    [
      'missing-field',
      '[[handler]]\r\nname = "bin/b.wasm"',
      '[[handler]]\r\nroute = "/b"\r\nname = "bin/b.wasm"',
    ],
    [
      'unclosed-list',
      '[[handler]]\r\nroute = "/b"\r\nfiles = [\r\n  "a",',
      '[[handler]]\r\nroute = "/b"\r\nfiles = [\r\n  "a",\r\n]',
    ],
    ['unknown-field', '[[handler]]\r\nruote = "/b"   # x', '[[handler]]\r\nroute = "/b"   # x'],
  ] as const) {
    const text = around(fragment);
    const [fix] = await fixes(text, code);
    expect(applyEdits(text, fix?.edits ?? [])).toBe(around(fixed));
  }
});

test('all authors at once', async () => {
  const text = '[bindle]\nauthors = [\n  "A &lt;a@b&gt;", # one\n  \'B &amp; C\',\n]\n';
  const found = await actions(
    parseManifest(text),
    problemsOf(parseManifest(text)).find(({ code }) => code === 'escaped-author')?.range ?? expect.fail(),
    problemsOf(parseManifest(text)),
    facts,
  );
  const all = found.find(({ title }) => title.includes('all authors'));
  expect(applyEdits(text, all?.edits ?? [])).toBe(
    '[bindle]\nauthors = [\n  "A <a@b>", # one\n  "B & C",\n]\n',
  );
});

describe('the version', () => {
  const text = '[bindle]\nname = "team/birds"\nversion = \'1.2.3\' # now\n';
  const manifest = parseManifest(text);
  const at = (word: string) => manifest.document.lines.range(text.indexOf(word), text.indexOf(word));

  test('is raised to what the server does not have', async () => {
    const found = await actions(manifest, at('1.2.3'), [], facts);
    expect(found.map(({ title, kind }) => [title, kind])).toEqual([
      ['Raise the version to 1.2.5 (the next after 1.2.4, which is on the server)', 'refactor'],
      ['Raise the version to 1.3.0 (minor)', 'refactor'],
      ['Raise the version to 2.0.0 (major)', 'refactor'],
      ['Raise the version to 1.2.4-0 (prerelease)', 'refactor'],
    ]);
    expect(applyEdits(text, found[0]?.edits ?? [])).toBe(text.replace('1.2.3', '1.2.5'));
    expect(await actions(manifest, at('team'), [], facts)).toEqual([]);
  });

  test('that is taken is raised as a fix', async () => {
    const range = manifest.bindle?.version?.range ?? expect.fail();
    const found = await fixes(text, 'version-taken', [
      { code: 'version-taken', severity: 'error', message: 'It is taken', range },
    ]);
    expect(applyEdits(text, found[0]?.edits ?? [])).toBe(text.replace('1.2.3', '1.2.5'));
    expect(found.every(({ kind }) => kind === 'quickfix')).toBe(true);
  });
});

describe('a module that is not there, or has no such function', () => {
  const problem = (text: string, word: string, code: ProblemCode): Problem => {
    const start = text.indexOf(`"${word}"`);
    const range = parseManifest(text).document.lines.range(start, start + word.length + 2);
    return { code, severity: 'error', message: 'x', range };
  };

  test('gives way to one that is', async () => {
    const text = '[[handler]]\nname = "gone.wasm" # m\n';
    const found = await fixes(text, 'missing-module', [problem(text, 'gone.wasm', 'missing-module')]);
    expect(found.map(({ edits }) => applyEdits(text, edits))).toEqual([
      '[[handler]]\nname = "bin/a.wasm" # m\n',
    ]);
    const known = { ...problem(text, 'gone.wasm', 'missing-module'), replacement: '"out/gone.wasm"' };
    expect((await fixes(text, 'missing-module', [known])).map(({ title }) => title)).toEqual([
      'Use "out/gone.wasm"',
    ]);
  });

  test('gives way to one that the module exports', async () => {
    const text = '[[handler]]\nname = "bin/b.wasm"\nentrypoint = "run"\n';
    const found = await fixes(text, 'missing-entrypoint', [problem(text, 'run', 'missing-entrypoint')]);
    expect(found.map(({ title }) => title)).toEqual(['Use "_start"', 'Use "run_b"']);
  });
});

test('in a text of very many lines, what would have to be tried out is not offered', async () => {
  const text = `[[handler]]\nfiles = ["a"\n${'# long\n'.repeat(20_000)}`;
  expect(await fixes(text, 'unclosed-list')).toEqual([]);
});

describe('of several problems', () => {
  const text = '[[handler]]\nname = "APP.wasm"\nfiles = ["a" "b"]\n[[handler]]\nfiles = ["c" "d"]\n';
  const manifest = parseManifest(text);
  const start = text.indexOf('"APP');
  const missing = (message: string): Problem => ({
    code: 'missing-module',
    severity: 'error',
    message,
    range: manifest.document.lines.range(start, start + '"APP.wasm"'.length),
    replacement: '"app.wasm"',
  });
  const all = manifest.document.lines.range(0, text.length);

  test('one fix of both is offered once', async () => {
    const both = [missing('it does not exist'), missing('its case is another')];
    const found = await actions(manifest, all, both, facts);
    expect(found.map(({ title, problems, preferred }) => [title, problems, preferred])).toEqual([
      ['Use "app.wasm"', both, true],
    ]);
  });

  test('the same fix at two places is offered for each', async () => {
    const found = await actions(manifest, all, manifest.document.problems, facts);
    expect(found.map(({ title }) => title)).toEqual(['Add a comma', 'Add a comma']);
  });

  test('others get their turn between them, and may end it', async () => {
    const controller = new AbortController();
    const asked = actions(manifest, all, manifest.document.problems, facts, controller.signal);
    setImmediate(() => controller.abort());
    await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a handler for a module comes in', () => {
  test.each([
    ['an empty file', '', '[[handler]]\nroute = "/"\nname = "bin/new.wasm"\n'],
    [
      'behind the others',
      '[[handler]]\nroute = "/" # r\nname = "a"\n\n[annotations]\nx = "y"\n',
      '[[handler]]\nroute = "/" # r\nname = "a"\n\n[[handler]]\nroute = "/new"\nname = "bin/new.wasm"\n\n[annotations]\nx = "y"\n',
    ],
    [
      'behind the parts of the last',
      '[[handler]]\nroute = "/"\n[handler.external]\nbindleId = "x"\n\n[[export]]\nid = "e"\n',
      '[[handler]]\nroute = "/"\n[handler.external]\nbindleId = "x"\n\n[[handler]]\nroute = "/new"\nname = "bin/new.wasm"\n\n[[export]]\nid = "e"\n',
    ],
    [
      'in front of exports',
      '[bindle]\nname = "a"\n\n[[export]]\nid = "e"\n',
      '[bindle]\nname = "a"\n\n[[handler]]\nroute = "/"\nname = "bin/new.wasm"\n\n[[export]]\nid = "e"\n',
    ],
    [
      'in front of exports with a comment',
      '# e\n[[export]]\nid = "e"\n',
      '[[handler]]\nroute = "/"\nname = "bin/new.wasm"\n\n# e\n[[export]]\nid = "e"\n',
    ],
    [
      'without a line end',
      '[bindle]\r\nname = "a"',
      '[bindle]\r\nname = "a"\r\n\r\n[[handler]]\r\nroute = "/"\r\nname = "bin/new.wasm"',
    ],
    [
      'behind the comments of the last',
      '[[handler]]\r\nname = "a"\r\n# files = ["x"]\r\n  # entrypoint = "y" \r\n\r\n# e\r\n[[export]]\r\n',
      '[[handler]]\r\nname = "a"\r\n# files = ["x"]\r\n  # entrypoint = "y" \r\n\r\n[[handler]]\r\nroute = "/"\r\nname = "bin/new.wasm"\r\n\r\n# e\r\n[[export]]\r\n',
    ],
    [
      'behind the comments that end the file',
      '[[handler]]\nname = "a"\n# files = ["x"]',
      '[[handler]]\nname = "a"\n# files = ["x"]\n\n[[handler]]\nroute = "/"\nname = "bin/new.wasm"',
    ],
    [
      'in front of the comments of what follows',
      '[[handler]]\nname = "a"\n# e\n[[export]]\n',
      '[[handler]]\nname = "a"\n\n[[handler]]\nroute = "/"\nname = "bin/new.wasm"\n# e\n[[export]]\n',
    ],
    [
      'behind what is broken',
      '[[handler]]\nroute = "/"\nfiles = [\n  "a",\n',
      '[[handler]]\nroute = "/"\nfiles = [\n  "a",\n\n[[handler]]\nroute = "/new"\nname = "bin/new.wasm"\n',
    ],
  ])('%s', (_where, text, expected) => {
    const edit = addHandler(parseManifest(text), 'bin/new.wasm');
    expect(applyEdits(text, edit ? [edit] : [])).toBe(expected);
  });

  test('unless handlers are one list, which no header can add to', () => {
    expect(addHandler(parseManifest('handler = [{ route = "/", name = "a" }]\n'), 'b.wasm')).toBeUndefined();
  });
});

describe('written in another way', () => {
  /** What can be done at `|`. */
  async function at(marked: string, known = facts): Promise<[string, string][]> {
    const offset = marked.indexOf('|');
    const text = marked.slice(0, offset) + marked.slice(offset + 1);
    const manifest = parseManifest(text);
    const found = await actions(manifest, manifest.document.lines.range(offset, offset), [], known);
    return found.map(({ title, edits }) => [title, applyEdits(text, edits)]);
  }

  test.each([
    [
      'a pattern',
      '[[handler]]\nfiles = ["img/|*.png"] # f',
      'Write out the 2 files that it matches',
      '[[handler]]\nfiles = ["img/one.png", "img/shared.png"] # f',
    ],
    [
      'a pattern on its own line',
      '[[handler]]\r\nfiles = [\r\n  "a", # a\r\n  "img/|*.png", # f\r\n]',
      'Write out the 2 files that it matches',
      '[[handler]]\r\nfiles = [\r\n  "a", # a\r\n  "img/one.png",\r\n  "img/shared.png", # f\r\n]',
    ],
    [
      'a pattern among others',
      '[[handler]]\nfiles = ["img/s*", "img/|*.png", "css/*"]',
      'Write out the file that only it matches',
      '[[handler]]\nfiles = ["img/s*", "img/one.png", "css/*"]',
    ],
    [
      'names',
      '[[handler]]\nfiles = ["a", "img/|one.png", "b", "img/shared.png"]',
      'Replace the 2 names by "img/*.png"',
      '[[handler]]\nfiles = ["a", "img/*.png", "b"]',
    ],
    [
      'names on their lines',
      '[[handler]]\nfiles = [\n  "img/shared.png",\n  "img/|one.png",\n]',
      'Replace the 2 names by "img/*.png"',
      '[[handler]]\nfiles = [\n  "img/*.png",\n]',
    ],
    [
      'braces',
      '[[handler]]\n  ext|ernal = { bindleId = "a/b/1.0.0", handlerId = \'h\' } # e',
      'Write it with dots',
      '[[handler]]\n  external.bindleId = "a/b/1.0.0"\n  external.handlerId = \'h\' # e',
    ],
    [
      'dots',
      '[[handler]]\nexternal.bindleId = "a/b/1.0.0"\nexternal.handler|Id = "h" # e',
      'Write it in braces',
      '[[handler]]\nexternal = { bindleId = "a/b/1.0.0", handlerId = "h" } # e',
    ],
    [
      'braces with keys in quotes',
      '[[handler]]\next|ernal = { "bindle Id" = "x", handlerId="q" }',
      'Write it with dots',
      '[[handler]]\nexternal."bindle Id" = "x"\nexternal.handlerId = "q"',
    ],
    [
      'dots with keys in quotes',
      '[[handler]]\next|ernal."bindle Id" = "x"\nexternal.handlerId = "q"',
      'Write it in braces',
      '[[handler]]\nexternal = { "bindle Id" = "x", handlerId = "q" }',
    ],
  ])('%s', async (_what, marked, title, expected) => {
    expect(await at(marked)).toContainEqual([title, expected]);
  });

  test('a pattern that matches a secret is not written out: by name, it would be published', async () => {
    const known = { ...facts, secrets: async () => ['img/one.png'] };
    expect(await at('[[handler]]\nfiles = ["img/|*.png"]', known)).toEqual([]);
  });

  test.each([
    ['names of which one is missing', '[[handler]]\nfiles = ["img/|one.png"]'],
    [
      'names with a comment between them',
      '[[handler]]\nfiles = [\n  "img/shared.png", # s\n  "img/|one.png", # o\n]',
    ],
    ['a pattern without matches', '[[handler]]\nfiles = ["no|ne/*"]'],
    [
      'dots with something between them',
      '[[handler]]\nexternal.bindle|Id = "a/b/1.0.0" # b\nexternal.handlerId = "h"',
    ],
  ])('not %s', async (_what, marked) => {
    expect(await at(marked)).toEqual([]);
  });
});

describe('what others have found', () => {
  const found = (text: string, code: ProblemCode, place: string, more: Partial<Problem>): Problem => {
    const start = text.lastIndexOf(place);
    const range = parseManifest(text).document.lines.range(start, start + place.length);
    return { code, severity: 'warning', message: 'x', range, ...more };
  };
  const related = (text: string, place: string): Partial<Problem> => {
    const start = text.indexOf(place);
    const range = parseManifest(text).document.lines.range(start, start + place.length);
    return { related: [{ range, message: 'first' }] };
  };

  test.each([
    [
      'in the middle',
      '[bindle]\n\n# all\n[[handler]]\nroute = "/..."\n\n# a\n[[handler]]\nroute = "/a"\n[handler.external]\nhandlerId = "h"\n\n# e\n[[export]]\n',
      '[bindle]\n\n# a\n[[handler]]\nroute = "/a"\n[handler.external]\nhandlerId = "h"\n\n# all\n[[handler]]\nroute = "/..."\n\n# e\n[[export]]\n',
    ],
    [
      'at the end',
      '[[handler]]\r\nroute = "/..."\r\n\r\n[[handler]]\r\nroute = "/a"\r\n',
      '[[handler]]\r\nroute = "/a"\r\n\r\n[[handler]]\r\nroute = "/..."\r\n',
    ],
    [
      'at the end without a line end',
      '[[handler]]\nroute = "/..."\n[[handler]]\nroute = "/a"',
      '[[handler]]\nroute = "/a"\n\n[[handler]]\nroute = "/..."',
    ],
  ])('a route that another one shadows moves above it, %s', async (_where, text, expected) => {
    const problem = found(text, 'route-shadowed', '"/a"', related(text, '"/..."'));
    const [fix] = await fixes(text, 'route-shadowed', [problem]);
    expect(applyEdits(text, fix?.edits ?? [])).toBe(expected);
  });

  test('of two routes that are the same, none is moved', async () => {
    const text = '[[handler]]\nroute = "/a"\n[[handler]]\nroute = "/a"\n';
    expect(
      await fixes(text, 'route-shadowed', [found(text, 'route-shadowed', '"/a"', related(text, '"/a"'))]),
    ).toEqual([]);
  });

  test.each([
    ['[[handler]]\nfiles = ["img/*", "img/*.png"]', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = ["img/*.png", "img/*"]', '[[handler]]\nfiles = ["img/*"]'],
    ['[[handler]]\nfiles = [\n  "img/*",\n  "img/*.png",\n]', '[[handler]]\nfiles = [\n  "img/*",\n]'],
  ])('a pattern that adds nothing goes from %j', async (text, expected) => {
    const files = ['img/one.png', 'img/shared.png'];
    const [fix] = await fixes(text, 'matched-twice', [
      found(text, 'matched-twice', '"img/*.png"', { files }),
    ]);
    expect(applyEdits(text, fix?.edits ?? [])).toBe(expected);
    expect(
      await fixes(text, 'matched-twice', [
        found(text, 'matched-twice', '"img/*.png"', { files: ['img/one.png'] }),
      ]),
    ).toEqual([]);
  });

  test('an id that is taken gives way to a free one', async () => {
    const text = '[[export]]\nid = "b"\n[[export]]\nid = "b"\nname = "bin/b.wasm"\n';
    const [fix] = await fixes(text, 'duplicate-export', [found(text, 'duplicate-export', '"b"', {})]);
    expect(applyEdits(text, fix?.edits ?? [])).toBe(
      '[[export]]\nid = "b"\n[[export]]\nid = "b-2"\nname = "bin/b.wasm"\n',
    );
  });
});
