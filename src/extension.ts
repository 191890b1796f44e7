// The editor's front door. It contributes nothing yet: the extension's features come with src/editor/.

import { window, type ExtensionContext } from 'vscode';

export function activate(context: ExtensionContext): void {
  context.subscriptions.push(window.createOutputChannel('Hippo', { log: true }));
}
