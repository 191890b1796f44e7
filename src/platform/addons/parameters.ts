// Holds parameters against a plan's schema, which its broker wrote: in a thread of its own, with a time limit.

import { Worker } from 'node:worker_threads';
import type { JsonObject } from '../../addons/osb.ts';
import type { ParameterProblems } from '../../addons/offerings.ts';

export type Problems = ParameterProblems['problems'];

export interface SchemaQuestion {
  readonly schema: JsonObject;
  readonly parameters: JsonObject;
}

/** What the thread answers: problems, or why the schema cannot be used. */
export type SchemaAnswer = { readonly problems: Problems } | { readonly unusable: string };

export interface ParameterChecker {
  /** Empty if there is no problem, and where the schema itself is none. */
  check(schema: JsonObject | undefined, parameters: JsonObject): Promise<Problems>;
  close(): Promise<void>;
}

/** Milliseconds that one check may take. */
const TIME = 200;
/** Milliseconds for the thread to come up. */
const START_TIME = 10_000;
/** Milliseconds after which a thread that nobody needs ends. */
const IDLE = 30_000;
/** Bytes of parameters. */
const MAX_PARAMETERS = 256 * 1024;

/** @param program schema-worker.ts as it is on disk */
export function createParameterChecker(program: URL): ParameterChecker {
  let worker: Promise<Worker> | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let idle: NodeJS.Timeout | undefined;

  async function start(): Promise<Worker> {
    const started = new Worker(program, {
      resourceLimits: { maxOldGenerationSizeMb: 64, stackSizeMb: 2 },
      stdout: true,
      stderr: true,
    });
    started.unref();
    await answerOf(started, START_TIME);
    return started;
  }

  async function stop(): Promise<void> {
    clearTimeout(idle);
    const current = worker;
    worker = undefined;
    await (await current?.catch(() => undefined))?.terminate();
  }

  async function ask(question: SchemaQuestion): Promise<SchemaAnswer> {
    clearTimeout(idle);
    const current = await (worker ??= start());
    const answer = answerOf(current, TIME);
    current.postMessage(question);
    const given = await answer;
    idle = setTimeout(() => void stop(), IDLE).unref();
    return given as SchemaAnswer;
  }

  async function check(schema: JsonObject, parameters: JsonObject): Promise<Problems> {
    const whole = (message: string): Problems => [{ path: '', message }];
    if (JSON.stringify(parameters).length > MAX_PARAMETERS) return whole('are too large');
    try {
      const answer = await ask({ schema, parameters });
      // The broker holds them against it, too.
      return 'problems' in answer ? answer.problems : [];
    } catch {
      await stop();
      // Nobody waits for a hostile schema; without parameters there is nothing that it could be about.
      return Object.keys(parameters).length === 0
        ? []
        : whole("cannot be checked: the broker's schema for them takes too long");
    }
  }

  return {
    check(schema, parameters) {
      if (schema === undefined) return Promise.resolve([]);
      // One at a time, so that each has its whole time.
      const result = turn.then(() => check(schema, parameters));
      turn = result.catch(() => undefined);
      return result;
    },
    close: stop,
  };
}

/** Its next message. @throws if it takes too long or dies */
function answerOf(worker: Worker, time: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error('It takes too long.'))), time);
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      worker.off('message', answered).off('error', failed).off('exit', failed);
      end();
    };
    const answered = (message: unknown): void => settle(() => resolve(message));
    const failed = (): void => settle(() => reject(new Error('It has died.')));
    worker.once('message', answered).once('error', failed).once('exit', failed);
  });
}
