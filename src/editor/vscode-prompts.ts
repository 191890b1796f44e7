// Questions, notifications and progress as VS Code shows them.

import * as vscode from 'vscode';
import type {
  Choice,
  InputOptions,
  PickOptions,
  ProgressOptions,
  Prompts,
  Report,
  SearchOptions,
  Separator,
} from './app.ts';
import { Cancelled } from './failure.ts';

export function createPrompts(): Prompts {
  return {
    pick,
    search,
    input,
    async confirm(message, { detail, action }) {
      await ask(message, detail, [action]);
    },
    choose: (message, { detail, actions }) => ask(message, detail, actions),
    async notify<T extends string>(
      level: 'info' | 'warning' | 'error',
      message: string,
      ...buttons: readonly T[]
    ) {
      const { showInformationMessage, showWarningMessage, showErrorMessage } = vscode.window;
      const show = { info: showInformationMessage, warning: showWarningMessage, error: showErrorMessage }[
        level
      ];
      return show<T>(message, ...buttons);
    },
    mention: (message) => void vscode.window.setStatusBarMessage(message, 5_000),
    progress,
  };
}

async function ask<T extends string>(
  message: string,
  detail: string | undefined,
  actions: readonly T[],
): Promise<T> {
  const options = { modal: true, ...(detail === undefined ? {} : { detail }) };
  const answer = await vscode.window.showWarningMessage<T>(message, options, ...actions);
  if (answer === undefined) throw new Cancelled();
  return answer;
}

interface Item<T> extends vscode.QuickPickItem {
  readonly choice?: Choice<T>;
}

async function pick<T>(
  choices: readonly (Choice<T> | Separator)[] | Promise<readonly (Choice<T> | Separator)[]>,
  { title, placeholder, active, steps }: PickOptions<T>,
): Promise<T> {
  const box = vscode.window.createQuickPick<Item<T>>();
  try {
    box.title = title;
    box.placeholder = placeholder;
    box.step = steps?.step;
    box.totalSteps = steps?.of;
    box.matchOnDescription = true;
    box.matchOnDetail = true;
    box.busy = true;
    const answered = new Promise<T>((resolve, reject) => {
      box.onDidAccept(() => {
        const choice = box.selectedItems[0]?.choice;
        if (choice) resolve(choice.value);
      });
      box.onDidHide(() => reject(new Cancelled()));
    });
    box.show();
    // Whoever gives up waiting for the choices has given up the question.
    const offered = await Promise.race([choices, answered.then(() => [])]);
    const items = offered.map((choice) => itemOf<T>(choice));
    box.items = items;
    box.activeItems = items.filter(({ choice }) => choice !== undefined && choice.value === active);
    box.busy = false;
    return await answered;
  } finally {
    box.dispose();
  }
}

/** Whoever types is not asked about after each key. */
const TYPING = 150;

async function search<T>({ title, placeholder, value = '', steps, search }: SearchOptions<T>): Promise<T> {
  const box = vscode.window.createQuickPick<Item<T>>();
  let asking = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  try {
    box.title = title;
    box.placeholder = placeholder;
    box.value = value;
    box.step = steps?.step;
    box.totalSteps = steps?.of;
    return await new Promise<T>((resolve, reject) => {
      let takesFirst = false;
      const ask = async (): Promise<void> => {
        asking.abort();
        const { signal } = (asking = new AbortController());
        try {
          const offered = await search(box.value, signal);
          if (signal.aborted) return;
          // What is found need not hold what was typed.
          box.items = offered.map((choice) => ({ ...itemOf(choice), alwaysShow: true }));
          box.busy = false;
          const first = offered.find((choice): choice is Choice<T> => 'label' in choice);
          if (takesFirst && first) resolve(first.value);
        } catch (error) {
          if (!signal.aborted) reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      box.onDidChangeValue(() => {
        clearTimeout(timer);
        takesFirst = false;
        box.busy = true;
        timer = setTimeout(() => void ask(), TYPING);
      });
      box.onDidAccept(() => {
        // What is offered is still for another text: whoever has pasted something does not wait for the list.
        if (box.busy) return void (takesFirst = true);
        const choice = box.selectedItems[0]?.choice;
        if (choice) resolve(choice.value);
      });
      box.onDidHide(() => reject(new Cancelled()));
      box.busy = true;
      box.show();
      void ask();
    });
  } finally {
    clearTimeout(timer);
    asking.abort();
    box.dispose();
  }
}

function itemOf<T>(choice: Choice<T> | Separator): Item<T> {
  if ('separator' in choice) return { label: choice.separator, kind: vscode.QuickPickItemKind.Separator };
  const { label, description, detail } = choice;
  return {
    label,
    ...(description === undefined ? {} : { description }),
    ...(detail === undefined ? {} : { detail }),
    choice,
  };
}

async function input(options: InputOptions): Promise<string> {
  const { title, prompt, value = '', placeholder, password = false, steps, check } = options;
  const box = vscode.window.createInputBox();
  try {
    box.title = title;
    box.prompt = prompt;
    box.value = value;
    box.placeholder = placeholder;
    box.password = password;
    box.step = steps?.step;
    box.totalSteps = steps?.of;
    // Names and passwords are often fetched from another window.
    box.ignoreFocusOut = true;
    return await new Promise<string>((resolve, reject) => {
      box.onDidChangeValue(() => (box.validationMessage = undefined));
      box.onDidAccept(async () => {
        const entered = box.value;
        box.busy = true;
        try {
          const problem = await check?.(entered);
          if (box.value !== entered) return;
          box.validationMessage = problem;
          if (problem === undefined) resolve(entered);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        } finally {
          box.busy = false;
        }
      });
      box.onDidHide(() => reject(new Cancelled()));
      box.show();
    });
  } finally {
    box.dispose();
  }
}

async function progress<T>(
  { title, where, cancellable = false }: ProgressOptions,
  work: (report: Report, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const location =
    where === 'notification'
      ? vscode.ProgressLocation.Notification
      : where === 'window'
        ? vscode.ProgressLocation.Window
        : { viewId: where.view };
  return vscode.window.withProgress({ title, location, cancellable }, async (shown, token) => {
    const abort = new AbortController();
    const listening = token.onCancellationRequested(() => abort.abort(new Cancelled()));
    try {
      return await work(
        (message, percent) =>
          shown.report({ message, ...(percent === undefined ? {} : { increment: percent }) }),
        abort.signal,
      );
    } finally {
      listening.dispose();
    }
  });
}
