// Frame of the scripts that start things and stay up until Ctrl-C: they say what they do, and nothing outlives them.
import { stopAll } from './processes.mjs';

let state = 'starting';
const endings = [];

/**
 * Does the work, then waits for Ctrl-C; a failure, or `once`, ends it at once.
 * @param {() => Promise<void>} work
 * @param {boolean} [once]
 */
export async function stayUp(work, once = false) {
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, async () => {
      // Twice is the same as once.
      if (state === 'ending') return;
      const exitCode = state === 'up' ? 0 : 130;
      await end();
      process.exit(exitCode);
    });
  try {
    await work();
    state = 'up';
    if (once) {
      await end();
      say('Everything works, and nothing is left running.');
    } else say('  Ctrl-C stops it.');
  } catch (error) {
    // What a signal has ended has failed for that reason.
    if (state === 'ending') return;
    await end();
    process.stderr.write(`\n${error.message.trimEnd()}\n`);
    process.exitCode = 1;
  }
}

/** What has to be done at the end, before the processes that were started are stopped. */
export function atEnd(action) {
  endings.unshift(action);
}

export function isEnding() {
  return state === 'ending';
}

/** Says what is being done and how long it took. */
export async function step(what, work) {
  const before = performance.now();
  process.stdout.write(`${what} … `);
  try {
    const result = await work();
    say(`${((performance.now() - before) / 1000).toFixed(1)} s`);
    return result;
  } catch (error) {
    say(isEnding() ? 'stopped' : 'failed');
    throw error;
  }
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

async function end() {
  state = 'ending';
  for (const action of endings) await action();
  await stopAll();
}
