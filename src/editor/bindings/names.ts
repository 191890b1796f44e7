// What is offered, and told, where source names a variable or an add-on. Pure.

import type { ChannelAddon } from './bound.ts';
import { namePlace, type NamePlace } from './name-places.ts';

export interface NameOffer {
  readonly label: string;
  /** `postgresql (PostgreSQL, small)`. */
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
}

export interface NamesAt {
  readonly place: NamePlace;
  readonly offers: readonly NameOffer[];
}

/**
 * @param languageId VS Code's
 * @param line its text
 * @param column between two characters of it
 */
export function namesAt(
  languageId: string,
  line: string,
  column: number,
  addons: readonly ChannelAddon[],
): NamesAt | undefined {
  const place = namePlace(languageId, line, column);
  if (!place) return undefined;
  return { place, offers: place.what === 'variable' ? variables(addons) : names(addons) };
}

/** What is told of the name at a place. */
export function nameAt(
  languageId: string,
  line: string,
  column: number,
  addons: readonly ChannelAddon[],
): { readonly place: NamePlace; readonly offer: NameOffer } | undefined {
  const found = namesAt(languageId, line, column, addons);
  if (!found) return undefined;
  const name = line.slice(found.place.start, found.place.end);
  const offer = found.offers.find(({ label }) => label === name);
  return offer && { place: found.place, offer };
}

function variables(addons: readonly ChannelAddon[]): NameOffer[] {
  const owners = new Map<string, ChannelAddon[]>();
  for (const addon of addons)
    for (const key of addon.variables) owners.set(key, [...(owners.get(key) ?? []), addon]);
  return [...owners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, all]) => offerOf(key, all, 'variable'));
}

function names(addons: readonly ChannelAddon[]): NameOffer[] {
  const owners = new Map<string, ChannelAddon[]>();
  for (const addon of addons)
    if (addon.interfaces.length > 0) owners.set(addon.name, [...(owners.get(addon.name) ?? []), addon]);
  return [...owners].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, all]) => offerOf(name, all, 'addon'));
}

function offerOf(label: string, owners: readonly ChannelAddon[], what: NamePlace['what']): NameOffer {
  const [first] = owners;
  const detail = first ? `${first.name} (${first.displayName}, ${first.plan})` : '';
  const lines = owners.map(
    ({ name, displayName, plan, app, channel }) =>
      `- \`${app}: ${channel}\`: ${plain(name)}, ${plain(displayName)}, plan ${plain(plan)}`,
  );
  const head =
    what === 'variable'
      ? `**${label}** is a variable of an add-on. Hippo shows its value where you ask for it.`
      : `**${plain(label)}** is an add-on, by the name that host calls know.`;
  return { label, detail, documentation: `${head}\n\n${lines.join('\n')}` };
}

/** Names of brokers are not Markdown. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+!|<>~-]/g, '\\$&');
}
