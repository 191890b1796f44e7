// Whether two invoices say the same thing: bindle, annotations, groups and parcels as sets. Signatures and
// `yanked` are aside, for a server adds its own.

import { canonical } from './codec.ts';
import type { Invoice } from './invoice.ts';

export function sameContent(a: Invoice, b: Invoice): boolean {
  return fingerprint(a) === fingerprint(b);
}

function fingerprint(invoice: Invoice): string {
  const { bindleVersion, bindle, annotations, parcel = [], group = [] } = canonical(invoice);
  const parcels = parcel.map(({ label, conditions }) => ({
    label,
    memberOf: setOf(conditions?.memberOf ?? []),
    requires: setOf(conditions?.requires ?? []),
  }));
  return JSON.stringify([
    bindleVersion,
    bindle,
    annotations,
    setOf(parcels.map((item) => JSON.stringify(item))),
    setOf(group.map((item) => JSON.stringify(item))),
  ]);
}

function setOf(items: readonly string[]): string[] {
  return [...new Set(items)].sort();
}
