// Placeholders of templates: `{{name}}`, and lines between `{{#variables}}` and `{{/variables}}` for each variable.

import { prefixOf } from '../addons/environment.ts';
import { escapePattern } from './escape-pattern.ts';
import { urlOf, type Language } from './templates.ts';
import type { BoundAddon } from './plan.ts';

export type Values = Readonly<Record<string, string>>;

/** What all texts of an add-on may have. */
export function valuesOf(addon: BoundAddon): Values {
  const plan = oneLine(addon.plan);
  return {
    name: addon.name,
    addon: oneLine(addon.displayName),
    plan,
    offering: oneLine(addon.offering),
    variable: urlOf(addon) ?? '',
  };
}

/** A name that code can have: `my-cache` → `my_cache`, `myCache`. */
export function identifier(words: string, language: Pick<Language, 'case' | 'reserved'>): string {
  const parts = words.split(/[^A-Za-z0-9]+/).filter((part) => part !== '');
  const isCamel = language.case === 'camel';
  const joined = parts
    .map((part, index) =>
      !isCamel
        ? part.toLowerCase()
        : index === 0
          ? lowerFirst(part)
          : part.charAt(0).toUpperCase() + part.slice(1),
    )
    .join(isCamel ? '' : '_');
  const name = /^[A-Za-z]/.test(joined) ? joined : isCamel ? `addon${joined}` : `addon_${joined}`;
  if (!language.reserved?.includes(name)) return name;
  return isCamel ? `${name}Addon` : `${name}_addon`;
}

/** @throws nothing: what is not known stays as it is */
export function fill(template: string, values: Values): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (whole, key: string) => values[key] ?? whole);
}

/** As `fill`, in a regular expression. */
export function fillPattern(template: string, values: Values): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (whole, key: string) => {
    const value = values[key];
    return value === undefined ? whole : escapePattern(value);
  });
}

/** A text of a template, for each variable where it says so. */
export function fillText(template: string, values: Values, addon: BoundAddon, language: Language): string {
  const whole = template.replaceAll(
    /^[^\n]*\{\{#variables\}\}[^\n]*\n([^]*?)^[^\n]*\{\{\/variables\}\}[^\n]*\n/gm,
    (_, lines: string) =>
      addon.variables
        .map((variable) => fill(lines, { ...values, variable, key: keyOf(variable, addon, language) }))
        .join(''),
  );
  return fill(whole, values);
}

/** `POSTGRESQL_URL` → `url`. */
function keyOf(variable: string, { name }: BoundAddon, language: Language): string {
  const prefix = `${prefixOf(name)}_`;
  const short = variable.startsWith(prefix) ? variable.slice(prefix.length) : variable;
  return identifier(short.toLowerCase(), language);
}

/** Brokers' texts stand in comments. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll('*/', '* /')
    .replaceAll('{{', '{ {')
    .trim();
}

function lowerFirst(text: string): string {
  return text === text.toUpperCase() ? text.toLowerCase() : text.charAt(0).toLowerCase() + text.slice(1);
}
