// Range rules: which revision a channel runs (hippo-api.md §6).

import fc from 'fast-check';
import { compare } from 'semver';
import { describe, expect, test } from 'vitest';
import { parseRule, RuleError, selectRevision, splitPrerelease } from '../../../src/hippo/rules.ts';

describe('npm ranges', () => {
  const numbers = [
    '0.9.0',
    '1.0.0',
    '1.2.0-rc.1',
    '1.2.0',
    '1.2.3',
    '1.10.0',
    '2.0.0',
    '2.1.0-beta.1',
    '2.1.0-beta.2',
    '3.0.0-alice-20210510093000123',
  ];
  test.each([
    ['*', '2.0.0'],
    ['x', '2.0.0'],
    ['1.x', '1.10.0'],
    ['1', '1.10.0'],
    ['~1', '1.10.0'],
    ['~1.2', '1.2.3'],
    ['~1.2.1', '1.2.3'],
    ['1.2.x', '1.2.3'],
    ['1.2.*', '1.2.3'],
    ['^1.2.0', '1.10.0'],
    ['^0.9.0', '0.9.0'],
    ['1.2.0', '1.2.0'],
    ['=1.2.0', '1.2.0'],
    ['v1.2.0', '1.2.0'],
    ['1.2.0 - 1.4', '1.2.3'],
    ['1.0.0 - 1.2.0', '1.2.0'],
    ['>=1 <2', '1.10.0'],
    ['>1.0.0 <=1.2.0', '1.2.0'],
    ['<1', '0.9.0'],
    ['1.2.x || >=2', '2.0.0'],
    ['0.9.0 || 1.0.0', '1.0.0'],
    [' ^1.2.0 ', '1.10.0'],
    // A pre-release counts only where the range names one of the same version.
    ['>=1.2.0-rc.0 <1.2.0', '1.2.0-rc.1'],
    ['1.2.0-rc.1', '1.2.0-rc.1'],
    ['~2.1.0-beta.1', '2.1.0-beta.2'],
    ['>=3.0.0-a', '3.0.0-alice-20210510093000123'],
    ['>=2.1.0', undefined],
    ['9.x', undefined],
  ])('%j picks %s', (rule, expected) => {
    expect(selectRevision(rule, numbers)).toBe(expected);
    expect(selectRevision(rule, [...numbers].reverse())).toBe(expected);
  });

  test('give the number as it was registered', () => {
    expect(selectRevision('*', ['1.0.0', ' v1.1.0'])).toBe(' v1.1.0');
  });

  test('pass over what is no version', () => {
    expect(selectRevision('*', ['latest', '1.2', '', '1.0.0', '01.2.3', '1.2.3.4'])).toBe('1.0.0');
    expect(selectRevision('*', ['latest'])).toBeUndefined();
    expect(selectRevision('*', [])).toBeUndefined();
  });

  test('keep the first of equals', () => {
    expect(selectRevision('*', ['1.0.0+a', '1.0.0+b'])).toBe('1.0.0+a');
    expect(selectRevision('*', ['1.0.0+b', '1.0.0+a'])).toBe('1.0.0+b');
  });

  test.each(['', '   ', 'latest', '1.2.3.4', '>=', '^x.1.2.3', 'a || b', '1 - ', '~~'])(
    'refuse %j',
    (rule) => {
      expect(() => parseRule(rule)).toThrow(RuleError);
    },
  );
});

describe('P: rules', () => {
  const numbers = [
    '1.0.0',
    '1.0.0-alice-20210510093000123',
    '1.0.0-alice-20210510093000999',
    '0.9.0-alice-20220101000000000',
    '2.0.0-alice-20200101000000000',
    '1.0.0-bob-20230101000000000',
    '1.0.0-rc.1-bob-20210101000000000',
    '1.0.0+b-carol-20210101000000000',
    '1.0.0-dave',
    '1.0.0--20250101000000000',
    '-alice-20990101000000000',
    'next-alice-20990101000000000',
  ];
  test.each([
    ['P:*-alice-*', '0.9.0-alice-20220101000000000'],
    ['p:*-alice-*', '0.9.0-alice-20220101000000000'],
    ['P:1.x-alice-*', '1.0.0-alice-20210510093000999'],
    ['P:~1.0-alice-*', '1.0.0-alice-20210510093000999'],
    ['P:>=1 <3-alice-*', '1.0.0-alice-20210510093000999'],
    ['P:>=2-alice-*', '2.0.0-alice-20200101000000000'],
    ['P:1.0.0-bob-*', '1.0.0-bob-20230101000000000'],
    ['P:*-rc.1-bob-*', '1.0.0-rc.1-bob-20210101000000000'],
    ['P:*-carol-*', '1.0.0+b-carol-20210101000000000'],
    ['P:3.x-alice-*', undefined],
    // The name is compared whole, and case counts.
    ['P:*-ali-*', undefined],
    ['P:*-Alice-*', undefined],
    ['P:*-*-*', undefined],
    ['P:*-dave-*', undefined],
  ])('%j picks %s', (rule, expected) => {
    expect(selectRevision(rule, numbers)).toBe(expected);
    expect(selectRevision(rule, [...numbers].reverse())).toBe(expected);
  });

  test('compare timestamps as texts', () => {
    expect(selectRevision('P:*-a-*', ['1.0.0-a-9', '1.0.0-a-10'])).toBe('1.0.0-a-9');
  });

  test('keep the first of equals', () => {
    expect(selectRevision('P:*-a-*', ['1.0.0-a-1', '2.0.0-a-1'])).toBe('1.0.0-a-1');
  });

  test.each([
    'P:',
    'P:*',
    'P:-*',
    'P:*-*',
    'P:*-alice',
    'P:*-alice-',
    'P:-alice-*',
    'P:*--*',
    'P:latest-alice-*',
    'P:1.2-3-*x',
  ])('refuse %j', (rule) => {
    expect(() => parseRule(rule)).toThrow(RuleError);
  });
});

describe('a refusal', () => {
  test.each(['', 'latest', 'P:*', 'P:-x-*', 'P:a b c-x-*'])(
    'of %j is one sentence that quotes the rule',
    (rule) => {
      expect(() => parseRule(rule)).toThrow(/^"[^\n]*" is not a range rule: [^\n]+\.$/);
      expect(() => parseRule(rule)).toThrow(expect.objectContaining({ code: 'INVALID_RULE', rule }));
    },
  );
});

test.each([
  ['1.0.0-alice-20210510093000123', { version: '1.0.0', name: 'alice', timestamp: '20210510093000123' }],
  ['1.0.0-rc.1-bob-1', { version: '1.0.0', name: 'rc.1-bob', timestamp: '1' }],
  ['1.0.0-a-b-c-1', { version: '1.0.0', name: 'a-b-c', timestamp: '1' }],
  ['1.0.0-a-', { version: '1.0.0', name: 'a', timestamp: '' }],
  ['1.0.0-rc.1', undefined],
  ['1.0.0', undefined],
  ['-a-1', undefined],
  ['', undefined],
])('%j is split', (number, parts) => {
  expect(splitPrerelease(number)).toEqual(parts);
});

describe('whatever is registered', () => {
  const release = fc
    .tuple(fc.nat(5), fc.nat(5), fc.nat(5))
    .map(([major, minor, patch]) => `${major}.${minor}.${patch}`);
  const user = fc.constantFrom('alice', 'bob', 'rc.1-bob');
  const dev = fc
    .tuple(release, user, fc.nat(99))
    .map(([version, name, time]) => `${version}-${name}-${time}`);
  const numbers = fc.array(fc.oneof(release, dev, fc.string({ maxLength: 8 })), { maxLength: 30 });

  test('`*` picks the highest release and nothing else', () => {
    fc.assert(
      fc.property(numbers, (all) => {
        const releases = all.filter((number) => /^\d\.\d\.\d$/.test(number.trim()));
        const picked = selectRevision('*', all);
        if (picked === undefined) expect(releases).toEqual([]);
        else for (const number of releases) expect(compare(picked, number)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('a P: rule picks the latest of its own', () => {
    fc.assert(
      fc.property(numbers, user, (all, name) => {
        const own = all.map(splitPrerelease).filter((parts) => parts?.name === name);
        const picked = selectRevision(`P:*-${name}-*`, all);
        const best = own
          .map((parts) => parts!.timestamp)
          .sort()
          .at(-1);
        expect(picked && splitPrerelease(picked)?.timestamp).toBe(best);
      }),
    );
  });

  test('a rule that parses never fails', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('*', '1.x', '>=1 <3', 'P:*-alice-*', 'P:1.x-rc.1-bob-*'),
        numbers,
        (rule, all) => {
          const picked = selectRevision(rule, all);
          if (picked !== undefined) expect(all).toContain(picked);
        },
      ),
    );
  });

  test('a text is a rule or a RuleError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `P:${text}-*`),
        ),
        (text) => {
          try {
            expect(parseRule(text).text).toBe(text);
          } catch (error) {
            expect(error).toBeInstanceOf(RuleError);
          }
        },
      ),
    );
  });
});
