import {
  createWriteStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeInvoice } from '../../../src/bindle/codec.ts';
import type { Invoice, Label } from '../../../src/bindle/invoice.ts';
import type { OpenParcel } from '../../../src/bindle/parcel-files.ts';
import { writeParcel } from '../../../src/bindle/parcel-write.ts';
import {
  isStandalone,
  packStandalone,
  readStandalone,
  standaloneName,
  streamStandalone,
  writeStandalone,
} from '../../../src/bindle/standalone.ts';
import { bytesOf, makeBindle, sha256, type TestBindle } from '../../support/bindles.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
let next = 0;
let dir: string;
beforeEach(() => {
  dir = join(folder, String(next++));
  mkdirSync(dir);
});
const bindle = makeBindle('example.com/a', '1.0.0', { 'a.txt': 'one', 'b.txt': 'two', empty: '' });
const write = (value: TestBindle): Promise<string> =>
  writeStandalone(dir, value.invoice, (label, file) =>
    writeParcel(file, label, value.content.get(label.sha256)!),
  );
const contentOf = async (path: string): Promise<Record<string, string>> => {
  const standalone = await readStandalone(path);
  try {
    const entries = await Promise.all(
      standalone.invoice.parcel!.map(async ({ label }) => {
        return [label.name, String(await bytesOf(await standalone.open(label)))] as const;
      }),
    );
    return Object.fromEntries(entries);
  } finally {
    await standalone.close();
  }
};

describe('the standalone form', () => {
  it('is where and what peers expect, and comes back', async () => {
    const path = await write(bindle);
    expect(path).toBe(join(dir, sha256('example.com/a/1.0.0')));
    expect(readdirSync(path).sort()).toEqual(['invoice.toml', 'parcels']);
    expect(readdirSync(join(path, 'parcels'))).toHaveLength(3);
    expect(await isStandalone(path)).toBe(true);
    expect(await contentOf(path)).toEqual({ 'a.txt': 'one', 'b.txt': 'two', empty: '' });
    const archive = await packStandalone(path, bindle.invoice);
    expect(archive).toBe(`${path}.tar.gz`);
    rmSync(path, { recursive: true });
    expect(await contentOf(archive)).toEqual({ 'a.txt': 'one', 'b.txt': 'two', empty: '' });
    expect(readdirSync(dir)).toEqual([`${standaloneName(bindle.invoice.bindle)}.tar.gz`]);
  });

  it('may be partial, and says which parcel it lacks', async () => {
    const path = await writeStandalone(dir, bindle.invoice, () => Promise.resolve());
    const standalone = await readStandalone(path);
    await expect(standalone.open(standalone.invoice.parcel![0]!.label)).rejects.toMatchObject({
      code: 'INCOMPLETE',
      message: expect.stringContaining('a.txt'),
    });
  });

  it('mends damaged parcels when it is written again, and reads none', async () => {
    const path = await write(bindle);
    const parcel = join(path, 'parcels', `${sha256('one')}.dat`);
    writeFileSync(parcel, 'eno');
    await expect(contentOf(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    await write(bindle);
    expect(readFileSync(parcel, 'utf8')).toBe('one');
  });

  it('leaves nothing behind when writing fails', async () => {
    const failing = writeStandalone(dir, bindle.invoice, (label, file) =>
      label.name === 'b.txt'
        ? writeParcel(file, label, Buffer.from('not two'))
        : writeParcel(file, label, bindle.content.get(label.sha256)!),
    );
    await expect(failing).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(readdirSync(dir)).toEqual([]);
  });

  it.each([
    ['a longer parcel', 'onetwo'],
    ['a shorter one', 'on'],
    ['another of the same length', 'eno'],
  ])('does not keep %s', async (_name, content) => {
    const file = join(dir, 'p.dat');
    const { label } = bindle.invoice.parcel![0]!;
    await expect(writeParcel(file, label, Buffer.from(content))).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a stream of the standalone form', () => {
  const into = async (value: TestBindle, open = value.open): Promise<string> => {
    const archive = join(dir, 'streamed.tar.gz');
    await pipeline(streamStandalone(value.invoice, open), createWriteStream(archive));
    return archive;
  };

  it('is the archive, whatever the sizes of its parcels', async () => {
    expect(await contentOf(await into(bindle))).toEqual({ 'a.txt': 'one', 'b.txt': 'two', empty: '' });
    const sizes = [1, 511, 512, 513, 100_000];
    const many = makeBindle(
      'example.com/many',
      '1.0.0',
      Object.fromEntries(sizes.map((size) => [`f${size}`, 'x'.repeat(size)])),
    );
    const content = await contentOf(await into(many));
    expect(Object.values(content).map((text) => text.length)).toEqual(sizes);
  });

  it('takes chunks whose memory is used again', async () => {
    const text = Buffer.concat([Buffer.alloc(70_000, 'a'), Buffer.alloc(70_000, 'b'), Buffer.alloc(9, 'c')]);
    const chunked = makeBindle('example.com/chunks', '1.0.0', { f: text });
    const memory = Buffer.alloc(70_000);
    async function* chunks(): AsyncGenerator<Buffer> {
      for (let at = 0; at < text.length; at += memory.length) {
        const length = text.copy(memory, 0, at, at + memory.length);
        yield memory.subarray(0, length);
        await setImmediate();
        memory.fill('z');
      }
    }
    const open = (label: Label): Promise<OpenParcel> =>
      Promise.resolve({
        size: label.size,
        content: chunks,
        changed: () => Promise.resolve(false),
        close: () => Promise.resolve(),
      });
    expect((await contentOf(await into(chunked, open)))['f']).toBe(text.toString());
  });

  it('ends with what went wrong, and lets go of the parcel', async () => {
    let closed = 0;
    const changing = async (label: Label): Promise<OpenParcel> => ({
      ...(await bindle.open(label)),
      changed: () => Promise.resolve(true),
      close: () => Promise.resolve(void closed++),
    });
    await expect(into(bindle, changing)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    expect(closed).toBe(1);
    const failing = (): Promise<OpenParcel> => Promise.reject(new Error('cannot be read'));
    await expect(into(bindle, failing)).rejects.toThrow('cannot be read');
  });
});

describe('archives', () => {
  interface Member {
    path: string;
    content?: string | Buffer;
    type?: string;
    size?: number;
    linkpath?: string;
  }
  const top = standaloneName(bindle.invoice.bindle);
  const tar = (...members: Member[]): Buffer => {
    const blocks: Buffer[] = [];
    for (const { path, content = '', type = 'File', size, linkpath } of members) {
      const bytes = Buffer.from(content);
      const block = Buffer.alloc(512);
      new Header({
        path,
        type,
        size: size ?? bytes.length,
        mode: 0o644,
        mtime: new Date(0),
        ...(linkpath ? { linkpath } : {}),
      } as never).encode(block, 0);
      blocks.push(block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
    }
    return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
  };
  const invoiceText = (value: Invoice = bindle.invoice): string => encodeInvoice(value, 'toml');
  const invoiceMember = (value?: Invoice): Member => ({
    path: `${top}/invoice.toml`,
    content: invoiceText(value),
  });
  const parcelMember = (content: string): Member => ({
    path: `${top}/parcels/${sha256(content)}.dat`,
    content,
  });
  const read = async (bytes: Buffer, options = {}): Promise<unknown> => {
    const file = join(dir, 'x.tar.gz');
    writeFileSync(file, bytes);
    const standalone = await readStandalone(file, options);
    await standalone.close();
    return standalone.invoice.bindle;
  };

  it('may have the invoice last, and leading dots', async () => {
    expect(await read(tar(parcelMember('one'), invoiceMember()))).toEqual(bindle.invoice.bindle);
    expect(
      await read(
        tar({ path: `./${top}/`, type: 'Directory' }, { ...invoiceMember(), path: `./${top}/invoice.toml` }),
      ),
    ).toEqual(bindle.invoice.bindle);
  });

  it.each<[string, Member[]]>([
    ['a path upwards', [invoiceMember(), { path: '../evil.txt', content: 'x' }]],
    [
      'a path upwards below the top',
      [invoiceMember(), { path: `${top}/parcels/../../evil.dat`, content: 'x' }],
    ],
    ['an absolute path', [invoiceMember(), { path: '/tmp/evil.txt', content: 'x' }]],
    [
      'a symbolic link',
      [
        invoiceMember(),
        { path: `${top}/parcels/${sha256('one')}.dat`, type: 'SymbolicLink', linkpath: '/etc/passwd' },
      ],
    ],
    [
      'a hard link',
      [
        invoiceMember(),
        { path: `${top}/parcels/${sha256('one')}.dat`, type: 'Link', linkpath: '/etc/passwd' },
      ],
    ],
    ['a device', [invoiceMember(), { path: `${top}/parcels/${sha256('one')}.dat`, type: 'CharacterDevice' }]],
    ['a file of another name', [invoiceMember(), { path: `${top}/readme.txt`, content: 'x' }]],
    [
      'a second top folder',
      [invoiceMember(), { path: `${'b'.repeat(64)}/invoice.toml`, content: invoiceText() }],
    ],
    ['two invoices', [invoiceMember(), invoiceMember()]],
    ['a parcel that is not in the invoice', [invoiceMember(), parcelMember('three')]],
    ['a parcel twice', [invoiceMember(), parcelMember('one'), parcelMember('one')]],
    ['a parcel of another size', [invoiceMember(), { ...parcelMember('one'), content: 'o' }]],
    ['a top folder of another name', [{ path: 'x/invoice.toml', content: invoiceText() }]],
  ])('with %s are refused whole', async (_name, members) => {
    await expect(read(tar(...members))).rejects.toMatchObject({ code: 'UNSAFE_ARCHIVE' });
    expect(readdirSync(dir)).toEqual(['x.tar.gz']);
    expect(existsSync(join(dir, '..', 'evil.txt'))).toBe(false);
  });

  it('with a damaged parcel are refused', async () => {
    await expect(
      read(tar(invoiceMember(), { ...parcelMember('one'), content: 'eno' })),
    ).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each<[string, () => Buffer]>([
    ['no gzip', () => Buffer.from('hello world'.repeat(100))],
    ['nothing', () => Buffer.alloc(0)],
    ['half an archive', () => tar(invoiceMember(), parcelMember('one')).subarray(0, 200)],
    ['an empty archive', () => gzipSync(Buffer.alloc(1024))],
    ['random bytes in gzip', () => gzipSync(Buffer.alloc(2048, 'x'))],
    ['an invoice that is none', () => tar({ path: `${top}/invoice.toml`, content: 'hello = 1' })],
    [
      'an invoice with a hostile digest',
      () =>
        tar(
          invoiceMember({
            ...bindle.invoice,
            parcel: [{ label: { ...bindle.invoice.parcel![0]!.label, sha256: '../../x' } }],
          }),
        ),
    ],
  ])('that are %s say so', async (_name, bytes) => {
    await expect(read(bytes())).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_STANDALONE|UNSAFE_ARCHIVE/),
    });
  });

  it('that unpack to more than is allowed are refused before they do', async () => {
    const huge: Invoice = {
      ...bindle.invoice,
      parcel: [{ label: { ...bindle.invoice.parcel![0]!.label, size: 10 ** 12 } }],
    };
    await expect(read(tar(invoiceMember(huge)))).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const zeros = makeBindle('example.com/a', '1.0.0', { z: Buffer.alloc(2 ** 20) });
    const member = {
      path: `${top}/parcels/${sha256(Buffer.alloc(2 ** 20))}.dat`,
      content: Buffer.alloc(2 ** 20),
    };
    await expect(
      read(tar(member, invoiceMember(zeros.invoice)), { maxBytes: 2 ** 19 }),
    ).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(await read(tar(member, invoiceMember(zeros.invoice)))).toEqual(zeros.invoice.bindle);
  });

  it('are read to their end and not what is packed behind it', async () => {
    const behind = gzipSync(Buffer.concat([gunzipSync(tar(invoiceMember())), Buffer.alloc(64 * 2 ** 20)]));
    expect(await read(behind)).toEqual(bindle.invoice.bindle);
    await expect(read(gzipSync(Buffer.alloc(300 * 2 ** 20)))).rejects.toMatchObject({
      code: 'NOT_STANDALONE',
    });
  });

  it('are told from other things by their name or invoice', async () => {
    expect(await isStandalone(join(dir, 'a.tar.gz'))).toBe(true);
    expect(await isStandalone(dir)).toBe(false);
    await expect(readStandalone(join(dir, 'none.tar.gz'))).rejects.toMatchObject({ code: 'NOT_STANDALONE' });
    await expect(readStandalone(dir)).rejects.toMatchObject({ code: 'NOT_STANDALONE' });
  });

  it.skipIf(process.platform === 'win32')(
    'and folders do not follow a link that stands for a parcel out of sight',
    async () => {
      const path = await write(bindle);
      const parcel = join(path, 'parcels', `${sha256('one')}.dat`);
      rmSync(parcel);
      symlinkSync('/etc/hostname', parcel);
      // Whatever it points to is sent only if it is that very parcel.
      await expect(contentOf(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' });
    },
  );
});
