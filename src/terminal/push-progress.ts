// What a person sees while a bindle is pushed: one line that is redrawn on a terminal, a line now and then
// elsewhere.

import type { PushEvent } from '../bindle/push.ts';
import { progressLine, progressText, PushTally } from '../publish/push-tally.ts';
import { eventLines } from '../publish/words.ts';
import { columnsOf, say, sayLine, type Screen } from './screen.ts';

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
  const tally = new PushTally();
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (drawn) screen.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const show = (): void => {
    timer = undefined;
    const { progress } = tally;
    if (redraws) {
      screen.stderr.write(`\r\u001b[2K${progressLine(progress, columnsOf(screen))}`);
      drawn = true;
    } else {
      say(screen, progressText(progress));
      showSoon();
    }
  };
  const showSoon = (): void => {
    const { files, sentFiles } = tally.progress;
    if (quiet || sentFiles === files) return;
    timer ??= setTimeout(show, redraws ? REDRAW : RETELL).unref();
  };

  const onEvent = (event: PushEvent): void => {
    tally.onEvent(event);
    const lines = eventLines({ type: 'push', event }, { server, cancelAgain: 'Ctrl-C once more' });
    for (const line of lines)
      if (line.matters || !quiet) {
        clear();
        sayLine(screen, line);
      }
    showSoon();
  };
  return { onEvent, clear };
}
