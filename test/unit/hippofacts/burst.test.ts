// Changes in close succession, with time by hand.

import { expect, test } from 'vitest';
import { Burst, type BurstClock } from '../../../src/hippofacts/burst.ts';

class Clock implements BurstClock {
  #now = 0;
  #timers: { at: number; act: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + ms, act };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  pass(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter(({ at }) => at > this.#now);
    for (const { act } of due) act();
  }
}

function start(): { clock: Clock; burst: Burst; told: (readonly string[] | undefined)[] } {
  const clock = new Clock();
  const told: (readonly string[] | undefined)[] = [];
  return { clock, told, burst: new Burst((paths) => told.push(paths), { quiet: 250, most: 10_000, clock }) };
}

test('a build that rewrites 5,000 files is one update', () => {
  const { clock, burst, told } = start();
  for (let file = 0; file < 5000; file++) {
    burst.add(`/p/${file}`);
    clock.pass(1);
  }
  expect(told).toEqual([]);
  clock.pass(250);
  expect(told).toEqual([undefined]);
  clock.pass(10_000);
  expect(told).toHaveLength(1);
});

test('each path is told once, and the next burst is its own', () => {
  const { clock, burst, told } = start();
  for (const path of ['/a', '/b', '/a']) burst.add(path);
  clock.pass(250);
  burst.add('/c');
  clock.pass(249);
  expect(told).toEqual([['/a', '/b']]);
  clock.pass(1);
  expect(told).toEqual([['/a', '/b'], ['/c']]);
});

test('what never ends is told now and then', () => {
  const { clock, burst, told } = start();
  for (let time = 0; time < 30_000; time += 100) {
    burst.add('/log');
    clock.pass(100);
  }
  expect(told).toEqual([['/log'], ['/log'], ['/log']]);
});

test('nothing is told after its end', () => {
  const { clock, burst, told } = start();
  burst.add('/a');
  burst.dispose();
  clock.pass(1000);
  expect(told).toEqual([]);
});
