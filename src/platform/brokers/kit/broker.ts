// The life of instances and bindings: every change is written down before it is made, done one after the other for
// each instance, and taken up again after the broker's death (Open Service Broker API 2.17).

import { randomUUID } from 'node:crypto';
import type { TObject } from 'typebox';
import { Check, Errors } from 'typebox/value';
import {
  osbErrors,
  type BindingAnswer,
  type BindRequest,
  type InstanceAnswer,
  type JsonObject,
  type LastOperation,
  type ProvisionRequest,
  type UpdateRequest,
} from '../../../addons/osb.ts';
import type { Binding, BrokerDefinition, Driver, Instance, InstanceStatus, Verb } from './definition.ts';
import { badRequest, BrokerFailure, busy, conflict, notFound, refused } from './failure.ts';
import { faultPoint } from './faults.ts';
import type { Log } from './log.ts';
import { sameJson } from './same-json.ts';
import type { SecretKey } from './secrets.ts';
import type { BrokerStore, Operation, StoredBinding, StoredInstance } from './store.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** How long polls after a removal are answered with `succeeded`, and after that with 410. */
const RETENTION = 10 * MINUTE;
const FORGOTTEN_AFTER = 30 * DAY;
const OPERATIONS_KEPT = 20;

export interface Answer {
  status: number;
  body: object;
}

/** The query of a removal. */
export interface Removal {
  serviceId: string;
  planId: string;
}

export interface BrokerOptions {
  definition: BrokerDefinition;
  driver: Driver;
  store: BrokerStore;
  key: SecretKey;
  log: Log;
  /** The link to an instance's dashboard, which expires. */
  dashboardUrl: (instanceId: string) => string;
  now?: () => number;
}

/** What a dashboard is made of. */
export interface Overview {
  instance: StoredInstance;
  planName: string;
  status: InstanceStatus | undefined;
  bindings: StoredBinding[];
  operations: Operation[];
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #now: () => number;
  /** Instance → the end of what is done to it, and waits to be done. */
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Starts the driver, and goes on with what was under way when the broker died. */
  async start(): Promise<void> {
    const { driver, store } = this.#options;
    store.prune(this.#now() - FORGOTTEN_AFTER, OPERATIONS_KEPT);
    await driver.start(
      store
        .instances()
        .filter(({ state }) => state !== 'failed')
        .map(viewOf),
    );
    for (const operation of store.openOperations()) void this.#perform(operation);
  }

  /** @param patience in milliseconds for what is under way; the rest is taken up at the next start */
  async stop(patience: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, patience)));
    await Promise.race([Promise.all(this.#queues.values()), late]);
    clearTimeout(timer);
    await this.#options.driver.stop();
  }

  /** "Provisioning". @throws BrokerFailure */
  async provision(id: string, request: ProvisionRequest, mayWait: boolean): Promise<Answer> {
    const { driver, store, definition } = this.#options;
    this.#checkPlan(request.service_id, request.plan_id);
    const parameters = checkedParameters(definition.service.parameters.create, request.parameters);
    this.#checkMaintenance(request.maintenance_info);
    const existing = store.instance(id);
    if (existing && existing.state !== 'removed' && existing.state !== 'failed') {
      const same =
        existing.planId === request.plan_id &&
        existing.organization === request.organization_guid &&
        existing.space === request.space_guid &&
        sameJson(existing.parameters, parameters);
      if (!same) throw conflict('An add-on with this id is there already, and differs.');
      const open = this.#openOperation(id);
      if (open) return this.#sameAgain(open, 'provision', mayWait);
      return { status: 200, body: { dashboard_url: this.#options.dashboardUrl(id) } };
    }
    const missing = await driver.unavailable();
    if (missing)
      throw refused(
        'Unavailable',
        [missing.reason, missing.command && `This gets it: ${missing.command}`].filter(Boolean).join(' '),
      );
    const facts = await driver.prepareInstance();
    if (this.#openOperation(id)) throw busy('This add-on is being made.');
    const operation = this.#newOperation(id, null, 'provision');
    store.transaction(() => {
      store.addInstance({
        id,
        planId: request.plan_id,
        organization: request.organization_guid,
        space: request.space_guid,
        parameters,
        context: request.context ?? {},
        facts,
        state: 'creating',
        createdAt: this.#now(),
        removedAt: null,
      });
      store.addOperation(operation);
    });
    return this.#answer(operation, mayWait, 201, () => ({ dashboard_url: this.#options.dashboardUrl(id) }));
  }

  /** "Updating a Service Instance". @throws BrokerFailure */
  async update(id: string, request: UpdateRequest, mayWait: boolean): Promise<Answer> {
    const { driver, store, definition } = this.#options;
    this.#checkPlan(request.service_id, request.plan_id ?? undefined);
    const given = request.parameters
      ? checkedParameters(definition.service.parameters.update, request.parameters)
      : {};
    this.#checkMaintenance(request.maintenance_info);
    const instance = store.instance(id);
    if (!instance || instance.state === 'removed' || instance.state === 'failed')
      throw notFound('There is no add-on with this id.');
    const planId = request.plan_id ?? instance.planId;
    const parameters = { ...instance.parameters, ...given };
    const open = this.#anyOperation(id);
    if (open) {
      if (open.verb === 'update' && sameJson(open.request, { planId, parameters }))
        return this.#sameAgain(open, 'update', mayWait);
      throw busy('Something else is being done to this add-on.');
    }
    if (instance.state !== 'ready') throw busy('This add-on is being removed.');
    if (planId === instance.planId && sameJson(parameters, instance.parameters)) {
      if (request.context) store.setInstance(id, { context: { ...instance.context, ...request.context } });
      return { status: 200, body: {} };
    }
    const refusal = await driver.refuseUpdate(viewOf(instance), planId);
    if (refusal !== undefined)
      throw new BrokerFailure(422, 'UpdateNotPossible', refusal, { details: { instance_usable: true } });
    if (this.#anyOperation(id)) throw busy('Something else is being done to this add-on.');
    const operation = this.#newOperation(id, null, 'update', { planId, parameters });
    store.transaction(() => {
      if (request.context) store.setInstance(id, { context: { ...instance.context, ...request.context } });
      store.addOperation(operation);
    });
    return this.#answer(operation, mayWait, 200, () => ({}));
  }

  /** "Deprovisioning"; bindings that are left go with it. @throws BrokerFailure */
  async deprovision(id: string, removal: Removal, mayWait: boolean): Promise<Answer> {
    const { store } = this.#options;
    this.#checkService(removal.serviceId);
    const instance = store.instance(id);
    if (!instance || instance.state === 'removed') throw gone('There is no add-on with this id.');
    this.#checkPlan(removal.serviceId, removal.planId);
    const open = this.#anyOperation(id);
    if (open) {
      if (open.verb === 'deprovision') return this.#sameAgain(open, 'deprovision', mayWait);
      throw busy('Something else is being done to this add-on.');
    }
    const operation = this.#newOperation(id, null, 'deprovision', { discard: instance.state === 'failed' });
    store.transaction(() => {
      store.setInstance(id, { state: 'removing' });
      store.addOperation(operation);
    });
    return this.#answer(operation, mayWait, 200, () => ({}));
  }

  /** A request to rotate needs to name no more than the predecessor ("Binding Rotation"). */
  completed(instanceId: string, body: JsonObject): JsonObject {
    const planId = this.#options.store.instance(instanceId)?.planId;
    return body['predecessor_binding_id'] && planId !== undefined
      ? { service_id: this.#options.definition.service.id, plan_id: planId, ...body }
      : body;
  }

  /** "Binding" and "Binding Rotation". @throws BrokerFailure */
  async bind(instanceId: string, id: string, request: BindRequest, mayWait: boolean): Promise<Answer> {
    const { driver, store, key, definition } = this.#options;
    this.#checkPlan(request.service_id, request.plan_id);
    const given = checkedParameters(definition.service.parameters.bind, request.parameters);
    const predecessorId = request.predecessor_binding_id ?? undefined;
    if (predecessorId !== undefined && !definition.service.bindingRotatable)
      throw badRequest('Bindings of this plan cannot be rotated.');
    const instance = store.instance(instanceId);
    if (!instance || instance.state === 'removed' || instance.state === 'failed')
      throw notFound('There is no add-on with this id.');
    const wanted: JsonObject = {
      app: request.bind_resource?.app_guid ?? request.app_guid ?? null,
      route: request.bind_resource?.route ?? null,
      parameters: given,
      predecessor: predecessorId ?? null,
    };
    const existing = store.binding(instanceId, id);
    if (instance.state !== 'ready') throw busy('This add-on is being made or removed.');
    if (existing && existing.state !== 'removed' && existing.state !== 'failed') {
      const samePlan = [instance.planId, existing.request['planId']].includes(request.plan_id);
      if (!samePlan || !sameJson(without(existing.request, 'planId'), withoutNulls(wanted)))
        throw conflict('A binding with this id is there already, and differs.');
      const open = this.#openOperation(instanceId, id);
      if (open) return this.#sameAgain(open, 'bind', mayWait);
      if (existing.state === 'removing') throw busy('This binding is being removed.');
      return { status: 200, body: this.#bindingAnswer(instance, existing) };
    }
    if (this.#openOperation(instanceId)) throw busy('Something else is being done to this add-on.');
    const predecessor = predecessorId === undefined ? undefined : store.binding(instanceId, predecessorId);
    if (predecessorId !== undefined && predecessor?.state !== 'ready')
      throw badRequest('This add-on has no binding with the id in predecessor_binding_id.');
    const { facts, secret } = driver.prepareBinding(viewOf(instance));
    const operation = this.#newOperation(instanceId, id, 'bind');
    store.transaction(() => {
      store.addBinding({
        instanceId,
        id,
        parameters: request.parameters || !predecessor ? given : predecessor.parameters,
        request: { ...withoutNulls(wanted), planId: request.plan_id },
        facts,
        secret: key.seal(secret),
        state: 'creating',
        createdAt: this.#now(),
        removedAt: null,
      });
      store.addOperation(operation);
    });
    return this.#answer(operation, mayWait, 201, () => this.#readBinding(instanceId, id));
  }

  /** "Unbinding". @throws BrokerFailure */
  async unbind(instanceId: string, id: string, removal: Removal, mayWait: boolean): Promise<Answer> {
    const { store } = this.#options;
    this.#checkService(removal.serviceId);
    const binding = store.binding(instanceId, id);
    if (!binding || binding.state === 'removed') throw gone('There is no binding with this id.');
    this.#checkPlan(removal.serviceId, removal.planId);
    const open = this.#openOperation(instanceId, id);
    if (open?.verb === 'unbind') return this.#sameAgain(open, 'unbind', mayWait);
    if (open || this.#openOperation(instanceId))
      throw busy('Something else is being done to this add-on or binding.');
    const operation = this.#newOperation(instanceId, id, 'unbind');
    store.transaction(() => {
      store.setBinding(instanceId, id, { state: 'removing' });
      store.addOperation(operation);
    });
    return this.#answer(operation, mayWait, 200, () => ({}));
  }

  /** "Fetching a Service Instance". @throws BrokerFailure 404, 422 while it is changed */
  fetchInstance(id: string): InstanceAnswer {
    const instance = this.#options.store.instance(id);
    if (instance?.state !== 'ready') throw notFound('There is no add-on with this id.');
    if (this.#openOperation(id)) throw busy('This add-on is being changed.');
    return {
      service_id: this.#options.definition.service.id,
      plan_id: instance.planId,
      dashboard_url: this.#options.dashboardUrl(id),
      parameters: instance.parameters,
    };
  }

  /** "Fetching a Service Binding". @throws BrokerFailure 404 */
  fetchBinding(instanceId: string, id: string): BindingAnswer {
    const instance = this.#options.store.instance(instanceId);
    const binding = this.#options.store.binding(instanceId, id);
    if (!instance || binding?.state !== 'ready') throw notFound('There is no binding with this id.');
    return { ...this.#bindingAnswer(instance, binding), parameters: binding.parameters };
  }

  /**
   * "Polling Last Operation". After a removal, `succeeded` for some minutes and then 410.
   * @param bindingId null for the instance itself
   * @throws BrokerFailure 400 for an operation that is not one of this resource, 404, 410
   */
  lastOperation(instanceId: string, bindingId: string | null, operationId: string | null): LastOperation {
    const { store } = this.#options;
    const resource = bindingId === null ? store.instance(instanceId) : store.binding(instanceId, bindingId);
    if (!resource) throw notFound('Nothing is known under this id.');
    const operation =
      operationId === null ? store.lastOperation(instanceId, bindingId) : store.operation(operationId);
    if (operation && (operation.instanceId !== instanceId || operation.bindingId !== bindingId))
      throw badRequest("This operation is another resource's.");
    if (resource.state === 'removed' && (resource.removedAt ?? 0) + RETENTION <= this.#now())
      throw gone('It has been removed.');
    if (!operation) {
      // A binding that went with its instance had no operation of its own.
      if (operationId === null) return { state: 'succeeded', description: 'Removed with its add-on.' };
      throw badRequest('There is no such operation.');
    }
    const { state, description, verb } = operation;
    return {
      state,
      description,
      ...(state === 'failed' && verb === 'update' ? { instance_usable: true, update_repeatable: true } : {}),
      ...(state === 'failed' && verb === 'deprovision' ? { instance_usable: false } : {}),
    };
  }

  /** What there is to know of an instance, for its dashboard. @throws BrokerFailure 404 */
  async overview(id: string): Promise<Overview> {
    const { driver, store, log } = this.#options;
    const instance = store.instance(id);
    if (!instance || instance.state === 'removed') throw notFound('This add-on is not there any more.');
    return {
      instance,
      planName: this.#plan(instance.planId)?.displayName ?? instance.planId,
      status:
        instance.state === 'ready'
          ? await driver.status(viewOf(instance)).catch((error: unknown) => void log(textOf(error)))
          : undefined,
      bindings: store.bindings(id),
      operations: store.lastOperations(id, OPERATIONS_KEPT),
    };
  }

  /** Answers at once, or when it is done. */
  async #answer(operation: Operation, mayWait: boolean, status: number, body: () => object): Promise<Answer> {
    const ended = this.#perform(operation);
    if (mayWait && this.#isSlow(operation.verb)) return this.#accepted(operation);
    const { state, description, verb } = await ended;
    if (state === 'succeeded') return { status, body: body() };
    const details = verb === 'update' ? { instance_usable: true, update_repeatable: true } : {};
    throw new BrokerFailure(500, 'OperationFailed', description, { details });
  }

  #accepted({ id, verb, instanceId }: Operation): Answer {
    const dashboard = verb === 'provision' ? { dashboard_url: this.#options.dashboardUrl(instanceId) } : {};
    return { status: 202, body: { operation: id, ...dashboard } };
  }

  /** The same request while the first is under way. */
  #sameAgain(open: Operation, verb: Verb, mayWait: boolean): Answer {
    if (open.verb === verb && mayWait && this.#isSlow(verb)) return this.#accepted(open);
    throw busy('The same is being done already.');
  }

  #isSlow(verb: Verb): boolean {
    return this.#options.definition.service.slow.includes(verb);
  }

  #newOperation(
    instanceId: string,
    bindingId: string | null,
    verb: Verb,
    request: JsonObject = {},
  ): Operation {
    return {
      id: randomUUID(),
      instanceId,
      bindingId,
      verb,
      request,
      state: 'in progress',
      description: '',
      startedAt: this.#now(),
      endedAt: null,
    };
  }

  #openOperation(instanceId: string, bindingId: string | null = null): Operation | undefined {
    const last = this.#options.store.lastOperation(instanceId, bindingId);
    return last?.state === 'in progress' ? last : undefined;
  }

  /** Of the instance or one of its bindings. */
  #anyOperation(instanceId: string): Operation | undefined {
    return this.#options.store.openOperations().find((operation) => operation.instanceId === instanceId);
  }

  /** Never rejects: how it ended is written down. */
  #perform(operation: Operation): Promise<Operation> {
    const { instanceId } = operation;
    const before = this.#queues.get(instanceId) ?? Promise.resolve();
    const ended = before.then(() => this.#act(operation));
    this.#queues.set(instanceId, ended);
    void ended.then(() => {
      if (this.#queues.get(instanceId) === ended) this.#queues.delete(instanceId);
    });
    return ended;
  }

  async #act(operation: Operation): Promise<Operation> {
    const { store, log } = this.#options;
    const { id, verb } = operation;
    faultPoint(`${verb}.recorded`);
    let ending: Pick<Operation, 'state' | 'description'>;
    let note: () => void;
    try {
      const { description, done } = await this.#do(operation);
      note = done;
      ending = { state: 'succeeded', description };
    } catch (error) {
      log(`${verb} of ${operation.instanceId} failed: ${textOf(error)}`);
      note = await this.#undo(operation);
      ending = { state: 'failed', description: descriptionOf(error) };
    }
    faultPoint(`${verb}.done`);
    const end = { ...ending, endedAt: this.#now() };
    try {
      store.transaction(() => {
        note();
        store.setOperation(id, end);
      });
    } catch (error) {
      // A full disk: it is still open, and taken up at the next start.
      log(`${verb} of ${operation.instanceId} cannot be noted: ${textOf(error)}`);
      return { ...operation, state: 'failed', description: 'The broker cannot write down what it did.' };
    }
    faultPoint(`${verb}.noted`);
    log(`${verb} of ${operation.instanceId} ${ending.state}`);
    return { ...operation, ...end };
  }

  /** Does the work; `done` notes it. */
  async #do(operation: Operation): Promise<{ description: string; done: () => void }> {
    const { driver, store } = this.#options;
    const { instanceId, bindingId } = operation;
    const stored = store.instance(instanceId);
    if (!stored) throw new Error('The operation has no instance.');
    const instance = viewOf(stored);
    const binding = bindingId === null ? undefined : this.#bindingView(instanceId, bindingId);
    const set = (change: Partial<StoredInstance>) => () => store.setInstance(instanceId, change);
    switch (operation.verb) {
      case 'provision':
        await driver.provision(instance);
        return { description: 'Ready.', done: set({ state: 'ready' }) };
      case 'update': {
        const next = nextOf(instance, operation);
        await driver.update(instance, next);
        const { planId, parameters } = next;
        return { description: 'Changed.', done: set({ planId, parameters }) };
      }
      case 'deprovision': {
        for (const { id } of store.bindings(instanceId)) {
          await driver.unbind(instance, this.#bindingView(instanceId, id));
          store.setBinding(instanceId, id, { state: 'removed', removedAt: this.#now() });
        }
        const note = await driver.deprovision(instance, {
          discard: operation.request['discard'] === true,
        });
        return {
          description: ['Removed.', note].filter(Boolean).join(' '),
          done: set({ state: 'removed', removedAt: this.#now() }),
        };
      }
      case 'bind':
      case 'unbind': {
        if (!binding) throw new Error('The operation has no binding.');
        const removed = operation.verb === 'unbind';
        await driver[operation.verb](instance, binding);
        return {
          description: removed ? 'Removed.' : 'Ready.',
          done: () =>
            store.setBinding(
              instanceId,
              binding.id,
              removed ? { state: 'removed', removedAt: this.#now() } : { state: 'ready' },
            ),
        };
      }
    }
  }

  /** Leaves nothing half done; what it returns notes it. What cannot be undone now goes when it is removed. */
  async #undo(operation: Operation): Promise<() => void> {
    const { driver, store, log } = this.#options;
    const { instanceId, bindingId, verb } = operation;
    const stored = store.instance(instanceId);
    if (!stored) return () => undefined;
    const instance = viewOf(stored);
    try {
      if (verb === 'provision') {
        await driver.deprovision(instance, { discard: true });
      } else if (verb === 'update') {
        await driver.update(nextOf(instance, operation), instance);
      } else if (verb === 'bind' && bindingId !== null) {
        await driver.unbind(instance, this.#bindingView(instanceId, bindingId));
      }
    } catch (error) {
      log(`${verb} of ${instanceId} could not be undone: ${textOf(error)}`);
    }
    return () => {
      if (verb === 'provision') store.setInstance(instanceId, { state: 'failed' });
      if (verb === 'bind' && bindingId !== null) store.setBinding(instanceId, bindingId, { state: 'failed' });
    };
  }

  #bindingView(instanceId: string, id: string): Binding {
    const binding = this.#options.store.binding(instanceId, id);
    if (!binding) throw new Error('There is no such binding.');
    const { parameters, facts, secret } = binding;
    return { id, parameters, facts, secret: this.#options.key.unseal(secret) };
  }

  #readBinding(instanceId: string, id: string): BindingAnswer {
    const instance = this.#options.store.instance(instanceId);
    const binding = this.#options.store.binding(instanceId, id);
    if (!instance || !binding) throw notFound('There is no binding with this id.');
    return this.#bindingAnswer(instance, binding);
  }

  #bindingAnswer(instance: StoredInstance, { instanceId, id }: StoredBinding): BindingAnswer {
    return { ...this.#options.driver.access(viewOf(instance), this.#bindingView(instanceId, id)) };
  }

  #plan(id: string) {
    return this.#options.definition.plans.find((plan) => plan.id === id);
  }

  #checkService(serviceId: string): void {
    if (serviceId !== this.#options.definition.service.id)
      throw badRequest('service_id is not one of the catalog.');
  }

  #checkPlan(serviceId: string, planId: string | undefined): void {
    this.#checkService(serviceId);
    if (planId !== undefined && !this.#plan(planId)) throw badRequest('plan_id is not one of the catalog.');
  }

  /** No plan of ours has any ("Maintenance Info Object"). */
  #checkMaintenance(info: ProvisionRequest['maintenance_info']): void {
    if (info?.version)
      throw refused(
        osbErrors.maintenanceInfoConflict,
        'The catalog has no maintenance_info for this plan: read it again.',
      );
  }
}

function viewOf({ id, planId, parameters, facts }: StoredInstance): Instance {
  return { id, planId, parameters, facts };
}

function nextOf(instance: Instance, { request }: Operation): Instance {
  return {
    ...instance,
    planId: String(request['planId']),
    parameters: request['parameters'] as JsonObject,
  };
}

/** @throws BrokerFailure 400 */
function checkedParameters(schema: TObject | undefined, given: JsonObject | null | undefined): JsonObject {
  const parameters = given ?? {};
  if (schema && !Check(schema, parameters)) {
    const [first] = Errors(schema, parameters);
    const where = first?.instancePath.slice(1).replaceAll('/', '.');
    throw badRequest(
      `parameters${where ? `.${where}` : ''} ${first?.message ?? 'are not what this plan takes'}.`,
    );
  }
  const unknown = schema ? [] : Object.keys(parameters);
  if (unknown.length > 0) throw badRequest('This takes no parameters.');
  return parameters;
}

function gone(description: string): BrokerFailure {
  return new BrokerFailure(410, 'Gone', description);
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function without(object: JsonObject, member: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== member));
}

/** What users may read: only our own words. */
function descriptionOf(error: unknown): string {
  return error instanceof BrokerFailure
    ? error.message
    : "Something went wrong in the broker: its log says more to the platform's administrator.";
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
