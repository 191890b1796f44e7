// What users ask for: checked against the rules, and recorded as operations before anything is sent.

import { randomUUID } from 'node:crypto';
import type { AddonAdoption, AddonChange, NewAddon, NewBinding } from '../../addons/addons.ts';
import { prefixOf, usualVariables } from '../../addons/environment.ts';
import { InstanceAnswer, type JsonObject } from '../../addons/osb.ts';
import { isGiven } from '../../hippo/common.ts';
import { ValidationError } from '../../hippo/check.ts';
import { ADMISSIONS, INSTANCE_CLEAN_UP, type Wish } from './admission.ts';
import { planOf, type AddonRow, type AddonStore, type OperationRow, type UseRow } from './addon-store.ts';
import type { Brokers } from './brokers.ts';
import { linkOf } from './catalog.ts';
import type { Engine } from './engine.ts';
import { brokerFailed, inTheWay, notFound } from './errors.ts';
import { matches } from '../../hippo/check.ts';
import type { Offerings, StoredOffering, StoredPlan } from './offerings.ts';
import type { ParameterChecker } from './parameters.ts';
import type { AppPlace, Caller, ChannelPlace, HippoPort, Vault } from './ports.ts';

export interface RequestsOptions {
  readonly store: AddonStore;
  readonly engine: Engine;
  readonly brokers: Brokers;
  readonly offerings: Offerings;
  readonly parameters: ParameterChecker;
  readonly hippo: HippoPort;
  readonly vault: Vault;
  readonly channelChanged: (channelId: string) => void;
  readonly now: () => number;
}

/** As the API takes them (src/addons/addons.ts: AddonName). */
const ADDON_NAME = /^[a-zA-Z][a-zA-Z0-9_-]{0,27}$/;

/** So many problems of parameters are told. */
const TOLD_PROBLEMS = 20;

type Step = 'create' | 'update' | 'bind';

export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** Offerings of the brokers that a team sees. */
  offeringsOf(teamId: string): StoredOffering[] {
    const { offerings, brokers } = this.#options;
    return offerings.all().filter(({ broker }) => brokers.isVisible(broker.id, [teamId]));
  }

  /** @throws RefusalError */
  demandAddon(caller: Caller, id: string): AddonRow {
    const { store, hippo } = this.#options;
    const addon = store.addon(id);
    if (addon === undefined) throw notFound('Addon', id);
    if (caller.administrator) return addon;
    try {
      hippo.demandApp(caller, addon.app_id);
    } catch {
      throw notFound('Addon', id);
    }
    return addon;
  }

  /** @returns its id @throws ValidationError, RefusalError */
  async create(caller: Caller, body: NewAddon): Promise<string> {
    const { brokers, store, engine } = this.#options;
    await brokers.ready();
    const parameters = body.parameters ?? undefined;
    const first = this.#wanted(caller, body);
    demandAvailable(first.offering);
    await this.#checkParameters(first.plan, 'create', parameters);
    // Nothing may come in between from here on; what has gone meanwhile gets none.
    const { channel, app, offering, plan } = this.#wanted(caller, body);
    demandAvailable(offering);
    const name = this.#nameFor(offering, body.as);
    this.#demandName(app, name);
    if (plan.facts.bindable) this.#demandUse(channel, name);
    const addonId = randomUUID();
    store.transaction(() => {
      this.#add(addonId, app, offering, plan, { name, instance_id: randomUUID(), presence: 'none' });
      const by = { user_id: caller.id, user_name: caller.name };
      store.addOperation({
        addon_id: addonId,
        kind: 'create',
        ...snapshot(plan),
        parameters: this.#sealed(parameters),
        ...by,
      });
      if (plan.facts.bindable) this.#addBinding(addonId, channel, name, undefined, by);
    });
    engine.poke(addonId);
    return addonId;
  }

  /** @returns its id @throws ValidationError, RefusalError */
  async adopt(caller: Caller, body: AddonAdoption): Promise<string> {
    const { brokers, store, engine, hippo } = this.#options;
    await brokers.ready();
    const first = this.#wanted(caller, body);
    const answer = await this.#lookAt(caller, first.offering, first.plan, body.instanceId);
    // As in `create`.
    const { channel, app, offering, plan } = this.#wanted(caller, body);
    const name = this.#nameFor(offering, body.as);
    this.#demandName(app, name);
    if (plan.facts.bindable) this.#demandUse(channel, name);
    // A broker may be registered under two names.
    const place = brokers.url(offering.broker.id)?.href;
    const isSame = (id: string): boolean =>
      id === offering.broker.id || (place !== undefined && brokers.url(id)?.href === place);
    const same = store.addons().find((one) => one.instance_id === body.instanceId && isSame(one.broker_id));
    if (same !== undefined)
      throw new ValidationError(
        'instanceId',
        `is the add-on ${same.name} of ${hippo.app(same.app_id)?.name ?? same.app_name} already`,
      );
    const addonId = randomUUID();
    const by = { user_id: caller.id, user_name: caller.name };
    store.transaction(() => {
      this.#add(addonId, app, offering, plan, {
        name,
        instance_id: body.instanceId,
        presence: 'there',
        state: 'ready',
        adopted: 1,
        dashboard_url: linkOf(answer?.dashboard_url),
        maintenance_version: answer?.maintenance_info?.version ?? null,
      });
      const id = store.addOperation({ addon_id: addonId, kind: 'adopt', ...snapshot(plan), ...by });
      store.endOperation({ id, addon_id: addonId }, 'succeeded', null);
      if (plan.facts.bindable) this.#addBinding(addonId, channel, name, undefined, by);
    });
    engine.poke(addonId);
    return addonId;
  }

  /** @throws ValidationError, RefusalError */
  async change(caller: Caller, addon: AddonRow, change: AddonChange): Promise<void> {
    const { store, engine, offerings, hippo } = this.#options;
    this.#admit(addon, 'update');
    const current = planOf(addon);
    const offering = offerings.all().find(({ id }) => id === addon.offering_id);
    const known = offering?.plans.find(({ id }) => id === addon.plan_guid);
    const wanted = change.plan ?? undefined;
    const parameters = change.parameters ?? undefined;
    let next: StoredPlan | undefined;
    if (wanted !== undefined && (wanted !== (known?.facts ?? current).name || isInDoubt(addon))) {
      if (!(known?.facts ?? current).updatable)
        throw new ValidationError(
          'plan',
          `cannot be changed: add-ons of the plan ${current.name} stay with it`,
        );
      const app = hippo.app(addon.app_id);
      const seen = app !== undefined && this.offeringsOf(app.teamId).some(({ id }) => id === offering?.id);
      if (offering === undefined || !seen)
        throw new ValidationError(
          'plan',
          'cannot be changed: its broker offers nothing of the kind any more',
        );
      // Its own plan may be withdrawn, and is still a way back.
      next = wanted === known?.facts.name ? known : planFor(offering, wanted);
    } else if (change.upgrade === true) {
      const offered = known?.facts.maintenance?.version;
      if (known === undefined || offered === undefined || offered === addon.maintenance_version)
        throw new ValidationError('upgrade', 'leads nowhere: its broker offers no other version');
      next = known;
    }
    if (next === undefined && parameters === undefined)
      throw new ValidationError(
        'plan',
        wanted === undefined ? 'is required, or parameters' : 'is what it has already',
      );
    await this.#checkParameters(next ?? known, 'update', parameters, parameters === undefined);
    this.#admit(this.#demandStill(addon), 'update');
    store.transaction(() =>
      store.addOperation({
        addon_id: addon.id,
        kind: 'update',
        ...(next && snapshot(next)),
        parameters: this.#sealed(parameters),
        ...by(caller),
      }),
    );
    engine.poke(addon.id);
  }

  /** @throws ValidationError, RefusalError */
  async bind(caller: Caller, addon: AddonRow, body: NewBinding): Promise<void> {
    const { store, engine, hippo, offerings } = this.#options;
    const channel = hippo.demandChannel(caller, body.channelId);
    if (channel.appId !== addon.app_id)
      throw new ValidationError('channelId', `is of another app: ${addon.name} belongs to ${addon.app_name}`);
    this.#admit(addon, 'bind', channel.id);
    const facts = offerings.plan(addon.plan_guid)?.plan.facts ?? planOf(addon);
    if (!facts.bindable)
      throw new ValidationError('channelId', `cannot be attached: the plan ${facts.name} has no credentials`);
    const parameters = body.parameters ?? undefined;
    await this.#checkParameters({ facts }, 'bind', parameters);
    const still = this.#demandStill(addon);
    this.#admit(still, 'bind', channel.id);
    const name = body.as ?? addon.name;
    const old = store.useOf(addon.id, channel.id);
    if (old !== undefined && old.state !== 'failed')
      throw inTheWay(
        old.state === 'attention'
          ? `${addon.name} has to be detached from the channel ${channel.name} before it can be attached again.`
          : `${addon.name} is attached to the channel ${channel.name} already.`,
      );
    this.#demandUse(channel, name, old?.id);
    this.#demandKnownVariables(still, channel, name, old?.id);
    store.transaction(() => {
      if (old !== undefined) store.removeUse(old.id);
      this.#addBinding(addon.id, channel, name, parameters, by(caller));
    });
    engine.poke(addon.id);
  }

  /** @throws RefusalError */
  unbind(caller: Caller | undefined, addon: AddonRow, channelId: string): void {
    const { store, engine } = this.#options;
    const use = this.#demandUsed(addon, channelId);
    this.#admit(addon, 'unbind', channelId);
    const queued = store
      .openOperations(addon.id)
      .find((one) => one.kind === 'bind' && one.use_id === use.id && isUnsent(one));
    store.transaction(() => {
      if (queued !== undefined) {
        store.endOperation(queued, 'failed', 'It was not wanted any more.');
        store.removeUse(use.id);
      } else
        store.addOperation({
          addon_id: addon.id,
          kind: 'unbind',
          use_id: use.id,
          channel_id: channelId,
          // The binding is the one that it has by then: it may be getting another one now.
          ...(caller && by(caller)),
        });
    });
    engine.poke(addon.id);
  }

  /** @throws ValidationError, RefusalError */
  rotate(caller: Caller | undefined, addon: AddonRow, channelId: string): void {
    const { store, engine, offerings } = this.#options;
    const use = this.#demandUsed(addon, channelId);
    this.#admit(addon, 'rotate', channelId);
    if (use.state !== 'ready' || use.binding_id === null)
      throw inTheWay(`${addon.name} has no credentials for this channel that could be changed.`);
    const facts = offerings.plan(addon.plan_guid)?.plan.facts ?? planOf(addon);
    if (!facts.rotatable)
      throw inTheWay(
        `The plan ${facts.name} does not let credentials change while they are in use: detach ${addon.name} and attach it again.`,
      );
    store.transaction(() =>
      store.addOperation({
        addon_id: addon.id,
        kind: 'rotate',
        use_id: use.id,
        channel_id: channelId,
        binding_id: randomUUID(),
        ...(caller && by(caller)),
      }),
    );
    engine.poke(addon.id);
  }

  /** Asked again, it tries again, and waits no longer for a broker that takes its time. @throws RefusalError */
  remove(caller: Caller, addon: AddonRow): void {
    const { store, engine } = this.#options;
    this.#admit(addon, 'remove');
    const open = store.openOperations(addon.id);
    if (open.some(({ kind }) => kind === 'remove')) {
      store.transaction(() => {
        for (const one of open)
          if (one.kind !== 'remove' && (one.phase === 'polling' || one.phase === 'fetching'))
            store.endOperation(one, 'failed', 'The add-on is removed.');
      });
      return engine.hurry(addon.id);
    }
    store.transaction(() => {
      for (const one of open) {
        const included = ADMISSIONS.remove[one.kind] === 'over';
        if (!included && !isUnsent(one)) continue;
        // A create that was never sent leaves nothing to be removed.
        store.endOperation(one, 'failed', 'The add-on is removed.');
      }
      store.addOperation({ addon_id: addon.id, kind: 'remove', ...by(caller) });
    });
    engine.poke(addon.id);
  }

  /** Whatever is under way is forgotten, and the broker hears nothing. */
  abandon(caller: Caller, addon: AddonRow): void {
    const { store, channelChanged } = this.#options;
    const channels = store.usesOf(addon.id).map(({ channel_id: id }) => id);
    store.transaction(() => {
      for (const one of store.openOperations(addon.id))
        store.endOperation(one, 'failed', 'The add-on was abandoned.');
      const id = store.addOperation({ addon_id: addon.id, kind: 'abandon', ...by(caller) });
      store.endOperation({ id, addon_id: addon.id }, 'succeeded', null);
      store.endAddon(addon.id);
    });
    for (const id of channels) channelChanged(id);
  }

  // Rules

  /** @throws RefusalError */
  #admit(addon: AddonRow, wish: Wish, channelId?: string): void {
    const open = this.#options.store.openOperations(addon.id);
    const refuse = (text: string): Error => inTheWay(`${addon.name} ${text}.`);
    for (const { kind, channel_id: channel, binding_id: binding, background } of open) {
      // The end of credentials that nobody has any more is in nobody's way.
      if (kind === 'unbind' && background === 1 && wish !== 'remove') continue;
      if (kind === 'clean-up' && binding === null && wish !== 'remove') throw refuse(INSTANCE_CLEAN_UP);
      const admission = ADMISSIONS[wish][kind];
      if (typeof admission === 'string') continue;
      if (admission.sameChannelOnly !== true || channel === channelId) throw refuse(admission.refused);
    }
    if (addon.state !== 'failed' || wish === 'remove' || wish === 'unbind') return;
    if (addon.presence !== 'there') throw refuse('could not be made and can only be removed');
    // A change broke it: another one may mend it.
    if (wish !== 'update') throw refuse('does not work: change it again, or remove it');
  }

  #demandStill({ id }: AddonRow): AddonRow {
    const addon = this.#options.store.addon(id);
    if (addon === undefined) throw notFound('Addon', id);
    return addon;
  }

  #demandUsed(addon: AddonRow, channelId: string): UseRow {
    const use = this.#options.store.useOf(addon.id, channelId);
    if (use === undefined) throw notFound('Channel', channelId);
    return use;
  }

  #channelFor(caller: Caller, channelId: string | null | undefined): ChannelPlace {
    const { hippo } = this.#options;
    if (isGiven(channelId)) return hippo.demandChannel(caller, channelId);
    const channels = hippo.visibleChannels(caller);
    const [only] = channels;
    if (only !== undefined && channels.length === 1) return only;
    throw new ValidationError(
      'channelId',
      `is required: you can reach ${channels.length === 0 ? 'no channel' : `${channels.length} channels`}`,
    );
  }

  /** What is asked for, and where, as it is now. @throws ValidationError, or Hippo's own refusal */
  #wanted(
    caller: Caller,
    { name, plan, channelId }: Pick<NewAddon, 'name' | 'plan' | 'channelId'>,
  ): { channel: ChannelPlace; app: AppPlace; offering: StoredOffering; plan: StoredPlan } {
    const channel = this.#channelFor(caller, channelId);
    const app = this.#options.hippo.demandApp(caller, channel.appId);
    const offering = this.#offering(app, name);
    return { channel, app, offering, plan: planFor(offering, plan) };
  }

  #offering(app: AppPlace, reference: string): StoredOffering {
    return this.#options.offerings.find(reference, this.offeringsOf(app.teamId));
  }

  #nameFor({ facts }: StoredOffering, as: string | null | undefined): string {
    const name = as ?? facts.name.replaceAll(/[^a-zA-Z0-9_-]/g, '-').slice(0, 28);
    if (!ADDON_NAME.test(name))
      throw new ValidationError('as', `is required: ${facts.name} is no name that an add-on can have`);
    return name;
  }

  #demandName(app: AppPlace, name: string): void {
    const { store } = this.#options;
    const other = store.addonsOf(app.id).find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (other === undefined) return;
    if (this.#isNothing(other)) return store.transaction(() => store.endAddon(other.id));
    const free = this.#alias(name, (one) => store.addonsOf(app.id).some((addon) => addon.name === one));
    throw new ValidationError(
      'as',
      `is taken: ${app.name} has an add-on ${other.name} already. Give this one another name, for example --as ${free}`,
    );
  }

  /** It could not be made, and its broker has nothing of it. */
  #isNothing(addon: AddonRow): boolean {
    const { store } = this.#options;
    return (
      addon.state === 'failed' && addon.presence === 'none' && store.openOperations(addon.id).length === 0
    );
  }

  /** What the channel would call it must be free there, as far as can be known. */
  #demandUse(channel: ChannelPlace, name: string, except?: string): void {
    const { store, hippo } = this.#options;
    const uses = store.usesIn(channel.id).filter(({ id }) => id !== except);
    const taken = new Set(hippo.variableNames(channel.id));
    const clashes = (one: string): string | undefined =>
      uses.some(({ prefix }) => prefix === prefixOf(one))
        ? `the channel ${channel.name} has an add-on of this name`
        : usualVariables(one)
            .filter((key) => taken.has(key))
            .map((key) => `the channel ${channel.name} has a variable ${key} of its own`)[0];
    const clash = clashes(name);
    if (clash === undefined) return;
    const free = this.#alias(name, (one) => clashes(one) !== undefined);
    throw new ValidationError('as', `clashes: ${clash}. Give another name, for example --as ${free}`);
  }

  /** Another binding of the same add-on shows which variables come. */
  #demandKnownVariables(addon: AddonRow, channel: ChannelPlace, name: string, except?: string): void {
    const { store, hippo } = this.#options;
    const like = store.usesOf(addon.id).find(({ credentials, id }) => credentials !== null && id !== except);
    if (like === undefined) return;
    const start = like.prefix.length;
    const taken = new Set(hippo.variableNames(channel.id));
    for (const other of store.usesIn(channel.id))
      if (other.id !== except) for (const key of JSON.parse(other.variables) as string[]) taken.add(key);
    const clash = (JSON.parse(like.variables) as string[])
      .map((key) => prefixOf(name) + key.slice(start))
      .find((key) => taken.has(key));
    if (clash !== undefined)
      throw new ValidationError(
        'as',
        `clashes: the channel ${channel.name} has ${clash} already. Give another name, for example --as ${this.#alias(name, () => false)}`,
      );
  }

  #alias(name: string, isTaken: (name: string) => boolean): string {
    for (let number = 2; ; number++) {
      const alias = `${name.slice(0, 24)}${number}`;
      if (!isTaken(alias)) return alias;
    }
  }

  // Records

  #add(
    id: string,
    app: AppPlace,
    offering: StoredOffering,
    plan: StoredPlan,
    more: Pick<AddonRow, 'name' | 'instance_id' | 'presence'> & Partial<AddonRow>,
  ): void {
    const { store, hippo } = this.#options;
    store.addAddon({
      id,
      app_id: app.id,
      app_name: app.name,
      team_id: app.teamId,
      team_name: hippo.teamName(app.teamId) ?? '',
      broker_id: offering.broker.id,
      broker_name: offering.broker.name,
      offering_id: offering.id,
      service_id: offering.facts.serviceId,
      organization_guid: app.teamId,
      space_guid: app.id,
      offering: JSON.stringify(offering.facts),
      ...snapshot(plan),
      state: 'creating',
      message: null,
      dashboard_url: null,
      adopted: 0,
      maintenance_version: plan.facts.maintenance?.version ?? null,
      ...more,
    });
  }

  #addBinding(
    addonId: string,
    channel: ChannelPlace,
    name: string,
    parameters: JsonObject | undefined,
    who: ReturnType<typeof by>,
  ): void {
    const { store } = this.#options;
    const useId = store.addUse({
      addon_id: addonId,
      channel_id: channel.id,
      name,
      prefix: prefixOf(name),
    });
    store.addOperation({
      addon_id: addonId,
      kind: 'bind',
      use_id: useId,
      channel_id: channel.id,
      binding_id: randomUUID(),
      parameters: this.#sealed(parameters),
      ...who,
    });
  }

  #sealed(parameters: JsonObject | undefined): Buffer | null {
    return parameters === undefined ? null : this.#options.vault.encrypt(JSON.stringify(parameters));
  }

  async #checkParameters(
    plan: Pick<StoredPlan, 'facts'> | undefined,
    step: Step,
    given: JsonObject | undefined,
    skip = false,
  ): Promise<void> {
    if (plan === undefined || skip) return;
    const problems = await this.#options.parameters.check(plan.facts.schemas[step], given ?? {});
    if (problems.length === 0) return;
    const told = Map.groupBy(problems.slice(0, TOLD_PROBLEMS), ({ path }) => propertyOf(path));
    throw new ValidationError(
      Object.fromEntries([...told].map(([name, some]) => [name, some.map(({ message }) => message)])),
    );
  }

  /** What a broker says of an instance that is to be adopted; undefined if it does not tell. */
  async #lookAt(
    caller: Caller,
    { facts, broker }: StoredOffering,
    plan: StoredPlan,
    instanceId: string,
  ): Promise<InstanceAnswer | undefined> {
    if (!facts.instancesRetrievable) return undefined;
    const client = await this.#options.brokers.client(broker.id).catch((error: unknown) => {
      throw brokerFailed((error as Error).message);
    });
    const ids = { serviceId: facts.serviceId, planId: plan.facts.planId };
    const result = await client.instance(instanceId, ids, caller);
    if (result.kind !== 'answer') throw brokerFailed(`The broker cannot be reached (${result.reason}).`);
    if (result.status === 404 || result.status === 410)
      throw new ValidationError('instanceId', 'is not known to the broker');
    if (result.status !== 200 || !matches(InstanceAnswer, result.body))
      throw brokerFailed(`Asked for the instance, the broker answered with status ${result.status}.`);
    const { service_id: service, plan_id: planId } = result.body;
    if (isGiven(service) && service !== facts.serviceId)
      throw new ValidationError('instanceId', 'is an instance of another offering');
    if (isGiven(planId) && planId !== plan.facts.planId)
      throw new ValidationError('plan', 'is not the one that the instance has');
    return result.body;
  }
}

/** `/sizes/0/name` is told as `Parameters.sizes[0].name`. */
function propertyOf(pointer: string): string {
  const parts = pointer.split('/').slice(1);
  return parts.reduce((text, part) => {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(name) ? `${text}[${name}]` : `${text}.${name}`;
  }, 'Parameters');
}

/** @throws ValidationError where this machine lacks what it needs */
function demandAvailable({ facts: { unavailable } }: StoredOffering): void {
  if (unavailable === null) return;
  const help = unavailable.command === null ? '' : `. This helps: ${unavailable.command}`;
  throw new ValidationError('name', `cannot be made here: ${unavailable.reason.replace(/\.$/, '')}${help}`);
}

/** Even the plan that it has may be asked for, as the way back. */
function isInDoubt({ state }: AddonRow): boolean {
  return state === 'attention' || state === 'failed';
}

/** Its broker has done nothing for it. */
function isUnsent({ phase, unanswered }: OperationRow): boolean {
  return phase === 'planned' && unanswered === 0;
}

function snapshot(plan: StoredPlan): { plan_guid: string; plan: string } {
  return { plan_guid: plan.id, plan: JSON.stringify(plan.facts) };
}

function by({ id, name }: Caller): { user_id: string; user_name: string } {
  return { user_id: id, user_name: name };
}

/** @throws ValidationError */
function planFor({ facts, plans }: StoredOffering, name: string | null | undefined): StoredPlan {
  const active = plans.filter(({ state }) => state === 'active');
  const names = active.map((plan) => plan.facts.name).join(', ');
  if (isGiven(name)) {
    const plan = active.find((one) => one.facts.name === name);
    if (plan !== undefined) return plan;
    const withdrawn = plans.some((one) => one.facts.name === name);
    throw new ValidationError(
      'plan',
      `${withdrawn ? 'is withdrawn' : `is none of ${facts.name}'s`}: there is ${names}`,
    );
  }
  const found = active.length === 1 ? active[0] : active.find((plan) => plan.facts.free);
  if (found === undefined) throw new ValidationError('plan', `is required: there is ${names}`);
  return found;
}
