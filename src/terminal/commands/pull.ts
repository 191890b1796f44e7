// `hippo pull`: downloads a bindle in standalone form; digests are always checked, signatures unless told not to.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { formatId } from '../../bindle/id.ts';
import type { Invoice } from '../../bindle/invoice.ts';
import { readKeyringFile } from '../../bindle/keys.ts';
import { downloadParcel } from '../../bindle/parcel-copy.ts';
import { parseStrategy, SignatureError, verifyInvoice, type Strategy } from '../../bindle/signing.ts';
import { packStandalone, writeStandalone } from '../../bindle/standalone.ts';
import { findPlaces } from '../../session/places.ts';
import { listenForCancel } from '../cancel.ts';
import { CommandError, EXIT } from '../failure.ts';
import { requireId } from '../ids.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { visible, warn, type Screen } from '../screen.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

interface Options extends ServerOptions {
  dir: string;
  archive?: boolean;
  yanked?: boolean;
  verify: boolean;
  strategy: string;
  keyring?: string;
  output: OutputForm;
}

const STRATEGIES =
  'CreativeIntegrity, AuthoritativeIntegrity, GreedyVerification, ExhaustiveVerification, ' +
  'MultipleAttestation[roles] or MultipleAttestationGreedy[roles]';

export function configure(command: Command, screen: Screen): void {
  command
    .argument('<id>', 'the bindle, as name/version')
    .requiredOption('-d, --dir <folder>', 'where to write it, in a folder of its own')
    .option('--archive', 'pack it as .tar.gz too')
    .option('-y, --yanked', 'download it even if it is yanked')
    .option(
      '--strategy <name>',
      `how signatures are held against the keyring: ${STRATEGIES}`,
      'CreativeIntegrity',
    )
    .option('-r, --keyring <file>', 'the keyring of trusted keys (default: your own, see `hippo key`)')
    .option('--no-verify', 'do not check who signed it; digests are checked all the same');
  addOutputOption(addServerOptions(command)).action(async (text: string, options: Options) => {
    const id = requireId(text);
    const strategy = parseStrategy(options.strategy);
    if (!strategy)
      throw new CommandError(`"${options.strategy}" is no verification strategy.`, {
        hint: `Choose one of ${STRATEGIES}.`,
        exitCode: EXIT.usage,
      });
    const cancel = listenForCancel();
    const client = await connect(screen, options);
    try {
      const { signal } = cancel;
      const invoice = await client.getInvoice(id, { signal, yanked: options.yanked ?? false });
      if (invoice.bindle.name !== id.name || invoice.bindle.version !== id.version)
        throw new CommandError(`The server answered with ${formatId(invoice.bindle)} instead of ${text}.`, {
          exitCode: EXIT.server,
        });
      if (options.verify) await verify(screen, invoice, strategy, options.keyring);
      else warn(screen, `Nobody checks who made ${text} (--no-verify): it may come from anyone.`);
      const folder = await writeStandalone(resolve(screen.cwd, options.dir), invoice, async (label, file) => {
        await downloadParcel(client, id, label, file, signal);
      });
      const written = options.archive ? await packStandalone(folder, invoice) : folder;
      printResult(screen, options.output, {
        id: text,
        message: `pulled: ${text}\nto:     ${written}`,
        json: { id: text, path: written },
      });
    } finally {
      await client.close();
      cancel.release();
    }
  });
}

/** @throws CommandError that names the keys which would have to be trusted */
async function verify(screen: Screen, invoice: Invoice, strategy: Strategy, file?: string): Promise<void> {
  const path = file === undefined ? findPlaces(screen.env).keyring : resolve(screen.cwd, file);
  const keyring = await readKeyringFile(path);
  try {
    verifyInvoice(invoice, keyring.key, strategy);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    const signers = (invoice.signature ?? []).map(({ by, role, key }) =>
      visible(`  ${key}  ${by} (${role})`),
    );
    throw new CommandError(`${formatId(invoice.bindle)} was not downloaded: ${explain(error, path)}`, {
      hint: [
        ...(signers.length > 0 ? ['It is signed by:', ...signers] : []),
        ...(error.code === 'UNKNOWN_KEY'
          ? ["If you trust a key, `hippo key trust KEY` adds it (`--host` the server's own)."]
          : []),
        '--no-verify downloads it all the same.',
      ].join('\n'),
      exitCode: EXIT.denied,
    });
  }
}

function explain(error: SignatureError, keyring: string): string {
  if (error.code === 'UNKNOWN_KEY') return `it is signed with a key that is not in ${keyring}.`;
  if (error.code === 'UNSIGNED') return 'it is not signed.';
  if (error.code === 'MISSING_ROLE')
    return `${error.message}, which this strategy asks for (see --strategy).`;
  return `a signature does not hold (${error.message}), so it may have been tampered with.`;
}
