// Small bindles for tests.

import { createHash } from 'node:crypto';
import type { Invoice, Label } from '../../src/bindle/invoice.ts';
import { buffered, type OpenParcel } from '../../src/bindle/parcel-files.ts';

export interface TestBindle {
  invoice: Invoice;
  content: Map<string, Buffer>;
  open: (label: Label) => Promise<OpenParcel>;
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A bindle whose parcels are these files. */
export function makeBindle(
  name: string,
  version: string,
  files: Record<string, string | Buffer>,
): TestBindle {
  const content = new Map<string, Buffer>();
  const parcel = Object.entries(files).map(([file, text]) => {
    const bytes = Buffer.from(text);
    const digest = sha256(bytes);
    content.set(digest, bytes);
    return { label: { sha256: digest, mediaType: 'text/plain', name: file, size: bytes.length } };
  });
  return {
    invoice: { bindleVersion: '1.0.0', bindle: { name, version }, parcel },
    content,
    open: (label) => Promise.resolve(buffered(content.get(label.sha256)!)),
  };
}

/** All of a parcel's bytes. */
export async function bytesOf(parcel: OpenParcel): Promise<Buffer> {
  const content = parcel.content();
  if (Buffer.isBuffer(content)) return content;
  const chunks: Buffer[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
