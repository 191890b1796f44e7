// The App that VS Code is behind. Each part is a few lines: what is worth a test stands elsewhere.

import { delimiter } from 'node:path';
import * as vscode from 'vscode';
import { findPlaces } from '../session/places.ts';
import type {
  App,
  Clock,
  ContextKeys,
  Extension,
  Links,
  Log,
  Memory,
  Secrets,
  Settings,
  StatusBar,
  TerminalEnvironment,
  Workspace,
} from './app.ts';
import { Commands } from './commands.ts';
import { Emitter } from './disposables.ts';
import { findByName } from './find-by-name.ts';
import { Guard } from './guard.ts';
import { Masker } from './mask.ts';
import { createPrompts } from './vscode-prompts.ts';

export function createApp(context: vscode.ExtensionContext): App {
  const log = createLog(context);
  const prompts = createPrompts();
  const guard = new Guard(log, prompts);
  guard.provide('openSettings', async ({ setting }) => {
    await vscode.commands.executeCommand(
      'workbench.action.openSettings',
      setting ?? `@ext:${context.extension.id}`,
    );
    return false;
  });
  const commands = new Commands(
    {
      register: (id, run) => vscode.commands.registerCommand(id, run),
      execute: async (id, ...args) => vscode.commands.executeCommand(id, ...args),
    },
    guard,
  );
  return {
    log,
    guard,
    commands,
    prompts,
    settings: createSettings(),
    context: createContextKeys(),
    memory: createMemory(context.workspaceState),
    userMemory: createMemory(context.globalState),
    secrets: createSecrets(context.secrets),
    clock: systemClock,
    workspace: createWorkspace(),
    links: createLinks(log),
    statusBar: createStatusBar(context),
    terminals: createTerminals(context.environmentVariableCollection),
    places: findPlaces(process.env),
    extension: createExtension(context),
  };
}

function createLog(context: vscode.ExtensionContext): Log {
  const channel = vscode.window.createOutputChannel('Hippo', { log: true });
  context.subscriptions.push(channel);
  const masker = new Masker();
  const mask = (text: string): string => masker.mask(text);
  return {
    trace: (message) => channel.trace(mask(message)),
    info: (message) => channel.info(mask(message)),
    warn: (message) => channel.warn(mask(message)),
    error: (message, error) =>
      channel.error(mask(error === undefined ? message : `${message}: ${detailsOf(error)}`)),
    conceal: (secret) => masker.conceal(secret),
    mask,
    show: () => channel.show(true),
  };
}

/** Stack, what our errors say besides, and the causes. */
export function detailsOf(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error);
  const { code, hint, detail, cause } = error as Error & { code?: unknown; hint?: unknown; detail?: unknown };
  const more = Object.entries({ code, hint, detail })
    .filter((entry): entry is [string, string | number] => ['string', 'number'].includes(typeof entry[1]))
    .map(([name, value]) => `\n  ${name}: ${value}`);
  const because = cause === undefined || depth > 4 ? '' : `\ncaused by ${detailsOf(cause, depth + 1)}`;
  return `${error.stack ?? error.message}${more.join('')}${because}`;
}

function createSettings(): Settings {
  return {
    get: (key, resource) =>
      vscode.workspace
        .getConfiguration(undefined, resource === undefined ? undefined : vscode.Uri.parse(resource))
        .get(key) as never,
    set: async (key, value, target) => {
      const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
      const folder = typeof target === 'object' ? vscode.Uri.parse(target.folder) : undefined;
      const where = folder ? WorkspaceFolder : target === 'user' ? Global : Workspace;
      await vscode.workspace.getConfiguration(undefined, folder).update(key, value, where);
    },
    onDidChange: (keys, listener) =>
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (keys.some((key) => change.affectsConfiguration(key))) listener();
      }),
  };
}

function createContextKeys(): ContextKeys {
  const known = new Map<string, unknown>();
  return {
    set(key, value) {
      if (known.get(key) === value) return;
      known.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    },
    get: (key) => known.get(key) as never,
  };
}

function createMemory<Map>(memento: vscode.Memento): Memory<Map> {
  return {
    get: (key) => memento.get(String(key)),
    set: async (key, value) => memento.update(String(key), value),
  };
}

function createSecrets(secrets: vscode.SecretStorage): Secrets {
  return {
    get: async (key) => secrets.get(key),
    set: async (key, value) => secrets.store(key, value),
    remove: async (key) => secrets.delete(key),
    onDidChange: (listener) => secrets.onDidChange(() => listener()),
  };
}

const systemClock: Clock = {
  now: Date.now,
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return { dispose: () => clearTimeout(timer) };
  },
};

function createWorkspace(): Workspace {
  const folders = (): Workspace['folders'] =>
    (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({
      name,
      uri: uri.toString(),
      path: uri.fsPath,
    }));
  return {
    get folders() {
      return folders();
    },
    get isTrusted() {
      return vscode.workspace.isTrusted;
    },
    get activeFile() {
      return vscode.window.activeTextEditor?.document.uri.toString();
    },
    onDidTrust: (listener) => vscode.workspace.onDidGrantWorkspaceTrust(() => listener()),
    onDidChangeFolders: (listener) => vscode.workspace.onDidChangeWorkspaceFolders(() => listener()),
    findByName,
    pathOf: (uri) => vscode.Uri.parse(uri).fsPath,
  };
}

function createLinks(log: Log): Links {
  const opened = new Emitter<string>((error) => log.error('A listener failed', error));
  return {
    elsewhere: vscode.env.remoteName !== undefined || vscode.env.uiKind === vscode.UIKind.Web,
    async open(url) {
      if (await vscode.env.openExternal(vscode.Uri.parse(url, true))) opened.fire(url);
    },
    onDidOpen: opened.event,
    external: async (url) => (await vscode.env.asExternalUri(vscode.Uri.parse(url, true))).toString(),
    copy: async (text) => vscode.env.clipboard.writeText(text),
  };
}

function createStatusBar(context: vscode.ExtensionContext): StatusBar {
  return {
    item(id, { name, command }) {
      const item = vscode.window.createStatusBarItem(id, vscode.StatusBarAlignment.Left);
      context.subscriptions.push(item);
      item.name = name;
      item.command = command;
      return {
        show({ text, tooltip, label, warning = false }) {
          item.text = text;
          item.tooltip = tooltip;
          item.accessibilityInformation = { label };
          item.backgroundColor = warning
            ? new vscode.ThemeColor('statusBarItem.warningBackground')
            : undefined;
          item.show();
        },
        hide: () => item.hide(),
        dispose: () => item.dispose(),
      };
    },
  };
}

function createTerminals(collection: vscode.GlobalEnvironmentVariableCollection): TerminalEnvironment {
  // A login shell may set PATH anew: where VS Code's shell integration is on, ours is added after that, too.
  const options = { applyAtProcessCreation: true, applyAtShellIntegration: true };
  const add: TerminalEnvironment['set'] = (variables, appendToPath, why) => {
    collection.description = why;
    // A change of what is there already would mark every open terminal as out of date.
    for (const [name, value] of Object.entries(variables))
      if (collection.get(name)?.value !== value) collection.replace(name, value, options);
    const path = appendToPath === undefined ? undefined : `${delimiter}${appendToPath}`;
    if (path !== undefined && collection.get('PATH')?.value !== path)
      collection.append('PATH', path, options);
  };
  return {
    set(variables, appendToPath, why) {
      for (const [name] of [...collection])
        if (!(name in variables) && !(name === 'PATH' && appendToPath !== undefined)) collection.delete(name);
      add(variables, appendToPath, why);
    },
    add,
    clear: () => collection.clear(),
  };
}

function createExtension(context: vscode.ExtensionContext): Extension {
  return {
    id: context.extension.id,
    version: String((context.extension.packageJSON as { version?: unknown }).version),
    path: (file) => context.asAbsolutePath(file),
    storage: context.globalStorageUri.fsPath,
  };
}
