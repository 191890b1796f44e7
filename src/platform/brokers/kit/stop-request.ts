// How a program that goes on until it is asked to stop is asked: by a signal or, on every operating system, by the end
// of its input.

/** Resolves when it is asked to. @param untilStdinEnds whoever started it holds its input open */
export function stopRequest(untilStdinEnds: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
    if (untilStdinEnds)
      process.stdin
        .on('end', () => resolve())
        .on('error', () => resolve())
        .resume();
  });
}
