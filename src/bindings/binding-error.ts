// Why there is no plan, in a sentence.

import type { BindingWish } from './plan.ts';
import type { Language } from './templates.ts';

/** The wish cannot be fulfilled; nothing was changed. */
export class BindingError extends Error {
  readonly code: 'BINDING_LANGUAGE' | 'BINDING_STYLE' | 'BINDING_FILE';
  readonly hint: string | undefined;
  constructor(code: BindingError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'BindingError';
    this.code = code;
    this.hint = hint;
  }
}

/** The language has nothing for the add-on in the style that is wished for. */
export function noForm({ addon, style }: BindingWish, language: Language): BindingError {
  if (style === 'environment' && addon.variables.length === 0)
    return new BindingError(
      'BINDING_STYLE',
      `${addon.name} gives the channel no variables: it is reached by host calls only.`,
      'Use the style host-call, in a language that makes handlers.',
    );
  if (style === 'host-call' && addon.interfaces.length === 0)
    return new BindingError(
      'BINDING_STYLE',
      `${addon.name} cannot be reached by host calls: its broker says of none that it speaks.`,
      'Use the style environment: it reads the variables by their names.',
    );
  return new BindingError(
    'BINDING_STYLE',
    `There is no template for ${addon.displayName} in ${language.name} by the style ${style}.`,
  );
}

/** A file has no place for anything. */
export function endless(name: string): BindingError {
  return new BindingError(
    'BINDING_FILE',
    `${name} has a comment or a string that does not end.`,
    'Put that right first, or choose another file.',
  );
}
