import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  promises,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FileParcelStore,
  type FileOperations,
  type FileParcelStoreOptions,
} from '../../../../src/platform/store/file-parcels.ts';
import type { ParcelStore } from '../../../../src/platform/store/parcels.ts';
import { sha256 } from '../../../support/bindles.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { runs } from '../../../support/runs.ts';

const root = temporaryFolder();
const fresh = (): string => mkdtempSync(join(root, 'test-'));

const open = (directory = fresh(), options: FileParcelStoreOptions = {}) =>
  FileParcelStore.open(directory, options);
/** The content in chunks of this many bytes. */
async function* chunks(content: Buffer, length = 65_536): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += length) yield content.subarray(start, start + length);
}
const put = (store: ParcelStore, content: Buffer, length?: number) =>
  store.put(sha256(content), content.length, chunks(content, length));
async function read(store: ParcelStore, name: string): Promise<Buffer | undefined> {
  const parcel = await store.open(name);
  return parcel && buffer(parcel.stream);
}
async function digest(store: ParcelStore, name: string): Promise<string | undefined> {
  const content = await read(store, name);
  return content && sha256(content);
}
async function names(store: ParcelStore): Promise<string[]> {
  const all: string[] = [];
  for await (const name of store.list()) all.push(name);
  return all.sort();
}
/** Every file below, in no order. */
const filesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe.each([false, true])('the file store (powerSafe: %s)', (powerSafe) => {
  it.each([0, 1, 4096, 65_536, 262_144, 262_145, 3_000_000])('keeps a parcel of %i bytes', async (size) => {
    const directory = fresh();
    const store = await open(directory, { powerSafe });
    const content = randomBytes(size);
    const name = sha256(content);
    expect(await store.size(name)).toBeUndefined();
    expect(await read(store, name)).toBeUndefined();
    await put(store, content, 50_000);
    expect(await store.size(name)).toBe(size);
    const parcel = await store.open(name);
    expect(parcel?.size).toBe(size);
    expect(sha256(await buffer(parcel!.stream))).toBe(name);
    expect(sha256(readFileSync(join(directory, name.slice(0, 2), name)))).toBe(name);
    expect(filesIn(directory)).toEqual([name]);
    expect(await digest(await open(directory), name)).toBe(name);
  });

  it('leaves nothing of content that does not fit', async () => {
    const directory = fresh();
    const store = await open(directory, { powerSafe });
    for (const size of [10, 100_000, 1_000_000]) {
      const content = randomBytes(size);
      const name = sha256(content);
      const cases: [number, Buffer, string][] = [
        [size + 1, content, 'SIZE_MISMATCH'],
        [size - 1, content, 'SIZE_MISMATCH'],
        [size, content.subarray(1), 'SIZE_MISMATCH'],
        [size, Buffer.concat([content, Buffer.from('x')]), 'SIZE_MISMATCH'],
        [size, Buffer.from(content).reverse(), 'DIGEST_MISMATCH'],
      ];
      for (const [announced, sent, code] of cases)
        await expect(store.put(name, announced, chunks(sent))).rejects.toMatchObject({ code });
      expect(await store.size(name)).toBeUndefined();
      expect(filesIn(directory)).toEqual([]);
      await put(store, content);
      await store.remove(name);
    }
  });

  it('leaves nothing of content that breaks off, and says why it did', async () => {
    const directory = fresh();
    const store = await open(directory, { powerSafe });
    const content = randomBytes(1_000_000);
    const breaking = async function* (): AsyncGenerator<Buffer> {
      yield* chunks(content.subarray(0, 700_000));
      throw new Error('the peer has gone');
    };
    await expect(store.put(sha256(content), content.length, breaking())).rejects.toThrow('the peer has gone');
    expect(filesIn(directory)).toEqual([]);
    await put(store, content);
    expect(await digest(store, sha256(content))).toBe(sha256(content));
  });
});

describe('the file store', () => {
  it('takes one parcel many times at once', async () => {
    const directory = fresh();
    const store = await open(directory);
    const content = randomBytes(500_000);
    const bad = Buffer.from(content).reverse();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        index % 4 === 3
          ? store.put(sha256(content), content.length, chunks(bad, 10_000))
          : put(store, content, 1000 * (index + 1)),
      ),
    );
    expect(results.map((result) => result.status)).toEqual(
      Array.from({ length: 20 }, (_, index) => (index % 4 === 3 ? 'rejected' : 'fulfilled')),
    );
    expect(filesIn(directory)).toEqual([sha256(content)]);
    expect(await digest(store, sha256(content))).toBe(sha256(content));
  });

  it('goes on serving a parcel that is stored again or removed', async () => {
    const store = await open();
    const content = randomBytes(3_000_000);
    await put(store, content);
    const first = await store.open(sha256(content));
    await put(store, content);
    const second = await store.open(sha256(content));
    expect(await store.remove(sha256(content))).toBe(true);
    expect(sha256(await buffer(first!.stream))).toBe(sha256(content));
    expect(sha256(await buffer(second!.stream))).toBe(sha256(content));
    expect(await store.size(sha256(content))).toBeUndefined();
    expect(await store.remove(sha256(content))).toBe(false);
  });

  it('puts a whole parcel in the place of one that was cut short', async () => {
    const directory = fresh();
    const store = await open(directory);
    const content = randomBytes(10_000);
    await put(store, content);
    truncateSync(join(directory, sha256(content).slice(0, 2), sha256(content)), 100);
    expect(await store.size(sha256(content))).toBe(100);
    await put(store, content);
    expect(await digest(store, sha256(content))).toBe(sha256(content));
  });

  it('lists parcels and nothing else, and gives the sizes of those that are here', async () => {
    const directory = fresh();
    const store = await open(directory);
    expect(await names(store)).toEqual([]);
    const contents = Array.from({ length: 50 }, (_, index) => Buffer.from(`parcel ${index}`));
    await Promise.all(contents.map((content) => put(store, content)));
    writeFileSync(join(directory, '.DS_Store'), '');
    mkdirSync(join(directory, 'aa'), { recursive: true });
    writeFileSync(join(directory, 'aa', 'notes.txt'), '');
    writeFileSync(join(directory, 'aa', 'b'.repeat(64)), '');
    expect(await names(store)).toEqual(contents.map(sha256).sort());
    const asked = [...contents.map(sha256), sha256('absent')];
    expect(await store.sizes([...asked, ...asked])).toEqual(
      new Map(contents.map((content) => [sha256(content), content.length])),
    );
  });

  it.each([
    '',
    'ab',
    '..',
    `../${'a'.repeat(61)}`,
    'A'.repeat(64),
    `${'a'.repeat(64)}\n`,
    'g'.repeat(64),
    '/etc',
  ])('takes %j for no name', async (name) => {
    const store = await open();
    await expect(store.size(name)).rejects.toThrow(RangeError);
    await expect(store.sizes([name])).rejects.toThrow(RangeError);
    await expect(store.open(name)).rejects.toThrow(RangeError);
    await expect(store.remove(name)).rejects.toThrow(RangeError);
    await expect(store.put(name, 0, chunks(Buffer.alloc(0)))).rejects.toThrow(RangeError);
  });

  it('drops what a killed process has left unfinished', async () => {
    const directory = fresh();
    await open(directory);
    const [unfinished] = readdirSync(directory);
    writeFileSync(join(directory, unfinished!, '17'), 'half a parcel');
    mkdirSync(join(directory, unfinished!, 'odd', 'things'), { recursive: true });
    const store = await open(directory);
    expect(filesIn(directory)).toEqual([]);
    await put(store, Buffer.from('fine'));
  });

  it('keeps parcels from others on the machine', async () => {
    if (process.platform === 'win32') return;
    const directory = fresh();
    await put(await open(directory), Buffer.from('mine'));
    const name = sha256('mine');
    expect(statSync(join(directory, name.slice(0, 2), name)).mode & 0o077).toBe(0);
  });

  it('says so when it cannot be opened', async () => {
    const file = join(fresh(), 'file');
    writeFileSync(file, '');
    await expect(open(join(file, 'inside'))).rejects.toMatchObject({ name: 'StoreError', code: 'IO' });
  });

  it('equals a map of digests, whatever is done in whatever order', async () => {
    const small = fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    const large = fc.integer({ min: 0, max: 255 }).map((byte) => Buffer.alloc(600_000, byte));
    const action = fc.tuple(
      fc.constantFrom('put', 'put short', 'put wrong', 'remove', 'reopen', 'read'),
      fc.oneof(small, large),
      fc.integer({ min: 1, max: 700_000 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const directory = fresh();
        const model = new Map<string, Buffer>();
        let store = await open(directory);
        for (const [kind, content, length] of actions) {
          const name = sha256(content);
          const size = content.length;
          if (kind === 'put') {
            await put(store, content, Math.max(length, size >> 10));
            model.set(name, content);
          } else if (kind === 'put short')
            await expect(store.put(name, size + length, chunks(content))).rejects.toThrow();
          else if (kind === 'put wrong')
            await expect(store.put(sha256(name), size, chunks(content))).rejects.toThrow();
          else if (kind === 'remove') expect(await store.remove(name)).toBe(model.delete(name));
          else if (kind === 'reopen') store = await open(directory);
          else expect(await read(store, name)).toEqual(model.get(name));
        }
        expect(await names(store)).toEqual([...model.keys()].sort());
        for (const [name, content] of model) expect(await read(store, name)).toEqual(content);
        expect(filesIn(directory)).toHaveLength(model.size);
      }),
      { numRuns: runs(40) },
    );
  });
});

/** File operations that fail with this code once a number of bytes is written, or at the named operation. */
function failing(code: string, at: number | 'open' | 'rename' | 'close' | 'datasync'): FileOperations {
  let left = typeof at === 'number' ? at : Infinity;
  const fail = (): never => {
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const full = (handle: FileHandle): FileHandle =>
    new Proxy(handle, {
      get: (target, key) => {
        if (key === at) return key === 'close' ? () => target.close().then(fail) : fail;
        if (key === 'writev' || key === 'write')
          return async (data: Uint8Array | Uint8Array[], offset = 0) => {
            const bytes = Buffer.concat(Array.isArray(data) ? data : [data]).subarray(offset);
            if (left === 0) fail();
            const { bytesWritten } = await target.write(bytes.subarray(0, left));
            left -= bytesWritten;
            return { bytesWritten };
          };
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  return {
    ...promises,
    statSync,
    open: async (...parameters: Parameters<typeof promises.open>) =>
      at === 'open' ? fail() : full(await promises.open(...parameters)),
    rename: (from, to) => (at === 'rename' ? fail() : promises.rename(from, to)),
  };
}

describe('a disk that fails', () => {
  it.each<[string, number | 'open' | 'rename' | 'close' | 'datasync', string]>([
    ['ENOSPC', 0, 'DISK_FULL'],
    ['ENOSPC', 1, 'DISK_FULL'],
    ['ENOSPC', 500_000, 'DISK_FULL'],
    ['ENOSPC', 999_999, 'DISK_FULL'],
    ['ENOSPC', 'open', 'DISK_FULL'],
    ['ENOSPC', 'close', 'DISK_FULL'],
    ['ENOSPC', 'rename', 'DISK_FULL'],
    ['EDQUOT', 300_000, 'DISK_FULL'],
    ['EIO', 300_000, 'IO'],
    ['EIO', 'datasync', 'IO'],
    ['EROFS', 'open', 'IO'],
    ['EMFILE', 'open', 'IO'],
    ['EPERM', 'rename', 'IO'],
  ])('with %s at %s is named as %s and keeps nothing', async (code, at, expected) => {
    const directory = fresh();
    const store = await open(directory, { files: failing(code, at), powerSafe: true });
    const content = randomBytes(1_000_000);
    const error: unknown = await put(store, content).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'StoreError', code: expected });
    expect((error as Error).message).toContain(code);
    expect((error as Error).cause).toMatchObject({ code });
    expect(filesIn(directory)).toEqual([]);
    const healthy = await open(directory);
    await put(healthy, content);
    expect(await digest(healthy, sha256(content))).toBe(sha256(content));
  });

  it('that takes a part of what it is given gets the rest', async () => {
    const directory = fresh();
    let left = 1;
    const files: FileOperations = {
      ...failing('', Infinity),
      open: async (...parameters: Parameters<typeof promises.open>) =>
        new Proxy(await promises.open(...parameters), {
          get: (target, key) => {
            if (key === 'writev' || key === 'write')
              return (data: Uint8Array | Uint8Array[], offset = 0) => {
                const bytes = Buffer.concat(Array.isArray(data) ? data : [data]).subarray(offset);
                return target.write(bytes.subarray(0, (left = (left * 7) % 10_007)));
              };
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        }),
    };
    const content = randomBytes(1_000_000);
    await put(await open(directory, { files }), content);
    expect(await digest(await open(directory), sha256(content))).toBe(sha256(content));
  });

  it('that will not replace a file being read is no failure if the parcel is there', async () => {
    const directory = fresh();
    const content = Buffer.from('there already');
    await put(await open(directory), content);
    const store = await open(directory, { files: failing('EPERM', 'rename') });
    await put(store, content);
    expect(filesIn(directory)).toEqual([sha256(content)]);
  });
});

/** A real file system of one MiB, where this machine lets us have one. */
const small = join(root, 'small');
mkdirSync(small);
const mounted =
  process.platform === 'linux' && process.getuid?.() === 0
    ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status === 0
    : false;
afterAll(() => {
  if (mounted) spawnSync('umount', [small]);
});

describe.runIf(mounted)('a full disk', () => {
  it('refuses what does not fit and keeps working', async () => {
    expect(statfsSync(small).bsize * statfsSync(small).blocks).toBe(1024 * 1024);
    const store = await open(join(small, 'parcels'));
    const fits = randomBytes(300_000);
    const large = randomBytes(2_000_000);
    await put(store, fits);
    await expect(put(store, large)).rejects.toMatchObject({ code: 'DISK_FULL' });
    expect(filesIn(small)).toEqual([sha256(fits)]);
    appendFileSync(join(small, 'ballast'), Buffer.alloc(500_000));
    const four = Array.from({ length: 4 }, () => randomBytes(200_000));
    const results = await Promise.allSettled(four.map((content) => put(store, content)));
    expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(2);
    for (const [index, { status }] of results.entries())
      expect(await store.size(sha256(four[index]!))).toBe(status === 'fulfilled' ? 200_000 : undefined);
    await promises.rm(join(small, 'ballast'));
    const after = randomBytes(400_000);
    await put(store, after);
    expect(await digest(store, sha256(after))).toBe(sha256(after));
  });
});
