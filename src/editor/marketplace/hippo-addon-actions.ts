// What is done with add-ons, at the Hippo that the store is of.

import type { AddonItem, BindingItem, OperationItem } from '../../addons/addons.ts';
import type { OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { centsText, priceWithMonth } from '../../addons/price-text.ts';
import { planOf, unavailableText, usersOf } from '../../addons/words.ts';
import { isLoopback } from '../../bindle/url.ts';
import { listOf, visible } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import { Disposables, Emitter, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import type {
  AddonActions,
  AddonEvent,
  AdoptionWish,
  AttachWish,
  ChangeWish,
  NewAddonWish,
  Waiting,
} from './addon-actions.ts';
import type { AddonsSession, AddonsStore } from './addons-store.ts';
import { typeName } from '../tree/type-name.ts';

interface Needs {
  readonly app: Pick<App, 'prompts' | 'links' | 'log'>;
  readonly connections: Pick<Connections, 'core'>;
  readonly store: AddonsStore;
}

interface Begun {
  /** `Adding postgresql:small to shop:production` */
  readonly doing: string;
  /** What is waited for; all that is under way if absent. */
  readonly kinds?: readonly OperationItem['kind'][];
  readonly begin: () => Promise<AddonItem>;
}

export class HippoAddonActions implements AddonActions {
  readonly #needs: Needs;
  readonly #disposables = new Disposables();
  readonly #added: Emitter<AddonEvent>;
  readonly #attached: Emitter<AddonEvent>;
  readonly #removed: Emitter<AddonEvent>;

  constructor(needs: Needs) {
    this.#needs = needs;
    const emitter = (): Emitter<AddonEvent> =>
      this.#disposables.add(new Emitter((error) => needs.app.log.error('A listener failed', error)));
    this.#added = emitter();
    this.#attached = emitter();
    this.#removed = emitter();
  }

  get onDidAdd(): Event<AddonEvent> {
    return this.#added.event;
  }

  get onDidAttach(): Event<AddonEvent> {
    return this.#attached.event;
  }

  get onDidRemove(): Event<AddonEvent> {
    return this.#removed.event;
  }

  add(wish: NewAddonWish, waiting: Waiting = {}): Promise<AddonItem> {
    return this.#create(wish, waiting, async (hippo, { offering, plan }) => {
      const missing = unavailableText(offering);
      if (missing)
        throw new EditorError('UNAVAILABLE', [missing.message, missing.hint ?? ''].join(' ').trim());
      const place = await placeOf(hippo, wish.channelId);
      const what = planOf({ offering, plan });
      if (isCharged(plan) && !waiting.priceShown)
        await this.#needs.app.prompts.confirm(`Add ${what} to ${place}?`, {
          detail: `You are billed ${priceWithMonth(plan)}, until you remove it.`,
          action: 'Add',
        });
      return {
        doing: `Adding ${what} to ${place}`,
        kinds: ['create', 'bind'],
        begin: () =>
          hippo.addons.createAddon({
            name: offering.reference,
            plan: plan.name,
            channelId: wish.channelId,
            ...given({ as: wish.name, parameters: wish.parameters && { ...wish.parameters } }),
          }),
      };
    });
  }

  adopt(wish: AdoptionWish, waiting: Waiting = {}): Promise<AddonItem> {
    return this.#create(wish, waiting, async (hippo, { offering, plan }) => ({
      doing: `Adopting ${planOf({ offering, plan })} for ${await placeOf(hippo, wish.channelId)}`,
      kinds: ['adopt', 'bind'],
      begin: () =>
        hippo.addons.adoptAddon({
          name: offering.reference,
          plan: plan.name,
          channelId: wish.channelId,
          instanceId: wish.instanceId,
          ...given({ as: wish.name }),
        }),
    }));
  }

  attach({ addonId, channelId, name, parameters }: AttachWish, waiting: Waiting = {}): Promise<AddonItem> {
    return this.#use(waiting, async (hippo) => {
      const addon = await hippo.addons.addon(addonId);
      const place = await placeOf(hippo, channelId);
      const attached = await this.#carryOut(hippo, waiting, {
        doing: `Attaching ${visible(addon.name)} to ${place}`,
        kinds: ['bind'],
        begin: () =>
          hippo.addons.bindAddon(addonId, {
            channelId,
            ...given({ as: name, parameters: parameters && { ...parameters } }),
          }),
      });
      const result = there(attached, addon);
      this.#attached.fire({ addon: result, connection: hippo.session.connection.name, channelId });
      return result;
    });
  }

  detach(
    { addonId, channelId }: { addonId: string; channelId: string },
    waiting: Waiting = {},
  ): Promise<AddonItem> {
    return this.#use(waiting, async (hippo) => {
      const addon = await hippo.addons.addon(addonId);
      const binding = bindingOf(addon, channelId);
      const [name, place] = [visible(addon.name), fullPlace(addon, binding)];
      const kept = isCharged(addon.plan) ? `, and is billed on (${priceWithMonth(addon.plan)})` : '';
      const lost = binding.variables.length === 0 ? '' : ` without ${listOf(binding.variables)}`;
      await this.#needs.app.prompts.confirm(`Detach ${name} from ${place}?`, {
        detail: `${place} starts anew${lost}. ${name} stays with its data${kept}.`,
        action: 'Detach',
      });
      const left = await this.#carryOut(hippo, waiting, {
        doing: `Detaching ${name} from ${place}`,
        kinds: ['unbind'],
        begin: () => hippo.addons.unbindAddon(addonId, channelId),
      });
      return there(left, addon);
    });
  }

  change(wish: ChangeWish, waiting: Waiting = {}): Promise<AddonItem> {
    return this.#use(waiting, async (hippo) => {
      const { addonId, planId, parameters, upgrade } = wish;
      const addon = await hippo.addons.addon(addonId);
      const found = planId === undefined ? undefined : (await this.#plan(hippo, planId)).plan;
      const plan = found && found.id !== addon.plan.id ? found : undefined;
      const [now, then] = [priceWithMonth(addon.plan), plan && priceWithMonth(plan)];
      if (plan && then !== now && !waiting.priceShown)
        await this.#needs.app.prompts.confirm(
          `Change ${visible(addon.name)} of ${addon.appName} from ${visible(addon.plan.name)} to ${visible(plan.name)}?`,
          { detail: billedInstead(addon.plan, plan), action: 'Change Plan' },
        );
      const changed = await this.#carryOut(hippo, waiting, {
        doing: plan
          ? `Changing ${visible(addon.name)} of ${addon.appName} to ${visible(plan.name)}`
          : `Updating ${visible(addon.name)} of ${addon.appName}`,
        kinds: ['update'],
        begin: () =>
          hippo.addons.changeAddon(addonId, {
            ...given({ plan: plan?.name, parameters: parameters && { ...parameters } }),
            ...(upgrade ? { upgrade } : {}),
          }),
      });
      return there(changed, addon);
    });
  }

  rotate(
    { addonId, channelId }: { addonId: string; channelId?: string | undefined },
    waiting: Waiting = {},
  ): Promise<AddonItem> {
    return this.#use(waiting, async (hippo) => {
      const { prompts } = this.#needs.app;
      const addon = await hippo.addons.addon(addonId);
      const name = visible(addon.name);
      const binding = bindingOf(
        addon,
        channelId ?? (await this.#pickBinding(addon, `Rotate Credentials of ${name}`)),
      );
      const place = fullPlace(addon, binding);
      await prompts.confirm(`Rotate the credentials of ${name} for ${place}?`, {
        detail: `${place} starts anew with others, and the old ones end: whoever else uses them must get the new ones.`,
        action: 'Rotate',
      });
      const rotated = await this.#carryOut(hippo, waiting, {
        doing: `Changing the credentials of ${name} for ${place}`,
        kinds: ['rotate'],
        begin: () => hippo.addons.rotateBinding(addonId, binding.channelId),
      });
      return there(rotated, addon);
    });
  }

  remove({ addonId }: { addonId: string }, waiting: Waiting = {}): Promise<void> {
    return this.#use(waiting, async (hippo) => {
      const { app } = this.#needs;
      const addon = await hippo.addons.addon(addonId);
      const [name, users] = [visible(addon.name), usersOf(addon)];
      const losers = addon.bindings.length === 0 ? '' : `, and ${users} will be without it`;
      await typeName(app, {
        title: `Remove ${name} of ${addon.appName}`,
        prompt: `This cannot be undone: its data is lost${losers}${await costOf(hippo, addon)}. Type the add-on's name, ${name}, to remove it.`,
        name: addon.name,
      });
      await this.#carryOut(hippo, waiting, {
        doing: `Removing ${planOf(addon)} from ${users}`,
        kinds: ['remove'],
        begin: () => hippo.addons.removeAddon(addonId),
      });
      this.#removed.fire({ addon, connection: hippo.session.connection.name });
    });
  }

  retry({ addonId }: { addonId: string }, waiting: Waiting = {}): Promise<AddonItem | undefined> {
    return this.#use(waiting, async (hippo) => {
      const { name, appName } = await hippo.addons.addon(addonId);
      return this.#carryOut(hippo, waiting, {
        doing: `Trying ${visible(name)} of ${appName} again`,
        begin: () => hippo.addons.retryAddon(addonId),
      });
    });
  }

  abandon({ addonId }: { addonId: string }, waiting: Waiting = {}): Promise<void> {
    return this.#use(waiting, async (hippo) => {
      const addon = await hippo.addons.addon(addonId);
      const [name, broker] = [visible(addon.name), visible(addon.broker.name)];
      const bill = isCharged(addon.plan)
        ? ` and may go on billing for it (${priceWithMonth(addon.plan)})`
        : '';
      await typeName(this.#needs.app, {
        title: `Abandon ${name} of ${addon.appName}`,
        prompt: `It is forgotten here only: its broker, ${broker}, is told nothing, keeps it with its data${bill}. ${usersOf(addon)} will be without it. Type the add-on's name, ${name}, to abandon it.`,
        name: addon.name,
      });
      waiting.onProgress?.(`Abandoning ${name} of ${addon.appName}`);
      await hippo.addons.abandonAddon(addonId);
      this.#needs.store.changed();
      this.#removed.fire({ addon, connection: hippo.session.connection.name });
    });
  }

  dashboard({ addonId }: { addonId: string }, waiting: Waiting = {}): Promise<void> {
    return this.#use(waiting, async ({ addons }) => {
      const { url, foreign } = await addons.dashboard(addonId);
      await this.openLink(url, foreign);
    });
  }

  docs({ addonId }: { addonId: string }, waiting: Waiting = {}): Promise<void> {
    return this.#use(waiting, async ({ addons }) => {
      const { offering } = await addons.addon(addonId);
      if (offering.documentationUrl === null)
        throw new EditorError('NO_DOCS', `${visible(offering.displayName)} has no documentation.`);
      await this.openLink(offering.documentationUrl);
    });
  }

  async openLink(text: string, foreign = false): Promise<void> {
    const { prompts, links } = this.#needs.app;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const good = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
    if (!url || !good || url.username !== '' || url.password !== '')
      throw new EditorError(
        'UNSAFE_LINK',
        'That link was not opened: only links with https:, or with http: on this machine, are.',
      );
    if (foreign)
      await prompts.confirm(`Open ${url.host}?`, {
        detail: `The link is not of the add-on's broker: ${visible(url.href)}`,
        action: 'Open',
      });
    await links.open(url.href);
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #use<T>(waiting: Waiting, work: (hippo: AddonsSession) => Promise<T>): Promise<T> {
    return this.#needs.store.use(work, waiting.connection);
  }

  #create(
    wish: NewAddonWish,
    waiting: Waiting,
    prepare: (hippo: AddonsSession, what: { offering: OfferingItem; plan: PlanItem }) => Promise<Begun>,
  ): Promise<AddonItem> {
    return this.#use(waiting, async (hippo) => {
      const begun = await prepare(hippo, await this.#plan(hippo, wish.planId));
      const added = await this.#carryOut(hippo, waiting, begun);
      if (!added) throw gone();
      const { channelId } = wish;
      this.#added.fire({ addon: added, connection: hippo.session.connection.name, channelId });
      return added;
    });
  }

  async #plan(
    { addons }: AddonsSession,
    planId: string,
  ): Promise<{ offering: OfferingItem; plan: PlanItem }> {
    for (const offering of await addons.offerings()) {
      const plan = offering.plans.find(({ id }) => id === planId);
      if (plan) return { offering, plan };
    }
    throw new EditorError('NO_SUCH_PLAN', 'This plan is no longer offered: refresh what you see.');
  }

  /** Begins it, and waits until it is done. Undefined if the add-on is gone. */
  async #carryOut(
    { addons }: AddonsSession,
    { signal, onProgress }: Waiting,
    { doing, kinds, begin }: Begun,
  ): Promise<AddonItem | undefined> {
    const { connections, store } = this.#needs;
    const { waitForAddon } = await connections.core();
    signal?.throwIfAborted();
    onProgress?.(doing);
    try {
      const begun = await begin();
      store.changed();
      return await waitForAddon(addons, begun, {
        kinds,
        signal,
        onProgress: (words) => onProgress?.(visible(words)),
      });
    } finally {
      store.changed();
    }
  }

  #pickBinding({ bindings }: AddonItem, title: string): Promise<string> | string {
    const [only] = bindings;
    if (only && bindings.length === 1) return only.channelId;
    return this.#needs.app.prompts.pick(
      bindings.map(({ channelName, channelId }) => ({ label: channelName, value: channelId })),
      { title, placeholder: 'For which channel?' },
    );
  }
}

export function isCharged({ costs, free }: Pick<PlanItem, 'costs' | 'free'>): boolean {
  return costs.some(({ amount }) => amount > 0) || (!free && costs.length === 0);
}

/** What another plan costs, and what the one before did. */
export function billedInstead(before: PlanItem, after: PlanItem): string {
  const was = isCharged(before) ? priceWithMonth(before) : 'nothing';
  return isCharged(after)
    ? `You are billed ${priceWithMonth(after)}, instead of ${was}.`
    : `You are billed nothing any more, instead of ${was}.`;
}

/** `shop:production` */
export function fullPlace({ appName }: AddonItem, { channelName }: BindingItem): string {
  return `${appName}:${channelName}`;
}

/** @throws EditorError `NOT_ATTACHED` */
function bindingOf(addon: AddonItem, channelId: string | undefined): BindingItem {
  const found = addon.bindings.find((binding) => binding.channelId === channelId);
  if (found) return found;
  throw new EditorError(
    'NOT_ATTACHED',
    addon.bindings.length === 0
      ? `No channel of ${addon.appName} uses ${visible(addon.name)}.`
      : `That channel does not use ${visible(addon.name)}: ${usersOf(addon)} ${addon.bindings.length === 1 ? 'does' : 'do'}.`,
  );
}

async function placeOf({ session: { client } }: AddonsSession, channelId: string): Promise<string> {
  const { appId, name } = await client.channel(channelId);
  return `${(await client.app(appId)).name}:${name}`;
}

/** `; it costs $0.06/hour, about $43.80/month, and has cost $1.23 this month` */
async function costOf({ addons }: AddonsSession, addon: AddonItem): Promise<string> {
  if (!isCharged(addon.plan)) return '';
  const price = `; it costs ${priceWithMonth(addon.plan)}`;
  const { lines } = await addons.bill({ appId: addon.appId });
  const sums = new Map<string, number>();
  for (const { addonId, cost, cents } of lines)
    if (addonId === addon.id && cents !== null)
      sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cents);
  const texts = [...sums].map(([currency, cents]) => centsText(cents, currency));
  return texts.length === 0 ? price : `${price}, and has cost ${listOf(texts)} this month`;
}

function there(addon: AddonItem | undefined, before: AddonItem): AddonItem {
  if (addon) return addon;
  throw gone(before.name);
}

function gone(name = 'The add-on'): EditorError {
  return new EditorError('GONE', `${visible(name)} was removed meanwhile.`);
}

/** Without what was not given. */
function given<T extends object>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
