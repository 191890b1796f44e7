// How far a publish has come, so that whoever stops it is told what is there by now.

import { formatId, type BindleId } from '../bindle/id.ts';

type Place = 'sending' | 'stored' | 'released';

export class Reached {
  place: Place | undefined;
  id: BindleId | undefined;

  at(place: Place, id: BindleId): void {
    this.place = place;
    this.id = id;
  }
}

/** A publish that was stopped; the message says how far it had come. */
export class PublishCancelled extends Error {
  readonly code = 'CANCELLED';
  readonly hint: string | undefined;
  constructor({ place, id }: Reached, cause: unknown) {
    super(messageOf(place, id && formatId(id)), { cause });
    this.name = 'PublishCancelled';
    this.hint =
      place === 'stored' && id
        ? `\`hippo release ${formatId(id)}\` goes on from there, and so does the same publish again.`
        : undefined;
  }
}

function messageOf(place: Place | undefined, id = ''): string {
  switch (place) {
    case undefined:
      return 'Cancelled: nothing was sent.';
    case 'sending':
      return `Cancelled: ${id} is not released, and may be on the server in part; publishing again sends what is missing.`;
    case 'stored':
      return `Cancelled: ${id} is stored, but its release is not complete.`;
    case 'released':
      return `Cancelled: ${id} is released, but it was not waited until it is served.`;
  }
}

/** Does the work, and says how far it came if the signal, or a person who was asked, has stopped it. */
export async function untilCancelled<T>(
  { signal }: { signal?: AbortSignal },
  work: (reached: Reached) => Promise<T>,
): Promise<T> {
  const reached = new Reached();
  try {
    return await work(reached);
  } catch (error) {
    // A push says by itself what has become of the uploads.
    if (reached.place === 'sending' && isCancel(error) && error !== signal?.reason) throw error;
    if (signal?.aborted || isCancel(error)) throw new PublishCancelled(reached, error);
    throw error;
  }
}

function isCancel(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'CANCELLED';
}
