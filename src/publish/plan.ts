// What a publish will do, before it does anything: which app and channels take the version, what has to be made
// first, and what changes against what runs today.

import { BindleError } from '../bindle/http.ts';
import type { BindleClient } from '../bindle/client.ts';
import { type BindleId } from '../bindle/id.ts';
import type { Invoice } from '../bindle/invoice.ts';
import { sameContent } from '../bindle/same-content.ts';
import type { AppItem, ChannelItem } from '../hippo/api.ts';
import type { HippoClient } from '../hippo/client.ts';
import { RuleError, selectRevision, splitPrerelease } from '../hippo/rules.ts';
import { listOf } from '../hippofacts/text.ts';
import { describeAddonStep, planAddons, type AddonNeed, type AddonStep } from './addons.ts';
import type { Versioning } from './version.ts';

export interface FileChange {
  name: string;
  /** Bytes; of the old file where it is gone. */
  size: number;
  /** By name and content. */
  change: 'new' | 'changed' | 'same' | 'gone';
}

export type Step =
  | { type: 'create-app'; name: string; storageId: string }
  /** `fixed`: it runs this very version, because no rule tells it from another one. */
  | { type: 'create-channel'; name: string; rule: string; fixed?: true }
  | { type: 'change-rule'; channel: ChannelItem; rule: string; own: boolean }
  /** The channel is to run this very version from now on. */
  | { type: 'choose-revision'; channel: ChannelItem }
  | AddonStep;

/** A channel that will move to the version by itself. */
export interface Taker {
  app: AppItem;
  channel: ChannelItem;
  /** What it runs today. */
  runs: string | null;
  /** It follows development builds of this very user. */
  own: boolean;
}

export interface Plan {
  id: BindleId;
  /** The app that it is published to; undefined if there is none, or none is known. */
  app: AppItem | undefined;
  /** False for a server that cannot list apps (dialect O): it is registered, and the answer says whether there is one. */
  appKnown: boolean;
  /** Whether the Bindle server has this version: `other` with other content, `unknown` if it could not be asked. */
  stored: 'no' | 'same' | 'other' | 'yanked' | 'unknown';
  /** The app knows this version already. */
  registered: boolean;
  /** The same user's build with a later time, which the user's channel would go on running: clocks differ. */
  later: string | undefined;
  takers: Taker[];
  /** In the order in which they have to be done. */
  steps: Step[];
  /** How the add-ons that it needs are on the channels that will run it. */
  addons: AddonNeed[];
  files: FileChange[];
  /** What the files are held against; undefined if nothing runs yet. */
  comparedWith: BindleId | undefined;
}

export interface PlanOptions {
  invoice: Invoice;
  versioning: Versioning;
  /** See `publisher`. */
  user: string;
  hippo: HippoClient;
  bindle: BindleClient;
  /** Name or id of an app, where several have these bindles. */
  app?: string;
  /** Id of the app that was chosen for the project before, for where several have these bindles. */
  chosenApp?: string;
  /** Name or id of the one channel to publish to. */
  channel?: string;
  signal?: AbortSignal;
}

/** A publish that cannot be planned; the message says what to do. */
export class PlanError extends Error {
  readonly code: 'STORAGE_ID' | 'WHICH_APP' | 'CHANNEL_NAME';
  readonly hint: string | undefined;
  constructor(code: PlanError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'PlanError';
    this.code = code;
    this.hint = hint;
  }
}

/** What real Hippos take as the storage id of a revision (hippo-api.md §4); ours, and the first ones, take dots too. */
const REAL_STORAGE_ID = /^[a-zA-Z0-9_/-]{1,200}$/;

/** What every Hippo takes as the name of a channel (hippo-api.md §4). */
const CHANNEL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** @throws PlanError, HippoError; asks and changes nothing */
export async function planPublish(options: PlanOptions): Promise<Plan> {
  const { invoice, hippo, signal } = options;
  const id: BindleId = { name: invoice.bindle.name, version: invoice.bindle.version };
  const { dialect, product } = await hippo.identify({ signal });
  if (product === undefined && dialect !== 'O' && !REAL_STORAGE_ID.test(id.name))
    throw new PlanError(
      'STORAGE_ID',
      `This Hippo cannot take the bindle name "${id.name}": it allows letters, digits, "-", "_" and "/" only.`,
      'Change [bindle] name in HIPPOFACTS; a name with dots works on the local Hippo alone.',
    );
  const stored = await isStored(options, id);
  if (dialect === 'O') {
    // Nothing else asks it who this is before the bindle is pushed.
    await hippo.bearer({ signal });
    const files = compareFiles(invoice, undefined);
    return {
      id,
      app: undefined,
      appKnown: false,
      stored,
      registered: false,
      later: undefined,
      takers: [],
      steps: [],
      addons: [],
      files,
      comparedWith: undefined,
    };
  }
  const apps = await hippo.findApps(id.name, { signal });
  const app = chooseApp(apps, options);
  const known = new Map<string, string[]>();
  const takers: Taker[] = [];
  for (const one of apps) {
    const numbers = (await hippo.revisions({ appId: one.id, signal }))
      .filter(({ appId }) => appId === one.id)
      .map(({ revisionNumber }) => revisionNumber);
    known.set(one.id, numbers);
    for (const { id: channelId } of one.channels) {
      const channel = await hippo.channel(channelId, { signal });
      if (channel.revisionSelectionStrategy !== 'UseRangeRule') continue;
      if (!takes(channel.rangeRule ?? '*', numbers, id.version)) continue;
      const runs = channel.activeRevision?.revisionNumber ?? null;
      takers.push({ app: one, channel, runs, own: isRuleOf(channel, options.user) });
    }
  }
  // Making an app imports what the Bindle server holds.
  const numbers = app ? (known.get(app.id) ?? []) : await storedVersions(options);
  const steps = await planSteps(options, id, app, numbers, takers);
  const addons = await planAddons({ invoice, hippo, app, channels: runners(app, takers, steps), signal });
  const base = await findBase(options, id, app, takers);
  return {
    id,
    app,
    appKnown: true,
    stored,
    registered: app !== undefined && numbers.includes(id.version),
    later: options.versioning === 'dev' ? laterBuild(id.version, numbers) : undefined,
    takers,
    steps: [...steps, ...addons.steps],
    addons: addons.needs,
    files: compareFiles(invoice, base),
    comparedWith: base && { name: base.bindle.name, version: base.bindle.version },
  };
}

/** Names of the app's channels that will run the version; those of other apps have their own owners. */
function runners(app: AppItem | undefined, takers: readonly Taker[], steps: readonly Step[]): string[] {
  const names = takers.filter((taker) => taker.app.id === app?.id).map(({ channel }) => channel.name);
  for (const step of steps) {
    if (step.type === 'create-channel') names.push(step.name);
    if (step.type === 'change-rule' || step.type === 'choose-revision') names.push(step.channel.name);
  }
  return [...new Set(names)];
}

/** The rule by which a channel follows the builds that have this version's user (hippo-api.md §6). */
export function ownRule(version: string): string | undefined {
  const name = splitPrerelease(version)?.name;
  return name === undefined ? undefined : `P:*-${name}-*`;
}

function laterBuild(version: string, numbers: readonly string[]): string | undefined {
  const rule = ownRule(version);
  const chosen = rule === undefined ? undefined : selectRevision(rule, [...numbers, version]);
  return chosen === version ? undefined : chosen;
}

/** A name that every Hippo takes, made from a bindle's name. */
export function appNameOf(bindleName: string): string {
  return cleanName(bindleName.slice(bindleName.lastIndexOf('/') + 1), MAX_APP_NAME) || 'app';
}

/** What stands in a domain (hippo-api.md §4): a number is still added to an app's name. */
const MAX_APP_NAME = 60;
const MAX_CHANNEL_NAME = 63;

function cleanName(text: string, length: number): string {
  return text
    .replace(/[^a-zA-Z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, length)
    .replace(/-$/, '');
}

function chooseApp(
  apps: readonly AppItem[],
  { app: asked, chosenApp, invoice }: PlanOptions,
): AppItem | undefined {
  if (asked === undefined) {
    const chosen = apps.find(({ id }) => id === chosenApp);
    if (chosen) return chosen;
    if (apps.length > 1)
      throw new PlanError(
        'WHICH_APP',
        `Several apps have the bindles of ${invoice.bindle.name}: ${listOf(apps.map(({ name }) => name))}.`,
        'Choose one with --app.',
      );
    return apps[0];
  }
  const found = apps.find(({ id, name }) => id === asked || name === asked);
  if (found) return found;
  throw new PlanError(
    'WHICH_APP',
    `There is no app "${asked}" with the bindles of ${invoice.bindle.name}.`,
    apps.length > 0
      ? `There ${apps.length === 1 ? 'is' : 'are'} ${listOf(apps.map(({ name }) => name))}.`
      : 'Leave --app away to make one.',
  );
}

async function planSteps(
  options: PlanOptions,
  id: BindleId,
  app: AppItem | undefined,
  numbers: readonly string[],
  takers: readonly Taker[],
): Promise<Step[]> {
  const { versioning, user, hippo, signal } = options;
  const find = async (wanted: string): Promise<ChannelItem | undefined> => {
    const found = app?.channels.find((one) => one.name === wanted || one.id === wanted);
    return found && hippo.channel(found.id, { signal });
  };
  const own = versioning === 'dev' ? ownRule(id.version) : undefined;
  const name = options.channel ?? (own === undefined ? 'production' : channelNameOf(id.version, user));
  const rule = own ?? ruleFor(id.version, numbers);
  // Of two versions that differ in build metadata alone, every rule picks the one that was first.
  const fixed = !takes(rule, numbers, id.version);
  const create: Step = { type: 'create-channel', name, rule, ...(fixed ? { fixed } : {}) };
  const channel = await find(name);
  if (!channel && !CHANNEL_NAME.test(name))
    throw new PlanError(
      'CHANNEL_NAME',
      `There is no channel "${name}", and none can have that name.`,
      'Names have letters, digits, "-" and "_", 64 of them at most.',
    );
  if (!app) return [{ type: 'create-app', name: appNameOf(id.name), storageId: id.name }, create];
  const taking = (one: ChannelItem): boolean => takers.some((taker) => taker.channel.id === one.id);
  if (options.channel !== undefined) {
    if (!channel) return [create];
    return taking(channel) ? [] : [{ type: 'choose-revision', channel }];
  }
  // Whoever has set up channels of their own wants no other.
  if (takers.some((taker) => taker.app.id === app.id)) return [];
  if (!channel) return [create];
  if (fixed) return [{ type: 'choose-revision', channel }];
  return [{ type: 'change-rule', channel, rule, own: own !== undefined && isRuleOf(channel, user) }];
}

/** The channel follows the builds of this user, of whatever version. */
function isRuleOf({ revisionSelectionStrategy, rangeRule }: ChannelItem, user: string): boolean {
  const [, name = ''] = /^p:[^-]+-(.+)-\*$/i.exec(rangeRule ?? '') ?? [];
  return revisionSelectionStrategy === 'UseRangeRule' && isNameOf(name, user);
}

/** `rc.1-ana` is ana, too: all between the first and the last hyphen of `1.0.0-rc.1-ana-20210510093000123`. */
function isNameOf(name: string, user: string): boolean {
  return name === user || name.endsWith(`-${user}`);
}

/** The channel that follows the builds which have this version's user; somebody else's may be released, too. */
function channelNameOf(version: string, user: string): string {
  const name = splitPrerelease(version)?.name ?? user;
  return cleanName(isNameOf(name, user) ? user : name, MAX_CHANNEL_NAME);
}

/** The widest rule that makes a channel run this version now. */
function ruleFor(version: string, numbers: readonly string[]): string {
  const [major, minor] = version.split('.');
  const wide = ['*', `^${version}`, `~${major}.${minor}`, `~${version}`];
  return wide.find((rule) => takes(rule, numbers, version)) ?? version;
}

function takes(rule: string, numbers: readonly string[], version: string): boolean {
  try {
    return selectRevision(rule, [...numbers, version]) === version;
  } catch (error) {
    // A server may have taken a rule that nobody can read: it follows nothing.
    if (error instanceof RuleError) return false;
    throw error;
  }
}

/** Invoices are answered whole. */
const SEARCH_PAGE = 50;

async function isStored({ bindle, invoice, signal }: PlanOptions, id: BindleId): Promise<Plan['stored']> {
  try {
    const present = await bindle.getInvoice(id, { yanked: true, signal });
    if (present.yanked) return 'yanked';
    return sameContent(present, invoice) ? 'same' : 'other';
  } catch (error) {
    if (!(error instanceof BindleError)) throw error;
    // What else is wrong with the server is the push's to say, which may not need it.
    return error.code === 'NOT_FOUND' ? 'no' : 'unknown';
  }
}

/** The versions that the Bindle server holds of this name, as far as it can be asked. */
async function storedVersions({ bindle, invoice, signal }: PlanOptions): Promise<string[]> {
  const { name } = invoice.bindle;
  const versions: string[] = [];
  try {
    for (let offset = 0; ; offset += SEARCH_PAGE) {
      const { invoices, more } = await bindle.search({ query: name, offset, limit: SEARCH_PAGE }, { signal });
      for (const found of invoices)
        if (found.bindle.name === name && !found.yanked) versions.push(found.bindle.version);
      if (!more || invoices.length === 0) return versions;
    }
  } catch (error) {
    if (error instanceof BindleError) return versions;
    throw error;
  }
}

/** What the channel of this publish runs now, as far as the Bindle server still has it. */
async function findBase(
  { bindle, channel: asked, signal }: PlanOptions,
  id: BindleId,
  app: AppItem | undefined,
  takers: readonly Taker[],
): Promise<Invoice | undefined> {
  const named = app?.channels.find((one) => one.name === asked || one.id === asked)?.activeRevisionNumber;
  const runs =
    named ??
    takers.find((taker) => taker.own && taker.runs !== null)?.runs ??
    takers.find((taker) => taker.runs !== null)?.runs ??
    app?.channels.find(({ activeRevisionNumber }) => activeRevisionNumber !== null)?.activeRevisionNumber;
  if (typeof runs !== 'string') return undefined;
  try {
    return await bindle.getInvoice({ name: id.name, version: runs }, { yanked: true, signal });
  } catch (error) {
    // Gone, or not reachable: then all is shown as new, and the push will say what is wrong.
    if (error instanceof BindleError) return undefined;
    throw error;
  }
}

/** Each file name once; by content, in the order of the new invoice, what is gone at the end. */
export function compareFiles(invoice: Invoice, base: Invoice | undefined): FileChange[] {
  const before = new Map((base?.parcel ?? []).map(({ label }) => [label.name, label]));
  const changes = new Map<string, FileChange>();
  for (const { label } of invoice.parcel ?? []) {
    const old = before.get(label.name);
    const change = old === undefined ? 'new' : old.sha256 === label.sha256 ? 'same' : 'changed';
    changes.set(label.name, { name: label.name, size: label.size, change });
  }
  for (const [name, { size }] of before)
    if (!changes.has(name)) changes.set(name, { name, size, change: 'gone' });
  return [...changes.values()];
}

/** What a step does, after "I shall". */
export function describeStep(step: Step): string {
  switch (step.type) {
    case 'create-app':
      return `make the app ${step.name} for the bindles of ${step.storageId}`;
    case 'create-channel':
      return `make the channel ${step.name} ${step.fixed ? 'for this very version' : `with the rule "${step.rule}"`}`;
    case 'change-rule':
      return step.channel.revisionSelectionStrategy === 'UseRangeRule'
        ? `change the rule of the channel ${step.channel.name} from "${step.channel.rangeRule ?? 'none'}" to "${step.rule}"`
        : `let the channel ${step.channel.name} follow the rule "${step.rule}", and no longer stay on ${step.channel.activeRevision?.revisionNumber ?? 'nothing'}`;
    case 'choose-revision':
      return `let the channel ${step.channel.name} run this very version`;
    case 'add-addon':
    case 'attach-addon':
      return describeAddonStep(step);
  }
}
