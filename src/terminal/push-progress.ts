// What a person sees while a bindle is pushed: one line that is redrawn on a terminal, plain lines elsewhere.

import { formatId } from '../bindle/id.ts';
import type { PushEvent } from '../bindle/push.ts';
import { bytesText, count, paint, say, type Screen } from './screen.ts';

export interface PushProgress {
  onEvent: (event: PushEvent) => void;
  /** Removes the line that is redrawn, so that something else can be said. */
  clear: () => void;
}

export function pushProgress(screen: Screen, server: URL, quiet: boolean): PushProgress {
  let files = 0;
  let bytes = 0;
  let sentFiles = 0;
  let sentBytes = 0;
  let drawn = false;

  const clear = (): void => {
    if (drawn) screen.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const draw = (): void => {
    if (quiet || !screen.interactive) return;
    const share = bytes === 0 ? 1 : Math.min(1, sentBytes / bytes);
    const bar = '█'.repeat(Math.round(share * 20)).padEnd(20, '░');
    screen.stderr.write(
      `\r\u001b[2K${bar} ${sentFiles}/${files} files, ${bytesText(sentBytes)} of ${bytesText(bytes)}`,
    );
    drawn = true;
  };
  const tell = (text: string): void => {
    clear();
    say(screen, text);
  };

  const onEvent = (event: PushEvent): void => {
    switch (event.type) {
      case 'announced':
        if (!quiet && !event.created)
          tell(`${formatId(event.id)} is on ${server.origin} already, with this content.`);
        break;
      case 'missing':
        files = event.labels.length;
        bytes = event.bytes;
        if (!quiet) tell(`Sending ${count(files, 'file')} (${bytesText(bytes)}) to ${server.origin}`);
        break;
      case 'progress':
        sentBytes += event.bytes;
        draw();
        break;
      case 'sent':
        sentFiles++;
        draw();
        break;
      case 'retry':
        tell(paint(screen, 'yellow', `Trying again: ${event.reason}`));
        break;
      case 'finishing':
        tell(
          `Finishing ${count(event.uploads, 'upload')}; Ctrl-C once more drops them, which may block these files on the server.`,
        );
        break;
      case 'started':
        break;
    }
  };
  return { onEvent, clear };
}
