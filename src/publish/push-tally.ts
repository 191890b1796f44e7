// How far a push is, from its events, and that as a line.

import type { PushEvent } from '../bindle/push.ts';
import { bytesText, count } from '../hippofacts/text.ts';

export interface Progress {
  files: number;
  bytes: number;
  sentFiles: number;
  sentBytes: number;
}

/** Listens to the events of one push. */
export class PushTally {
  #files = 0;
  #bytes = 0;
  #sentBytes = 0;
  /** What has gone of each parcel: an upload that fails begins anew. */
  readonly #gone = new Map<string, number>();
  readonly #sent = new Set<string>();

  onEvent(event: PushEvent): void {
    switch (event.type) {
      case 'missing':
        this.#files = event.labels.length;
        this.#bytes = event.bytes;
        break;
      case 'started':
        this.#setGone(event.label.sha256, 0);
        this.#sent.delete(event.label.sha256);
        break;
      case 'progress':
        this.#setGone(event.label.sha256, (this.#gone.get(event.label.sha256) ?? 0) + event.bytes);
        break;
      case 'sent':
        this.#sent.add(event.label.sha256);
        break;
    }
  }

  get progress(): Progress {
    return {
      files: this.#files,
      bytes: this.#bytes,
      sentFiles: this.#sent.size,
      sentBytes: this.#sentBytes,
    };
  }

  #setGone(digest: string, bytes: number): void {
    this.#sentBytes += bytes - (this.#gone.get(digest) ?? 0);
    this.#gone.set(digest, bytes);
  }
}

/** From 0 to 1. */
export function shareOf({ files, bytes, sentFiles, sentBytes }: Progress): number {
  if (files === 0) return 1;
  return Math.min(1, bytes === 0 ? sentFiles / files : sentBytes / bytes);
}

/** `3/12 files, 1.2 MB of 4 MB`. */
export function progressText({ files, bytes, sentFiles, sentBytes }: Progress): string {
  return `${sentFiles}/${count(files, 'file')}, ${bytesText(sentBytes)} of ${bytesText(bytes)}`;
}

const LONGEST_BAR = 24;
const SHORTEST_BAR = 8;

/** A line that reaches the margin is wrapped by some terminals, and by all when `^C` appears at its end. */
const MARGIN = 3;

/**
 * A bar with numbers, short enough to stay on one line: of two only the last could be removed.
 * @param columns how many characters stand in a line of the terminal
 */
export function progressLine(progress: Progress, columns: number): string {
  const { files, sentFiles } = progress;
  const room = columns - MARGIN;
  const share = shareOf(progress);
  const percent = `${Math.floor(share * 100)}%`;
  for (const text of [progressText(progress), `${sentFiles}/${count(files, 'file')}`, percent]) {
    const length = Math.min(LONGEST_BAR, room - text.length - 1);
    if (length < SHORTEST_BAR) continue;
    return `${'█'.repeat(Math.floor(share * length)).padEnd(length, '░')} ${text}`;
  }
  return percent.length <= room ? percent : '';
}
