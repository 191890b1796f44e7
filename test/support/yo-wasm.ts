// A project as `yo wasm` makes it, laid out in a folder (test/fixtures/yo-wasm/README.md).

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Language = 'assemblyscript' | 'rust';

/** What the generator asks. */
export interface Answers {
  moduleName: string;
  bindleId: string;
  hippoUrl: string;
  serverUrl: string;
}

const fixtures = fileURLToPath(new URL('../fixtures/yo-wasm/', import.meta.url));

/** What the fixtures were made with. */
const FIXED: Readonly<Record<string, keyof Answers>> = {
  'anasilva/weather': 'bindleId',
  'https://hippo.example.com/': 'hippoUrl',
  'https://bindle.example.com/v1': 'serverUrl',
  weather: 'moduleName',
};
const ANY_FIXED = new RegExp(Object.keys(FIXED).join('|'), 'g');

/** Where the project's build puts the module that HIPPOFACTS names. */
export function modulePath(language: Language, { moduleName }: Answers): string {
  return language === 'rust' ? `target/wasm32-wasi/release/${moduleName}.wasm` : 'build/optimized.wasm';
}

export function layOut(language: Language, folder: string, answers: Answers): void {
  const files = readdirSync(join(fixtures, language), { recursive: true, withFileTypes: true });
  cpSync(join(fixtures, language), folder, { recursive: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    const path = join(folder, file.parentPath.slice(join(fixtures, language).length), file.name);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      text.replace(ANY_FIXED, (found) => answers[FIXED[found] ?? 'moduleName']),
    );
  }
}

/** What a build leaves. */
export function putModule(folder: string, path: string, module: Uint8Array): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), module);
}
