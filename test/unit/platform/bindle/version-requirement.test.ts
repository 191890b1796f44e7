import fc from 'fast-check';
import { satisfies } from 'semver';
import { describe, expect, it } from 'vitest';
import { versionMatcher } from '../../../../src/platform/bindle/version-requirement.ts';
import { runs } from '../../../support/runs.ts';

const accepted = (requirement: string, versions: string[]): string[] =>
  versions.filter(versionMatcher(requirement));

/** Requirement, versions that meet it, versions that do not: the tables and rules of Rust's semver crate. */
const CASES: [string, string, string][] = [
  ['', '0.0.0 1.2.3 1.0.0-rc.1 1.0.0+b', ''],
  // A whole version is itself, build metadata included, and not the range that Cargo makes of it.
  ['1.2.3', '1.2.3', '1.2.4 1.3.0 1.2.3+b 1.2.3-rc.1'],
  ['1.2.3+b', '1.2.3+b', '1.2.3 1.2.3+c'],
  ['1.2.3-rc.1', '1.2.3-rc.1', '1.2.3 1.2.3-rc.2'],
  // Caret, also where there is no operator.
  ['^1.2.3', '1.2.3 1.2.4 1.3.0 1.2.3+b 1.10.0', '1.2.2 2.0.0 0.9.9 2.0.0-rc.1'],
  ['^1.2', '1.2.0 1.2.9 1.3.0', '1.1.9 2.0.0'],
  ['^1', '1.0.0 1.9.9', '0.9.9 2.0.0'],
  ['1', '1.0.0 1.9.9', '0.9.9 2.0.0 10.0.0'],
  ['1.2', '1.2.0 1.3.0', '1.1.0 2.0.0'],
  ['^0.2.3', '0.2.3 0.2.9', '0.2.2 0.3.0 1.0.0'],
  ['^0.2', '0.2.0 0.2.9', '0.1.9 0.3.0'],
  ['^0.0.3', '0.0.3', '0.0.2 0.0.4 0.1.0'],
  ['^0.0', '0.0.0 0.0.9', '0.1.0'],
  ['^0', '0.0.0 0.9.9', '1.0.0'],
  ['^0.0.0', '0.0.0', '0.0.1'],
  ['^1.2.3-rc.1', '1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.9.0', '1.2.3-beta 1.2.4-rc.1 2.0.0'],
  // Tilde.
  ['~1.2.3', '1.2.3 1.2.9', '1.2.2 1.3.0'],
  ['~1.2', '1.2.0 1.2.9', '1.1.9 1.3.0'],
  ['~1', '1.0.0 1.9.9', '2.0.0 0.9.9'],
  ['~0.0.3', '0.0.3 0.0.9', '0.0.2 0.1.0'],
  ['~1.2.3-rc.1', '1.2.3-rc.1 1.2.3-rc.10 1.2.3 1.2.4', '1.2.3-a 1.3.0 1.2.4-rc.1'],
  // Exactly.
  ['=1.2.3', '1.2.3 1.2.3+b', '1.2.4 1.2.3-rc.1'],
  ['=1.2.3+b', '1.2.3 1.2.3+b 1.2.3+c', '1.2.4'],
  ['=1.2', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['=1', '1.0.0 1.9.9', '2.0.0'],
  ['=1.2.3-rc.1', '1.2.3-rc.1', '1.2.3-rc.2 1.2.3'],
  // Above and below: a number left open takes all that agree with the rest.
  ['>1.2.3', '1.2.4 1.3.0 2.0.0', '1.2.3 1.2.3+b 1.2.2 2.0.0-rc.1'],
  ['>1.2', '1.3.0 2.0.0', '1.2.0 1.2.9 1.1.0'],
  ['>1', '2.0.0', '1.0.0 1.9.9'],
  ['>=1.2.3', '1.2.3 1.2.4 2.0.0', '1.2.2'],
  ['>=1.2', '1.2.0 1.3.0', '1.1.9'],
  ['>=1', '1.0.0 2.0.0', '0.9.9'],
  ['<1.2.3', '1.2.2 0.0.1', '1.2.3 1.2.3-rc.1 1.2.4'],
  ['<1.2', '1.1.9 0.9.0', '1.2.0 1.2.9'],
  ['<1', '0.9.9', '1.0.0'],
  ['<=1.2.3', '1.2.3 1.2.2', '1.2.4'],
  ['<=1.2', '1.2.9 1.1.0', '1.3.0'],
  ['<=1', '1.9.9 0.1.0', '2.0.0'],
  ['>1.2.3-rc.1', '1.2.3-rc.2 1.2.3 1.2.4', '1.2.3-rc.1 1.2.3-a 1.2.4-rc.1'],
  ['<1.2.3-rc.1', '1.2.3-beta 1.2.2', '1.2.3-rc.1 1.2.3'],
  ['<=1.2.3-rc.1', '1.2.3-rc.1 1.2.3-alpha', '1.2.3-rc.1.0 1.2.3'],
  // Wildcards.
  ['*', '0.0.0 9.9.9 1.0.0+b', '1.0.0-rc.1'],
  [' * ', '1.0.0', ''],
  ['x', '1.0.0', '1.0.0-rc.1'],
  ['X', '1.0.0', ''],
  ['1.*', '1.0.0 1.9.9', '2.0.0 0.9.9'],
  ['1.x', '1.0.0', '2.0.0'],
  ['1.X.*', '1.0.0 1.9.9', '2.0.0'],
  ['1.2.*', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['1.2.x', '1.2.0', '1.3.0'],
  ['0.*', '0.9.9', '1.0.0'],
  ['~1.*', '1.9.9', '2.0.0'],
  ['^0.2.*', '0.2.9', '0.3.0'],
  ['>1.2.*', '1.3.0', '1.2.9'],
  ['>=1.*', '1.0.0 2.0.0', '0.9.9'],
  // Several, all of which must hold.
  ['>=1.2.3, <1.8.0', '1.2.3 1.7.9', '1.8.0 1.2.2'],
  ['>=1,<2', '1.5.0', '2.0.0'],
  ['  >=  1.2.3  ,   < 2  ', '1.9.9', '2.0.0'],
  ['1, 1.2', '1.2.0', '1.1.0'],
  ['>=1.2.3-rc.1, <2', '1.2.3-rc.1 1.9.0', '1.2.3-a 1.5.0-rc.1 2.0.0'],
  ['1.2, >=1.2.3-a', '1.2.3-b 1.2.3', '1.2.4-b'],
  ['=1.2, >=1.2.3-a', '1.2.3', '1.2.3-b'],
  // Order of pre-releases.
  [
    '>1.0.0-alpha',
    '1.0.0-alpha.1 1.0.0-beta 1.0.0-beta.2 1.0.0-rc.1 1.0.0',
    '1.0.0-alpha 1.0.0-9 1.0.0-ALPHA',
  ],
  ['>1.0.0-beta.2', '1.0.0-beta.11 1.0.0-beta.x', '1.0.0-beta.2 1.0.0-beta.1 1.0.0-beta'],
  ['>1.0.0-9', '1.0.0-10 1.0.0-a', '1.0.0-9 1.0.0-8'],
  ['>1.0.0-9007199254740993', '1.0.0-9007199254740994', '1.0.0-9007199254740993 1.0.0-9007199254740992'],
  // Large numbers.
  ['>9007199254740992', '9007199254740993.0.0', '9007199254740992.0.0'],
  ['18446744073709551615', '18446744073709551615.0.0', '1.0.0'],
];

describe('a version requirement', () => {
  it.each(CASES)('%j is met by %j and not by %j', (requirement, meets, not) => {
    const split = (text: string): string[] => text.split(' ').filter((version) => version !== '');
    expect(accepted(requirement, [...split(meets), ...split(not)])).toEqual(split(meets));
  });

  it.each([
    '%^&%^&%',
    'v1',
    'v1.2.3',
    '1.2.3.4',
    '01',
    '1.02',
    '1.2.3-01',
    '1.2.3-',
    '1.2.3+',
    '1.2.3-a_b',
    '1.2-rc.1',
    '1.*.3',
    '1.*-rc',
    '*.1',
    '*, 1',
    '1, *',
    '>*',
    '=x',
    '>=1 <2',
    '1.0.0 - 2.0.0',
    '1 || 2',
    '1,',
    ',1',
    ',',
    '1,,2',
    '> =1',
    '=>1',
    '==1',
    '^^1',
    '~>1',
    '!1',
    '<>1',
    '1. 2',
    '1.',
    '.1',
    '-1',
    '1\t',
    '\t1',
    '1\n',
    ' ',
    'latest',
    '18446744073709551616',
    '१',
    Array.from({ length: 33 }, () => '>0').join(','),
  ])('%j cannot be parsed and is met by none', (requirement) => {
    expect(accepted(requirement, ['0.0.1', '1.0.0', '1.2.3', '2.0.0', '1.2.3-rc.1'])).toEqual([]);
  });

  it('may have up to 32 parts', () => {
    expect(accepted(Array.from({ length: 32 }, () => '>0').join(','), ['0.1.0', '1.0.0'])).toEqual(['1.0.0']);
  });

  it('agrees with npm on releases, where both mean the same', () => {
    const number = fc.integer({ min: 0, max: 3 });
    const version = fc.tuple(number, number, number).map((numbers) => numbers.join('.'));
    const partial = fc.tuple(number, fc.option(fc.tuple(number, fc.option(number)))).map(([major, rest]) =>
      [major, ...(rest ?? [])]
        .flat()
        .filter((part) => part !== null)
        .join('.'),
    );
    const comparator = fc.tuple(fc.constantFrom('=', '>', '>=', '<', '<=', '~', '^'), partial);
    fc.assert(
      fc.property(fc.array(comparator, { minLength: 1, maxLength: 3 }), version, (comparators, candidate) => {
        const parts = comparators.map(([operator, text]) => operator + text);
        expect(versionMatcher(parts.join(', '))(candidate)).toBe(satisfies(candidate, parts.join(' ')));
      }),
      { numRuns: runs(2000) },
    );
  });

  it('never throws, whatever it is given', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom(...'0123.,-+*xX<>=~^ ab'.split('')), { maxLength: 30 })
        .map((parts) => parts.join('')),
    );
    fc.assert(fc.property(text, (requirement) => typeof versionMatcher(requirement)('1.2.3') === 'boolean'));
  });
});
