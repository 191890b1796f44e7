// Does what operations say, one request at a time for each add-on: everything is recorded before it is sent, what a
// broker's answer leads to stands in outcomes.ts, and after a start everything goes on where it was.

import { randomUUID } from 'node:crypto';
import { hostInterface } from '../../addons/host-calls.ts';
import {
  BindingAnswer,
  LastOperation,
  osbErrors,
  type JsonObject,
  type ProvisionAnswer,
} from '../../addons/osb.ts';
import { matches } from '../../hippo/check.ts';
import {
  offeringOf,
  planOf,
  type AddonRow,
  type AddonStore,
  type OperationRow,
  type UseRow,
} from './addon-store.ts';
import { PLATFORM, type BrokerClient, type BrokerResult, type Originator } from './broker-client.ts';
import type { Brokers } from './brokers.ts';
import { line, linkOf, type CatalogPlan } from './catalog.ts';
import { errorOf, flagsOf, secretsIn, withoutSecrets, wordsOf } from './broker-words.ts';
import { variableMap } from './channel-variables.ts';
import { faultPoint } from './faults.ts';
import { operationOf, outcomeOf, REACTIONS, type Outcome, type Verb } from './outcomes.ts';
import type { HippoPort, Vault } from './ports.ts';

export interface EngineLimits {
  /** Milliseconds before a request goes out again, doubled with each time. */
  readonly firstPause: number;
  /** At most, for what makes or changes something. */
  readonly longestPause: number;
  /** At most, for what removes something: that never gives up. */
  readonly longestRemovalPause: number;
  /** Milliseconds after which what makes or changes something gives up. */
  readonly patience: number;
  /** Milliseconds between two looks at what a broker does; by and by the second. */
  readonly firstPoll: number;
  readonly longestPoll: number;
  /** Milliseconds that a broker may take for an operation, unless its plan says less. */
  readonly duration: number;
  /** Requests to one broker at the same time. */
  readonly requests: number;
}

export const ENGINE_LIMITS: EngineLimits = {
  firstPause: 500,
  longestPause: 30_000,
  longestRemovalPause: 3_600_000,
  patience: 600_000,
  firstPoll: 300,
  longestPoll: 60_000,
  duration: 7 * 24 * 3_600_000,
  requests: 16,
};

export interface EngineOptions {
  readonly store: AddonStore;
  readonly brokers: Pick<Brokers, 'client' | 'refresh'>;
  readonly hippo: HippoPort;
  readonly vault: Vault;
  /** What a channel has of its add-ons is other than it was. */
  readonly channelChanged: (channelId: string) => void;
  readonly limits: EngineLimits;
  readonly report: (error: unknown) => void;
  readonly now: () => number;
}

/** Lost updates are repeated so often. */
const UPDATE_TRIES = 3;
/** Failures after which a removal lets others go first, and is something for the user to look at. */
const QUIET_TRIES = 3;
/** Milliseconds that a broker's Retry-After is honoured at most. */
const LONGEST_RETRY_AFTER = 3_600_000;

/** A verb's request, or undefined: nothing is left at the broker. */
interface Target {
  readonly verb: Verb;
  readonly bindingId: string | null;
}

export class Engine {
  readonly #options: EngineOptions;
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Broker → how many requests are under way, and who waits. */
  readonly #gates = new Map<string, { busy: number; readonly waiting: (() => void)[] }>();
  #closed = false;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Takes up everything that is not over. */
  resume(): void {
    for (const addonId of this.#options.store.busyAddons()) this.poke(addonId);
  }

  /** Looks at what is to be done with an add-on now. */
  poke(addonId: string): void {
    this.#look(addonId);
  }

  /** @param rested the operation whose time has come, whatever the clock says: that may have been set back */
  #look(addonId: string, rested?: string): void {
    if (this.#closed || this.#lanes.has(addonId)) return;
    clearTimeout(this.#timers.get(addonId));
    this.#timers.delete(addonId);
    const operation = this.#next(addonId);
    if (operation === undefined) return;
    const { limits, now } = this.#options;
    // Nothing is put off for longer; only a clock that was set back makes it look so.
    const longest = Math.max(limits.longestRemovalPause, limits.longestPoll, LONGEST_RETRY_AFTER);
    const wait = operation.id === rested ? 0 : Math.min(operation.next_at - now(), longest);
    if (wait > 0) return this.#rest(addonId, wait, operation.id);
    const lane = this.#step(operation).then(
      () => {
        this.#lanes.delete(addonId);
        this.#goOn(addonId);
      },
      (error: unknown) => {
        this.#lanes.delete(addonId);
        if (this.#closed) return;
        this.#options.report(error);
        this.#postpone(operation);
        // Not by the record alone: where that cannot be written, all would begin again at once.
        this.#rest(addonId, limits.longestPause, operation.id);
      },
    );
    this.#lanes.set(addonId, lane);
  }

  #rest(addonId: string, wait: number, operationId: string): void {
    const timer = setTimeout(() => this.#goOn(addonId, operationId), wait);
    this.#timers.set(addonId, timer.unref());
  }

  /** The same where nobody could be told that the state cannot be read. */
  #goOn(addonId: string, rested?: string): void {
    try {
      this.#look(addonId, rested);
    } catch (error) {
      this.#options.report(error);
      if (!this.#closed) this.#rest(addonId, this.#options.limits.longestPause, rested ?? '');
    }
  }

  /** What waits to be tried again is tried now; a broker that asked for time to do something has it. */
  hurry(addonId: string): void {
    const { store, now } = this.#options;
    for (const { id, phase, next_at: at } of store.openOperations(addonId))
      if (at > now() && phase !== 'polling') store.changeOperation(id, { next_at: now() });
    this.poke(addonId);
  }

  /** Requests that are under way are broken off: whoever starts next goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { waiting } of this.#gates.values()) for (const go of waiting) go();
    await Promise.all(this.#lanes.values());
  }

  /** The first one; whatever is in the background may use the time in which that waits. */
  #next(addonId: string): OperationRow | undefined {
    const { store, now } = this.#options;
    const open = store.openOperations(addonId);
    const [first] = open;
    if (first === undefined || first.phase !== 'planned' || first.next_at <= now()) return first;
    return open
      .filter(({ id, background }) => id === first.id || background === 1)
      .reduce((soonest, one) => (one.next_at < soonest.next_at ? one : soonest));
  }

  /** Something of ours failed, a full disk perhaps: what is recorded stays true. */
  #postpone({ id }: OperationRow): void {
    const { store, limits, now } = this.#options;
    try {
      store.changeOperation(id, { next_at: now() + limits.longestPause });
    } catch {
      // It is tried again after the next start.
    }
  }

  async #step(operation: OperationRow): Promise<void> {
    const { store } = this.#options;
    const addon = store.addon(operation.addon_id);
    if (addon === undefined) return store.endOperation(operation, 'failed', 'The add-on is gone.');
    if (operation.phase === 'polling') return this.#poll(operation, addon);
    if (operation.phase === 'fetching') return this.#fetch(operation, addon);
    const target = this.#target(operation, addon);
    if (target !== undefined) return this.#send(operation, addon, target);
    store.transaction(() => this.#nothingLeft(operation, addon));
  }

  #target(operation: OperationRow, addon: AddonRow): Target | undefined {
    const { store } = this.#options;
    const { kind, use_id: useId } = operation;
    // A binding that was being made when its end was asked for has its id by now.
    const bindingId =
      operation.binding_id ?? (useId === null ? null : (store.use(useId)?.binding_id ?? null));
    switch (kind) {
      case 'create':
        return { verb: 'provision', bindingId: null };
      case 'update':
        return { verb: 'update', bindingId: null };
      case 'bind':
      case 'rotate':
        return { verb: 'bind', bindingId };
      case 'remove': {
        const [next] = store.bindingsOf(addon.id);
        if (next !== undefined) return { verb: 'unbind', bindingId: next };
        return addon.presence === 'none' ? undefined : { verb: 'deprovision', bindingId: null };
      }
      case 'unbind':
        return bindingId !== null && store.hasBinding(bindingId) ? { verb: 'unbind', bindingId } : undefined;
      case 'clean-up':
        if (bindingId !== null)
          return store.hasBinding(bindingId) ? { verb: 'unbind', bindingId } : undefined;
        return addon.presence === 'none' ? undefined : { verb: 'deprovision', bindingId: null };
      case 'adopt':
      case 'abandon':
        return undefined;
    }
  }

  // Sending

  async #send(planned: OperationRow, addon: AddonRow, { verb, bindingId }: Target): Promise<void> {
    const { store, now } = this.#options;
    store.transaction(() => {
      if (planned.attempts === 0) this.#begin(planned, addon);
      if (verb === 'provision') store.changeAddon(addon.id, { presence: 'maybe' });
      if (verb === 'bind' && bindingId !== null) store.noteBinding(bindingId, addon.id);
      store.changeOperation(planned.id, {
        state: 'running',
        phase: 'sent',
        verb,
        binding_id: bindingId,
        // It was under way when the platform ended, or got no answer.
        unanswered: planned.phase === 'sent' ? 1 : planned.unanswered,
        attempts: planned.attempts + 1,
        tried_at: planned.tried_at ?? now(),
      });
    });
    faultPoint(`${verb}.recorded`);
    const operation = store.operation(planned.id)!;
    const result = await this.#ask(addon.broker_id, (client) =>
      this.#request(client, operation, addon, verb),
    );
    faultPoint(`${verb}.answered`);
    const current = this.#stillOpen(operation);
    if (current === undefined) return;
    store.transaction(() => this.#settle(current, addon, verb, outcomeOf(verb, result), result));
    faultPoint(`${verb}.settled`);
  }

  /** What its users see when it begins. */
  #begin(operation: OperationRow, addon: AddonRow): void {
    const { store } = this.#options;
    const { kind, use_id: useId } = operation;
    if (kind === 'update') store.changeAddon(addon.id, { state: 'changing' });
    if (kind === 'rotate' && useId !== null) store.changeUse(useId, { state: 'rotating' });
    if (kind === 'remove') {
      store.changeAddon(addon.id, { state: 'removing', message: null });
      for (const use of store.usesOf(addon.id)) this.#disconnect(use);
    }
    const use = kind === 'unbind' && useId !== null ? store.use(useId) : undefined;
    if (use !== undefined) this.#disconnect(use);
  }

  /** Before its broker is told: no channel may have credentials that hold no longer. */
  #disconnect(use: UseRow): void {
    this.#options.store.changeUse(use.id, {
      state: 'unbinding',
      credentials: null,
      variables: '[]',
      interfaces: '[]',
    });
    this.#options.channelChanged(use.channel_id);
  }

  async #ask(brokerId: string, send: (client: BrokerClient) => Promise<BrokerResult>): Promise<BrokerResult> {
    let client: BrokerClient;
    await this.#enter(brokerId);
    try {
      try {
        client = await this.#options.brokers.client(brokerId);
      } catch (error) {
        return { kind: 'unsent', reason: (error as Error).message };
      }
      return await send(client);
    } finally {
      this.#leave(brokerId);
    }
  }

  async #enter(brokerId: string): Promise<void> {
    let gate = this.#gates.get(brokerId);
    if (gate === undefined) this.#gates.set(brokerId, (gate = { busy: 0, waiting: [] }));
    if (gate.busy < this.#options.limits.requests) gate.busy++;
    else await new Promise<void>((resolve) => gate.waiting.push(resolve));
  }

  #leave(brokerId: string): void {
    const gate = this.#gates.get(brokerId)!;
    const next = gate.waiting.shift();
    // Whoever comes in has its place.
    if (next === undefined) gate.busy--;
    else next();
  }

  #request(
    client: BrokerClient,
    operation: OperationRow,
    addon: AddonRow,
    verb: Verb,
  ): Promise<BrokerResult> {
    const { store, vault } = this.#options;
    const plan = planOf(addon);
    const ids = { serviceId: addon.service_id, planId: plan.planId };
    const who = originatorOf(operation);
    const parameters =
      operation.parameters === null
        ? {}
        : { parameters: JSON.parse(vault.decrypt(operation.parameters)) as JsonObject };
    const context = {
      platform: PLATFORM,
      organization_guid: addon.organization_guid,
      space_guid: addon.space_guid,
      instance_name: addon.name,
    };
    const bindingId = operation.binding_id ?? '';
    switch (verb) {
      case 'provision': {
        const maintenance = plan.maintenance;
        const body = {
          service_id: ids.serviceId,
          plan_id: ids.planId,
          organization_guid: addon.organization_guid,
          space_guid: addon.space_guid,
          context,
          ...parameters,
          ...(maintenance ? { maintenance_info: { version: maintenance.version } } : {}),
        };
        return client.provision(addon.instance_id, body, who);
      }
      case 'update': {
        const next = operation.plan === null ? undefined : (JSON.parse(operation.plan) as CatalogPlan);
        const body = {
          service_id: ids.serviceId,
          context,
          ...(next === undefined ? {} : { plan_id: next.planId }),
          ...parameters,
          previous_values: {
            plan_id: ids.planId,
            service_id: ids.serviceId,
            organization_id: addon.organization_guid,
            space_id: addon.space_guid,
            ...(addon.maintenance_version === null
              ? {}
              : { maintenance_info: { version: addon.maintenance_version } }),
          },
          ...(next?.maintenance ? { maintenance_info: { version: next.maintenance.version } } : {}),
        };
        return client.update(addon.instance_id, body, who);
      }
      case 'bind': {
        const use = operation.use_id === null ? undefined : store.use(operation.use_id);
        const old = operation.kind === 'rotate' ? use?.binding_id : undefined;
        const body = {
          service_id: ids.serviceId,
          plan_id: ids.planId,
          context,
          app_guid: addon.app_id,
          bind_resource: { app_guid: addon.app_id },
          ...parameters,
          ...(old === undefined || old === null ? {} : { predecessor_binding_id: old }),
        };
        return client.bind(addon.instance_id, bindingId, body, who);
      }
      case 'unbind':
        return client.unbind(addon.instance_id, bindingId, ids, who);
      case 'deprovision':
        return client.deprovision(addon.instance_id, ids, who);
    }
  }

  /** Undefined if it was ended meanwhile, or the platform is about to. */
  #stillOpen({ id }: OperationRow): OperationRow | undefined {
    if (this.#closed) return undefined;
    const current = this.#options.store.operation(id);
    return current?.ended_at === null ? current : undefined;
  }

  // What an answer leads to

  #settle(operation: OperationRow, addon: AddonRow, verb: Verb, given: Outcome, result: BrokerResult): void {
    const outcome = this.#readAgain(operation, verb, given);
    const reaction = REACTIONS[outcome][verb];
    const message = this.#concealed(operation, wordsOf(outcome, result));
    switch (reaction) {
      case 'finish':
        return this.#done(operation, addon, verb, result.kind === 'answer' ? result.body : undefined);
      case 'poll':
        return this.#accepted(operation, addon, result);
      case 'again': {
        const retryAfter = result.kind === 'answer' ? result.retryAfter : undefined;
        return this.#again(operation, addon, verb, outcome, message, retryAfter);
      }
      default:
        // What is cleaned up is asked for until it is gone.
        if (operation.kind === 'clean-up')
          return this.#again(operation, addon, verb, outcome, message, undefined);
        if (errorOf(result) === osbErrors.maintenanceInfoConflict)
          void this.#options.brokers.refresh(addon.broker_id).catch(this.#options.report);
        return this.#failed(operation, addon, reaction, {
          message,
          presence: outcome === 'malformed-ok' ? 'maybe' : 'none',
          ...flagsOf(result),
        });
    }
  }

  /** A broker may repeat what it was given. */
  #concealed({ parameters }: OperationRow, words: string): string {
    if (parameters === null) return words;
    return withoutSecrets(words, secretsIn(JSON.parse(this.#options.vault.decrypt(parameters))));
  }

  /** A repetition that is turned down says nothing of the first request, whose answer never came. */
  #readAgain({ unanswered }: OperationRow, verb: Verb, outcome: Outcome): Outcome {
    if (unanswered === 0 || outcome !== 'refused') return outcome;
    if (verb === 'update') return 'overdue';
    return verb === 'provision' || verb === 'bind' ? 'lost' : outcome;
  }

  #accepted(operation: OperationRow, addon: AddonRow, result: BrokerResult): void {
    const { store, limits, now } = this.#options;
    const body = result.kind === 'answer' ? (result.body as ProvisionAnswer) : {};
    this.#noteDashboard(operation, addon, body);
    const plan =
      operation.kind === 'update' && operation.plan !== null
        ? (JSON.parse(operation.plan) as CatalogPlan)
        : planOf(addon);
    const longest = Math.min(limits.duration, (plan.maximumPollingDuration ?? Infinity) * 1000);
    const retryAfter = result.kind === 'answer' ? result.retryAfter : undefined;
    store.changeOperation(operation.id, {
      phase: 'polling',
      broker_operation: operationOf(body) ?? null,
      attempts: 1,
      deadline: now() + Math.round(longest),
      next_at: now() + Math.round(Math.min(retryAfter ?? limits.firstPoll, limits.longestPoll)),
    });
    store.touched(addon.id);
  }

  #noteDashboard({ verb }: OperationRow, addon: AddonRow, body: unknown): void {
    if (verb !== 'provision' && verb !== 'update') return;
    const url = linkOf((body as ProvisionAnswer | undefined)?.dashboard_url);
    if (url !== null) this.#options.store.changeAddon(addon.id, { dashboard_url: url });
  }

  #done(operation: OperationRow, addon: AddonRow, verb: Verb, body: unknown): void {
    const { store } = this.#options;
    switch (verb) {
      case 'provision':
        this.#noteDashboard(operation, addon, body);
        store.changeAddon(addon.id, { presence: 'there', state: 'ready', message: null });
        return store.endOperation(operation, 'succeeded', null);
      case 'update': {
        this.#noteDashboard(operation, addon, body);
        const { plan, plan_guid: guid } = operation;
        const next = plan === null ? undefined : (JSON.parse(plan) as CatalogPlan);
        store.changeAddon(addon.id, {
          state: 'ready',
          message: null,
          ...(plan === null || guid === null
            ? {}
            : {
                plan,
                plan_guid: guid,
                maintenance_version: next?.maintenance?.version ?? addon.maintenance_version,
              }),
        });
        return store.endOperation(operation, 'succeeded', null);
      }
      case 'bind':
        return operation.phase === 'polling'
          ? this.#fetchNow(operation)
          : this.#bound(operation, addon, body);
      case 'unbind':
        store.forgetBinding(operation.binding_id ?? '');
        if (operation.kind === 'remove') return this.#nextStep(operation);
        return this.#unbound(operation, addon);
      case 'deprovision':
        store.changeAddon(addon.id, { presence: 'none' });
        return this.#nothingLeft(operation, addon);
    }
  }

  /** A removal has one request after the other. */
  #nextStep(operation: OperationRow): void {
    const { store } = this.#options;
    store.changeAddon(operation.addon_id, { state: 'removing', message: null });
    store.changeOperation(operation.id, {
      phase: 'planned',
      binding_id: null,
      broker_operation: null,
      unanswered: 0,
      attempts: 1,
      next_at: 0,
    });
  }

  #unbound(operation: OperationRow, addon: AddonRow): void {
    const { store } = this.#options;
    const use = operation.use_id === null ? undefined : store.use(operation.use_id);
    if (operation.kind === 'unbind' && use !== undefined) store.removeUse(use.id);
    store.endOperation(operation, 'succeeded', null);
    store.touched(addon.id);
  }

  /** The broker has nothing of what this operation is about. */
  #nothingLeft(operation: OperationRow, addon: AddonRow): void {
    const { store } = this.#options;
    if (operation.kind === 'unbind') {
      const use = operation.use_id === null ? undefined : store.use(operation.use_id);
      if (use !== undefined && operation.attempts === 0) this.#disconnect(use);
      return this.#unbound(operation, addon);
    }
    if (operation.kind === 'remove') {
      if (operation.attempts === 0) this.#begin(operation, addon);
      for (const other of store.openOperations(addon.id))
        if (other.id !== operation.id) store.endOperation(other, 'failed', 'The add-on is gone.');
      store.endOperation(operation, 'succeeded', null);
      return store.endAddon(addon.id);
    }
    store.endOperation(operation, 'succeeded', null);
    if (operation.binding_id === null)
      store.changeAddon(addon.id, {
        presence: 'none',
        message: `${addon.message ?? ''} Nothing is left of it.`.trim(),
      });
  }

  #fetchNow(operation: OperationRow): void {
    const { store, limits, now } = this.#options;
    store.changeOperation(operation.id, {
      phase: 'fetching',
      attempts: 1,
      deadline: now() + limits.patience,
      next_at: now(),
    });
  }

  /** The channel gets the credentials, the whole set at once. */
  #bound(operation: OperationRow, addon: AddonRow, body: unknown): void {
    const { store, vault, hippo, now } = this.#options;
    const { credentials, metadata } = body as BindingAnswer;
    const { binding_id: bindingId, unanswered } = operation;
    const use = operation.use_id === null ? undefined : store.use(operation.use_id);
    if (use === undefined || hippo.channel(use.channel_id) === undefined)
      return this.#failed(operation, addon, 'clean-up', { message: 'The channel is gone.' });
    if (!credentials && unanswered === 1) {
      if (offeringOf(addon).bindingsRetrievable) return this.#fetchNow(operation);
      return this.#bindAnew(operation, addon);
    }
    const found = credentials ?? {};
    const names = [...variableMap(use.name, found).keys()];
    const clash = this.#clash(use, names);
    if (clash !== undefined) {
      const message = `It gives the channel ${clash}, which is there already: attach it under another name.`;
      return this.#failed(operation, addon, 'clean-up', { message });
    }
    const expires = timeOf(metadata?.expires_at);
    store.changeUse(use.id, {
      state: 'ready',
      message: null,
      binding_id: bindingId,
      credentials: vault.encrypt(JSON.stringify(found)),
      variables: JSON.stringify(names),
      interfaces: JSON.stringify(hostInterface(found)),
      rotated_at: operation.kind === 'rotate' ? now() : use.rotated_at,
      expires_at: expires,
      renew_at: timeOf(metadata?.renew_before) ?? expires,
    });
    store.endOperation(operation, 'succeeded', null);
    this.#options.channelChanged(use.channel_id);
    if (operation.kind === 'rotate' && use.binding_id !== null)
      store.addOperation({
        addon_id: addon.id,
        kind: 'unbind',
        background: 1,
        channel_id: use.channel_id,
        binding_id: use.binding_id,
        user_id: operation.user_id,
        user_name: operation.user_name,
        message: 'The credentials before the last ones.',
      });
  }

  /** A variable that the channel has from somebody else. */
  #clash(use: UseRow, names: readonly string[]): string | undefined {
    const { store, hippo } = this.#options;
    const taken = new Set(hippo.variableNames(use.channel_id));
    for (const other of store.usesIn(use.channel_id))
      if (other.id !== use.id) for (const name of JSON.parse(other.variables) as string[]) taken.add(name);
    return names.find((name) => taken.has(name));
  }

  /** Its credentials were given once, and never came here: another binding takes its place. */
  #bindAnew(operation: OperationRow, addon: AddonRow): void {
    this.#cleanUp(addon, operation.binding_id);
    this.#options.store.changeOperation(operation.id, {
      phase: 'planned',
      binding_id: randomUUID(),
      unanswered: 0,
      next_at: 0,
    });
  }

  #again(
    operation: OperationRow,
    addon: AddonRow,
    verb: Verb,
    outcome: Outcome,
    message: string,
    retryAfter: number | undefined,
  ): void {
    const { store, limits, now } = this.#options;
    const removing = verb === 'unbind' || verb === 'deprovision';
    const { attempts } = operation;
    if (!removing) {
      const late = now() - (operation.tried_at ?? now()) > limits.patience;
      if (late || (outcome === 'lost' && attempts >= UPDATE_TRIES)) {
        const unclear = outcome === 'lost' || operation.unanswered === 1;
        const reaction = !unclear ? 'fail' : verb === 'update' ? 'doubt' : 'clean-up';
        return this.#failed(operation, addon, reaction, { message });
      }
    }
    const longest = removing ? limits.longestRemovalPause : limits.longestPause;
    const pause = Math.min(longest, limits.firstPause * 2 ** Math.min(attempts - 1, 30));
    const wait = Math.max(pause * (0.8 + Math.random() * 0.4), Math.min(retryAfter ?? 0, longest));
    const quiet = removing && attempts >= QUIET_TRIES;
    if (!removing && outcome !== 'lost' && operation.unanswered === 0) this.#notSent(operation, verb);
    store.changeOperation(operation.id, {
      phase: outcome === 'lost' && !removing ? 'sent' : 'planned',
      broker_operation: null,
      message,
      next_at: now() + Math.round(wait),
      ...(quiet && operation.kind !== 'remove' ? { background: 1 } : {}),
    });
    if (operation.kind === 'remove' || operation.kind === 'create')
      store.changeAddon(addon.id, {
        ...(quiet ? { state: 'attention' } : {}),
        message: `${message} It is tried again.`,
      });
    if (operation.kind === 'unbind' && operation.use_id !== null && quiet)
      store.changeUse(operation.use_id, { state: 'attention', message: `${message} It is tried again.` });
    store.touched(addon.id);
  }

  /** The broker has not looked at it: there is nothing that would have to be removed. */
  #notSent({ addon_id: addonId, binding_id: bindingId }: OperationRow, verb: Verb): void {
    const { store } = this.#options;
    if (verb === 'provision') store.changeAddon(addonId, { presence: 'none' });
    if (verb === 'bind' && bindingId !== null) store.forgetBinding(bindingId);
  }

  // Failures

  #failed(
    operation: OperationRow,
    addon: AddonRow,
    reaction: 'fail' | 'clean-up' | 'doubt',
    failure: Failure,
  ): void {
    const { store } = this.#options;
    const { message } = failure;
    const { kind, binding_id: bindingId } = operation;
    const use = operation.use_id === null ? undefined : store.use(operation.use_id);
    store.endOperation(operation, 'failed', message);
    switch (kind) {
      case 'create': {
        const others = store.openOperations(addon.id).filter((one) => one.kind !== 'remove');
        for (const other of others) store.endOperation(other, 'failed', 'The add-on could not be made.');
        for (const { id } of store.usesOf(addon.id)) store.removeUse(id);
        const presence = reaction === 'fail' ? (failure.presence ?? 'none') : 'maybe';
        store.changeAddon(addon.id, { state: 'failed', message, presence });
        if (reaction === 'clean-up') this.#cleanUp(addon, null);
        return;
      }
      case 'bind':
      case 'rotate': {
        if (bindingId !== null && reaction === 'fail') store.forgetBinding(bindingId);
        else if (bindingId !== null) this.#cleanUp(addon, bindingId);
        if (use === undefined) return;
        // The old credentials still hold.
        if (kind === 'rotate') store.changeUse(use.id, { state: 'ready', message });
        else store.changeUse(use.id, { state: 'failed', message, binding_id: null });
        return store.touched(addon.id);
      }
      case 'update': {
        const unusable = failure.usable === false;
        const state = reaction === 'doubt' ? 'attention' : unusable ? 'failed' : 'usable';
        const more =
          reaction === 'doubt'
            ? ' Nobody knows whether the change was made: ask for it again, or for the plan that it had.'
            : failure.repeatable === false
              ? ' The same change would fail again.'
              : '';
        return store.changeAddon(addon.id, { state, message: message + more });
      }
      case 'unbind':
        if (use !== undefined) store.changeUse(use.id, { state: 'attention', message });
        return store.touched(addon.id);
      case 'remove': {
        for (const one of store.usesOf(addon.id)) {
          // Those whose binding is gone already need nothing more.
          if (one.binding_id === null || !store.hasBinding(one.binding_id)) store.removeUse(one.id);
          else store.changeUse(one.id, { state: 'attention', message });
        }
        const state =
          operation.verb === 'unbind' ? 'attention' : failure.usable === false ? 'failed' : 'usable';
        return store.changeAddon(addon.id, { state, message: `It could not be removed. ${message}` });
      }
      default:
        return;
    }
  }

  /** Whatever the broker may have of it goes. What was not made here never does. */
  #cleanUp(addon: AddonRow, bindingId: string | null): void {
    const { store } = this.#options;
    // A removal that waits does the same.
    if (store.openOperations(addon.id).some(({ kind }) => kind === 'remove')) return;
    if (bindingId === null && addon.adopted === 1) return;
    store.addOperation({ addon_id: addon.id, kind: 'clean-up', background: 1, binding_id: bindingId });
  }

  // Polling

  async #poll(operation: OperationRow, addon: AddonRow): Promise<void> {
    const { store, limits, now } = this.#options;
    const verb = operation.verb!;
    const removing = verb === 'unbind' || verb === 'deprovision';
    const binding = verb === 'bind' || verb === 'unbind' ? (operation.binding_id ?? undefined) : undefined;
    // Also during a change of plan it is the old one's.
    const ids = { serviceId: addon.service_id, planId: planOf(addon).planId };
    const result = await this.#ask(addon.broker_id, (client) =>
      client.lastOperation(
        addon.instance_id,
        binding,
        ids,
        operation.broker_operation ?? undefined,
        originatorOf(operation),
      ),
    );
    faultPoint('poll.answered');
    const current = this.#stillOpen(operation);
    if (current === undefined) return;
    store.transaction(() => {
      const answer = result.kind === 'answer' ? result : undefined;
      const said = answer?.status === 200 && matches(LastOperation, answer.body) ? answer.body : undefined;
      if (said?.state === 'succeeded' || (removing && answer?.status === 410))
        return this.#done(current, addon, verb, undefined);
      if (said?.state === 'failed') return this.#settle(current, addon, verb, 'failed', result);
      if (now() >= (current.deadline ?? Infinity))
        return this.#settle(current, addon, verb, 'overdue', result);
      // Whatever else comes is no answer to the question.
      const told = said === undefined ? current.message : line(said.description, 500);
      const words = told && this.#concealed(current, told);
      const pause = Math.min(limits.longestPoll, limits.firstPoll * 1.5 ** Math.min(current.attempts, 60));
      const wait = Math.min(
        Math.max(pause, answer?.retryAfter ?? 0),
        Math.max(limits.longestPoll, LONGEST_RETRY_AFTER),
      );
      store.changeOperation(current.id, {
        attempts: current.attempts + 1,
        message: words,
        next_at: Math.min(now() + Math.round(wait), current.deadline ?? Infinity),
      });
      if (words !== current.message) store.touched(addon.id);
    });
    faultPoint('poll.settled');
  }

  /** The credentials of a binding that took its time. */
  async #fetch(operation: OperationRow, addon: AddonRow): Promise<void> {
    const { store, limits, now } = this.#options;
    const ids = { serviceId: addon.service_id, planId: planOf(addon).planId };
    const result = await this.#ask(addon.broker_id, (client) =>
      client.binding(addon.instance_id, operation.binding_id ?? '', ids, originatorOf(operation)),
    );
    faultPoint('fetch.answered');
    const current = this.#stillOpen(operation);
    if (current === undefined) return;
    store.transaction(() => {
      const answer = result.kind === 'answer' ? result : undefined;
      if (answer?.status === 200 && matches(BindingAnswer, answer.body)) {
        store.changeOperation(current.id, { unanswered: 0 });
        return this.#bound({ ...current, unanswered: 0 }, addon, answer.body);
      }
      const message = `Its credentials cannot be fetched. ${wordsOf('refused', result)}`;
      const hopeless =
        answer !== undefined && answer.status >= 400 && answer.status < 500 && current.attempts > 5;
      if (hopeless || now() >= (current.deadline ?? 0))
        return this.#failed(current, addon, 'clean-up', { message });
      const pause = Math.min(limits.longestPause, limits.firstPause * 2 ** Math.min(current.attempts, 30));
      store.changeOperation(current.id, { attempts: current.attempts + 1, message, next_at: now() + pause });
    });
    faultPoint('fetch.settled');
  }
}

interface Failure {
  readonly message: string;
  readonly presence?: AddonRow['presence'];
  /** What the broker says of an instance whose update or removal has failed. */
  readonly usable?: boolean;
  readonly repeatable?: boolean;
}

function originatorOf({ kind, user_id: id, user_name: name }: OperationRow): Originator | undefined {
  return kind === 'clean-up' || id === null || name === null ? undefined : { id, name };
}

function timeOf(text: string | null | undefined): number | null {
  const time = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
