// Files that get other names, and the handler that answers an address.

import { describe, expect, test } from 'vitest';
import { findHandler } from '../../../../src/hippofacts/language/find-handler.ts';
import { renameEdits } from '../../../../src/hippofacts/language/rename-edits.ts';
import { parseManifest } from '../../../../src/hippofacts/parse.ts';
import { applyEdits } from '../../../../src/hippofacts/text-edit.ts';
import { RICH } from './corpus.ts';

describe('names follow', () => {
  test.each([
    ['a module', 'name = "bin/a.wasm"', 'bin/a.wasm', 'out/b.wasm', 'name = "out/b.wasm"'],
    ['a folder of modules', "name = './bin/a.wasm' # c", 'bin', 'out', "name = './out/a.wasm' # c"],
    ['a file', 'files = ["a.txt", "b.txt"]', 'a.txt', 'c d.txt', 'files = ["c d.txt", "b.txt"]'],
    [
      'a folder of patterns',
      'files = ["img/*.png", "img/a/**/*", "images/*"]',
      'img',
      'pictures',
      'files = ["pictures/*.png", "pictures/a/**/*", "images/*"]',
    ],
    ['a folder below', 'files = ["./img/a/*"]', 'img/a', 'img/b', 'files = ["./img/b/*"]'],
    [
      'a name that would be a pattern',
      'files = ["a[[]1].txt"]',
      'a[1].txt',
      'b[2].txt',
      'files = ["b[[]2].txt"]',
    ],
    ['a name with quotes', "files = ['a.txt']", 'a.txt', 'it\'s "b".txt', 'files = ["it\'s \\"b\\".txt"]'],
    [
      'nothing behind a special character',
      'files = ["*/a/*.png", "**/a.txt"]',
      'a',
      'b',
      'files = ["*/a/*.png", "**/a.txt"]',
    ],
    ['a way that goes back', 'name = "m/../m/a.wasm"', 'm', 'n', 'name = "n/a.wasm"'],
    ['a folder that is only on the way', 'name = "./m/../a.wasm"', 'm', 'n', 'name = "./a.wasm"'],
    ['a pattern that goes back', 'files = ["m/../m/*"]', 'm', 'n', 'files = ["n/*"]'],
    ['a folder with its slash', 'files = ["static/"]', 'static', 'public', 'files = ["public/"]'],
    ['nothing beside the project', 'name = "../m/a.wasm"', 'm', 'n', 'name = "../m/a.wasm"'],
    ['nothing out of the project', 'files = ["a.txt"]', 'a.txt', '../a.txt', 'files = ["a.txt"]'],
    [
      'nothing that only begins the same',
      'files = ["a.txt2", "abc/*"]',
      'a',
      'b',
      'files = ["a.txt2", "abc/*"]',
    ],
  ])('%s', (_what, line, from, to, expected) => {
    const text = `[[handler]]\r\n${line}\r\nbroken =\r\n`;
    const edits = renameEdits(parseManifest(text), [{ from, to }]);
    expect(applyEdits(text, edits)).toBe(text.replace(line, () => expected));
  });
});

test('on Windows, backslashes separate folders, too', () => {
  const text = `[[handler]]\nname = 'bin\\a.wasm'\nfiles = ['static\\*.js', '.\\static\\a\\']\n`;
  const renames = [
    { from: 'bin', to: 'out' },
    { from: 'static', to: 'public' },
  ];
  const manifest = parseManifest(text);
  expect(applyEdits(text, renameEdits(manifest, renames, true))).toBe(
    `[[handler]]\nname = 'out/a.wasm'\nfiles = ['public\\*.js', './public/a\\']\n`,
  );
  expect(renameEdits(manifest, renames, false)).toEqual([]);
});

test.each([
  ['/', '/'],
  ['http://127.0.0.1:5400/', '/'],
  ['https://birds.example.com/lib/a?b=c#d', '/lib/...'],
  ['/lib', '/lib/...'],
  ['/libs', undefined],
  ['/healthz', undefined],
  ['nonsense', 'none'],
  ['ftp://a/b', 'none'],
])('%s is answered by %s', (address, route) => {
  const found = findHandler(parseManifest(RICH), address);
  expect(found ? found.handler?.route?.value : 'none').toBe(route);
});
