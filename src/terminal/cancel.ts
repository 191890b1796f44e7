// Ctrl-C: the first asks a command to stop cleanly, the second to drop what it holds, the third ends it.

export interface Cancel {
  /** The first Ctrl-C, SIGTERM, or the end of the terminal. */
  signal: AbortSignal;
  /** The second. */
  abort: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. After a cancel, what is still under way holds the command no longer. */
  release: () => void;
}

/** How long connections may take to end after a cancel, in ms. */
const GRACE_MS = 1_000;

export function listenForCancel(): Cancel {
  const first = new AbortController();
  const second = new AbortController();
  const onSignal = (): void => {
    if (second.signal.aborted) process.exit(130);
    if (first.signal.aborted) second.abort(new Cancelled());
    else first.abort(new Cancelled());
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: first.signal,
    abort: second.signal,
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
      if (first.signal.aborted) setTimeout(() => process.exit(), GRACE_MS).unref();
    },
  };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Waits for what knows no signal, until the first Ctrl-C. @throws Cancelled */
export async function orCancelled<T>({ signal }: Cancel, work: Promise<T>): Promise<T> {
  let stop = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(new Cancelled());
    signal.addEventListener('abort', stop);
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** The reason with which the signals are aborted. */
export class Cancelled extends Error {
  readonly code = 'CANCELLED';
  constructor() {
    super('Cancelled.');
    this.name = 'Cancelled';
  }
}
