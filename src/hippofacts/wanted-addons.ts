// The add-ons that an app needs, as its manifest says it: `[annotations] hippo_addons = "postgresql:small, redis as cache"`.

import type { Field, Manifest } from './parse.ts';
import type { Range } from './position.ts';
import type { Problem } from './problem.ts';
import { quote } from './quote.ts';

/** Under `[annotations]`, where the original `hippo` leaves it alone. */
export const ADDONS_ANNOTATION = 'hippo_addons';

/** One of `offering[:plan] [as name]`. */
export interface WantedAddon {
  /** The name of an offering, or `name@broker`. */
  readonly offering: string;
  readonly plan: string | undefined;
  /** What it is called: that after `as`, else the offering's name. */
  readonly name: string;
  /** `as` gives it this name. */
  readonly named: boolean;
}

export interface WantedAddons {
  readonly addons: readonly WantedAddon[];
  readonly faults: readonly WantedFault[];
}

/** Offsets into the text of the annotation. */
export interface WantedFault {
  readonly code: 'addon-syntax' | 'addon-twice';
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/** What a name may be, since variables begin with it. */
const NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,27}$/;
const ADDON = /^([^\s:@]+)(@[a-zA-Z0-9_-]+)?(?::([^\s:]+))?(?:\s+as\s+(\S+))?$/;
const FORM = 'write offering, offering:plan, or either with "as" and a name behind it';

/** Never throws; what cannot be read is a fault and left out. */
export function parseWantedAddons(text: string): WantedAddons {
  const addons: WantedAddon[] = [];
  const faults: WantedFault[] = [];
  if (text.trim() === '') return { addons, faults };
  const names = new Set<string>();
  for (const { 0: part, index } of text.matchAll(/(?<=^|,)[^,]*/g)) {
    const words = part.trim();
    const start = index + part.length - part.trimStart().length;
    const fault = (code: WantedFault['code'], message: string): unknown =>
      faults.push(
        words === ''
          ? { code, message, start: index, end: index + Math.max(1, part.length) }
          : { code, message, start, end: start + words.length },
      );
    const [, offering = '', broker = '', plan, as] = ADDON.exec(words) ?? [];
    const name = as ?? offering;
    if (words === '') fault('addon-syntax', 'An add-on is missing here, or there is a comma too many');
    else if (offering === '') fault('addon-syntax', `${quote(words)} names no add-on: ${FORM}`);
    else if (as !== undefined && !NAME.test(as))
      fault(
        'addon-syntax',
        `${quote(as)} cannot be the name of an add-on: it begins with a letter and has letters, digits, "-" and "_", 28 of them at most`,
      );
    else if (names.has(name.toLowerCase()))
      fault('addon-twice', `There are two add-ons called ${name}: give one another name by "as"`);
    else addons.push({ offering: offering + broker, plan, name, named: as !== undefined });
    names.add(name.toLowerCase());
  }
  return { addons, faults };
}

/** `postgresql:small as db`. */
export function formatWantedAddon({ offering, plan, name, named }: WantedAddon): string {
  return `${offering}${plan === undefined ? '' : `:${plan}`}${named ? ` as ${name}` : ''}`;
}

/** What is wrong with the annotation of a manifest, each at its place. */
export function addonProblems(manifest: Manifest): Problem[] {
  const field = manifest.annotations.find(({ key }) => key.text === ADDONS_ANNOTATION);
  if (field?.value === undefined) return [];
  const { faults } = parseWantedAddons(field.value);
  return faults.map(({ code, message, start, end }) => ({
    code,
    severity: 'error',
    message,
    range: placeIn(manifest, field, field.value ?? '', start, end),
  }));
}

/** A part of a text in the file; all of it where escapes stand between the two. */
function placeIn(
  { document: { text, lines } }: Manifest,
  { range }: Field<string>,
  value: string,
  start: number,
  end: number,
): Range {
  const at = text.slice(range.start.offset, range.end.offset).indexOf(value);
  if (at === -1 || value === '') return range;
  const from = range.start.offset + at;
  return lines.range(from + start, Math.min(from + end, range.end.offset));
}
