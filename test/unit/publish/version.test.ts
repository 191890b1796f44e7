import { userInfo } from 'node:os';
import fc from 'fast-check';
import { compare } from 'semver';
import { describe, expect, it } from 'vitest';
import { isVersion } from '../../../src/bindle/id.ts';
import { bumpVersion, BUMPS } from '../../../src/hippofacts/bump.ts';
import {
  devVersion,
  parseVersioning,
  publisher,
  timeOf,
  versioningOf,
} from '../../../src/publish/version.ts';
import { runs } from '../../support/runs.ts';

describe('development versions', () => {
  it.each([
    ['1.0.0', '1.0.0-bob-20261120055218690'],
    ['1.0.0-rc.1', '1.0.0-rc.1-bob-20261120055218690'],
    ['1.0.0+b', '1.0.0+b-bob-20261120055218690'],
  ])('of %s is %s', (version, expected) => {
    expect(devVersion(version, 'bob', new Date(2026, 10, 20, 5, 52, 18, 690))).toBe(expected);
  });

  it('are valid SemVer for every valid version, user and time', () => {
    const part = fc.stringMatching(/^(0|[1-9][0-9]{0,4})$/);
    const pre = fc.stringMatching(/^[0-9A-Za-z-]{1,8}$/).filter((text) => isVersion(`1.0.0-${text}`));
    fc.assert(
      fc.property(
        fc.tuple(part, part, part),
        fc.option(pre),
        fc.option(pre),
        fc.string({ unit: 'grapheme' }),
        fc.date({ noInvalidDate: true, min: new Date(2000, 0, 2), max: new Date(2100, 0, 1) }),
        (numbers, rc, build, user, now) => {
          const version =
            numbers.join('.') + (rc === null ? '' : `-${rc}`) + (build === null ? '' : `+${build}`);
          const made = devVersion(version, publisher({ USER: user }), now);
          expect(isVersion(made)).toBe(true);
          expect(made).toMatch(/-\d{17}$/);
          expect(versioningOf(made)).toBe('dev');
          expect(devVersion(version, publisher({ USER: user }), timeOf(made) ?? new Date(0))).toBe(made);
        },
      ),
      { numRuns: runs(500) },
    );
  });
});

describe('a raised version', () => {
  it('is one that is higher than the one before', () => {
    const number = fc.nat(99);
    const pre = fc.constantFrom('', '-rc.1', '-0', '-a.b.c', '-rc-1');
    const build = fc.constantFrom('', '+b', '+b-1');
    const versions = fc.tuple(number, number, number, pre, build);
    fc.assert(
      fc.property(versions, fc.constantFrom(...BUMPS), ([major, minor, patch, rc, meta], bump) => {
        const version = `${major}.${minor}.${patch}${rc}${meta}`;
        const raised = bumpVersion(version, bump) ?? '';
        expect(isVersion(raised)).toBe(true);
        expect(compare(raised, version)).toBe(1);
      }),
      { numRuns: runs(200) },
    );
  });

  it('is not made of what is no version', () => {
    for (const text of ['', '1', '1.0', 'none', '1.0.0.0', '1.0.0-', '01.0.0'])
      for (const bump of BUMPS) expect(bumpVersion(text, bump)).toBeUndefined();
  });
});

describe('the publisher', () => {
  it.each([
    ['ana', 'ana'],
    ['Ana Müller', 'Ana-Muller'],
    ['first.last', 'first-last'],
    ['CORP\\ana', 'CORP-ana'],
    ['_root_', 'root'],
    ['a_b__c', 'a-b-c'],
    ['a--b', 'a-b'],
    ['007', '007'],
  ])('%s becomes %s', (user, expected) => {
    expect(publisher({ USER: user })).toBe(expected);
  });
  it('is USER, else USERNAME, else the account', () => {
    expect(publisher({ USER: 'a', USERNAME: 'b' })).toBe('a');
    expect(publisher({ USERNAME: 'b' })).toBe('b');
    expect(publisher({ USER: '', USERNAME: '日本' })).toBe(publisher({ USER: userInfo().username }));
  });
});

it('versionings are read as the original does', () => {
  expect(['dev', 'development', 'prod', 'production'].map(parseVersioning)).toEqual([
    'dev',
    'dev',
    'production',
    'production',
  ]);
  expect(parseVersioning('Prod')).toBeUndefined();
});
