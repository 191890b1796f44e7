// From a text and a folder to everything an invoice is made of.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { collectModule } from '../../../src/hippofacts/collect-module.ts';
import type { ExternalInvoice } from '../../../src/hippofacts/external.ts';
import { collectIn, hashFile, makeFolder, manifestWith } from './folders.ts';

const BINDLE = '[bindle]\nname = "x"\nversion = "1.0.0"\n';
const handler = (route: string, more: string): string => `[[handler]]\nroute = "${route}"\n${more}\n`;
const external = (route: string, bindleId: string, handlerId: string, more = ''): string =>
  handler(route, `external.bindleId = "${bindleId}"\nexternal.handlerId = "${handlerId}"\n${more}`);

describe('files', () => {
  test('are merged by name and content, each group once, in the order in which they are named', async () => {
    const folder = await makeFolder({
      'm.wasm': 'm',
      'n.wasm': 'n',
      'd/one': 'same',
      'd/two': 'same',
      'a.txt': 'a',
    });
    const text =
      BINDLE +
      handler('/m', 'name = "m.wasm"\nfiles = ["d/*", "d/one", "./d/one", "d/*"]') +
      handler('/n', 'name = "n.wasm"\nfiles = ["a.txt", "d/one"]') +
      handler('/m2', 'name = "m.wasm"\nfiles = ["d/two"]');
    const { ok, files, groups, entries } = await collectIn(folder, text);
    expect(ok).toBe(true);
    expect(files.map(({ name, memberOf }) => [name, memberOf])).toEqual([
      ['d/one', ['m.wasm-files', 'n.wasm-files']],
      ['d/two', ['m.wasm-files']],
      ['a.txt', ['n.wasm-files']],
    ]);
    expect(files[0]?.sha256).toBe(files[1]?.sha256);
    // Two entries of one name have the same group, and both keep it.
    expect(groups).toEqual(['m.wasm-files', 'n.wasm-files', 'm.wasm-files']);
    expect(entries.map(({ route, group }) => [route, group])).toEqual([
      ['/m', 'm.wasm-files'],
      ['/n', 'n.wasm-files'],
      ['/m2', 'm.wasm-files'],
    ]);
  });

  test('are hashed once each, a few at a time', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `d/${index}`);
    const folder = await makeFolder({
      'm.wasm': 'm',
      ...Object.fromEntries(names.map((name) => [name, name])),
    });
    const hashed: string[] = [];
    let running = 0;
    let most = 0;
    const hash = async (file: string, name: string): ReturnType<typeof hashFile> => {
      hashed.push(name);
      most = Math.max(most, ++running);
      const digest = await hashFile(file);
      running--;
      return digest;
    };
    const { ok } = await collectIn(folder, manifestWith('d/*', 'd/1*', 'm.wasm'), { hash, concurrency: 3 });
    expect(ok).toBe(true);
    expect(hashed.sort()).toEqual([...names, 'm.wasm'].sort());
    expect(most).toBe(3);
  });

  test('that cannot be read are told where they are named, and the others are there', async () => {
    const folder = await makeFolder({ 'm.wasm': 'm', 'd/a': 'a', 'd/b': 'b' });
    const hash = (file: string): ReturnType<typeof hashFile> =>
      file.endsWith('/a') ? Promise.reject(new Error('EACCES: permission denied')) : hashFile(file);
    const { ok, problems, files, entries } = await collectIn(folder, manifestWith('d/*', 'd/a'), { hash });
    expect(ok).toBe(false);
    expect(problems).toMatchObject([
      {
        code: 'unreadable',
        message: 'Could not assemble parcel for file d/a: EACCES: permission denied',
        range: { start: { line: 7, column: 9 } },
        files: ['d/a'],
      },
    ]);
    expect(files.map(({ name }) => name)).toEqual(['d/b']);
    expect(entries).toHaveLength(1);
  });

  test('stop when the signal says so', async () => {
    const folder = await makeFolder({ 'm.wasm': 'm', 'd/a': 'a', 'd/b': 'b' });
    const reason = new Error('enough');
    await expect(collectIn(folder, manifestWith('d/*'), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const hashed: string[] = [];
    const hash = (file: string, name: string): ReturnType<typeof hashFile> => {
      hashed.push(name);
      controller.abort(reason);
      return hashFile(file);
    };
    const { signal } = controller;
    await expect(collectIn(folder, manifestWith('d/*'), { hash, signal, concurrency: 1 })).rejects.toBe(
      reason,
    );
    expect(hashed).toEqual(['m.wasm']);
    // What fails because it was stopped is no problem of the file.
    const last = new AbortController();
    const stopped = (): Promise<never> => {
      last.abort(reason);
      return Promise.reject(new Error('aborted'));
    };
    await expect(
      collectIn(folder, manifestWith(), { hash: stopped, signal: last.signal, concurrency: 1 }),
    ).rejects.toBe(reason);
  });

  test('come in the same order each time', async () => {
    const folder = await makeFolder({ 'm.wasm': 'm', 'd/b': '1', 'd/a': '2', 'd/C': '3', 'd/c/x': '4' });
    const slow = async (file: string): ReturnType<typeof hashFile> => {
      if (file.endsWith('a')) for (let turn = 0; turn < 20; turn++) await hashFile(file);
      return hashFile(file);
    };
    const first = await collectIn(folder, manifestWith('d/**/*'));
    const second = await collectIn(folder, manifestWith('d/**/*'), { hash: slow });
    expect(second.files).toEqual(first.files);
    expect(first.files.map(({ name }) => name)).toEqual(['d/C', 'd/a', 'd/b', 'd/c/x']);
  });
});

describe('modules', () => {
  const module = (name: string): string => BINDLE + handler('/', `name = "${name}"`);

  test('have the plain name as label, the written one in the group', async () => {
    const folder = await makeFolder({ 'out/a.wasm': 'a' });
    for (const name of [
      './out/a.wasm',
      'out//a.wasm',
      'out/../out/./a.wasm',
      path.join(folder, 'out/a.wasm'),
    ]) {
      const { entries, groups } = await collectIn(folder, module(name));
      expect(entries[0]).toMatchObject({ name: 'out/a.wasm', requires: [`${name}-files`] });
      expect(groups).toEqual([`${name}-files`]);
    }
  });

  const missing: [
    what: string,
    name: string,
    files: Record<string, string>,
    message: string,
    replacement?: string,
  ][] = [
    [
      'the renamed target',
      'target/wasm32-wasi/release/app.wasm',
      { 'target/wasm32-wasip1/release/app.wasm': '', 'Cargo.toml': '' },
      'it does not exist, but target/wasm32-wasip1/release/app.wasm does (Rust renamed the target wasm32-wasi to wasm32-wasip1)',
      '"target/wasm32-wasip1/release/app.wasm"',
    ],
    [
      'the target’s old name',
      'target/wasm32-wasip1/release/app.wasm',
      { 'target/wasm32-wasi/release/app.wasm': '' },
      'it does not exist, but target/wasm32-wasi/release/app.wasm does (Rust renamed the target wasm32-wasi to wasm32-wasip1)',
      '"target/wasm32-wasi/release/app.wasm"',
    ],
    [
      'the other profile',
      'target/wasm32-wasip1/release/app.wasm',
      { 'target/wasm32-wasip1/debug/app.wasm': '' },
      'it does not exist, but target/wasm32-wasip1/debug/app.wasm does (built in the other profile)',
      '"target/wasm32-wasip1/debug/app.wasm"',
    ],
    [
      'both',
      'target/wasm32-wasi/debug/app.wasm',
      { 'target/wasm32-wasip1/release/app.wasm': '' },
      'it does not exist, but target/wasm32-wasip1/release/app.wasm does (Rust renamed the target wasm32-wasi to wasm32-wasip1; built in the other profile)',
      '"target/wasm32-wasip1/release/app.wasm"',
    ],
    [
      'an underscore',
      'bin/my-app.wasm',
      { 'bin/my_app.wasm': '' },
      'it does not exist, but bin/my_app.wasm does (spelled with _ for -)',
      '"bin/my_app.wasm"',
    ],
    [
      'a hyphen',
      'bin/my_app.wasm',
      { 'bin/my-app.wasm': '' },
      'it does not exist, but bin/my-app.wasm does (spelled with - for _)',
      '"bin/my-app.wasm"',
    ],
    [
      'nothing yet, in a Rust project',
      'target/wasm32-wasip1/release/app.wasm',
      { 'Cargo.toml': '' },
      'it does not exist: build it with "cargo build --release --target wasm32-wasip1"',
    ],
    [
      'nothing yet, in debug',
      'target/wasm32-wasi/debug/app.wasm',
      { 'Cargo.toml': '' },
      'it does not exist: build it with "cargo build --target wasm32-wasi" or, with a newer Rust, "cargo build --target wasm32-wasip1"',
    ],
    [
      'nothing yet, in AssemblyScript',
      'build/a.wasm',
      { 'asconfig.json': '' },
      'it does not exist: build it with "npm run build"',
    ],
    [
      'nothing yet, with a build script',
      'build/a.wasm',
      { 'package.json': '{"scripts":{"build":"x"}}' },
      'it does not exist: build it with "npm run build"',
    ],
    [
      'nothing, and nothing that would build it',
      'a.wasm',
      { 'package.json': '{"scripts":{"test":"x"}}' },
      'it does not exist: build it, or correct its name',
    ],
    ['a folder', 'bin', { 'bin/a.wasm': '' }, 'it is a folder, not a module'],
    ['no name', '', {}, 'its name is empty, write that of the file that the build makes'],
    ['the project', '.', {}, 'it is a folder, not a module'],
    ['a pattern', '*.wasm', { 'a.wasm': '' }, 'a module is one file, its name is not expanded as a pattern'],
    [
      'a link to nothing',
      'l.wasm',
      { 'l.wasm': '-> gone' },
      'it does not exist: build it, or correct its name',
    ],
  ];
  test.each(missing)('that are not there: %s', async (_, name, files, message, replacement) => {
    const folder = await makeFolder(files);
    const { ok, problems } = await collectIn(folder, module(name));
    expect(ok).toBe(false);
    expect(problems.map((problem) => [problem.code, problem.message, problem.replacement])).toEqual([
      ['missing-module', `Could not assemble parcel for file ${name || '""'}: ${message}`, replacement],
    ]);
  });

  test('a file whose name looks like a pattern is a module', async () => {
    const folder = await makeFolder({ 'a[1].wasm': 'a' });
    expect((await collectIn(folder, module('a[1].wasm'))).ok).toBe(true);
  });

  test('outside of the project are errors', async () => {
    const folder = await makeFolder({ 'out.wasm': 'o', 'proj/link.wasm': '-> ../out.wasm' });
    for (const name of ['../out.wasm', 'link.wasm', path.join(folder, 'out.wasm')]) {
      const { problems } = await collectIn(path.join(folder, 'proj'), module(name));
      expect(problems.map(({ code }) => code)).toEqual(['outside-project']);
    }
  });

  test('beyond `..` of a linked folder are where the link leads', async () => {
    const folder = await makeFolder({
      'far/deep/x': '',
      'far/m.wasm': 'far',
      'm.wasm': 'near',
      link: '-> far/deep',
    });
    const { entries } = await collectIn(folder, module('link/../m.wasm'));
    expect(entries).toMatchObject([
      { name: 'far/m.wasm', ...(await hashFile(path.join(folder, 'far/m.wasm'))) },
    ]);
  });

  test('of two handlers in one file are two parcels', async () => {
    const folder = await makeFolder({ 'm.wasm': 'm' });
    const text =
      BINDLE + handler('/a', 'name = "m.wasm"') + handler('/a', 'name = "m.wasm"\nentrypoint = "b"');
    const { entries } = await collectIn(folder, text);
    expect(entries.map(({ feature }) => feature?.wagi)).toEqual([
      { file: 'false', route: '/a' },
      { file: 'false', route: '/a', entrypoint: 'b' },
    ]);
  });
});

describe('other bindles', () => {
  const label = (
    sha256: string,
    name: string,
    more = {},
  ): { sha256: string; name: string; size: number; mediaType: string } => ({
    sha256,
    name,
    size: 1,
    mediaType: 'text/plain',
    ...more,
  });
  const library: ExternalInvoice = {
    parcel: [
      {
        label: label('aa', 'lib.wasm', {
          annotations: { wagi_handler_id: 'h', secret: 'no' },
          origin: 'https://example.com',
          feature: {
            wagi: { route: '/hijack', file: 'true', entrypoint: 'serve', allowed_hosts: 'a.b' },
            other: { x: '1' },
          },
        }),
        conditions: { requires: ['g'] },
      },
      {
        label: label('bb', 'data.txt', {
          origin: 'x',
          annotations: { a: 'b' },
          feature: { wagi: { file: 'true' } },
        }),
        conditions: { memberOf: ['g'], requires: ['g', 'circle'] },
      },
      { label: label('cc', 'round.txt'), conditions: { memberOf: ['circle'], requires: ['g'] } },
      { label: label('bb', 'same-content.txt'), conditions: { memberOf: ['circle'] } },
      {
        label: label('dd', 'lib2.wasm', { annotations: { wagi_handler_id: 'h2' } }),
        conditions: { requires: ['circle'] },
      },
    ],
  };
  const lookup = (id: string): Promise<ExternalInvoice | undefined> =>
    Promise.resolve(id === 'l/1.0.0' ? library : undefined);

  test('give their features, but neither route nor file, annotations or origin', async () => {
    const { ok, entries } = await collectIn(await makeFolder(), BINDLE + external('/x', 'l/1.0.0', 'h'), {
      lookup,
    });
    expect(ok).toBe(true);
    expect(entries).toEqual([
      {
        kind: 'external',
        name: 'lib.wasm',
        sha256: 'aa',
        size: 1,
        mediaType: 'text/plain',
        route: '/x',
        group: 'import:l/1.0.0:h-at-/x-files',
        requires: ['import:l/1.0.0:h-at-/x-files'],
        annotations: { hippos_do_not_stage: 'true' },
        feature: {
          wagi: { route: '/x', file: 'false', entrypoint: 'serve', allowed_hosts: 'a.b' },
          other: { x: '1' },
        },
      },
    ]);
  });

  test('bring what is required, in circles too, each content once, for all that need it', async () => {
    const text =
      BINDLE +
      external('/x', 'l/1.0.0', 'h') +
      external('/y', 'l/1.0.0', 'h2') +
      external('/z', 'l/1.0.0', 'h');
    const { dependencies, references, problems } = await collectIn(await makeFolder(), text, { lookup });
    const [x, y, z] = ['h-at-/x', 'h2-at-/y', 'h-at-/z'].map((rest) => `import:l/1.0.0:${rest}-files`);
    expect(
      dependencies.map(({ name, memberOf, feature, annotations }) => ({
        name,
        memberOf,
        feature,
        annotations,
      })),
    ).toEqual([
      {
        name: 'data.txt',
        memberOf: [x, z],
        feature: { wagi: { file: 'true' } },
        annotations: { hippos_do_not_stage: 'true' },
      },
      {
        name: 'round.txt',
        memberOf: [x, y, z],
        feature: undefined,
        annotations: { hippos_do_not_stage: 'true' },
      },
      {
        name: 'same-content.txt',
        memberOf: [y],
        feature: undefined,
        annotations: { hippos_do_not_stage: 'true' },
      },
    ]);
    for (const parcel of dependencies) expect(parcel).not.toHaveProperty('requires');
    for (const parcel of dependencies) expect(parcel).not.toHaveProperty('origin');
    expect(
      references.map(({ bindleId, handlerId, sha256s, range }) => [
        bindleId,
        handlerId,
        sha256s,
        range.start.line,
      ]),
    ).toEqual([
      ['l/1.0.0', 'h', ['aa', 'bb', 'cc'], 5],
      ['l/1.0.0', 'h2', ['dd', 'cc', 'bb'], 10],
      ['l/1.0.0', 'h', ['aa', 'bb', 'cc'], 15],
    ]);
    // What the existing CLI drops without a word.
    expect(problems.map(({ severity, message }) => [severity, message])).toContainEqual([
      'warning',
      'From external ref l/1.0.0:h, same-content.txt is left out, because it has the same content as data.txt',
    ]);
  });

  test('may each bring a file of one name', async () => {
    const other = (sha256: string): ExternalInvoice => ({
      parcel: [
        {
          label: label(`m${sha256}`, 'lib.wasm', { annotations: { wagi_handler_id: 'h' } }),
          conditions: { requires: ['g'] },
        },
        { label: label(sha256, 'data.txt'), conditions: { memberOf: ['g'] } },
      ],
    });
    const text = BINDLE + external('/x', 'a/1.0.0', 'h') + external('/y', 'b/1.0.0', 'h');
    const { dependencies } = await collectIn(await makeFolder(), text, {
      lookup: (id) => Promise.resolve(other(id === 'a/1.0.0' ? 'aa' : 'bb')),
    });
    expect(dependencies.map(({ sha256, name }) => [sha256, name])).toEqual([
      ['aa', 'data.txt'],
      ['bb', 'data.txt'],
    ]);
  });

  test('are looked up once each, only if their ids are valid', async () => {
    const asked: string[] = [];
    const text =
      BINDLE +
      external('/x', 'l/1.0.0', 'h') +
      external('/y', 'l/1.0.0', 'h2') +
      external('/z', 'nonsense', 'h');
    const { problems } = await collectIn(await makeFolder(), text, {
      lookup: (id) => {
        asked.push(id);
        return lookup(id);
      },
    });
    expect(asked).toEqual(['l/1.0.0']);
    expect(problems.filter(({ severity }) => severity === 'error').map(({ code }) => code)).toEqual([
      'invalid-id',
    ]);
  });

  const failures: [string, string, Parameters<typeof collectIn>[2], string][] = [
    [
      'that are not there',
      external('/x', 'no/1.0.0', 'h'),
      { lookup },
      'Could not assemble parcel for external ref no/1.0.0:h: external invoice not found on server',
    ],
    [
      'without that handler',
      external('/x', 'l/1.0.0', 'nope'),
      { lookup },
      'Could not assemble parcel for external ref l/1.0.0:nope: external invoice does not contain specified parcel; it exports h, h2',
    ],
    [
      'that cannot be asked for',
      external('/x', 'l/1.0.0', 'h'),
      { lookup: () => Promise.reject(new Error('connection refused')) },
      'Could not assemble parcel for external ref l/1.0.0:h: connection refused',
    ],
    [
      'without a server',
      external('/x', 'l/1.0.0', 'h'),
      {},
      'Could not assemble parcel for external ref l/1.0.0:h: no Bindle server is set to look it up on',
    ],
  ];
  test.each(failures)('%s are errors', async (_, text, options, message) => {
    const { ok, problems } = await collectIn(await makeFolder(), BINDLE + text, options);
    expect(ok).toBe(false);
    expect(problems.map((problem) => [problem.code, problem.message])).toEqual([
      ['external-not-found', message],
    ]);
  });
});

test('what is wrong is told all at once, from syntax to files', async () => {
  const folder = await makeFolder({ 'ok.wasm': 'x' });
  const text = `[bindle]
name = "my app"
version =

[[handler]]
route = "/"
name = "nope.wasm"
files = ["**.js", "none/*.txt", "/etc/passwd"]
[[handler]]
route = "/ok"
name = "ok.wasm"
fils = []
`;
  const { ok, problems, groups, expansion } = await collectIn(folder, text);
  expect(ok).toBe(false);
  expect(problems.map(({ code, range }) => [range.start.line, code])).toEqual([
    [1, 'invalid-name'],
    [2, 'missing-value'],
    [6, 'missing-module'],
    [7, 'invalid-pattern'],
    [7, 'no-match'],
    [7, 'outside-project'],
    [11, 'unknown-field'],
  ]);
  expect(groups).toEqual(['nope.wasm-files', 'ok.wasm-files']);
  expect(expansion.entries.map(({ module }) => module?.name)).toEqual([undefined, 'ok.wasm']);
});

test('any text is answered', async () => {
  const folder = await makeFolder({ 'm.wasm': 'm' });
  for (const text of [
    '',
    '\0',
    '[',
    '[[handler]]',
    'handler = 5',
    'bindle = []',
    `${BINDLE}[[handler]]\nroute = "\\u0000"\nname = "\\u0000"\nfiles = ["\\u0000", "\\u0000*"]`,
  ]) {
    const { ok, problems } = await collectIn(folder, text);
    expect([text, ok, problems.length > 0]).toEqual([text, false, true]);
  }
});

test('10,000 handlers with the same pattern', async () => {
  const folder = await makeFolder({ 'm.wasm': 'm', 'd/a': 'a' });
  const text =
    BINDLE +
    Array.from({ length: 10_000 }, (_, index) =>
      handler(`/${index}`, 'name = "m.wasm"\nfiles = ["d/*"]'),
    ).join('');
  const started = performance.now();
  const { ok, entries, files } = await collectIn(folder, text);
  console.log(`10,000 handlers collected in ${Math.round(performance.now() - started)} ms`);
  expect([ok, entries.length, files.length]).toEqual([true, 10_000, 1]);
});

describe('a module without a manifest', () => {
  const options = { hash: hashFile };

  test('is one handler at /, its name inferred and said', async () => {
    const folder = await makeFolder({ 'Hello Wörld.wasm': 'hi' });
    const { ok, bindle, entries, groups, problems } = await collectModule(
      path.join(folder, 'Hello Wörld.wasm'),
      options,
    );
    expect(ok).toBe(true);
    expect(bindle).toEqual({ name: 'Hello-World', version: '0.1.0' });
    expect(entries).toMatchObject([
      {
        kind: 'handler',
        route: '/',
        name: 'Hello Wörld.wasm',
        size: 2,
        feature: { wagi: { route: '/', file: 'false' } },
      },
    ]);
    expect(groups).toEqual(['Hello Wörld.wasm-files']);
    expect(problems.map(({ code, severity, message }) => [code, severity, message])).toEqual([
      ['inferred-name', 'information', 'There is no HIPPOFACTS: the bindle is named Hello-World'],
      ['inferred-version', 'information', 'There is no HIPPOFACTS: the version is 0.1.0'],
    ]);
  });

  test.each([
    ['shop/build/main.wasm', 'shop'],
    ['shop/target/wasm32-wasip1/release/web-shop.wasm', 'web-shop'],
    ['shop/target/wasm32-wasip1/release/main.wasm', 'shop'],
    ['日本/optimized.wasm', undefined],
  ])('%s is named %s', async (name, expected) => {
    const folder = await makeFolder({ [name]: 'x' });
    const { bindle, ok } = await collectModule(path.join(folder, name), options);
    expect(ok).toBe(true);
    if (expected === undefined) expect(bindle.name).toMatch(/^hippofacts-/);
    else expect(bindle.name).toBe(expected);
  });

  test('that is not there is an error like any other', async () => {
    const folder = await makeFolder();
    const { ok, problems } = await collectModule(path.join(folder, 'x.wasm'), options);
    expect(ok).toBe(false);
    expect(problems.map(({ code }) => code)).toContain('missing-module');
  });
});
