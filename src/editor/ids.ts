// Every id that package.json and the code share, once: commands with their signatures, settings with their types,
// context keys, views. test/unit/editor/manifest.test.ts holds package.json against this file, both ways.

import type { Severities } from '../hippofacts/severities.ts';
import type { AddonPlace } from './bindings/find-addons.ts';
import type { HistoryRow } from './publish/history-view.ts';
import type { Place } from './publish/targets.ts';
import type { FollowerState } from './tree/follower.ts';
import type { Row } from './tree/targets.ts';

/** A HIPPOFACTS, or something inside of an app's folder, as VS Code hands it to commands of its menus. */
export interface ResourceLike {
  readonly scheme: string;
  readonly fsPath: string;
  toString(): string;
}

/** Where somebody has begun to make an app, if that is where to go on. */
export type NewAppOrigin = 'walkthrough';

/** What each command takes and gives. What a menu passes comes first, and is optional: the palette passes nothing. */
export interface CommandMap {
  'hippo.showOutput': () => void;
  'hippo.connection.switch': () => Promise<void>;
  'hippo.connection.add': () => Promise<void>;
  'hippo.connection.edit': (name?: string) => Promise<void>;
  'hippo.connection.test': (name?: string) => Promise<void>;
  'hippo.connection.remove': (name?: string) => Promise<void>;
  'hippo.signIn': (name?: string) => Promise<void>;
  'hippo.signOut': (name?: string) => Promise<void>;
  'hippo.register': (name?: string) => Promise<void>;
  'hippo.startLocal': () => Promise<void>;
  'hippo.newApp': (origin?: NewAppOrigin) => Promise<void>;
  'hippo.addHippofacts': (folder?: ResourceLike) => Promise<void>;
  'hippo.addHandler': (module?: ResourceLike) => Promise<void>;
  'hippo.findHandler': () => Promise<void>;
  'hippo.publish': (where?: Place) => Promise<void>;
  'hippo.publish.production': (where?: Place) => Promise<void>;
  'hippo.publish.with': (where?: Place) => Promise<void>;
  'hippo.publish.preview': (where?: Place) => Promise<void>;
  'hippo.publish.chooseBuild': (where?: Place) => Promise<void>;
  'hippo.publish.allow': (uri: string, files: readonly string[]) => Promise<void>;
  'hippo.publish.again': (row?: HistoryRow) => Promise<void>;
  'hippo.preview.publish': () => Promise<void>;
  'hippo.preview.refresh': () => Promise<void>;
  'hippo.preview.close': () => void;
  'hippo.history.open': (row?: HistoryRow) => Promise<void>;
  'hippo.history.copyId': (row?: HistoryRow) => Promise<void>;
  'hippo.history.remove': (row?: HistoryRow) => Promise<void>;
  'hippo.history.clear': () => Promise<void>;
  'hippo.apps.refresh': () => Promise<void>;
  'hippo.app.add': () => Promise<void>;
  'hippo.app.rename': (row?: Row) => Promise<void>;
  'hippo.app.delete': (row?: Row) => Promise<void>;
  'hippo.app.release': (row?: Row) => Promise<void>;
  'hippo.channel.add': (row?: Row) => Promise<void>;
  'hippo.channel.open': (row?: Row) => Promise<void>;
  'hippo.channel.copyAddress': (row?: Row) => Promise<void>;
  'hippo.channel.followLog': (row?: Row) => Promise<void>;
  'hippo.channel.pin': (row?: Row) => Promise<void>;
  'hippo.channel.followRule': (row?: Row) => Promise<void>;
  'hippo.channel.rollBack': (row?: Row) => Promise<void>;
  'hippo.channel.start': (row?: Row) => Promise<void>;
  'hippo.channel.stop': (row?: Row) => Promise<void>;
  'hippo.channel.rename': (row?: Row) => Promise<void>;
  'hippo.channel.delete': (row?: Row) => Promise<void>;
  'hippo.variable.add': (row?: Row) => Promise<void>;
  'hippo.variable.edit': (row?: Row) => Promise<void>;
  'hippo.variable.delete': (row?: Row) => Promise<void>;
  'hippo.variable.copyValue': (row?: Row) => Promise<void>;
  'hippo.variable.show': (row: Row) => Promise<void>;
  'hippo.variable.hide': (row: Row) => void;
  'hippo.revision.run': (row?: Row) => Promise<void>;
  'hippo.revision.openFile': (row?: Row) => Promise<void>;
  'hippo.revision.compare': (row?: Row) => Promise<void>;
  'hippo.revision.download': (row?: Row) => Promise<void>;
  'hippo.addon.add': (row?: Row) => Promise<void>;
  'hippo.addon.attach': (row?: Row) => Promise<void>;
  'hippo.addon.detach': (row?: Row) => Promise<void>;
  'hippo.addon.change': (row?: Row) => Promise<void>;
  'hippo.addon.rotate': (row?: Row) => Promise<void>;
  'hippo.addon.remove': (row?: Row) => Promise<void>;
  'hippo.addon.retry': (row?: Row) => Promise<void>;
  'hippo.addon.abandon': (row?: Row) => Promise<void>;
  'hippo.addon.adopt': () => Promise<void>;
  'hippo.addon.dashboard': (row?: Row) => Promise<void>;
  'hippo.addon.docs': (row?: Row) => Promise<void>;
  'hippo.addon.copyVariables': (row?: Row) => Promise<void>;
  'hippo.addon.showOffering': (row?: Row) => Promise<void>;
  'hippo.bindings.add': (about?: Row | AddonPlace) => Promise<void>;
  'hippo.bindings.runWith': () => Promise<void>;
  'hippo.bindings.openTerminal': (about?: Row | AddonPlace) => Promise<void>;
  'hippo.bindings.showUses': (about?: Row | AddonPlace) => Promise<void>;
  'hippo.bill.show': (row?: Row) => Promise<void>;
  'hippo.marketplace.browse': () => Promise<void>;
  'hippo.marketplace.refresh': () => Promise<void>;
  'hippo.broker.register': () => Promise<void>;
  'hippo.broker.manage': () => Promise<void>;
  'hippo.language.openAddress': (address: string) => Promise<void>;
  'hippo.language.showFiles': (uri: string, line: number) => Promise<void>;
}

export type CommandId = keyof CommandMap;

/**
 * Where people meet a command. `palette`: there, and wherever else package.json puts it; `menu`: only in menus,
 * because it needs what they pass; `code`: nowhere, and so not in package.json.
 */
export const COMMANDS: Readonly<Record<CommandId, 'palette' | 'menu' | 'code'>> = {
  'hippo.showOutput': 'palette',
  'hippo.connection.switch': 'palette',
  'hippo.connection.add': 'palette',
  'hippo.connection.edit': 'palette',
  'hippo.connection.test': 'palette',
  'hippo.connection.remove': 'palette',
  'hippo.signIn': 'palette',
  'hippo.signOut': 'palette',
  'hippo.register': 'palette',
  'hippo.startLocal': 'palette',
  'hippo.newApp': 'palette',
  'hippo.addHippofacts': 'palette',
  'hippo.addHandler': 'menu',
  'hippo.findHandler': 'palette',
  'hippo.publish': 'palette',
  'hippo.publish.production': 'palette',
  'hippo.publish.with': 'palette',
  'hippo.publish.preview': 'palette',
  'hippo.publish.chooseBuild': 'palette',
  'hippo.publish.allow': 'code',
  'hippo.publish.again': 'palette',
  'hippo.preview.publish': 'menu',
  'hippo.preview.refresh': 'menu',
  'hippo.preview.close': 'menu',
  'hippo.history.open': 'menu',
  'hippo.history.copyId': 'menu',
  'hippo.history.remove': 'menu',
  'hippo.history.clear': 'menu',
  'hippo.apps.refresh': 'palette',
  'hippo.app.add': 'palette',
  'hippo.app.rename': 'palette',
  'hippo.app.delete': 'palette',
  'hippo.app.release': 'palette',
  'hippo.channel.add': 'palette',
  'hippo.channel.open': 'palette',
  'hippo.channel.copyAddress': 'palette',
  'hippo.channel.followLog': 'palette',
  'hippo.channel.pin': 'palette',
  'hippo.channel.followRule': 'palette',
  'hippo.channel.rollBack': 'palette',
  'hippo.channel.start': 'palette',
  'hippo.channel.stop': 'palette',
  'hippo.channel.rename': 'palette',
  'hippo.channel.delete': 'palette',
  'hippo.variable.add': 'palette',
  'hippo.variable.edit': 'palette',
  'hippo.variable.delete': 'palette',
  'hippo.variable.copyValue': 'palette',
  'hippo.variable.show': 'menu',
  'hippo.variable.hide': 'menu',
  'hippo.revision.run': 'menu',
  'hippo.revision.openFile': 'palette',
  'hippo.revision.compare': 'palette',
  'hippo.revision.download': 'palette',
  'hippo.addon.add': 'palette',
  'hippo.addon.attach': 'palette',
  'hippo.addon.detach': 'palette',
  'hippo.addon.change': 'palette',
  'hippo.addon.rotate': 'palette',
  'hippo.addon.remove': 'palette',
  'hippo.addon.retry': 'palette',
  'hippo.addon.abandon': 'palette',
  'hippo.addon.adopt': 'palette',
  'hippo.addon.dashboard': 'palette',
  'hippo.addon.docs': 'palette',
  'hippo.addon.copyVariables': 'palette',
  'hippo.addon.showOffering': 'palette',
  'hippo.bindings.add': 'palette',
  'hippo.bindings.runWith': 'palette',
  'hippo.bindings.openTerminal': 'palette',
  'hippo.bindings.showUses': 'palette',
  'hippo.bill.show': 'palette',
  'hippo.marketplace.browse': 'palette',
  'hippo.marketplace.refresh': 'menu',
  'hippo.broker.register': 'palette',
  'hippo.broker.manage': 'palette',
  'hippo.language.openAddress': 'code',
  'hippo.language.showFiles': 'code',
};

const DEFAULT_LEVELS: Severities = {};

/** Ours, each with its default as package.json has it. */
export const SETTINGS = {
  /** Name of the connection that is used unless another was chosen in the window; '': as in the terminal. */
  'hippo.connection': '',
  /** Put `hippo` on the PATH of terminals and tasks, after any other. */
  'hippo.terminal.command': true,
  /** How versions are made: `dev` or `production`. */
  'hippo.publish.mode': 'dev',
  /** Name of the task that builds; `none`; '': as was chosen once. */
  'hippo.publish.buildTask': '',
  /** Ask before channels change that others may be looking at. */
  'hippo.publish.confirmChannels': true,
  /** What an app lacks: `ask` before it is made, or `make` it. */
  'hippo.publish.makeMissing': 'ask',
  /** `ask`, `stop`, or how the version is raised. */
  'hippo.publish.whenVersionIsTaken': 'ask',
  /** Code for add-ons that have none, when a publish has ended: `ask`, `always` or `never`. */
  'hippo.publish.insertBindings': 'ask',
  /** Files that are published although they look like secrets, relative to the HIPPOFACTS. */
  'hippo.publish.allow': [] as string[],
  /** How loudly each problem is told, by its code: `error`, `warning`, `information`, `hint` or `off`. */
  'hippo.language.severity': DEFAULT_LEVELS,
  /** Show what each handler brings, and where it answers. */
  'hippo.language.lenses': true,
} as const satisfies Record<string, unknown>;

type Widened<T> = T extends string ? string : T extends boolean ? boolean : T extends number ? number : T;
type OurSettings = { -readonly [K in keyof typeof SETTINGS]: Widened<(typeof SETTINGS)[K]> };

/** Of VS Code itself, read only. */
export interface HostSettings {
  'http.proxy': string;
  'http.proxySupport': 'off' | 'on' | 'fallback' | 'override';
  'http.proxyStrictSSL': boolean;
  'http.proxyAuthorization': string | null;
  'http.noProxy': string[];
  'http.systemCertificates': boolean;
}

export type SettingKey = keyof OurSettings;
export type SettingMap = OurSettings & HostSettings;

/** Keys for `when` in package.json that the code sets. */
export interface ContextMap {
  /** Name of the connection in use. */
  'hippo.connection': string;
  'hippo.connectionState': string;
  /** There is a HIPPOFACTS in the workspace. */
  'hippo.hasApp': boolean;
  /** Something was published from this workspace, here or elsewhere. */
  'hippo.published': boolean;
  /** The view of publishes has some. */
  'hippo.hasHistory': boolean;
  /** Somebody has looked at a channel in the browser. */
  'hippo.visited': boolean;
  'hippo.walkthrough.start': true;
  'hippo.walkthrough.app': true;
  'hippo.walkthrough.publish': true;
  'hippo.walkthrough.open': true;
  /** The view of previews shows one. */
  'hippo.previewed': boolean;
  /** What the view of apps shows, or why it cannot. */
  'hippo.appsState': FollowerState;
}

export type ContextKey = keyof ContextMap;

export const CONTEXT_KEYS: Readonly<Record<ContextKey, true>> = {
  'hippo.connection': true,
  'hippo.connectionState': true,
  'hippo.hasApp': true,
  'hippo.published': true,
  'hippo.hasHistory': true,
  'hippo.visited': true,
  'hippo.walkthrough.start': true,
  'hippo.walkthrough.app': true,
  'hippo.walkthrough.publish': true,
  'hippo.walkthrough.open': true,
  'hippo.previewed': true,
  'hippo.appsState': true,
};

/** Views by id; their containers too. */
export const VIEWS = {
  apps: 'hippo.apps',
  marketplace: 'hippo.marketplace',
  preview: 'hippo.preview',
  history: 'hippo.history',
} as const;
export const VIEW_CONTAINERS = { hippo: 'hippo' } as const;
export type ViewId = string;

/** Types of panels with a page; each activates the extension when VS Code has kept one of it. */
export const PANELS = { offering: 'hippo.offering', bill: 'hippo.bill' } as const;

/** Documents that are made when they are opened: what the code of a problem means, at `/CODE.md`. */
export const SCHEMES = { problem: 'hippo-problem' } as const;

/** The walkthrough's id. */
export const WALKTHROUGH = 'start';

/** Status bar items: VS Code shows each as `hippo-tools.hippo-tools.<id>`. */
export const STATUS_BAR = { connection: 'connection' } as const;

/** Keys of what is remembered; those of the workspace and of the user do not meet. */
export interface WorkspaceMemory {
  /** Name of the connection chosen in this workspace's window. */
  'connection.chosen': string;
  /** URI of the HIPPOFACTS that was chosen last. */
  'project.last': string;
  /** Names the socket for this workspace's terminals. */
  'terminal.socket': string;
  /** URI of a HIPPOFACTS → name of the task that builds it, or `none`. */
  'publish.builds': Readonly<Record<string, string>>;
  /** Name of a connection → id of the app that the Marketplace is about. */
  'marketplace.apps': Readonly<Record<string, string>>;
  /** URI of a HIPPOFACTS → the add-ons that its app had. */
  'bindings.known': Readonly<Record<string, import('./bindings/known-addons.ts').RememberedAddons>>;
  /** `origin channel-id` of those whose add-on variables programs of the workspace may have. */
  'bindings.allowed': readonly string[];
  /** Ids of the add-ons whose code was offered after a publish. */
  'bindings.offered': readonly string[];
  /** The command that ran with add-ons last. */
  'bindings.command': string;
  /** Origin of a Hippo and URI of a HIPPOFACTS → id of the app that is meant, where several have its bindles. */
  'publish.apps': Readonly<Record<string, string>>;
  /** The latest first. */
  'publish.history': readonly import('./publish/history.ts').PublishRecord[];
}

export interface UserMemory {
  /** `origin user` of those who do not want their password kept. */
  'password.declined': string[];
  /** An app that was made a moment ago, and is to be shown where its folder is opened; `at` is when, in ms since 1970. */
  'newApp.made': import('./new-app/arrival.ts').MadeApp & { readonly at: number };
}
