// No secret is published by accident: what a pattern sweeps up is looked at, what is named is meant.

import { describe, expect, test } from 'vitest';
import { hasSecretName } from '../../../src/hippofacts/secrets.ts';
import { collectIn, makeFolder, manifestWith } from './folders.ts';

const BASE64 = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj';

describe('names', () => {
  test.each([
    '.env',
    '.env.local',
    '.ENV',
    'deep/er/.env.production',
    '.git/config',
    'vendor/lib/.git/HEAD',
    '.npmrc',
    '.netrc',
    'id_rsa',
    'keys/id_ed25519.pub',
    'cert.pem',
    'CERT.PEM',
    'tls.key',
    'store.p12',
    'secret_keys.toml',
    'signing-keys.toml',
    'ana.secret.toml',
    '.env\nlocal',
  ])('%s is a secret', (name) => {
    expect(hasSecretName(name)).toBe(true);
  });

  test.each([
    'env',
    'a.env',
    'environment.js',
    'key',
    'keys.js',
    'my_id_card.png',
    'pem',
    '.gitignore',
    '.github/x.yml',
    'git/x',
    'secret.toml.md',
    'site.css',
  ])('%s is none', (name) => {
    expect(hasSecretName(name)).toBe(false);
  });

  test.each([
    'secret_keys.toml',
    'data/bindle/host_key.toml',
    'data/owner-token',
    'x/me.secret.toml',
    'hippo.db-wal',
  ])('our own key file %s is one', (name) => {
    expect(hasSecretName(name)).toBe(true);
  });
});

describe('a pattern that matches a secret', () => {
  const files = { 'm.wasm': 'm', 'static/a.js': 'a', 'static/.env': 'KEY=1', 'static/certs/tls.pem': 'x' };

  test('stops before anything is hashed, and lists files and pattern', async () => {
    const folder = await makeFolder(files);
    let hashed = 0;
    const hash = (): never => {
      hashed++;
      throw new Error('hashed');
    };
    const collection = await collectIn(folder, manifestWith('static/**/*', 'static/*.js'), { hash });
    expect(collection.ok).toBe(false);
    expect(hashed).toBe(0);
    expect(collection.problems).toMatchObject([
      {
        code: 'secret',
        severity: 'error',
        message:
          'The pattern static/**/* would publish what looks like a secret: static/.env, static/certs/tls.pem; narrow the pattern, or allow each with --allow static/.env',
        files: ['static/.env', 'static/certs/tls.pem'],
        range: { start: { line: 7, column: 9 } },
      },
    ]);
  });

  test('is told for each pattern', async () => {
    const folder = await makeFolder(files);
    const { problems } = await collectIn(folder, manifestWith('static/**/*', '**/.e*'));
    expect(problems.map(({ files: found }) => found)).toEqual([
      ['static/.env', 'static/certs/tls.pem'],
      ['static/.env'],
    ]);
  });

  test('goes through where each file is allowed', async () => {
    const folder = await makeFolder(files);
    const text = manifestWith('static/**/*');
    const some = await collectIn(folder, text, { allow: ['static/.env'] });
    expect(some.problems.map(({ files: found }) => found)).toEqual([['static/certs/tls.pem']]);
    const all = await collectIn(folder, text, { allow: ['./static/.env', 'static\\certs\\tls.pem'] });
    expect(all.ok).toBe(true);
    expect(all.files.map(({ name }) => name)).toEqual(['static/.env', 'static/a.js', 'static/certs/tls.pem']);
  });

  test('goes through where the file is named literally, here or elsewhere', async () => {
    const folder = await makeFolder(files);
    const { ok } = await collectIn(
      folder,
      manifestWith('static/.env', './static/certs/tls.pem', 'static/**/*'),
    );
    expect(ok).toBe(true);
    const other = `${manifestWith('static/**/*')}[[handler]]\nroute = "/2"\nname = "m.wasm"\nfiles = ["static/.env", "static/certs/tls.pem"]\n`;
    expect((await collectIn(folder, other)).ok).toBe(true);
  });

  test.skipIf(process.platform === 'win32')('a link to one is one, whatever it is called', async () => {
    const folder = await makeFolder({
      'm.wasm': 'm',
      '.env': 'KEY=1',
      '.git/config': 'c',
      'settings.txt': '-> .env',
      pub: '-> .git',
      'notes.txt': 'fine',
    });
    const { problems } = await collectIn(folder, manifestWith('*.txt', 'pub/**/*'));
    expect(problems.map(({ files: named }) => named)).toEqual([['settings.txt'], ['pub/config']]);
  });

  test('a set of one character is a pattern', async () => {
    const folder = await makeFolder(files);
    expect((await collectIn(folder, manifestWith('static/[.]env'))).ok).toBe(false);
  });

  test('.git is found by what it holds', async () => {
    const folder = await makeFolder({ 'm.wasm': 'm', '.git/config': 'c', '.git/objects/ab/cd': 'o' });
    const { problems } = await collectIn(folder, manifestWith('**/*'));
    expect(problems[0]?.files).toEqual(['.git/config', '.git/objects/ab/cd']);
  });
});

describe('a private key in a text', () => {
  const keys: [string, string][] = [
    ['PKCS#8', `-----BEGIN PRIVATE KEY-----\n${BASE64}\n-----END PRIVATE KEY-----\n`],
    ['a header alone', '-----BEGIN PRIVATE KEY-----'],
    ['RSA', `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${BASE64}`],
    ['encrypted', `-----BEGIN ENCRYPTED PRIVATE KEY-----\r\n${BASE64}`],
    ['OpenSSH', `-----BEGIN OPENSSH PRIVATE KEY-----\n${BASE64}`],
    ['PGP', `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${BASE64}`],
    ['in JSON', JSON.stringify({ private_key: `-----BEGIN PRIVATE KEY-----\n${BASE64}\n` })],
    ['in source, line by line', `const key = "-----BEGIN RSA PRIVATE KEY-----\\n" +\n  "${BASE64}\\n"`],
    [
      'below a certificate',
      `-----BEGIN CERTIFICATE-----\n${`${BASE64}\n`.repeat(300)}-----BEGIN EC PRIVATE KEY-----\n`,
    ],
    ['in UTF-16', `\uFEFF-----BEGIN PRIVATE KEY-----\r\n${BASE64}`],
  ];
  test.each(keys)('%s is found', async (kind, content) => {
    const folder = await makeFolder({ 'm.wasm': 'm', 'static/notes.txt': '' });
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${folder}/static/notes.txt`, content, kind === 'in UTF-16' ? 'utf16le' : 'utf8');
    const { problems } = await collectIn(folder, manifestWith('static/*'));
    expect(problems.map(({ code, files }) => [code, files])).toEqual([['secret', ['static/notes.txt']]]);
  });

  test.each([0, 1, 30, 65_480, 65_510, 65_536, 131_000, 500_000])(
    'is found after %i characters, and a constant there is none',
    async (before) => {
      const folder = await makeFolder({
        'm.wasm': 'm',
        'static/key.txt': `${'x'.repeat(before)}\n-----BEGIN PRIVATE KEY-----\n${BASE64}`,
        'static/code.js': `${'x'.repeat(before)}\n'-----BEGIN PRIVATE KEY-----'${' '.repeat(70_000)}`,
      });
      const { problems } = await collectIn(folder, manifestWith('static/*'));
      expect(problems.map(({ files: named }) => named)).toEqual([['static/key.txt']]);
    },
  );

  const innocent: [string, string][] = [
    ['a public key', `-----BEGIN PUBLIC KEY-----\n${BASE64}`],
    ['a certificate', `-----BEGIN CERTIFICATE-----\n${BASE64}`],
    [
      'a program that reads keys',
      `if (!pem.startsWith('-----BEGIN PRIVATE KEY-----')) throw new Error("no key")`,
    ],
    [
      'a program that writes keys',
      'return `-----BEGIN PRIVATE KEY-----\\n${body}\\n-----END PRIVATE KEY-----`',
    ],
    ['a compiled program', `\0asm\u0001-----BEGIN PRIVATE KEY-----\n`],
    ['words about them', 'The file holds a PRIVATE KEY.'],
    ['nothing', ''],
  ];
  test.each(innocent)('%s is none', async (_, content) => {
    const folder = await makeFolder({ 'm.wasm': 'm', 'static/a.txt': content });
    expect((await collectIn(folder, manifestWith('static/*'))).problems).toEqual([]);
  });
});
