// Ctrl-C: the first asks a command to stop cleanly, the second to drop what it holds, the third ends it.

export interface Cancel {
  /** The first Ctrl-C, or SIGTERM. */
  signal: AbortSignal;
  /** The second. */
  abort: AbortSignal;
  /** Gives Ctrl-C its usual meaning back. */
  release: () => void;
}

export function listenForCancel(): Cancel {
  const first = new AbortController();
  const second = new AbortController();
  const onSignal = (): void => {
    if (second.signal.aborted) process.exit(130);
    if (first.signal.aborted) second.abort(new Cancelled());
    else first.abort(new Cancelled());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: first.signal,
    abort: second.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

/** The reason with which the signals are aborted. */
export class Cancelled extends Error {
  readonly code = 'CANCELLED';
  constructor() {
    super('Cancelled.');
    this.name = 'Cancelled';
  }
}
