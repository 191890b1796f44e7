// `hippo info`: what is in a bindle, and who signed it.

import { Option, type Command } from 'commander';
import { encodeInvoice } from '../../bindle/codec.ts';
import { formatId } from '../../bindle/id.ts';
import type { Invoice, Parcel } from '../../bindle/invoice.ts';
import { checkSignature } from '../../bindle/signing.ts';
import { requireId } from '../ids.ts';
import { bytesText, count, print, visible, type Screen } from '../screen.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

interface Options extends ServerOptions {
  yanked?: boolean;
  output: 'message' | 'json' | 'toml';
}

export function configure(command: Command, screen: Screen): void {
  command
    .argument('<id>', 'the bindle, as name/version')
    .option('-y, --yanked', 'show it even if it is yanked')
    .addOption(
      new Option('-o, --output <form>', 'what to print')
        .choices(['message', 'json', 'toml'])
        .default('message'),
    );
  addServerOptions(command).action(async (text: string, options: Options) => {
    const id = requireId(text);
    const client = await connect(screen, options);
    try {
      const invoice = await client.getInvoice(id, { yanked: options.yanked ?? false });
      if (options.output === 'message') describe(invoice).forEach((line) => print(screen, visible(line)));
      else print(screen, encodeInvoice(invoice, options.output).trimEnd());
    } finally {
      await client.close();
    }
  });
}

function describe(invoice: Invoice): string[] {
  const { bindle, parcel = [], signature = [] } = invoice;
  const size = parcel.reduce((sum, { label }) => sum + label.size, 0);
  const widest = Math.max(0, ...parcel.map(({ label }) => bytesText(label.size).length));
  return [
    formatId(bindle) + (invoice.yanked ? '  (yanked)' : ''),
    ...(bindle.description ? [bindle.description.trim()] : []),
    ...(bindle.authors?.length ? [`by ${bindle.authors.join(', ')}`] : []),
    ...Object.entries(invoice.annotations ?? {}).map(([key, value]) => `${key} = ${value}`),
    `${count(parcel.length, 'parcel')}, ${bytesText(size)}`,
    ...parcel.map(
      (item) => `  ${bytesText(item.label.size).padStart(widest)}  ${item.label.name}${role(item)}`,
    ),
    ...signature.map((one) => `signed by ${one.by} as ${one.role}, key ${one.key}: ${verdict(invoice, one)}`),
    ...(signature.length === 0 ? ['not signed'] : []),
  ];
}

function role({ label }: Parcel): string {
  const { route, entrypoint } = label.feature?.['wagi'] ?? {};
  const exported = label.annotations?.['wagi_handler_id'];
  const at = entrypoint === undefined ? '' : ` (${entrypoint})`;
  if (route !== undefined) return `  serves ${route}${at}`;
  return exported === undefined ? '' : `  exported as ${exported}${at}`;
}

function verdict(invoice: Invoice, signature: NonNullable<Invoice['signature']>[number]): string {
  try {
    checkSignature(invoice, signature);
    return 'valid';
  } catch {
    return 'NOT VALID';
  }
}
