// Version requirements in the syntax of Rust's semver crate 1.0, which `_q` takes (bindle.md §1 "_q").

import { isVersion } from '../../bindle/id.ts';

interface Version {
  /** Major, minor, patch; in a comparator as many of them as it names. */
  core: bigint[];
  /** Identifiers of the pre-release; none for a release. */
  pre: string[];
}

interface Comparator extends Version {
  operator: '=' | '>' | '>=' | '<' | '<=' | '~' | '^';
}

const MAX_COMPARATORS = 32;
const MAX_NUMBER = 2n ** 64n - 1n;

const NUMBER = '0|[1-9]\\d*';
const ANY = '[*xX]';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const SUFFIX = `(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?`;
/** `1`, `>= 1.2.3-rc.1`, `1.2.x`: after a wildcard only wildcards come. */
const COMPARATOR = new RegExp(
  `^ *(=|>=|>|<=|<|~|\\^)? *(${NUMBER})` +
    `(?:\\.(?:(${ANY})(?:\\.${ANY})?|(${NUMBER})(?:\\.(?:(${ANY})|(${NUMBER})${SUFFIX}))?))? *$`,
);

/**
 * Tells whether versions meet a requirement. An empty one is met by all, a whole version by that one alone
 * (build metadata included), and one that cannot be parsed by none. Pre-releases meet only a requirement
 * that itself names a pre-release of the same major, minor and patch.
 */
export function versionMatcher(requirement: string): (version: string) => boolean {
  if (requirement === '') return () => true;
  if (isVersion(requirement)) return (version) => version === requirement;
  const comparators = parseRequirement(requirement);
  if (!comparators) return () => false;
  return (text) => {
    const version = parseVersion(text);
    return (
      comparators.every((comparator) => meets(version, comparator)) &&
      (version.pre.length === 0 ||
        comparators.some(({ core, pre }) => pre.length > 0 && compareCore(version.core, core) === 0))
    );
  };
}

function parseRequirement(text: string): Comparator[] | undefined {
  if (/^ *[*xX] *$/.test(text)) return [];
  const parts = text.split(',');
  if (parts.length > MAX_COMPARATORS) return undefined;
  const comparators = parts.map(parseComparator).filter((comparator) => comparator !== undefined);
  return comparators.length === parts.length ? comparators : undefined;
}

function parseComparator(text: string): Comparator | undefined {
  const match = COMPARATOR.exec(text);
  if (!match) return undefined;
  const [, operator, major, anyMinor, minor, anyPatch, patch, pre] = match;
  const core = [major, minor, patch].filter((number) => number !== undefined).map(BigInt);
  if (core.some((number) => number > MAX_NUMBER)) return undefined;
  // A wildcard is a number left open; without an operator it also makes this `=` instead of `^`.
  const implied = (anyMinor ?? anyPatch) === undefined ? '^' : '=';
  return {
    operator: (operator as Comparator['operator'] | undefined) ?? implied,
    core,
    pre: pre?.split('.') ?? [],
  };
}

function parseVersion(text: string): Version {
  const [release = '', pre] = (text.split('+', 1)[0] ?? '').split(/-(.*)/, 2);
  return { core: release.split('.').map(BigInt), pre: pre?.split('.') ?? [] };
}

function meets(version: Version, { operator, core, pre }: Comparator): boolean {
  const numbers = compareCore(version.core, core);
  const pres = comparePre(version.pre, pre);
  const open = core.length < 3;
  const equal = numbers === 0 && pres === 0;
  // A version that agrees with all numbers of an open comparator is neither above nor below it.
  const above = numbers > 0 || (numbers === 0 && !open && pres > 0);
  const below = numbers < 0 || (numbers === 0 && !open && pres < 0);
  const agree = (count: number): boolean => compareCore(version.core, core.slice(0, count)) === 0;
  switch (operator) {
    case '=':
      return equal;
    case '>':
      return above;
    case '>=':
      return above || equal;
    case '<':
      return below;
    case '<=':
      return below || equal;
    case '~':
      return agree(2) && (above || equal);
    case '^': {
      // Nothing may change up to and including the first number that is not 0.
      const first = core.findIndex((number) => number > 0n);
      return agree(first < 0 ? core.length : first + 1) && (above || equal || (open && numbers === 0));
    }
  }
}

/** Compares as many numbers as `limit` has. */
function compareCore(version: bigint[], limit: bigint[]): number {
  for (const [index, number] of limit.entries()) {
    const own = version[index] ?? 0n;
    if (own !== number) return own < number ? -1 : 1;
  }
  return 0;
}

/** SemVer 2.0.0 §11: a release is above its pre-releases, numbers are below words, more is above less. */
function comparePre(a: string[], b: string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [index, one] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (one === other) continue;
    const numeric = [one, other].map((identifier) => /^\d+$/.test(identifier));
    if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
    if (numeric[0]) return BigInt(one) < BigInt(other) ? -1 : 1;
    return one < other ? -1 : 1;
  }
  return a.length - b.length;
}
