// The small parts of the runtime: the gate, the deadline, restarts, lines and the look into modules.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Deadline } from '../../../../src/platform/runtime/deadline.ts';
import { BusyError, Gate } from '../../../../src/platform/runtime/gate.ts';
import { LineBuffer } from '../../../../src/platform/runtime/line-buffer.ts';
import { refusal } from '../../../../src/platform/runtime/module-check.ts';
import { Restarts } from '../../../../src/platform/runtime/restarts.ts';
import { sketch } from '../../../support/wasm.ts';

describe('the gate', () => {
  test('lets so many pass at a time, the others in order, and no more than its bound wait', async () => {
    const gate = new Gate(2, 2);
    const passed: string[] = [];
    const enter = (name: string): Promise<void> => gate.enter().then(() => void passed.push(name));
    await Promise.all([enter('a'), enter('b')]);
    const waiting = [enter('c'), enter('d')];
    await expect(gate.enter()).rejects.toThrow(BusyError);
    expect(passed).toEqual(['a', 'b']);
    gate.leave();
    await waiting[0];
    gate.leave();
    await waiting[1];
    expect(passed).toEqual(['a', 'b', 'c', 'd']);
    gate.leave();
    await enter('e');
  });

  test('forgets whoever gives up', async () => {
    const gate = new Gate(1, 1);
    await gate.enter();
    const patience = new AbortController();
    const waiting = gate.enter(patience.signal);
    patience.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    await expect(gate.enter(patience.signal)).rejects.toThrow('gone');
    const next = gate.enter();
    gate.leave();
    await next;
  });
});

describe('the deadline', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  test('counts the time in which its clock runs', () => {
    let expired = 0;
    const deadline = new Deadline(1000, () => expired++);
    vi.advanceTimersByTime(600);
    deadline.run(false);
    deadline.run(false);
    vi.advanceTimersByTime(10_000);
    deadline.run(true);
    deadline.run(true);
    vi.advanceTimersByTime(399);
    expect(expired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(expired).toBe(1);
  });

  test('never comes once it was stopped', () => {
    let expired = 0;
    new Deadline(1000, () => expired++).stop();
    vi.advanceTimersByTime(10_000);
    expect(expired).toBe(0);
  });
});

describe('restarts', () => {
  test('wait longer each time, up to a bound, and forget after a good while', () => {
    const restarts = new Restarts();
    expect(restarts.wait(0)).toBe(undefined);
    const waits: number[] = [];
    let now = 0;
    for (let death = 0; death < 9; death++) {
      restarts.died('it was shot', 100, now);
      const { reason, milliseconds } = restarts.wait(now) ?? { reason: '', milliseconds: 0 };
      expect(reason).toBe('it was shot');
      waits.push(milliseconds);
      now += milliseconds;
      expect(restarts.wait(now)).toBe(undefined);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    restarts.died('it was shot', 60_000, now);
    expect(restarts.wait(now)?.milliseconds).toBe(500);
  });
});

test('lines are whole, however their bytes come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.stringMatching(/^[a-zé€]{0,9}\n?$/)),
      fc.integer({ min: 1, max: 5 }),
      (pieces, size) => {
        const text = pieces.join('');
        const out: string[] = [];
        const lines = new LineBuffer((some) => out.push(...some.split('\n')));
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size) lines.add(bytes.subarray(at, at + size));
        lines.end();
        expect(out).toEqual(text === '' ? [] : text.replace(/\n$/, '').split('\n'));
      },
    ),
  );
});

test('a line without end is passed on in parts', () => {
  const out: string[] = [];
  const lines = new LineBuffer((text) => out.push(text));
  for (let piece = 0; piece < 100; piece++) lines.add(Buffer.from('x'.repeat(1000)));
  lines.end();
  expect(out.length).toBeGreaterThan(5);
  expect(out.join('')).toHaveLength(100_000);
});

describe('the look into a module', () => {
  test('takes any bytes', () => {
    const module = sketch({ tables: [1], imports: [['a', 'b', [0, 0]]], functions: [[]] });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refusal(bytes)));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        refusal(Buffer.concat([module.subarray(0, 8), bytes]));
      }),
    );
    fc.assert(
      fc.property(fc.nat(module.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(module);
        changed[at] = byte;
        refusal(changed);
      }),
    );
  });

  test('never lets a module pass that V8 takes and that has more than one memory', () => {
    const limits = fc.record({ pages: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(limits, { minLength: 2, maxLength: 5 }), (memories) => {
        expect(refusal(sketch({ memories, functions: [[]] }))).toContain('memories');
      }),
    );
    expect(refusal(sketch({ functions: [[]] }))).toBe(undefined);
  });
});
