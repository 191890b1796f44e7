// The standalone form: a bindle as a folder or a .tar.gz, `<sha256 of name/version>/invoice.toml` and
// `<...>/parcels/<sha256>.dat` (bindle.md §5). Not every parcel has to be there.

import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { create, Header, Parser, type ReadEntry } from 'tar';
import { CodecError, decodeInvoice, encodeInvoice } from './codec.ts';
import { formatId, type BindleId } from './id.ts';
import { checkDigests, checkStorable, InvoiceError, isSha256, type Invoice, type Label } from './invoice.ts';
import { holdsParcel, writeParcel } from './parcel-write.ts';
import { ParcelFileError, ParcelFiles, type OpenParcel } from './parcel-files.ts';

const INVOICE = 'invoice.toml';
const PARCELS = 'parcels';
/** An invoice of 20,000 parcels has about 8 MB. */
const MAX_INVOICE_BYTES = 64 * 1024 * 1024;
/** What the headers of an archive may add to its content. */
const HEADER_BYTES = 64 * 1024 * 1024;
/** What an archive may unpack to, unless the caller says more. */
const MAX_BYTES = 16 * 1024 ** 3;

export type StandaloneErrorCode =
  'NOT_STANDALONE' | 'UNSAFE_ARCHIVE' | 'TOO_LARGE' | 'INCOMPLETE' | 'NOT_WRITTEN';

/** A folder or archive that is no bindle in standalone form, or that is not safe to read. */
export class StandaloneError extends Error {
  readonly code: StandaloneErrorCode;
  constructor(code: StandaloneErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StandaloneError';
    this.code = code;
  }
}

export interface Standalone {
  invoice: Invoice;
  /** @throws StandaloneError `INCOMPLETE` if this parcel did not come along, ParcelFileError if it is damaged */
  open: (label: Label) => Promise<OpenParcel>;
  /** Removes what reading an archive has unpacked. */
  close: () => Promise<void>;
}

/** The folder's name. */
export function standaloneName(id: BindleId): string {
  return createHash('sha256').update(formatId(id)).digest('hex');
}

/**
 * Writes a bindle below `directory` and gives its folder. Parcels that are there and sound are kept; the
 * invoice is written last, so that a folder that has one is whole.
 * @param save writes one parcel to a file, or leaves it out
 */
export async function writeStandalone(
  directory: string,
  invoice: Invoice,
  save: (label: Label, file: string) => Promise<void>,
): Promise<string> {
  checkDigests(invoice);
  const folder = join(directory, standaloneName(invoice.bindle));
  const fresh = !(await exists(folder));
  try {
    await mkdir(join(folder, PARCELS), { recursive: true });
    for (const label of distinct(invoice)) {
      const file = join(folder, PARCELS, `${label.sha256}.dat`);
      if (!(await holdsParcel(file, label))) await save(label, file);
    }
    const temporary = join(folder, `.${randomUUID()}.part`);
    await writeFile(temporary, encodeInvoice(invoice, 'toml'));
    await rename(temporary, join(folder, INVOICE));
    return folder;
  } catch (error) {
    if (fresh) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    throw writing(error, folder);
  }
}

/** Packs a standalone folder into `<folder>.tar.gz` beside it and gives the archive's path. */
export async function packStandalone(folder: string, invoice: Invoice): Promise<string> {
  const archive = `${folder}.tar.gz`;
  const temporary = `${archive}.${randomUUID()}.part`;
  const top = basename(folder);
  const members = [top, `${top}/${INVOICE}`, `${top}/${PARCELS}`];
  for (const { sha256 } of distinct(invoice))
    if (await exists(join(folder, PARCELS, `${sha256}.dat`))) members.push(`${top}/${PARCELS}/${sha256}.dat`);
  try {
    const options = { cwd: dirname(folder), gzip: true, portable: true, noDirRecurse: true };
    await create({ ...options, file: temporary }, members);
    await rename(temporary, archive);
    return archive;
  } catch (error) {
    await rm(temporary, { force: true });
    throw writing(error, archive);
  }
}

/**
 * A bindle in standalone form as the bytes of a .tar.gz, made while they are read: nothing of it is kept on disk.
 * @param open opens a parcel, hashed and fitting its label; what it throws, or a file that changes meanwhile
 * (ParcelFileError), ends the stream
 */
export function streamStandalone(invoice: Invoice, open: (label: Label) => Promise<OpenParcel>): Readable {
  checkDigests(invoice);
  // What goes wrong on one side is passed on to the other.
  return pipeline(Readable.from(tarOf(invoice, open)), createGzip(), () => undefined);
}

async function* tarOf(invoice: Invoice, open: (label: Label) => Promise<OpenParcel>): AsyncGenerator<Buffer> {
  const top = standaloneName(invoice.bindle);
  const text = Buffer.from(encodeInvoice(invoice, 'toml'));
  yield Buffer.concat([tarHeader(`${top}/${INVOICE}`, text.length), text, tarPadding(text.length)]);
  for (const label of distinct(invoice)) {
    const { sha256, size, name } = label;
    const parcel = await open(label);
    try {
      yield tarHeader(`${top}/${PARCELS}/${sha256}.dat`, size);
      const content = parcel.content();
      let sent = 0;
      for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
        sent += chunk.length;
        // The next chunk may come in the same memory.
        yield chunk === content ? chunk : Buffer.from(chunk);
      }
      if (sent !== size || (await parcel.changed()))
        throw new ParcelFileError(
          'FILE_CHANGED',
          `${name} changed while it was being sent.`,
          'Let the build finish, then publish again.',
        );
      yield tarPadding(size);
    } finally {
      await parcel.close();
    }
  }
  yield Buffer.alloc(2 * TAR_BLOCK);
}

const TAR_BLOCK = 512;

function tarHeader(path: string, size: number): Buffer {
  const header = new Header({ path, size, mode: 0o644, type: 'File', mtime: new Date(0) });
  header.encode();
  return header.block ?? Buffer.alloc(TAR_BLOCK);
}

function tarPadding(size: number): Buffer {
  return Buffer.alloc((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
}

/** True if a path looks like a bindle in standalone form: an archive by its name, a folder by its invoice. */
export async function isStandalone(path: string): Promise<boolean> {
  return /\.(tar\.gz|tgz)$/i.test(path) || exists(join(path, INVOICE));
}

/** The bindles that were written to a folder, each a folder in it. */
export async function listStandalone(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(folder).catch(() => []))
    if (isSha256(name) && (await isStandalone(join(folder, name)))) found.push(join(folder, name));
  return found;
}

/**
 * Reads a standalone folder or .tar.gz. Only what belongs into one is taken from an archive: anything else in
 * it (a link, `../`, another name, more bytes than the invoice says) is refused before a byte of it is kept.
 * @throws StandaloneError, InvoiceError, CodecError
 */
export async function readStandalone(
  path: string,
  options: { maxBytes?: number; signal?: AbortSignal } = {},
): Promise<Standalone> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new StandaloneError('NOT_STANDALONE', `${path} is not there.`);
  if (found.isDirectory()) return readFolder(path, () => Promise.resolve());
  if (!found.isFile()) throw new StandaloneError('NOT_STANDALONE', `${path} is neither a folder nor a file.`);
  const directory = await mkdtemp(join(tmpdir(), 'hippo-standalone-'));
  const clean = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await unpack(path, directory, options.maxBytes ?? MAX_BYTES, options.signal);
    return await readFolder(directory, clean);
  } catch (error) {
    await clean();
    throw error;
  }
}

async function readFolder(folder: string, close: () => Promise<void>): Promise<Standalone> {
  const file = join(folder, INVOICE);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new StandaloneError(
      'NOT_STANDALONE',
      `${folder} holds no ${INVOICE}: it is not a bindle in standalone form.`,
      {
        cause: error,
      },
    );
  });
  const invoice = readChecked(text, file);
  const files = new ParcelFiles();
  return {
    invoice,
    open: async (label) => {
      const parcel = join(folder, PARCELS, `${label.sha256}.dat`);
      if (!(await exists(parcel)))
        throw new StandaloneError(
          'INCOMPLETE',
          `${folder} does not hold the parcel ${label.name} (${label.sha256}).`,
        );
      return files.open(parcel, label);
    },
    close,
  };
}

function readChecked(text: string, file: string): Invoice {
  try {
    const invoice = decodeInvoice(text, 'toml');
    checkStorable(invoice);
    return invoice;
  } catch (error) {
    if (error instanceof InvoiceError || error instanceof CodecError)
      throw new StandaloneError('NOT_STANDALONE', `${file} is not an invoice. ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

/** Two passes, for the invoice, which says what else may come, need not be first. */
async function unpack(
  archive: string,
  directory: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let top: string | undefined;
  let invoice: Invoice | undefined;
  const member = (name: string, type: string): { kind: 'folder' | 'invoice' | 'parcel'; sha256: string } => {
    const parts = name.replace(/^\.\//, '').replace(/\/$/, '').split('/');
    const [first = '', second, third] = parts;
    top ??= first;
    const sha256 = /^([0-9a-f]{64})\.dat$/.exec(third ?? '')?.[1] ?? '';
    if (first === top && isSha256(first)) {
      if (type === 'Directory' && (parts.length === 1 || (parts.length === 2 && second === PARCELS)))
        return { kind: 'folder', sha256 };
      if (type === 'File' && parts.length === 2 && second === INVOICE) return { kind: 'invoice', sha256 };
      if (type === 'File' && parts.length === 3 && second === PARCELS && sha256 !== '')
        return { kind: 'parcel', sha256 };
    }
    throw new StandaloneError(
      'UNSAFE_ARCHIVE',
      `${archive} holds ${JSON.stringify(name)} (${type}), which has no place in a bindle: nothing was unpacked.`,
    );
  };

  await eachEntry(archive, maxBytes, signal, async ({ name, type, size }, content) => {
    const { kind } = member(name, type);
    if (kind !== 'invoice') return;
    if (invoice || size > MAX_INVOICE_BYTES)
      throw new StandaloneError(
        'UNSAFE_ARCHIVE',
        `${archive} holds ${invoice ? 'two invoices' : 'too large an invoice'}.`,
      );
    invoice = readChecked(await readText(content), `${archive}: ${name}`);
  });
  if (!invoice) throw new StandaloneError('NOT_STANDALONE', `${archive} holds no ${INVOICE}.`);

  const labels = new Map(distinct(invoice).map((label) => [label.sha256, label]));
  const total = [...labels.values()].reduce((sum, { size }) => sum + size, 0);
  if (total > maxBytes)
    throw new StandaloneError(
      'TOO_LARGE',
      `${archive} would unpack to ${total} bytes; ${maxBytes} are allowed.`,
    );
  await mkdir(join(directory, PARCELS));
  await writeFile(join(directory, INVOICE), encodeInvoice(invoice, 'toml'));
  await eachEntry(archive, maxBytes, signal, async ({ name, type, size }, content) => {
    const { kind, sha256 } = member(name, type);
    if (kind !== 'parcel') return;
    const label = labels.get(sha256);
    if (label?.size !== size)
      throw new StandaloneError(
        'UNSAFE_ARCHIVE',
        `${archive} holds ${name} of ${size} bytes, which is not in its invoice.`,
      );
    labels.delete(sha256);
    await writeParcel(join(directory, PARCELS, `${sha256}.dat`), label, content);
  });
}

interface EntryHeader {
  name: string;
  type: string;
  size: number;
}

/** Visits the entries one after the other; the first failure ends the reading. */
async function eachEntry(
  archive: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
  visit: (header: EntryHeader, content: Readable) => Promise<void>,
): Promise<void> {
  const parser = new Parser({ strict: true });
  const stop = new AbortController();
  const tooLarge = new StandaloneError(
    'TOO_LARGE',
    `${archive} unpacks to more than the ${maxBytes} bytes that are allowed.`,
  );
  signal?.throwIfAborted();
  let bytes = 0;
  let visiting = Promise.resolve();
  const open = new Set<Readable>();
  try {
    await new Promise<void>((done, fail) => {
      const onEntry = (entry: ReadEntry): void => {
        const { path: name, type, size } = entry;
        bytes += size;
        if (bytes > maxBytes) return fail(tooLarge);
        const content = Readable.from(entry);
        open.add(content);
        visiting = visiting.then(() => visit({ name, type, size }, content));
        visiting.then(() => {
          open.delete(content);
          entry.resume();
        }, fail);
      };
      parser.on('entry', onEntry);
      parser.on('ignoredEntry', onEntry);
      parser.on('error', fail);
      parser.on('end', done);
      signal?.addEventListener('abort', () => fail(signal.reason as Error));
      feed(parser, archive, { maxBytes: maxBytes + HEADER_BYTES, tooLarge, signal: stop.signal }).catch(fail);
    });
    await visiting;
  } catch (error) {
    stop.abort();
    // An entry that the archive breaks off in never ends by itself.
    for (const content of open) content.destroy();
    await visiting.catch(() => undefined);
    const { tarCode, code, message } = error as NodeJS.ErrnoException & { tarCode?: string };
    if (tarCode !== undefined || code?.startsWith('Z_'))
      throw new StandaloneError('NOT_STANDALONE', `${archive} is damaged or not a .tar.gz (${message}).`, {
        cause: error,
      });
    throw error;
  }
}

/** Unpacks an archive into the parser, up to the mark at its end: whatever is packed behind that is not read. */
async function feed(
  parser: Parser,
  archive: string,
  { maxBytes, tooLarge, signal }: { maxBytes: number; tooLarge: Error; signal: AbortSignal },
): Promise<void> {
  let unpacked = 0;
  let ended = false;
  parser.on('eof', () => (ended = true));
  const source = createReadStream(archive);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) {
      unpacked += (chunk as Buffer).length;
      if (unpacked > maxBytes) throw tooLarge;
      if (!parser.write(chunk as Buffer)) await once(parser, 'drain', { signal });
      if (ended) break;
    }
    parser.end();
  } finally {
    source.destroy();
  }
}

async function readText(content: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function distinct(invoice: Invoice): Label[] {
  return [...new Map((invoice.parcel ?? []).map(({ label }) => [label.sha256, label])).values()];
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function writing(error: unknown, path: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const reason = code === 'ENOSPC' ? 'the disk is full' : code;
  return new StandaloneError('NOT_WRITTEN', `${path} cannot be written: ${reason}.`, { cause: error });
}
