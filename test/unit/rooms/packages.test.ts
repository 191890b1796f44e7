// What is installed is the same everywhere: exact versions, and a lock that names no registry.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Manifest {
  engines?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

interface Lock {
  packages: Record<string, { resolved?: string; integrity?: string; inBundle?: boolean }>;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')) as T;
}

const VSCODES = ['test/vscode/newest', 'test/vscode/oldest'];

test.each([
  'package.json',
  'scaffold/assemblyscript/package.json',
  ...VSCODES.map((path) => `${path}/package.json`),
])('%s pins every version', (path) => {
  const { dependencies, devDependencies } = readJson<Manifest>(path);
  const versions = Object.entries({ ...dependencies, ...devDependencies });
  expect(versions.length).toBeGreaterThan(0);
  expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
});

test.each(['package-lock.json', ...VSCODES.map((path) => `${path}/package-lock.json`)])(
  '%s names versions and digests, and no address to fetch them from',
  (lock) => {
    const packages = Object.entries(readJson<Lock>(lock).packages).filter(([path]) => path !== '');
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    expect(packages.filter(([, { integrity, inBundle }]) => !integrity && !inBundle)).toEqual([]);
  },
);

test('the sample asks for the versions that this repository compiles it with', () => {
  const own = readJson<Manifest>('package.json').devDependencies ?? {};
  const sample = readJson<Manifest>('scaffold/assemblyscript/package.json').devDependencies ?? {};
  expect(own).toMatchObject(sample);
});

test('the oldest VS Code that tests run in is the oldest that the extension allows', () => {
  const [, minor] =
    /^\^1\.(\d+)\.0$/.exec(readJson<Manifest>('package.json').engines?.['vscode'] ?? '') ?? [];
  expect(readJson<Manifest>('test/vscode/oldest/package.json').dependencies?.['code-server']).toMatch(
    new RegExp(`^4\\.${minor}\\.`),
  );
});
