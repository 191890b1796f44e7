// The grammar of HIPPOFACTS, by VS Code's own tokenizer. `npx vitest run -u` writes the expected scopes anew.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadWASM, OnigScanner, OnigString } from 'vscode-oniguruma';
import { INITIAL, parseRawGrammar, Registry, type IGrammar } from 'vscode-textmate';
import { beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
let grammar: IGrammar;

beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
  await loadWASM(readFileSync(wasm));
  const path = 'syntaxes/hippofacts.tmLanguage.json';
  const registry = new Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new OnigScanner(patterns),
      createOnigString: (text) => new OnigString(text),
    }),
    loadGrammar: () => Promise.resolve(parseRawGrammar(read(path), path)),
  });
  const loaded = await registry.loadGrammar('source.hippofacts');
  if (!loaded) throw new Error('There is no grammar.');
  grammar = loaded;
});

interface Token {
  text: string;
  scopes: string[];
}

function tokenize(text: string): Token[][] {
  let state = INITIAL;
  return text.split(/\r?\n/).map((line) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return tokens.map(({ startIndex, endIndex, scopes }) => ({
      text: line.slice(startIndex, endIndex),
      scopes: scopes.slice(1).map((scope) => scope.replace(/\.hippofacts$/, '')),
    }));
  });
}

/** What a text in one line has as its innermost scope. */
function scopeOf(line: string, text: string, before = ''): string | undefined {
  const lines = tokenize(before === '' ? line : `${before}\n${line}`);
  return lines
    .at(-1)
    ?.find((token) => token.text.trim() === text)
    ?.scopes.at(-1);
}

describe('the scopes', () => {
  it.each(['HIPPOFACTS', 'half-typed'])('of %s', async (name) => {
    const text = read(`test/fixtures/grammar/${name}`);
    const lines = text.split('\n');
    const told = tokenize(text).flatMap((tokens, at) => [
      `> ${lines[at]}`.trimEnd(),
      ...tokens
        .filter(({ text: part }) => part.trim() !== '')
        .map(({ text: part, scopes }) => `    ${part.trim()}  ${scopes.join(' ')}`.trimEnd()),
    ]);
    await expect(`${told.join('\n')}\n`).toMatchFileSnapshot(`../../fixtures/grammar/${name}.scopes`);
  });
});

describe('what a reader must tell apart', () => {
  it.each([
    ['[bindle]', 'bindle', 'entity.name.section'],
    ['[[handler]]  # first', 'handler', 'entity.name.section'],
    ['[[handlers]]', 'handlers', 'entity.name.section.unknown'],
    ['version = "1.2.3"', '1.2.3', 'constant.numeric.version'],
    ['name = "1.2.3"', '1.2.3', 'string.quoted.double'],
    ['colour = "red"', 'colour', 'variable.other.property'],
    ['route = "/a/..."', '...', 'keyword.operator.route.wildcard'],
    ['files = ["a/**/*.css"]', '**', 'keyword.operator.glob.recursive'],
    ['files = ["a/**/*.css"]', '*', 'keyword.operator.glob'],
    ['files = ["[!a]b"]', '[!a]', 'keyword.operator.glob.class'],
    ['name = "a*"', 'a*', 'string.quoted.double'],
    ['name = "a\\qb"', '\\q', 'invalid.illegal.escape'],
    ['# [bindle]', '[bindle]', 'comment.line.number-sign'],
  ])('%s', (line, text, scope) => {
    expect(scopeOf(line, text)).toBe(scope);
  });
});

describe('what is half-typed', () => {
  it.each([
    'files = ["a", ',
    'files = ["a',
    'name = "open',
    'external = { bindleId = "x',
    '[bin',
    'x =',
    'authors = [[',
  ])('leaves the next section alone: %s', (line) => {
    expect(scopeOf('[[handler]]', 'handler', line)).toBe('entity.name.section');
    expect(scopeOf('route = "/x"', 'route', `${line}\n[[handler]]`)).toBe('support.type.property-name');
  });

  it('ends with Windows line ends as with others', () => {
    const text = read('test/fixtures/grammar/HIPPOFACTS');
    expect(tokenize(text.replaceAll('\n', '\r\n'))).toEqual(tokenize(text));
  });
});
