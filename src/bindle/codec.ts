// TOML and JSON on the wire: one place that knows how real peers write and read values (bindle.md §2).

import { parse, stringify } from '@iarna/toml';
import { readInvoice, type Invoice, type Label, type Parcel, type Signature } from './invoice.ts';

export const TOML = 'application/toml';
export const JSON_TYPE = 'application/json';
export type WireFormat = 'toml' | 'json';

/** Text that is not TOML or JSON; the message is one sentence with the line where that is known. */
export class CodecError extends Error {
  readonly code = 'MALFORMED';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CodecError';
  }
}

/** @throws CodecError */
export function decode(text: string, format: WireFormat): unknown {
  try {
    // @iarna/toml stumbles over a comment that ends in CR LF; TOML lets line ends be normalised.
    return format === 'toml' ? parse(text.replaceAll('\r\n', '\n')) : (JSON.parse(text) as unknown);
  } catch (error) {
    // @iarna/toml's messages go on for several lines with a picture of the place.
    const reason = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
    throw new CodecError(`This is not valid ${format.toUpperCase()}: ${reason}`, { cause: error });
  }
}

/** Absent values are left out in TOML and in JSON, which every known peer accepts. */
export function encode(value: object, format: WireFormat): string {
  return write(withoutUndefined(value) as object, format);
}

function write(value: object, format: WireFormat): string {
  return format === 'toml' ? stringify(value as Parameters<typeof stringify>[0]) : JSON.stringify(value);
}

/** @throws CodecError, InvoiceError */
export function decodeInvoice(text: string, format: WireFormat): Invoice {
  return readInvoice(decode(text, format));
}

/**
 * The invoice in the order in which real peers write it, map keys sorted, and without empty arrays: a real
 * server cannot store `parcel = []` and breaks its index on it (bindle.md §0 trap 4).
 */
export function encodeInvoice(invoice: Invoice, format: WireFormat): string {
  return write(canonical(invoice), format);
}

/** The same invoice with fields in wire order and nothing empty in it. */
export function canonical(invoice: Invoice): Invoice {
  const { bindle } = invoice;
  return compact<Invoice>({
    bindleVersion: invoice.bindleVersion,
    yanked: invoice.yanked,
    bindle: compact({
      name: bindle.name,
      version: bindle.version,
      description: bindle.description,
      authors: bindle.authors,
    }),
    annotations: sorted(invoice.annotations),
    parcel: invoice.parcel?.map(canonicalParcel),
    group: invoice.group?.map(({ name, required, satisfiedBy }) => compact({ name, required, satisfiedBy })),
    signature: invoice.signature?.map(canonicalSignature),
    yankedSignature: invoice.yankedSignature?.map(canonicalSignature),
  });
}

export function canonicalLabel(label: Label): Label {
  return compact<Label>({
    sha256: label.sha256,
    mediaType: label.mediaType,
    name: label.name,
    size: label.size,
    origin: label.origin,
    annotations: sorted(label.annotations),
    feature: sorted(
      label.feature &&
        Object.fromEntries(
          Object.entries(label.feature).map(([section, values]) => [section, sorted(values) ?? {}]),
        ),
    ),
  });
}

function canonicalParcel({ label, conditions }: Parcel): Parcel {
  return compact<Parcel>({
    label: canonicalLabel(label),
    conditions: conditions && compact({ memberOf: conditions.memberOf, requires: conditions.requires }),
  });
}

function canonicalSignature({ by, signature, key, role, at }: Signature): Signature {
  return { by, signature, key, role, at };
}

function sorted<T>(map: Record<string, T> | undefined): Record<string, T> | undefined {
  return map && Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

/** Without what is undefined, an empty array or an empty table. */
function compact<T extends object>(value: Loose<T>): T {
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).filter(
      ([, item]) =>
        item !== undefined &&
        !(Array.isArray(item) && item.length === 0) &&
        !(isPlain(item) && Object.keys(item).length === 0),
    ),
  ) as T;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, withoutUndefined(item)]),
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
