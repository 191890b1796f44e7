// The forms in which a result is printed: `-o message|id|none|json`.

import { Option, type Command } from 'commander';
import { print, type Screen } from './screen.ts';

export type OutputForm = 'message' | 'id' | 'none' | 'json';

export function addOutputOption(
  command: Command,
  forms: readonly OutputForm[] = ['message', 'id', 'none', 'json'],
): Command {
  return command.addOption(
    new Option('-o, --output <form>', 'what to print on success').choices(forms).default('message'),
  );
}

/** Prints one result in the form that was asked for. */
export function printResult(
  screen: Screen,
  form: OutputForm,
  result: { id?: string; message: string; json: unknown },
): void {
  if (form === 'json') print(screen, JSON.stringify(result.json));
  else if (form === 'id') print(screen, result.id ?? '');
  else if (form === 'message' && result.message !== '') print(screen, result.message);
}
