// Work that is done again and again.

/**
 * Runs `work` that often, never twice at once; what it throws is logged once until it works again.
 * @param interval milliseconds from the end of one to the beginning of the next
 * @returns ends it, and resolves when the last has ended
 */
export function repeat(
  interval: number,
  work: () => Promise<void>,
  log: (text: string) => void,
): () => Promise<void> {
  let ended = false;
  let said = '';
  let wake: () => void = () => undefined;
  const loop = async (): Promise<void> => {
    while (!ended) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, interval);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (ended) return;
      try {
        await work();
        said = '';
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (text !== said) log(text);
        said = text;
      }
    }
  };
  const last = loop();
  return async () => {
    ended = true;
    wake();
    await last;
  };
}
