// An App without VS Code: remembers what is shown, and answers questions as a test has said before.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  App,
  Choice,
  Folder,
  Log,
  Memory,
  Prompts,
  SearchOptions,
  Separator,
  StatusItem,
} from '../../src/editor/app.ts';
import { Commands } from '../../src/editor/commands.ts';
import { Emitter } from '../../src/editor/disposables.ts';
import { Cancelled } from '../../src/editor/failure.ts';
import { Guard } from '../../src/editor/guard.ts';
import { SETTINGS, type CommandId, type SettingMap } from '../../src/editor/ids.ts';
import { Masker } from '../../src/editor/mask.ts';
import { findPlaces } from '../../src/session/places.ts';

const HOST_DEFAULTS = {
  'http.proxy': '',
  'http.proxySupport': 'override',
  'http.proxyStrictSSL': true,
  'http.proxyAuthorization': null,
  'http.noProxy': [] as string[],
  'http.systemCertificates': false,
} as const;

export interface Notification {
  level: 'info' | 'warning' | 'error';
  message: string;
  buttons: readonly string[];
}

/** A question that was asked, of whatever kind. */
export interface Asked {
  kind: 'pick' | 'search' | 'input' | 'confirm' | 'choose';
  /** The title, or the message of a dialog. */
  title: string;
  /** The labels to choose from; what is there at first, of an input. */
  offers: readonly string[];
}

/** What a test says to the next question: the label to pick, the text to type, the button to press. */
type Answer = string | typeof CANCEL;
/** Presses Escape. */
export const CANCEL = Symbol('cancel');

export class FakeApp implements App {
  readonly lines: string[] = [];
  readonly notifications: Notification[] = [];
  readonly mentions: string[] = [];
  readonly progresses: string[] = [];
  readonly asked: Asked[] = [];
  readonly opened: string[] = [];
  readonly contextKeys = new Map<string, unknown>();
  readonly statusItems = new Map<string, Parameters<StatusItem['show']>[0] | undefined>();
  readonly stored = new Map<string, string>();
  readonly terminalVariables = new Map<string, string>();
  /** Settings of the user, of the workspace, and of its folders by their URIs. */
  readonly values = new Map<keyof SettingMap, unknown>();
  readonly workspaceValues = new Map<keyof SettingMap, unknown>();
  readonly folderValues = new Map<string, Map<keyof SettingMap, unknown>>();
  terminalPath: string | undefined;
  files: string[] = [];
  time = Date.UTC(2026, 0, 1);
  /** Buttons for notifications: the first whose text is found in a message is pressed. */
  readonly presses: { message: RegExp; button: string }[] = [];
  /** For input boxes: what was wrong with what was typed. */
  readonly refusals: string[] = [];

  readonly #answers: Answer[] = [];
  readonly #handlers = new Map<string, (...args: unknown[]) => unknown>();
  readonly #changes = new Emitter<string>(raise);
  readonly #secretsChanged = new Emitter<void>(raise);
  readonly #trusted = new Emitter<void>(raise);
  readonly #foldersChanged = new Emitter<void>(raise);
  readonly #timers = new Set<{ at: number; run: () => unknown }>();
  readonly #cancels = new Map<string, () => void>();
  #folders: Folder[] = [];
  #isTrusted = true;

  readonly log: Log;
  readonly prompts: Prompts;
  readonly guard: Guard;
  readonly commands: Commands;
  readonly memory: App['memory'] = fakeMemory();
  readonly userMemory: App['userMemory'] = fakeMemory();
  readonly places: App['places'];
  readonly extension: App['extension'];

  /** @param home a folder for everything that is kept */
  constructor(home: string) {
    this.places = findPlaces({ HIPPO_HOME: home });
    this.extension = {
      id: 'hippo-tools.hippo-tools',
      version: '0.1.0',
      path: (file) => fileURLToPath(new URL(`../../${file}`, import.meta.url)),
      storage: join(home, 'storage'),
    };
    const masker = new Masker();
    const add = (text: string): void => void this.lines.push(masker.mask(text));
    this.log = {
      trace: add,
      info: add,
      warn: add,
      error: (message, error) =>
        add(
          error === undefined
            ? message
            : `${message}: ${error instanceof Error ? error.message : JSON.stringify(error)}`,
        ),
      conceal: (secret) => masker.conceal(secret),
      mask: (text) => masker.mask(text),
      show: () => add('(shown)'),
    };
    this.prompts = this.#createPrompts();
    this.guard = new Guard(this.log, this.prompts);
    this.commands = new Commands(
      {
        register: (id, run) => {
          if (this.#handlers.has(id)) throw new Error(`${id} is there already`);
          this.#handlers.set(id, run);
          return { dispose: () => this.#handlers.delete(id) };
        },
        execute: async (id, ...args) => {
          const run = this.#handlers.get(id);
          if (!run) throw new Error(`There is no command ${id}`);
          return run(...args);
        },
      },
      this.guard,
    );
  }

  readonly settings: App['settings'] = {
    get: (key, resource) => {
      const folder = [...this.folderValues.keys()].find((uri) => resource?.startsWith(`${uri}/`));
      const ofFolder = folder === undefined ? undefined : this.folderValues.get(folder)?.get(key);
      const value = ofFolder ?? this.workspaceValues.get(key) ?? this.values.get(key);
      return (value ?? { ...SETTINGS, ...HOST_DEFAULTS }[key]) as never;
    },
    set: async (key, value, target) => {
      const { values, workspaceValues, folderValues } = this;
      if (typeof target === 'object')
        folderValues.set(target.folder, new Map([...(folderValues.get(target.folder) ?? []), [key, value]]));
      else (target === 'user' ? values : workspaceValues).set(key, value);
      this.#changes.fire(key);
    },
    onDidChange: (keys, listener) =>
      this.#changes.event((changed) => {
        if (keys.some((key) => changed === key || changed.startsWith(`${key}.`))) listener();
      }),
  };

  readonly context: App['context'] = {
    set: (key, value) => void this.contextKeys.set(key, value),
    get: (key) => this.contextKeys.get(key) as never,
  };

  readonly secrets: App['secrets'] = {
    get: async (key) => this.stored.get(key),
    set: async (key, value) => {
      this.stored.set(key, value);
      this.#secretsChanged.fire();
    },
    remove: async (key) => {
      this.stored.delete(key);
      this.#secretsChanged.fire();
    },
    onDidChange: (listener) => this.#secretsChanged.event(listener),
  };

  readonly clock: App['clock'] = {
    now: () => this.time,
    after: (milliseconds, run) => {
      const timer = { at: this.time + milliseconds, run };
      this.#timers.add(timer);
      return { dispose: () => this.#timers.delete(timer) };
    },
  };

  readonly workspace: App['workspace'] = (() => {
    const isTrusted = (): boolean => this.#isTrusted;
    const folders = (): Folder[] => this.#folders;
    return {
      get folders() {
        return folders();
      },
      get isTrusted() {
        return isTrusted();
      },
      activeFile: undefined as string | undefined,
      onDidTrust: this.#trusted.event,
      onDidChangeFolders: this.#foldersChanged.event,
      findByName: async (names: readonly string[]) =>
        this.files.filter((uri) => names.includes(uri.slice(uri.lastIndexOf('/') + 1))).sort(),
      pathOf: (uri: string) => fileURLToPath(uri),
    };
  })();

  readonly #visits = new Emitter<string>(raise);
  readonly links = {
    elsewhere: false,
    onDidOpen: this.#visits.event,
    open: async (url: string) => {
      this.opened.push(url);
      this.#visits.fire(url);
    },
    external: async (url: string) => url,
    copy: async (text: string) => void this.opened.push(`clipboard:${text}`),
  };

  readonly statusBar: App['statusBar'] = {
    item: (id) => ({
      show: (item) => void this.statusItems.set(id, item),
      hide: () => void this.statusItems.set(id, undefined),
      dispose: () => this.statusItems.delete(id),
    }),
  };

  readonly terminals: App['terminals'] = {
    set: (variables, appendToPath) => {
      this.terminalVariables.clear();
      for (const [name, value] of Object.entries(variables)) this.terminalVariables.set(name, value);
      this.terminalPath = appendToPath;
    },
    add: (variables, appendToPath) => {
      for (const [name, value] of Object.entries(variables)) this.terminalVariables.set(name, value);
      this.terminalPath = appendToPath;
    },
    clear: () => {
      this.terminalVariables.clear();
      this.terminalPath = undefined;
    },
  };

  /** Answers for the questions to come, in order. A question without one fails the test. */
  answer(...answers: Answer[]): void {
    this.#answers.push(...answers);
  }

  /** How many of them nobody has asked for. */
  get unused(): number {
    return this.#answers.length;
  }

  /** As if a person pressed the button of a notification that is still to come. */
  press(message: RegExp, button: string): void {
    this.presses.push({ message, button });
  }

  /** Titles of the progress that is shown now. */
  get shownProgress(): string[] {
    return [...this.#cancels.keys()];
  }

  /** As if a person pressed Cancel. @param title of progress that is shown */
  cancelProgress(title: string): void {
    const cancel = this.#cancels.get(title);
    if (!cancel) throw new Error(`There is no progress "${title}"`);
    cancel();
  }

  openFolders(...folders: Folder[]): void {
    this.#folders = folders;
    this.#foldersChanged.fire();
  }

  trust(isTrusted: boolean): void {
    const granted = isTrusted && !this.#isTrusted;
    this.#isTrusted = isTrusted;
    if (granted) this.#trusted.fire();
  }

  /** Lets time pass, and runs what was to run meanwhile. */
  pass(milliseconds: number): void {
    this.time += milliseconds;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at))
      if (timer.at <= this.time) {
        this.#timers.delete(timer);
        timer.run();
      }
  }

  /** Runs it as VS Code would. */
  run(id: CommandId, ...args: unknown[]): Promise<unknown> {
    return (this.commands.execute as (id: CommandId, ...args: unknown[]) => Promise<unknown>)(id, ...args);
  }

  get commandIds(): string[] {
    return [...this.#handlers.keys()];
  }

  #next(asked: Asked): string {
    this.asked.push(asked);
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error(`Nobody answers "${asked.title}"`);
    if (answer === CANCEL) throw new Cancelled();
    return answer;
  }

  #createPrompts(): Prompts {
    return {
      pick: async <T>(
        choices: readonly (Choice<T> | Separator)[] | Promise<readonly (Choice<T> | Separator)[]>,
        { title }: { title: string },
      ) => {
        const offered = (await choices).filter((choice): choice is Choice<T> => 'label' in choice);
        const label = this.#next({ kind: 'pick', title, offers: offered.map((choice) => choice.label) });
        const found = offered.find((choice) => choice.label === label);
        if (!found) throw new Error(`"${title}" does not offer "${label}"`);
        return found.value;
      },
      // Two answers: what is typed, and the label that is taken of what is found.
      search: async <T>({ title, value, search }: SearchOptions<T>) => {
        const text = this.#next({ kind: 'search', title, offers: value === undefined ? [] : [value] });
        const found = (await search(text, new AbortController().signal)).filter(
          (choice): choice is Choice<T> => 'label' in choice,
        );
        const label = this.#next({ kind: 'pick', title, offers: found.map((choice) => choice.label) });
        const chosen = found.find((choice) => choice.label === label);
        if (!chosen) throw new Error(`"${title}" does not find "${label}"`);
        return chosen.value;
      },
      input: async ({ title, value, check }) => {
        for (;;) {
          const text = this.#next({ kind: 'input', title, offers: value === undefined ? [] : [value] });
          const problem = await check?.(text);
          if (problem === undefined) return text;
          // A person would go on typing: the next answer is for the same box.
          this.refusals.push(problem);
        }
      },
      confirm: async (message, { action }) => {
        if (this.#next({ kind: 'confirm', title: message, offers: [action] }) !== action)
          throw new Error(`"${message}" has only the button ${action}`);
      },
      choose: async (message, { actions }) => {
        const answer = this.#next({ kind: 'choose', title: message, offers: actions });
        const found = actions.find((action) => action === answer);
        if (found === undefined) throw new Error(`"${message}" has no button ${answer}`);
        return found;
      },
      notify: async <T extends string>(
        level: Notification['level'],
        message: string,
        ...buttons: readonly T[]
      ) => {
        this.notifications.push({ level, message, buttons });
        const press = this.presses.findIndex((one) => one.message.test(message));
        const [pressed] = press < 0 ? [] : this.presses.splice(press, 1);
        if (pressed && !buttons.some((button) => button === pressed.button))
          throw new Error(`"${message}" has no button ${pressed.button}`);
        return buttons.find((button) => button === pressed?.button);
      },
      mention: (message) => void this.mentions.push(message),
      progress: async ({ title }, work) => {
        this.progresses.push(title);
        const abort = new AbortController();
        this.#cancels.set(title, () => abort.abort(new Cancelled()));
        try {
          return await work((message) => void this.progresses.push(message), abort.signal);
        } finally {
          this.#cancels.delete(title);
        }
      },
    };
  }
}

function fakeMemory<Map>(): Memory<Map> {
  const kept = new globalThis.Map<keyof Map, Map[keyof Map]>();
  return {
    get: (key) => kept.get(key) as never,
    set: async (key, value) => {
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
    },
  };
}

function raise(error: unknown): never {
  throw error;
}
