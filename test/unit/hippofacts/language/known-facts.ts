// What is known of a project in tests that ask thousands of times: a small tree in memory, and a server that answers.

import type { PatternFacts, ProjectFacts, ServerFacts } from '../../../../src/hippofacts/facts.ts';
import { parsePattern } from '../../../../src/hippofacts/glob-pattern.ts';

const FILES = [
  'bin/a.wasm',
  'bin/b.wasm',
  'css/site.css',
  'img/birds/kea.jpg',
  'img/one.png',
  'img/shared.png',
  'main.wasm',
];

export const SERVER: ServerFacts = {
  origin: 'https://bindle.example.com',
  bindle: async (id) =>
    id === 'tools/fileserver/1.0.3'
      ? { handlers: [{ id: 'static' }, { id: 'list', entrypoint: 'list_files' }], yanked: false, invoice: {} }
      : 'none',
  bindles: async (start) => ['team/birds', 'tools/fileserver'].filter((name) => name.startsWith(start)),
  versions: async (name) =>
    name === 'tools/fileserver' ? ['1.1.0', '1.0.3'] : name === 'team/birds' ? ['1.2.4', '1.2.3'] : [],
  channels: async () => [
    { app: 'birds', channel: 'production', rule: '^1.0.0', runs: '1.2.3', address: 'http://127.0.0.1:5400/' },
    { app: 'birds', channel: 'pinned', runs: '1.2.3' },
    { app: 'birds', channel: 'ana', rule: 'P:*-ana-*' },
  ],
};

/** As DiskFacts, without a disk; files have 100 bytes each. */
export function knownFacts(server?: ServerFacts): ProjectFacts {
  return {
    directory: '/projects/birds',
    pattern: async (text) => patternFacts(text),
    secrets: async () => [],
    together: async (patterns) => {
      const names = new Set(patterns.flatMap((text) => patternFacts(text).matches.map(({ name }) => name)));
      return { files: names.size, bytes: names.size * 100, repeats: [] };
    },
    module: async (name) =>
      FILES.includes(name)
        ? {
            found: true,
            name,
            path: `/projects/birds/${name}`,
            size: 100,
            wasm: {
              kind: 'module',
              exports: [
                { name: 'memory', kind: 'memory' },
                { name: '_start', kind: 'function' },
                { name: 'run_b', kind: 'function' },
              ],
              imports: [{ module: 'wasi_snapshot_preview1', name: 'fd_write', kind: 'function' }],
            },
          }
        : {
            found: false,
            problem: { code: 'missing-module', severity: 'error', message: `There is no ${name}` },
          },
    folder: async (name) => {
      const prefix = name === '' ? '' : `${name.replace(/\/$/, '')}/`;
      const entries = new Map<string, 'file' | 'folder'>();
      for (const file of FILES.filter((one) => one.startsWith(prefix))) {
        const [first = '', ...rest] = file.slice(prefix.length).split('/');
        entries.set(first, rest.length === 0 ? 'file' : 'folder');
      }
      return [...entries].map(([entry, kind]) => ({ name: entry, kind }));
    },
    modules: async () => [{ name: 'bin/a.wasm' }, { name: 'build/new.wasm', command: 'npm run build' }],
    sha256: async () => undefined,
    author: async () => 'Ana <ana@example.com>',
    ...(server && { server }),
  };
}

function patternFacts(text: string): PatternFacts {
  const none = { literal: false, matches: [], bytes: 0, problems: [], unreadable: [] };
  let pattern;
  try {
    pattern = parsePattern(text);
  } catch {
    return none;
  }
  // Enough of the rules for this tree: `**` is any number of folders.
  const fits = (parts: readonly string[], at: number): boolean => {
    const component = pattern.components[at];
    if (!component) return parts.length === 0;
    if (component.recursive) return parts.some((_, index) => fits(parts.slice(index), at + 1));
    return parts.length > 0 && component.matches(parts[0] ?? '') && fits(parts.slice(1), at + 1);
  };
  const names = pattern.foldersOnly ? [] : FILES.filter((name) => fits(name.split('/'), 0));
  return {
    ...none,
    literal: pattern.literal,
    matches: names.map((name) => ({ name, path: `/projects/birds/${name}`, size: 100 })),
    bytes: names.length * 100,
  };
}
