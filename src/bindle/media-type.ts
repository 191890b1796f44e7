// The media type that a file name stands for: the answer the existing CLIs give (mime_guess 2.0.4), so that
// an invoice made here equals theirs. mime-types knows most of it; the table lists where the two differ.

import { lookup } from 'mime-types';
import overrides from './media-type-overrides.json' with { type: 'json' };

const DEFAULT = 'application/octet-stream';
const BY_EXTENSION = new Map(
  Object.entries(overrides).flatMap(([type, extensions]) =>
    extensions.split(' ').map((extension) => [extension, type] as const),
  ),
);

/** By the last extension of the last path segment, in any case; `application/octet-stream` for none or unknown. */
export function mediaTypeOf(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const dot = base.lastIndexOf('.');
  // A leading dot is part of the name, not an extension: `.js` has none.
  if (dot <= 0) return DEFAULT;
  const extension = base.slice(dot + 1).toLowerCase();
  return BY_EXTENSION.get(extension) ?? ((extension !== '' && lookup(`x.${extension}`)) || DEFAULT);
}
