// What the original `hippo` CLI made of each project, through our own front door.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeInvoice } from '../../src/bindle/codec.ts';
import type { Invoice, Parcel } from '../../src/bindle/invoice.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { startReferenceServer, type ReferenceServer } from '../support/reference-server.ts';
import { temporaryFolder } from '../support/temporary.ts';

const fixtures = fileURLToPath(new URL('../fixtures/hippofacts', import.meta.url));
const cases = readdirSync(fixtures).filter((name) => existsSync(join(fixtures, name, 'expected.json')));
const folder = temporaryFolder();
let server: ReferenceServer;
beforeAll(async () => {
  server = await startReferenceServer();
});
afterAll(() => server.close());

interface Expected {
  invoice?: Invoice;
  error?: string;
  warnings: string[];
}

/** Parcels as a set; a group stands once in `memberOf` here and may stand twice there. */
function comparable(invoice: Invoice): object {
  const parcels = (invoice.parcel ?? []).map(({ label, conditions }: Parcel) => ({
    label,
    memberOf: [...new Set(conditions?.memberOf ?? [])].sort(),
    requires: conditions?.requires ?? [],
  }));
  return { ...invoice, parcel: parcels.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
}

describe('hippo prepare -v production', () => {
  expect(cases.length).toBeGreaterThan(10);
  it.each(cases)('%s', async (name) => {
    const expected = JSON.parse(readFileSync(join(fixtures, name, 'expected.json'), 'utf8')) as Expected;
    const project = join(folder, name);
    cpSync(join(fixtures, name, 'app'), project, { recursive: true });
    const externals = join(fixtures, name, 'external');
    for (const file of existsSync(externals) ? readdirSync(externals) : []) {
      const invoice = decodeInvoice(readFileSync(join(externals, file), 'utf8'), 'toml');
      server.invoices.set(`${invoice.bindle.name}/${invoice.bindle.version}`, invoice);
    }
    const out = join(folder, `${name}-out`);
    mkdirSync(out);
    const ran = await hippo(
      ['prepare', '.', '-d', out, '-v', 'production', '--no-sign', '-s', server.url, '-o', 'json'],
      {
        cwd: project,
        env: cleanEnv(join(folder, 'home')),
      },
    );
    const warnings = ran.stderr.split('\n').filter((line) => line.includes('warning:'));
    expect(warnings).toHaveLength(expected.warnings.length);
    for (const warning of expected.warnings) {
      const pattern = warning.replace('No files matched pattern ', '');
      expect(warnings.some((line) => line.includes(pattern))).toBe(true);
    }
    if (expected.error !== undefined) {
      expect(ran.code).toBe(3);
      expect(ran.stderr).toMatch(/HIPPOFACTS:\d+:\d+: error: /);
      expect(readdirSync(out)).toEqual([]);
      return;
    }
    expect(ran.stderr.split('\n').filter((line) => line.includes('error:'))).toEqual([]);
    expect(ran.code).toBe(0);
    const { path } = JSON.parse(ran.stdout) as { path: string };
    const invoice = decodeInvoice(readFileSync(join(path, 'invoice.toml'), 'utf8'), 'toml');
    const wanted = structuredClone(expected.invoice!);
    if (name === 'external-handler') {
      // On purpose different: the library's features are kept, here its entrypoint.
      const main = wanted.parcel!.find(({ label }) => label.name === 'fileserver.wasm')!;
      main.label.feature!['wagi']!['entrypoint'] = 'serve';
    }
    expect(comparable(invoice)).toEqual(comparable(wanted));
    // Parcels that another bindle brings are not staged.
    const staged = readdirSync(join(path, 'parcels')).length;
    const own = new Set(
      invoice
        .parcel!.filter(({ label }) => !label.annotations?.['hippos_do_not_stage'])
        .map(({ label }) => label.sha256),
    );
    expect(staged).toBe(own.size);
  });
});
