// The add-ons that a version needs, held against those that its channels have: what is missing, and what to know.

import type { AddonItem, BindingItem } from '../addons/addons.ts';
import { AddonsClient, NoAddonsError } from '../addons/client.ts';
import { AddonNameError, findOffering, findPlan, isOffering } from '../addons/find.ts';
import type { OfferingItem } from '../addons/offerings.ts';
import { priceWithMonth } from '../addons/price-text.ts';
import { stateText, unavailableText } from '../addons/words.ts';
import type { Invoice } from '../bindle/invoice.ts';
import type { AppItem } from '../hippo/api.ts';
import type { HippoClient } from '../hippo/client.ts';
import { listOf, visible } from '../hippofacts/text.ts';
import {
  ADDONS_ANNOTATION,
  formatWantedAddon,
  parseWantedAddons,
  type WantedAddon,
} from '../hippofacts/wanted-addons.ts';

export type AddonStep =
  | {
      type: 'add-addon';
      /** Of the channel, which may have to be made first. */
      channel: string;
      /** What it will be called. */
      name: string;
      named: boolean;
      /** As the server takes them. */
      offering: string;
      plan: string;
      /** Undefined if it is free. */
      price: string | undefined;
    }
  /** The app has it for other channels, which share it from then on. */
  | { type: 'attach-addon'; channel: string; name: string; as: string; users: readonly string[] };

/** How one add-on that a version needs is on one channel. */
export interface AddonNeed {
  /** As HIPPOFACTS says it: `postgresql:small as db`. */
  wanted: string;
  /** Name of the channel. */
  channel: string;
  /**
   * `coming`: somebody has begun to add it. `differs`: the channel has another plan or offering under this name, or one
   * that somebody must see to.
   */
  state: 'there' | 'coming' | 'missing' | 'differs' | 'impossible';
  /** What a person should know, in a sentence; undefined if all is well, or a step sees to it. */
  message: string | undefined;
  /** Id of the add-on, where there is one. */
  addonId: string | undefined;
}

export interface AddonPlan {
  needs: AddonNeed[];
  steps: AddonStep[];
}

export interface AddonPlanOptions {
  invoice: Invoice;
  hippo: HippoClient;
  app: AppItem | undefined;
  /** Names of the app's channels that will run the version. */
  channels: readonly string[];
  signal?: AbortSignal | undefined;
}

/** Asks nothing where the version needs no add-ons. @throws HippoError */
export async function planAddons(options: AddonPlanOptions): Promise<AddonPlan> {
  const { invoice, hippo, app, channels, signal } = options;
  const { addons: wanted } = parseWantedAddons(invoice.annotations?.[ADDONS_ANNOTATION] ?? '');
  if (wanted.length === 0 || channels.length === 0) return { needs: [], steps: [] };
  const client = new AddonsClient(hippo);
  try {
    const offerings = await client.offerings({ signal });
    const present = app ? await client.addons({ appId: app.id, signal }) : [];
    const plan = new Comparison(app?.name, offerings, present);
    for (const channel of channels) plan.compare(channel, wanted);
    const { needs, steps } = plan;
    if (steps.length === 0 || !(await isDeployToken(hippo, signal))) return { needs, steps };
    return { needs: needs.map((need) => forToken(need, app?.name)), steps: [] };
  } catch (error) {
    if (!(error instanceof NoAddonsError)) throw error;
    const message = `${error.message} This version needs ${listOf(wanted.map(formatWantedAddon))}.`;
    return { needs: channels.flatMap((channel) => impossible(wanted, channel, message)), steps: [] };
  }
}

/** What a step does, after "I shall". */
export function describeAddonStep(step: AddonStep): string {
  if (step.type === 'attach-addon')
    return `let the channel ${step.channel} use the add-on ${step.name}, which ${listOf(step.users)} ${step.users.length === 1 ? 'uses' : 'use'}`;
  const { offering, plan, name, named, channel, price } = step;
  return `add ${visible(`${offering}:${plan}`)}${named ? ` as ${name}` : ''} to the channel ${channel}${price === undefined ? '' : ` (${price})`}`;
}

/** Deploy tokens publish, and add nothing that costs. */
async function isDeployToken(hippo: HippoClient, signal: AbortSignal | undefined): Promise<boolean> {
  const me = await hippo.whoami({ signal }).catch(() => undefined);
  return me?.deployToken !== undefined;
}

function forToken(need: AddonNeed, app: string | undefined): AddonNeed {
  if (need.state !== 'missing') return need;
  const message = `A deploy token cannot add ${need.wanted} to the channel ${need.channel}${app === undefined ? '' : ` of ${app}`}: let somebody with an account publish, or run \`hippo addons add\`.`;
  return { ...need, state: 'impossible', message };
}

/** Said once, although every channel lacks all of them. */
function impossible(wanted: readonly WantedAddon[], channel: string, message: string): AddonNeed[] {
  return wanted.map((one, index) => ({
    wanted: formatWantedAddon(one),
    channel,
    state: 'impossible',
    message: index === 0 ? message : undefined,
    addonId: undefined,
  }));
}

/** One app's add-ons beside what is wanted, channel by channel. */
class Comparison {
  readonly needs: AddonNeed[] = [];
  readonly steps: AddonStep[] = [];
  readonly #app: string | undefined;
  readonly #offerings: readonly OfferingItem[];
  readonly #present: readonly AddonItem[];

  constructor(app: string | undefined, offerings: readonly OfferingItem[], present: readonly AddonItem[]) {
    this.#app = app;
    this.#offerings = offerings;
    // One that could not be made is made again.
    this.#present = present.filter(({ state }) => state !== 'failed');
  }

  compare(channel: string, wanted: readonly WantedAddon[]): void {
    const uses = this.#present.flatMap((addon) =>
      addon.bindings.flatMap((binding) => (binding.channelName === channel ? [{ addon, binding }] : [])),
    );
    const found = new Map<WantedAddon, Use>();
    for (const one of wanted) {
      const use = uses.find(({ binding }) => isSame(binding.name, one.name));
      if (use) found.set(one, use);
    }
    // Without `as`, one that somebody has given another name will do.
    for (const one of wanted) {
      if (found.has(one) || one.named) continue;
      const use = uses.find(
        (other) => ![...found.values()].includes(other) && isOf(other.addon, one.offering),
      );
      if (use) found.set(one, use);
    }
    for (const one of wanted) {
      const use = found.get(one);
      if (use) this.#there(channel, one, use);
      else this.#missing(channel, one);
    }
  }

  #there(channel: string, wanted: WantedAddon, { addon, binding }: Use): void {
    const has = `${addon.offering.reference}:${addon.plan.name}`;
    const message = !isOf(addon, wanted.offering)
      ? `${binding.name} of the channel ${channel} is ${has}, where HIPPOFACTS asks for ${formatWantedAddon(wanted)}.`
      : addon.state === 'attention'
        ? `${addon.name} of the channel ${channel} ${stateText(addon)}: \`hippo addons show ${addon.name}\` says why.`
        : wanted.plan !== undefined && wanted.plan !== addon.plan.name
          ? `The channel ${channel} has ${has}, where HIPPOFACTS asks for the plan ${wanted.plan}: \`hippo addons update ${addon.name} --plan ${wanted.plan}\` changes it.`
          : undefined;
    const isComing = addon.state === 'creating' || binding.state === 'binding';
    const state = message !== undefined ? 'differs' : isComing ? 'coming' : 'there';
    this.#need(channel, wanted, state, message, addon.id);
  }

  #missing(channel: string, wanted: WantedAddon): void {
    const { name, offering } = wanted;
    const other =
      this.#present.find((addon) => isSame(addon.name, name)) ??
      (wanted.named ? undefined : this.#present.find((addon) => isOf(addon, offering)));
    const app = this.#app ?? 'the app';
    if (other && !isOf(other, offering))
      return this.#need(
        channel,
        wanted,
        'differs',
        `${name} of ${app} is ${other.offering.reference}:${other.plan.name}, where HIPPOFACTS asks for ${formatWantedAddon(wanted)}: give it another name by "as".`,
        other.id,
      );
    const adding = this.steps.find((step) => step.type === 'add-addon' && isSame(step.name, name));
    if (other || adding) {
      const users = other ? other.bindings.map(({ channelName }) => channelName) : [adding?.channel ?? ''];
      this.steps.push({
        type: 'attach-addon',
        channel,
        name: other?.name ?? name,
        as: name,
        users: users.length === 0 ? ['nobody'] : users,
      });
      return this.#need(channel, wanted, 'missing', undefined, other?.id);
    }
    try {
      const found = findOffering(this.#offerings, offering);
      const why = unavailableText(found);
      if (why)
        return this.#need(channel, wanted, 'impossible', [why.message, why.hint].filter(Boolean).join(' '));
      const plan = findPlan(found, wanted.plan);
      const price = plan.costs.some(({ amount }) => amount > 0) ? priceWithMonth(plan) : undefined;
      this.steps.push({
        type: 'add-addon',
        channel,
        name,
        named: wanted.named,
        offering: found.reference,
        plan: plan.name,
        price,
      });
      this.#need(channel, wanted, 'missing', undefined);
    } catch (error) {
      if (!(error instanceof AddonNameError)) throw error;
      this.#need(channel, wanted, 'impossible', [error.message, error.hint].filter(Boolean).join(' '));
    }
  }

  #need(
    channel: string,
    wanted: WantedAddon,
    state: AddonNeed['state'],
    message: string | undefined,
    addonId?: string,
  ): void {
    this.needs.push({ wanted: formatWantedAddon(wanted), channel, state, message, addonId });
  }
}

interface Use {
  addon: AddonItem;
  binding: BindingItem;
}

function isOf({ offering, broker }: AddonItem, wanted: string): boolean {
  return isOffering(offering, broker.name, wanted);
}

function isSame(name: string, other: string): boolean {
  return name.toLowerCase() === other.toLowerCase();
}
