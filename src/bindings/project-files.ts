// What a project has beside its code: the annotation in HIPPOFACTS, and the names of variables in .env.example.

import { addLine, addKey } from '../hippofacts/language/edits.ts';
import { lineEndOf } from '../hippofacts/language/line-ends.ts';
import { parseManifest } from '../hippofacts/parse.ts';
import { LineIndex } from '../hippofacts/position.ts';
import type { TextEdit } from '../hippofacts/text-edit.ts';
import { ADDONS_ANNOTATION, formatWantedAddon, parseWantedAddons } from '../hippofacts/wanted-addons.ts';
import type { BoundAddon } from './plan.ts';

/**
 * HIPPOFACTS says that it needs the add-on.
 * @returns `[]` if it says so already; undefined where the file must be mended by hand first
 */
export function addAnnotation(text: string, addon: BoundAddon): readonly TextEdit[] | undefined {
  const { document, annotations } = parseManifest(text);
  const field = annotations.find(({ key }) => key.text === ADDONS_ANNOTATION);
  if (field && field.value === undefined) return undefined;
  const { addons, faults } = parseWantedAddons(field?.value ?? '');
  if (addons.some(({ name }) => name.toLowerCase() === addon.name.toLowerCase())) return [];
  const offering = addon.reference ?? addon.offering;
  const wanted = formatWantedAddon({
    offering,
    plan: addon.plan,
    name: addon.name,
    named: addon.name !== offering,
  });
  // Another writing of it would be another add-on to the next publish.
  const [reread] = parseWantedAddons(wanted).addons;
  if (reread?.name !== addon.name || faults.length > 0) return undefined;
  if (field) {
    const { range } = field;
    const written = text.slice(range.start.offset, range.end.offset);
    const quote = /("""|'''|"|')$/.exec(written)?.[0];
    if (quote === undefined) return undefined;
    const at = range.end.offset - quote.length;
    const separator = addons.length === 0 ? '' : ', ';
    return [{ range: document.lines.range(at, at), text: `${separator}${wanted}` }];
  }
  const value = `"${wanted}"`;
  const table = document.root.entries.get('annotations')?.value;
  if (table?.kind === 'table') {
    const edit = addKey(document, table, ['annotations'], ADDONS_ANNOTATION, value);
    return edit && [edit];
  }
  if (table !== undefined || document.problems.length > 0) return undefined;
  const eol = lineEndOf(text);
  const last = document.statements.at(-1);
  const section = `[annotations]${eol}${ADDONS_ANNOTATION} = ${value}`;
  if (!last) return [{ range: document.lines.range(text.length, text.length), text: section + eol }];
  const edit = addLine(document, last, '', '');
  return [{ ...edit, text: `${eol}${eol}${section}` }];
}

/** Names that a `.env` has, without values. `[]`: they are all there. */
export function addNames(text: string, names: readonly string[]): readonly TextEdit[] {
  const there = new Set(
    [...text.matchAll(/^[ \t\uFEFF]*(?:#[ \t]*)?(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=/gm)].map(
      ([, name]) => name,
    ),
  );
  const lines = names.filter((name) => !there.has(name)).map((name) => `${name}=`);
  if (lines.length === 0) return [];
  const eol = lineEndOf(text);
  const gap = text === '' || text === '\uFEFF' || text.endsWith('\n') ? '' : eol;
  const range = new LineIndex(text).range(text.length, text.length);
  return [{ range, text: gap + lines.map((line) => line + eol).join('') }];
}
