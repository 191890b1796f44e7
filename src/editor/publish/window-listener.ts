// A publish as the window shows it: progress that can be cancelled, and the log. A cancel lets uploads in flight
// finish; while they do, a second cancel drops them.

import { count } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import { Cancelled } from '../failure.ts';
import type { Listener, Moment } from './teller.ts';

type Needs = Pick<App, 'prompts' | 'log' | 'clock'>;

/** Milliseconds between two drawings of bytes that go. */
const REDRAW = 100;

/** Shows progress from this very moment until the work has ended. */
export function inWindow<T>(app: Needs, title: string, work: (listener: Listener) => Promise<T>): Promise<T> {
  const { prompts, log, clock } = app;
  return prompts.progress({ title, where: 'notification', cancellable: true }, async (report, signal) => {
    const abort = new AbortController();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    let shown: Moment | undefined;
    let at = 0;
    const listener: Listener = {
      signal,
      abort: abort.signal,
      line: ({ text, tone }) => (tone === 'warning' || tone === 'hurdle' ? log.warn(text) : log.info(text)),
      now(moment) {
        const isNews = (moment.upload === undefined) !== (shown?.upload === undefined);
        if (moment.upload && !isNews && clock.now() - at < REDRAW && moment.percent < 80) return;
        at = clock.now();
        report(moment.text, moment.percent - (shown?.percent ?? 0));
        shown = moment;
      },
      finishing(uploads) {
        // VS Code has closed the first one when it was cancelled.
        void prompts.progress(
          {
            title: `Cancelled: ${count(uploads, 'upload')} will be finished first`,
            where: 'notification',
            cancellable: true,
          },
          async (say, again) => {
            say('Cancel once more to drop them, which may block these files on the server.');
            again.addEventListener('abort', () => abort.abort(new Cancelled()));
            await ended;
          },
        );
      },
    };
    report('Preparing…');
    try {
      return await work(listener);
    } finally {
      end();
    }
  });
}
