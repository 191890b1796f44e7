// One run of a guest: what it gets, what it can do to its files (nothing), and how it ends.

import { beforeAll, describe, expect, test } from 'vitest';
import { fileSystem } from '../../../../src/platform/runtime/files.ts';
import { runGuest, type GuestEnd, type GuestRun } from '../../../../src/platform/runtime/guest.ts';
import { compile } from '../../../support/wasm.ts';

type Outcome = GuestEnd & { stdout: string; stderr: string };

/** Its input comes in these pieces. */
function run(module: WebAssembly.Module, more: Partial<GuestRun> & { stdin?: string[] } = {}): Outcome {
  const { stdin = [], ...rest } = more;
  const pieces = stdin.map((text) => Buffer.from(text));
  const said: Uint8Array[] = [];
  const complained: Uint8Array[] = [];
  const { end } = runGuest(
    module,
    { entrypoint: '_start', args: [], environment: {}, ...rest },
    {
      read: () => pieces.shift(),
      write: (bytes) => void said.push(bytes),
      complain: (bytes) => void complained.push(bytes),
    },
  );
  return { ...end, stdout: Buffer.concat(said).toString(), stderr: Buffer.concat(complained).toString() };
}

function stdout(outcome: Outcome): string {
  if (outcome.end === 'failed') throw new Error(outcome.reason);
  return outcome.stdout;
}

async function guest(source: string, ...options: string[]): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await compile(source, ...options));
}

function files(contents: Record<string, string>): ReturnType<typeof fileSystem> {
  const shared = Object.entries(contents).map(([path, text]): [string, SharedArrayBuffer] => {
    const bytes = Buffer.from(text);
    const buffer = new SharedArrayBuffer(bytes.length);
    new Uint8Array(buffer).set(bytes);
    return [path, buffer];
  });
  return fileSystem(new Map(shared));
}

describe('a guest', () => {
  test('gets its environment, its command line and the body', async () => {
    const module = await guest(`
      for (let i = 0; i < process.argv.length; i++) process.stdout.write('[' + process.argv[i] + ']');
      process.stdout.write(process.env.get('NAME') + ';' + process.env.size.toString() + ';');
      const buffer = new ArrayBuffer(100);
      for (let n = process.stdin.read(buffer); n > 0; n = process.stdin.read(buffer))
        process.stdout.write(buffer.slice(0, n));
    `);
    const outcome = run(module, {
      args: ['/größe', '', 'x=€'],
      environment: { NAME: 'ä=b', EMPTY: '' },
      stdin: ['x'.repeat(99), '', 'x'.repeat(151)],
    });
    expect(stdout(outcome)).toBe(`[/größe][][x=€]ä=b;2;${'x'.repeat(250)}`);
  });

  test('runs the export that is its entrypoint, after _initialize where it has one', async () => {
    const source = `
      let ready = 'not ready';
      ready = 'ready';
      export function other(): void { process.stdout.write(ready); }
    `;
    expect(stdout(run(await guest(source, '--exportStart', '_initialize'), { entrypoint: 'other' }))).toBe(
      'ready',
    );
    // A command's own start is not run for another entrypoint.
    expect(stdout(run(await guest(source), { entrypoint: 'other' }))).not.toBe('ready');
  });

  test('runs anew each time', async () => {
    const module = await guest(`
      export let count = 0;
      count++;
      process.stdout.write(count.toString());
    `);
    expect(stdout(run(module))).toBe('1');
    expect(stdout(run(module))).toBe('1');
  });
});

describe('the end', () => {
  test.each([
    ['by itself', `process.stdout.write('done');`, { end: 'finished' }],
    ['with exit code 0', `process.stdout.write('done'); process.exit(0);`, { end: 'finished' }],
    ['with another exit code', `process.exit(3);`, { end: 'failed', reason: 'it ended with exit code 3' }],
    ['by a trap', `unreachable();`, { end: 'failed', reason: 'unreachable' }],
    [
      'by a failed assertion',
      `assert(false, 'oh');`,
      { end: 'failed', reason: 'it ended with exit code 255' },
    ],
  ])('%s', async (_, source, expected) => {
    expect(run(await guest(source))).toMatchObject(expected);
  });

  test('without an entrypoint, without memory, or with imports that are not WASI is a failure', async () => {
    expect(run(await guest(''), { entrypoint: 'nope' })).toMatchObject({
      end: 'failed',
      reason: 'it exports no function "nope"',
    });
    expect(run(await guest(`export const memory2 = 1;`), { entrypoint: 'memory2' })).toMatchObject({
      end: 'failed',
    });
    // (module (func (export "_start")))
    const bare = '0061736d0100000001040160000003020100070a01065f737461727400000a040102000b';
    expect(run(await WebAssembly.compile(Buffer.from(bare, 'hex')))).toMatchObject({
      end: 'failed',
      reason: 'it exports no memory',
    });
    const foreign = await guest(`@external('host', 'secret') declare function secret(): void; secret();`);
    expect(run(foreign)).toMatchObject({ end: 'failed', reason: expect.stringContaining('host') });
  });

  test('keeps what was said on stderr', async () => {
    const outcome = run(await guest(`process.stderr.write('first words'); unreachable();`));
    expect(outcome).toMatchObject({ end: 'failed', stderr: 'first words' });
  });
});

/** Does to its files what stands in its arguments; prints the number of the error (0 for none) or what it read. */
const FILE_TOOL = `
  import {
    fd_allocate, fd_filestat_set_size, fd_prestat_get, fd_read, fd_readdir, fd_write, path_create_directory,
    path_filestat_get, path_link, path_open, path_remove_directory, path_rename, path_symlink, path_unlink_file, filestat, prestat,
  } from './node_modules/@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';

  const out = memory.data(8);
  const iovec = memory.data(8);
  const data = memory.data(4096);

  function open(path: string, oflags: u16, rights: u64): i32 {
    const name = String.UTF8.encode(path);
    return path_open(3, 0, changetype<usize>(name), name.byteLength, oflags, rights, 0, 0, out);
  }
  function byPath(path: string, call: (fd: u32, path: usize, length: usize) => u16): i32 {
    const name = String.UTF8.encode(path);
    return call(3, changetype<usize>(name), name.byteLength);
  }
  function say(value: i32): void { process.stdout.write(value.toString()); }

  const what = process.argv[0];
  const path = process.argv[1];
  if (what == 'read') {
    const error = open(path, 0, 2);
    if (error) say(error);
    else {
      const fd = load<u32>(out);
      store<usize>(iovec, data); store<u32>(iovec, 4096, 4);
      fd_read(fd, iovec, 1, out);
      process.stdout.write(String.UTF8.decodeUnsafe(data, load<u32>(out)));
    }
  } else if (what == 'list') {
    const error = open(path, 2, 0);
    if (error) say(error);
    else {
      fd_readdir(load<u32>(out), data, 4096, 0, out);
      const used = load<u32>(out);
      let at: u32 = 0;
      while (at + 24 <= used) {
        const length = load<u32>(data + at, 16);
        process.stdout.write(String.UTF8.decodeUnsafe(data + at + 24, length) + ' ');
        at += 24 + length;
      }
    }
  }
  else if (what == 'mounts') { let fd = 3; while (fd_prestat_get(fd, changetype<prestat>(out)) == 0) fd++; say(fd - 3); }
  else if (what == 'create') say(open(path, 1, 66));
  else if (what == 'create directory with open') say(open(path, 3, 0));
  else if (what == 'truncate') say(open(path, 8, 66));
  else if (what == 'open to write') say(open(path, 0, 64));
  else if (what == 'write') {
    open(path, 0, 2);
    store<usize>(iovec, data); store<u32>(iovec, 5, 4);
    say(fd_write(load<u32>(out), iovec, 1, data));
  }
  else if (what == 'allocate') { open(path, 0, 2); say(fd_allocate(load<u32>(out), 0, 1 << 40)); }
  else if (what == 'set size') { open(path, 0, 2); say(fd_filestat_set_size(load<u32>(out), 0)); }
  else if (what == 'write stdin') { store<usize>(iovec, data); store<u32>(iovec, 5, 4); say(fd_write(0, iovec, 1, out)); }
  else if (what == 'allocate stdin') say(fd_allocate(0, 0, 1 << 40));
  else if (what == 'make directory') say(byPath(path, (fd, at, length) => path_create_directory(fd, at, length)));
  else if (what == 'remove directory') say(byPath(path, (fd, at, length) => path_remove_directory(fd, at, length)));
  else if (what == 'unlink') say(byPath(path, (fd, at, length) => path_unlink_file(fd, at, length)));
  else if (what == 'rename') say(byPath(path, (fd, at, length) => path_rename(fd, at, length, fd, at, length - 1)));
  else if (what == 'link') say(byPath(path, (fd, at, length) => path_link(fd, 0, at, length, fd, at, length - 1)));
  else if (what == 'symlink') say(byPath(path, (fd, at, length) => path_symlink(at, length, fd, at, length - 1)));
  else if (what == 'stat') say(byPath(path, (fd, at, length) => path_filestat_get(fd, 0, at, length, changetype<filestat>(data))));
`;

describe('files', () => {
  let tool: WebAssembly.Module;
  const root = files({ 'a.txt': 'content of a', 'sub/dir/b.txt': 'content of b', 'sub/c.txt': '' });
  beforeAll(async () => {
    tool = await guest(FILE_TOOL);
  });
  const use = (...args: string[]): string => stdout(run(tool, { args, root }));

  test.each([
    ['a.txt', 'content of a'],
    ['./a.txt', 'content of a'],
    ['sub/dir/b.txt', 'content of b'],
    ['sub/../a.txt', 'content of a'],
    ['sub//dir/./b.txt', 'content of b'],
    ['sub/c.txt', ''],
  ])('%s can be read', (path, content) => {
    expect(use('read', path)).toBe(content);
  });

  const ENOENT = '44';
  const NOTCAPABLE = '76';
  test.each([
    ['b.txt', ENOENT],
    ['A.TXT', ENOENT],
    ['sub/b.txt', ENOENT],
    ['../a.txt', NOTCAPABLE],
    ['sub/../../a.txt', NOTCAPABLE],
    ['/a.txt', NOTCAPABLE],
    ['/etc/passwd', NOTCAPABLE],
    ['../../../../../../etc/passwd', NOTCAPABLE],
  ])('%s cannot', (path, error) => {
    expect(use('read', path)).toBe(error);
    expect(use('stat', path)).toBe(error);
  });

  test('can be listed', () => {
    expect(use('list', '.')).toBe('. .. a.txt sub ');
    expect(use('list', 'sub')).toBe('. .. dir c.txt ');
    expect(use('list', 'a.txt')).not.toContain('a.txt');
  });

  test.each([
    ['create', 'new.txt'],
    ['create', 'sub/new.txt'],
    ['create directory with open', 'new'],
    ['truncate', 'a.txt'],
    ['open to write', 'a.txt'],
    ['write', 'a.txt'],
    ['allocate', 'a.txt'],
    ['set size', 'a.txt'],
    ['write stdin', ''],
    ['allocate stdin', ''],
    ['make directory', 'new'],
    ['remove directory', 'sub/dir'],
    ['unlink', 'a.txt'],
    ['rename', 'a.txt'],
    ['link', 'a.txt'],
    ['symlink', 'a.txt'],
  ])('%s %s is refused and changes nothing', (what, path) => {
    const error = Number(use(what, path));
    expect(error).toBeGreaterThan(0);
    expect(use('read', 'a.txt')).toBe('content of a');
    expect(use('list', '.')).toBe('. .. a.txt sub ');
    expect(use('list', 'sub')).toBe('. .. dir c.txt ');
  });

  test('are there only for handlers that have some', () => {
    expect(use('mounts', '')).toBe('1');
    expect(stdout(run(tool, { args: ['mounts', ''] }))).toBe('0');
    expect(stdout(run(tool, { args: ['read', 'a.txt'] }))).toBe('8');
  });

  test('with strange names do no harm', () => {
    const odd = files({
      '../up.txt': 'x',
      '/absolute.txt': 'absolute',
      'a//b.txt': 'b',
      a: 'hidden by the folder',
      f: 'file',
      'f/g': 'below a file',
      '': 'nothing',
      './c.txt': 'c',
      constructor: 'constructor',
      __proto__x: 'proto',
    });
    const read = (path: string): string => stdout(run(tool, { args: ['read', path], root: odd }));
    expect(stdout(run(tool, { args: ['list', '.'], root: odd }))).toBe(
      '. .. absolute.txt a f c.txt constructor __proto__x ',
    );
    expect(read('absolute.txt')).toBe('absolute');
    expect(read('a/b.txt')).toBe('b');
    expect(read('f')).toBe('file');
    expect(read('constructor')).toBe('constructor');
  });
});
