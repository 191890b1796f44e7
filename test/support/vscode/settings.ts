// What makes VS Code quick and the same on every run: no first-run pages, no network, no animations.

export const QUIET_SETTINGS: Readonly<Record<string, unknown>> = {
  // First run, chat, accounts.
  'workbench.startupEditor': 'none',
  'workbench.welcomePage.walkthroughs.openOnInstall': false,
  'workbench.tips.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.accounts.experimental.showEntitlements': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  // Else a process for agents starts, with 97 MB of its own.
  'chat.agentHost.enabled': false,

  // Network and work in the background.
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'update.showReleaseNotes': false,
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'workbench.settings.enableNaturalLanguageSearch': false,
  'json.schemaDownload.enable': false,
  'npm.fetchOnlinePackageInfo': false,
  'typescript.disableAutomaticTypeAcquisition': true,
  'git.enabled': false,
  'git.autofetch': false,
  'git.openRepositoryInParentFolders': 'never',
  'remote.autoForwardPorts': false,
  'remote.restoreForwardedPorts': false,

  // The same picture every time.
  'window.commandCenter': false,
  'window.restoreWindows': 'none',
  'window.dialogStyle': 'custom',
  'workbench.editor.restoreEditors': false,
  // Settings and the list of extensions would lie over the window.
  'workbench.editor.useModal': 'off',
  'workbench.reduceMotion': 'on',
  'workbench.list.smoothScrolling': false,
  'workbench.tree.enableStickyScroll': false,
  // What is told of a row under the mouse would lie over the next one, for as long as the mouse rests there.
  'workbench.hover.delay': 3_600_000,
  'workbench.commandPalette.history': 0,
  'editor.accessibilitySupport': 'off',
  'editor.cursorBlinking': 'solid',
  'editor.hover.delay': 100,
  'editor.minimap.enabled': false,
  'editor.stickyScroll.enabled': false,
  'files.autoSave': 'off',
  'files.simpleDialog.enable': true,
  // Terminals as text in the page, which can be read.
  'terminal.integrated.gpuAcceleration': 'off',
  'terminal.integrated.shellIntegration.enabled': false,
  'terminal.integrated.enablePersistentSessions': false,
  'task.quickOpen.history': 0,
  'task.saveBeforeRun': 'never',
};

/** Built-in extensions that every window would start, and that nothing of ours meets: a fifth of a window's work. */
export const NOT_NEEDED: readonly string[] = [
  'debug-auto-launch',
  'emmet',
  'extension-editing',
  'git',
  'git-base',
  'github',
  'merge-conflict',
  'typescript-language-features',
];
