// What apps, channels and variables may be called (hippo-api.md §4).

/**
 * @param others that have their names already
 * @param what one of them is called, with its article
 * @returns what is wrong with it, in one sentence
 */
export function nameProblem(
  text: string,
  longest: number,
  others: readonly { readonly name: string }[],
  what: string,
): string | undefined {
  if (text === '') return 'Type a name.';
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return 'Use letters, digits, "-" and "_".';
  if (text.length > longest) return `Use at most ${longest} characters.`;
  return others.some(({ name }) => name === text) ? `There is ${what} ${text} already.` : undefined;
}

export function variableProblem(
  key: string,
  others: readonly { readonly key: string }[],
): string | undefined {
  if (key === '') return 'Type a name.';
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return 'Use letters, digits and "_", and no digit first.';
  if (key.length > 32) return 'Use at most 32 characters.';
  return others.some((one) => one.key === key) ? `There is a variable ${key} already.` : undefined;
}
