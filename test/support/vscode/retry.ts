// Where VS Code loses what a user does too early: does it again until it works, or in a way that cannot get lost.

import type { Locator } from 'playwright-core';

/** Rejects with the last error when the time is over. */
export async function retry<T>(attempt: () => Promise<T>, milliseconds = 30_000): Promise<T> {
  for (const end = performance.now() + milliseconds; ;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Reads until what is read is as it should be; rejects with the last text when the time is over. */
export function readUntil(
  read: () => Promise<string>,
  expected: string | RegExp,
  milliseconds?: number,
): Promise<string> {
  return retry(async () => {
    const text = await read();
    if (typeof expected === 'string' ? text.includes(expected) : expected.test(text)) return text;
    throw new Error(`There is no ${String(expected)} in:\n${text}`);
  }, milliseconds);
}

/**
 * Clicks what is there, in one moment: between the two halves of a click of the mouse it could go, move, or become
 * another row, and the click would be lost or hit what nobody meant. It leaves the focus where it is.
 * @param timeout milliseconds to wait until it is there
 */
export async function clickAtOnce(target: Locator, timeout?: number): Promise<void> {
  await target.dispatchEvent('click', { detail: 1 }, timeout === undefined ? {} : { timeout });
}
