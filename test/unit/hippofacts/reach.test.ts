import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { expand } from '../../../src/hippofacts/expand.ts';
import { parseManifest } from '../../../src/hippofacts/parse.ts';
import { quote } from '../../../src/hippofacts/quote.ts';
import { namedIn, Reach } from '../../../src/hippofacts/reach.ts';
import { runs } from '../../support/runs.ts';
import { temporaryFolder } from '../../support/temporary.ts';

function manifest(name: string, ...files: string[]): string {
  return `[bindle]\nname = "a"\nversion = "1.0.0"\n[[handler]]\nroute = "/"\nname = ${quote(name)}\nfiles = [${files.map(quote).join(', ')}]\n`;
}

function reachOf(name: string, ...files: string[]): Reach {
  return new Reach({ modules: [name], patterns: files }, 'linux');
}

describe('what a manifest depends on', () => {
  it.each([
    ['static/*.css', 'static/a.css', true],
    ['static/*.css', 'static/a.js', false],
    ['static/*.css', 'static/deep/a.css', false],
    ['**/*.css', 'a.css', true],
    ['**/*.css', 'x/y/a.css', true],
    ['a/**/b', 'a/b', true],
    ['./a.txt', 'a.txt', true],
    ['x/../a.txt', 'a.txt', true],
    ['*/../a.txt', 'a.txt', true],
    ['x//y/a.txt', 'x/y/a.txt', true],
    ['.*/a.txt', 'a.txt', true],
    ['x/.*/.*/a.txt', 'a.txt', true],
    ['a/**/../b', 'b', true],
    ['../the-project/a.txt', 'a.txt', true],
    [`${'.*/'.repeat(99)}a`, 'any/where', true],
    ['dir/', 'dir/a', false],
    ['dir/**', 'dir/a', false],
    ['[', 'a', false],
    ['build/m.wasm', 'build/m.wasm', true],
  ])('of %s, %s: %s', (pattern, file, expected) => {
    expect(reachOf('m.wasm', pattern).covers(file.split('/'))).toBe(expected);
  });

  it('has its modules, however they are written', () => {
    for (const name of [
      'build/m.wasm',
      './build/m.wasm',
      'build//m.wasm',
      'build/./m.wasm',
      'x/../build/m.wasm',
    ]) {
      const reach = reachOf(name);
      expect(reach.covers(['build', 'm.wasm'])).toBe(true);
      expect(reach.leadsThrough(['build'])).toBe(true);
      expect(reach.leadsThrough(['src'])).toBe(false);
    }
    const windows = new Reach({ modules: ['build\\m.wasm'], patterns: ['static\\*'] }, 'win32');
    expect(windows.covers(['build', 'm.wasm'])).toBe(true);
    expect(windows.covers(['static', 'a'])).toBe(true);
  });

  it('has what a manifest names that is not whole', () => {
    const reach = new Reach(
      namedIn(parseManifest('[bindle\n[[handler]]\nfiles = ["static/*"]\nname = ')),
      'linux',
    );
    expect(reach.covers(['static', 'a'])).toBe(true);
  });
});

describe('on disk', () => {
  const folder = temporaryFolder();
  beforeAll(() => {
    for (const dir of ['', 'a', 'b', '.h', 'a/b', 'a/a', 'a/.h', 'b/a', 'a/b/a']) {
      mkdirSync(join(folder, dir), { recursive: true });
      for (const file of ['x', 'x.txt', '.y']) writeFileSync(join(folder, dir, file), '');
    }
  });

  it('all files of all patterns are covered, and all folders lead to them', async () => {
    const part = fc.constantFrom(
      'a',
      'b',
      'x',
      'x.txt',
      '*',
      '**',
      '?',
      '[ab]',
      '*.txt',
      '.',
      '..',
      '.*',
      '.?',
      '',
    );
    const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    // These would look for files all over this machine.
    const stays = (text: string): boolean => !/\.[*?].*\*\*/.test(text);
    let found = 0;
    await fc.assert(
      fc.asyncProperty(pattern.filter(stays), async (text) => {
        const parsed = parseManifest(manifest('x', text));
        const reach = new Reach(namedIn(parsed));
        const { entries } = await expand(parsed, { directory: folder });
        for (const { files } of entries.flatMap(({ patterns }) => patterns))
          for (const { name } of files) {
            found++;
            const segments = name.split('/');
            expect(reach.covers(segments), `${text} covers ${name}`).toBe(true);
            for (let length = 1; length < segments.length; length++)
              expect(reach.leadsThrough(segments.slice(0, length)), `${text} leads to ${name}`).toBe(true);
          }
      }),
      { numRuns: runs(400) },
    );
    expect(found).toBeGreaterThan(100);
  });
});
