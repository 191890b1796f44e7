// `npm run bench`: what is analysed after one keystroke in a HIPPOFACTS of 20, 200 and 2,000 lines beside 10,000 files:
// parsing, all diagnostics with what is remembered of the disk, and the outline; as a ratio to one plain parse by
// @iarna/toml in the same run. Numbers are for comparing within a run; nothing here fails because of a clock.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from '@iarna/toml';
import { diagnoseProject } from '../../src/hippofacts/diagnose-project.ts';
import { completions } from '../../src/hippofacts/language/completion.ts';
import { outline } from '../../src/hippofacts/language/outline.ts';
import { parseManifest } from '../../src/hippofacts/parse.ts';
import { DiskFacts } from '../../src/hippofacts/project-facts.ts';

const FILES = 10_000;
const FOLDERS = 100;
const LINES = [20, 200, 2_000];
/** Keystrokes that are measured, after some that warm up. */
const KEYSTROKES = 300;
const WARM = 100;

const directory = mkdtempSync(join(tmpdir(), 'hippo-language-bench-'));

/** The smallest module: its header. */
const MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

function fill(): void {
  writeFileSync(join(directory, 'main.wasm'), MODULE);
  for (let folder = 0; folder < FOLDERS; folder++) {
    mkdirSync(join(directory, `assets-${folder}`));
    for (let file = 0; file < FILES / FOLDERS; file++)
      writeFileSync(join(directory, `assets-${folder}`, `${file}.${file % 2 ? 'png' : 'css'}`), 'x');
  }
}

/** Handlers with patterns, until there are so many lines. */
function manifestText(lines: number): string {
  const text = ['[bindle]', 'name = "example.com/bench"', 'version = "1.0.0"'];
  for (let handler = 0; text.length + 5 <= lines; handler++)
    text.push(
      '',
      '[[handler]]',
      `route = "/handler-${handler}"`,
      'name = "main.wasm"',
      `files = ["assets-${handler % FOLDERS}/*.png", "assets-${(handler + 1) % FOLDERS}/*.css"]`,
    );
  while (text.length < lines) text.push('# the rest');
  return `${text.join('\n')}\n`;
}

/** The text with one letter after the other typed into a route in its middle, and where the cursor is. */
function* typed(text: string): Generator<{ text: string; offset: number }> {
  const place = text.indexOf('/handler-', text.length / 2) + 1 || text.indexOf('/handler-') + 1;
  for (let key = 0; ; key++) {
    const letters = Array.from(
      { length: (key % 20) + 1 },
      (_, index) => 'abcdefghij'[(key + index) % 10],
    ).join('');
    yield { text: text.slice(0, place) + letters + text.slice(place), offset: place + letters.length };
  }
}

async function analyse(text: string, facts: DiskFacts): Promise<void> {
  const manifest = parseManifest(text);
  outline(manifest);
  for await (const _problems of diagnoseProject(manifest, facts)) continue;
}

const quantile = (times: number[], part: number): number =>
  times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
const ms = (time: number): string => `${time.toFixed(2).padStart(7)} ms`;

fill();
try {
  console.log(`One keystroke in a HIPPOFACTS beside ${FILES.toLocaleString('en')} files`);
  let previous: { lines: number; median: number } | undefined;
  for (const lines of LINES) {
    const facts = new DiskFacts(directory);
    const text = manifestText(lines);
    const [analyses, plain, offers]: number[][] = [[], [], []];
    const keys = typed(text);
    for (let key = 0; key < WARM + KEYSTROKES; key++) {
      const { text: next, offset } = keys.next().value as { text: string; offset: number };
      const begin = performance.now();
      await analyse(next, facts);
      const analysed = performance.now();
      parse(next);
      const parsed = performance.now();
      await completions(parseManifest(next), offset, facts);
      const offered = performance.now();
      if (key < WARM) continue;
      analyses?.push(analysed - begin);
      plain?.push(parsed - analysed);
      offers?.push(offered - parsed);
    }
    const [median, p99] = [quantile(analyses ?? [], 0.5), quantile(analyses ?? [], 0.99)];
    const bare = quantile(plain ?? [], 0.5);
    console.log(
      `  ${String(lines).padStart(5)} lines   median ${ms(median)}   p99 ${ms(p99)}   ` +
        `@iarna/toml ${ms(bare)}   ratio ${(median / bare).toFixed(1)}   completion ${ms(quantile(offers ?? [], 0.5))}`,
    );
    if (previous)
      console.log(
        `          ${(lines / previous.lines).toFixed(0)} times the lines take ${(median / previous.median).toFixed(1)} times as long`,
      );
    previous = { lines, median };
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
