import { randomFillSync } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HashCache } from '../../../src/bindle/hash-cache.ts';
import type { Label } from '../../../src/bindle/invoice.ts';
import { IN_MEMORY_BYTES, ParcelFiles } from '../../../src/bindle/parcel-files.ts';
import { bytesOf, sha256 } from '../../support/bindles.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
let next = 0;
let dir: string;
beforeEach(() => {
  dir = join(folder, String(next++));
  mkdirSync(dir);
});
const put = (name: string, content: string | Buffer, age = 60): string => {
  const file = join(dir, name);
  writeFileSync(file, content);
  const then = Date.now() / 1000 - age;
  utimesSync(file, then, then);
  return file;
};
const labelOf = (content: string | Buffer): Label => ({
  sha256: sha256(content),
  size: Buffer.byteLength(content),
  name: 'x',
  mediaType: 'a/b',
});
const large = randomFillSync(Buffer.alloc(IN_MEMORY_BYTES + 12_345));

describe('parcels from files', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['small', Buffer.from('hello')],
    ['just in memory', Buffer.alloc(IN_MEMORY_BYTES, 1)],
    ['large', large],
  ])('give %s content and its digest', async (_name, content) => {
    const files = new ParcelFiles();
    const file = put('f', content);
    expect(await files.hash(file)).toEqual({ sha256: sha256(content), size: content.length });
    const parcel = await files.open(file, labelOf(content));
    expect((await bytesOf(parcel)).equals(content)).toBe(true);
    expect(await parcel.changed()).toBe(false);
    await parcel.close();
    await files.close();
  });

  it.each([
    ['other bytes of the same length', (file: string) => writeFileSync(file, 'HELLO')],
    ['more bytes', (file: string) => writeFileSync(file, 'hello world')],
    ['none', (file: string) => writeFileSync(file, '')],
  ])('are not opened once they hold %s', async (_name, change) => {
    const files = new ParcelFiles();
    const file = put('f', 'hello');
    await files.hash(file);
    change(file);
    await expect(files.open(file, labelOf('hello'))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
  });

  it('of large files are looked at again: an equal copy in its place is read anew, another is refused', async () => {
    const files = new ParcelFiles();
    const file = put('f', large);
    await files.hash(file);
    renameSync(put('copy', large), file);
    const parcel = await files.open(file, labelOf(large));
    expect((await bytesOf(parcel)).equals(large)).toBe(true);
    writeFileSync(file, Buffer.alloc(large.length, 'other'));
    expect(await parcel.changed()).toBe(true);
    await parcel.close();
    await expect(files.open(file, labelOf(large))).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await files.close();
  });

  it('that are folders or not there say so', async () => {
    const files = new ParcelFiles();
    mkdirSync(join(dir, 'sub'));
    await expect(files.hash(join(dir, 'sub'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(files.hash(join(dir, 'none'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringContaining('none is not there'),
    });
    await expect(files.open(join(dir, 'none'), labelOf('x'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });
});

describe('the hash cache', () => {
  const cacheFile = (): string => join(dir, 'cache', 'c.json');
  /** A cache that says something else than the file, so that one sees whether it was asked. */
  const poison = async (file: string, hashedAt = Date.now()): Promise<void> => {
    const cache = await HashCache.open(cacheFile());
    cache.remember(file, statSync(file, { bigint: true }), 'f'.repeat(64), hashedAt);
    await cache.save();
  };
  const hashNow = async (file: string): Promise<string> =>
    (await new ParcelFiles(await HashCache.open(cacheFile())).hash(file)).sha256;
  // ctime cannot be set back: time of hashing is moved forward instead.
  const later = (): number => Date.now() + 60_000;

  it('spares hashing what is unchanged', async () => {
    const file = put('f', 'hello');
    await poison(file, later());
    expect(await hashNow(file)).toBe('f'.repeat(64));
  });

  it.each([
    ['content', (file: string) => writeFileSync(file, 'other')],
    ['time', (file: string) => utimesSync(file, 1, 1)],
    ['inode', (file: string) => renameSync(put('g', 'hello'), file)],
  ])('does not speak for a file whose %s changed', async (_name, change) => {
    const file = put('f', 'hello');
    await poison(file, later());
    change(file);
    expect(await hashNow(file)).not.toBe('f'.repeat(64));
  });

  it('does not trust what was hashed within two seconds of its last change', async () => {
    const file = put('f', 'hello', 0);
    await poison(file, Date.now());
    expect(await hashNow(file)).toBe(sha256('hello'));
  });

  it('never decides what is sent', async () => {
    const file = put('f', 'hello');
    await poison(file, later());
    const files = new ParcelFiles(await HashCache.open(cacheFile()));
    const { sha256: claimed, size } = await files.hash(file);
    await expect(files.open(file, { ...labelOf('hello'), sha256: claimed, size })).rejects.toMatchObject({
      code: 'FILE_CHANGED',
    });
  });

  it.each([
    '',
    '{',
    '[]',
    '{"format":1}',
    '{"format":99,"entries":{}}',
    '{"format":1,"entries":{"a":[1,2]}}',
    '\u0000',
  ])('is empty when its file holds %j', async (text) => {
    mkdirSync(join(dir, 'cache'));
    writeFileSync(cacheFile(), text);
    expect(await hashNow(put('f', 'hello'))).toBe(sha256('hello'));
  });

  it('forgets files that are gone and leaves no temporary files', async () => {
    const [a, b] = [put('a', 'a'), put('b', 'b')];
    await poison(a, later());
    const cache = await HashCache.open(cacheFile());
    cache.remember(b, statSync(b, { bigint: true }), sha256('b'), later());
    await cache.save();
    expect(readdirSync(join(dir, 'cache'))).toEqual(['c.json']);
    expect((await HashCache.open(cacheFile())).find(a, statSync(a, { bigint: true }))).toBeUndefined();
  });
});
