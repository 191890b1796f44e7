import { userInfo } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isVersion } from '../../../src/bindle/id.ts';
import { devVersion, parseVersioning, publisher } from '../../../src/publish/version.ts';
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
        },
      ),
      { numRuns: runs(500) },
    );
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
