// A collection as an invoice: the labels get their media types, the bindle its version (bindle.md §8.12-29).

import type { Invoice, Label, Parcel } from '../bindle/invoice.ts';
import { mediaTypeOf } from '../bindle/media-type.ts';
import type { CollectedParcel, Collection } from '../hippofacts/collection.ts';

/**
 * The unsigned invoice of a sound collection. Parcels stand as entries, then what other bindles bring, then
 * files, so that equal input gives an equal invoice.
 * @param version what the bindle will be published as
 */
export function assemble(collection: Collection, version: string): Invoice {
  const { bindle, annotations, entries, dependencies, files, groups } = collection;
  return {
    bindleVersion: '1.0.0',
    bindle: {
      name: bindle.name,
      version,
      ...(bindle.description === undefined ? {} : { description: bindle.description }),
      ...(bindle.authors ? { authors: [...bindle.authors] } : {}),
    },
    ...(annotations ? { annotations: { ...annotations } } : {}),
    parcel: [...entries, ...dependencies, ...files].map(parcelOf),
    group: groups.map((name) => ({ name })),
  };
}

function parcelOf(collected: CollectedParcel): Parcel {
  const { name, sha256, size, annotations, feature, memberOf, requires } = collected;
  const label: Label = {
    sha256,
    mediaType: collected.mediaType ?? mediaTypeOf(name),
    name,
    size,
    ...(annotations ? { annotations: { ...annotations } } : {}),
    ...(feature
      ? {
          feature: Object.fromEntries(
            Object.entries(feature).map(([section, values]) => [section, { ...values }]),
          ),
        }
      : {}),
  };
  const conditions = {
    ...(memberOf?.length ? { memberOf: [...memberOf] } : {}),
    ...(requires?.length ? { requires: [...requires] } : {}),
  };
  return Object.keys(conditions).length > 0 ? { label, conditions } : { label };
}
