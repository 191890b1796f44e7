// Where the annotation of a HIPPOFACTS names an add-on.

import { parseManifest } from '../../hippofacts/parse.ts';
import { ADDONS_ANNOTATION, parseWantedAddons } from '../../hippofacts/wanted-addons.ts';

/** @param text of a HIPPOFACTS @returns offsets; undefined if it does not name it */
export function annotationOf(text: string, addon: string): { start: number; end: number } | undefined {
  const field = parseManifest(text).annotations.find(({ key }) => key.text === ADDONS_ANNOTATION);
  if (field?.value === undefined) return undefined;
  const { addons } = parseWantedAddons(field.value);
  const isNamed = addons.some(({ name }) => name.toLowerCase() === addon.toLowerCase());
  const { start, end } = field.range;
  return isNamed ? { start: start.offset, end: end.offset } : undefined;
}
