// What stands above each handler and export: how much it brings, and where it answers.

import { setImmediate } from 'node:timers/promises';
import type { KnownChannel, ProjectFacts } from '../facts.ts';
import { entriesOf, type Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import { bytesText, count } from '../text.ts';
import { channelAddress } from './addresses.ts';

export type Lens =
  | {
      readonly kind: 'files';
      /** The header. */
      readonly range: Range;
      /** `module 18 KB · 12 files, 340 KB`. */
      readonly title: string;
    }
  | {
      readonly kind: 'address';
      readonly range: Range;
      /** The address, and whose it is where there are several. */
      readonly title: string;
      readonly address: string;
    };

/** Channels whose addresses are shown. */
const MAX_ADDRESSES = 3;

export interface LensesOptions {
  readonly signal?: AbortSignal;
  /** Then the server is not waited for, and this is told when it has answered: asked again, they are complete. */
  readonly onAnswer?: () => void;
}

/** @throws the signal's reason */
export async function lenses(
  manifest: Manifest,
  facts: ProjectFacts,
  { signal, onAnswer }: LensesOptions = {},
): Promise<Lens[]> {
  const known = await channelsOf(manifest, facts, onAnswer);
  const channels = known.filter(({ address }) => address !== undefined).slice(0, MAX_ADDRESSES);
  const found: Lens[] = [];
  for (const entry of entriesOf(manifest)) {
    const { range } = entry;
    const module = entry.name?.value === undefined ? undefined : await facts.module(entry.name.value, signal);
    const patterns = entry.files?.value?.map(({ text }) => text);
    const files = patterns && (await facts.together(patterns, signal));
    const parts = [
      ...(module ? [module.found ? `module ${bytesText(module.size)}` : 'module not there'] : []),
      ...(files
        ? [files.files === 0 ? 'no files' : `${count(files.files, 'file')}, ${bytesText(files.bytes)}`]
        : []),
    ];
    if (parts.length > 0) found.push({ kind: 'files', range, title: parts.join(' · ') });
    if (entry.kind !== 'handler' || entry.route?.value === undefined) continue;
    for (const channel of channels) {
      const address = channelAddress(channel, entry.route.value);
      if (address === undefined) continue;
      const title = channels.length === 1 ? address : `${channel.channel}: ${address}`;
      found.push({ kind: 'address', range, title, address });
    }
  }
  return found;
}

async function channelsOf(
  manifest: Manifest,
  { server }: ProjectFacts,
  onAnswer: LensesOptions['onAnswer'],
): Promise<readonly KnownChannel[]> {
  const name = manifest.bindle?.name?.value;
  const asked = name === undefined ? undefined : server?.channels(name);
  if (!asked || !onAnswer) return (await asked) ?? [];
  const remembered = await Promise.race([asked, setImmediate('waits' as const)]);
  if (remembered !== 'waits') return remembered ?? [];
  void asked.then((channels) => channels && onAnswer());
  return [];
}
