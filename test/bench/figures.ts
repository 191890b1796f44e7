// What benches of the local Hippo measure with, and how they say it.

import { existsSync, readFileSync } from 'node:fs';

/** How long something took, and what it gave. */
export async function seconds<T>(work: () => Promise<T>): Promise<[number, T]> {
  const begin = performance.now();
  const result = await work();
  return [(performance.now() - begin) / 1000, result];
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** @param value in seconds */
export function ms(value: number): string {
  return `${(value * 1000).toFixed(1)} ms`;
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a process has in memory; NaN where that cannot be known. */
export function memoryMiB(pid: number): number {
  const file = `/proc/${pid}/status`;
  return existsSync(file) ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024 : NaN;
}
