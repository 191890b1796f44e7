// The question before what cannot be undone.

import type { App } from '../app.ts';

/** Has somebody type the name of what is to go. @throws Cancelled */
export async function typeName(
  { prompts }: Pick<App, 'prompts'>,
  { title, prompt, name }: { title: string; prompt: string; name: string },
): Promise<void> {
  await prompts.input({
    title,
    prompt,
    placeholder: name,
    check: (text) =>
      text === name ? undefined : `That is not its name: type ${name}, or press Escape to keep it.`,
  });
}
