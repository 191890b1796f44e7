// Range rules: which of an app's revisions a channel runs (hippo-api.md §6). Pure; for server and clients.

import { maxSatisfying, satisfies, validRange } from 'semver';

/** Not a range rule; the message says what is wrong with it and gives an example. */
export class RuleError extends Error {
  readonly code = 'INVALID_RULE';
  readonly rule: string;

  constructor(rule: string, problem: string) {
    super(`"${rule}" is not a range rule: ${problem}.`);
    this.name = 'RuleError';
    this.rule = rule;
  }
}

export interface Rule {
  /** The rule as it was written. */
  readonly text: string;
  /**
   * The revision number that the rule picks, as it stands in `numbers`, or undefined if none satisfies it.
   * Numbers that the rule cannot read are passed over; of equals the first stays, so give them in the order
   * in which they were registered.
   */
  select(numbers: readonly string[]): string | undefined;
}

/**
 * `*`, `~1.2`, `^1.2.3`, `1.2.3 - 1.4`, `>=1 <2 || 3.x`: npm's ranges, where the highest version wins and a
 * pre-release counts only if the range names one of the same version. `P:<range>-<name>-*`: pre-releases
 * `<version>-<name>-<timestamp>`, where the latest timestamp wins.
 * @throws RuleError
 */
export function parseRule(text: string): Rule {
  return /^p:/i.test(text) ? prereleaseRule(text) : npmRule(text);
}

/** Shorthand for `parseRule(rule).select(numbers)`. @throws RuleError */
export function selectRevision(rule: string, numbers: readonly string[]): string | undefined {
  return parseRule(rule).select(numbers);
}

function npmRule(text: string): Rule {
  if (text.trim() === '') throw new RuleError(text, 'it is empty; "*" takes every release');
  if (validRange(text) === null)
    throw new RuleError(text, 'write it as npm does, such as "*", "^1.2.3" or "~1"');
  return { text, select: (numbers) => maxSatisfying(numbers, text) ?? undefined };
}

function prereleaseRule(text: string): Rule {
  const example = 'write it as "P:*-alice-*"';
  if (!text.endsWith('-*')) throw new RuleError(text, `it must end in "-*"; ${example}`);
  const [range, name] = splitAt(text.slice('P:'.length, -'-*'.length), (body) => body.indexOf('-'));
  if (!range || !name) throw new RuleError(text, `it needs a range and a name before "-*"; ${example}`);
  if (validRange(range) === null)
    throw new RuleError(text, `"${range}" is not a range as npm writes it; ${example}`);
  return {
    text,
    select(numbers) {
      let best: { number: string; timestamp: string } | undefined;
      for (const number of numbers) {
        const prerelease = splitPrerelease(number);
        if (prerelease?.name !== name || !satisfies(prerelease.version, range)) continue;
        if (best === undefined || prerelease.timestamp > best.timestamp)
          best = { number, timestamp: prerelease.timestamp };
      }
      return best?.number;
    },
  };
}

export interface Prerelease {
  readonly version: string;
  /** All between the first and the last hyphen: the user whom a `P:` rule names. */
  readonly name: string;
  readonly timestamp: string;
}

/** `1.0.0-alice-20210510093000123` in its parts as a `P:` rule reads them; undefined if it has no such parts. */
export function splitPrerelease(number: string): Prerelease | undefined {
  const [version, rest] = splitAt(number, (text) => text.indexOf('-'));
  const [name, timestamp] = splitAt(rest ?? '', (text) => text.lastIndexOf('-'));
  return version && name && timestamp !== undefined ? { version, name, timestamp } : undefined;
}

function splitAt(text: string, find: (text: string) => number): [string, string | undefined] {
  const index = find(text);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}
