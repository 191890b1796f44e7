// What a person sees while a bindle is pushed: one line that is redrawn on a terminal, a line now and then
// elsewhere.

import { formatId } from '../bindle/id.ts';
import type { PushEvent } from '../bindle/push.ts';
import { bytesText, count, paint, say, type Screen } from './screen.ts';

export interface PushProgress {
  onEvent: (event: PushEvent) => void;
  /** Removes the line that is redrawn, so that something else can be said. */
  clear: () => void;
}

/** Milliseconds between two drawings, and between two lines where nothing can be redrawn. */
const REDRAW = 50;
const RETELL = 15_000;

export function pushProgress(screen: Screen, server: URL, quiet: boolean): PushProgress {
  const redraws = screen.interactive && screen.env['TERM'] !== 'dumb';
  const state: Progress = { files: 0, bytes: 0, sentFiles: 0, sentBytes: 0 };
  /** What has gone of each parcel: an upload that fails begins anew. */
  const gone = new Map<string, number>();
  const sent = new Set<string>();
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (drawn) screen.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const tell = (text: string): void => {
    clear();
    say(screen, text);
  };
  const show = (): void => {
    timer = undefined;
    if (redraws) {
      screen.stderr.write(`\r\u001b[2K${progressLine(state, columnsOf(screen))}`);
      drawn = true;
    } else {
      say(screen, progressText(state));
      showSoon();
    }
  };
  const showSoon = (): void => {
    if (quiet || state.sentFiles === state.files) return;
    timer ??= setTimeout(show, redraws ? REDRAW : RETELL).unref();
  };
  const setGone = (digest: string, bytes: number): void => {
    state.sentBytes += bytes - (gone.get(digest) ?? 0);
    gone.set(digest, bytes);
  };

  const onEvent = (event: PushEvent): void => {
    switch (event.type) {
      case 'announced':
        if (!quiet && !event.created)
          tell(`${formatId(event.id)} is on ${server.origin} already, with this content.`);
        break;
      case 'missing':
        state.files = event.labels.length;
        state.bytes = event.bytes;
        if (!quiet)
          tell(`Sending ${count(state.files, 'file')} (${bytesText(state.bytes)}) to ${server.origin}`);
        break;
      case 'started':
        setGone(event.label.sha256, 0);
        sent.delete(event.label.sha256);
        break;
      case 'progress':
        setGone(event.label.sha256, (gone.get(event.label.sha256) ?? 0) + event.bytes);
        break;
      case 'sent':
        sent.add(event.label.sha256);
        break;
      case 'retry':
        tell(paint(screen, 'yellow', `Trying again: ${event.reason}`));
        break;
      case 'finishing':
        tell(
          `Finishing ${count(event.uploads, 'upload')}; Ctrl-C once more drops them, which may block these files on the server.`,
        );
        break;
    }
    state.sentFiles = sent.size;
    if (state.files > 0) showSoon();
  };
  return { onEvent, clear };
}

export interface Progress {
  files: number;
  bytes: number;
  sentFiles: number;
  sentBytes: number;
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

function progressText({ files, bytes, sentFiles, sentBytes }: Progress): string {
  return `${sentFiles}/${count(files, 'file')}, ${bytesText(sentBytes)} of ${bytesText(bytes)}`;
}

function shareOf({ files, bytes, sentFiles, sentBytes }: Progress): number {
  return Math.min(1, bytes === 0 ? sentFiles / files : sentBytes / bytes);
}

/** Some terminals do not say, or say 0. */
function columnsOf({ stderr }: Screen): number {
  return ('columns' in stderr && Number(stderr.columns)) || 80;
}
