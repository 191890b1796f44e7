// A checker of service brokers, written from Open Service Broker API 2.17 alone: every verb with every status that
// it may have, synchronous and asynchronous. It knows nothing of the brokers that ship here.

import { randomUUID } from 'node:crypto';
import { strict as assert } from 'node:assert';
import type { BrokerClient, Json, Reply, RequestOptions } from '../broker.ts';

export interface Plan {
  id: string;
  name: string;
  [member: string]: Json;
}

export interface Target {
  client: BrokerClient;
  service: { id: string; plans: Plan[]; [member: string]: Json };
  /** For ordinary use, and another one that it can be changed to. */
  plan: Plan;
  otherPlan: Plan;
  /** Parameters of a new instance that are valid and differ from none, if the plan knows any. */
  parameters?: Record<string, unknown>;
  /** Adds an instance to those that are removed in the end. */
  use(instanceId: string): void;
}

export interface Check {
  name: string;
  run(target: Target): Promise<void>;
}

type Mode = 'sync' | 'async';
const MODES: readonly Mode[] = ['sync', 'async'];

/** Reads the catalog of a broker, and checks it on the way. */
export async function readTarget(
  client: BrokerClient,
  parameters?: Record<string, unknown>,
): Promise<Omit<Target, 'use'>> {
  const { status, body } = await client.request('GET', '/v2/catalog');
  assert.equal(status, 200);
  const [service] = body.services;
  const [plan, otherPlan = plan] = service.plans;
  return { client, service, plan, otherPlan, ...(parameters ? { parameters } : {}) };
}

/* Paths and bodies */

const instancePath = (id: string): string => `/v2/service_instances/${encodeURIComponent(id)}`;
const bindingPath = (id: string, binding: string): string =>
  `${instancePath(id)}/service_bindings/${encodeURIComponent(binding)}`;
const ids = ({ service, plan }: Target): string =>
  `service_id=${encodeURIComponent(service.id)}&plan_id=${encodeURIComponent(plan.id)}`;
const asked = (mode: Mode): string => (mode === 'async' ? 'accepts_incomplete=true' : '');

function instanceBody({ service, plan }: Target, more: object = {}): Record<string, unknown> {
  return {
    service_id: service.id,
    plan_id: plan.id,
    organization_guid: 'org',
    space_guid: 'space',
    context: { platform: 'checker', organization_guid: 'org', space_guid: 'space' },
    ...more,
  };
}

function bindBody({ service, plan }: Target, more: object = {}): Record<string, unknown> {
  return { service_id: service.id, plan_id: plan.id, ...more };
}

/* What any answer must be */

function checkError(reply: Reply): void {
  assert.equal(typeof reply.body, 'object', `the body of ${reply.status} is no JSON object`);
  const { error, description } = reply.body;
  if (error !== undefined) assert.match(error, /^[A-Z][A-Za-z0-9]*$/, 'error is no word in CamelCase');
  assert.ok(typeof description === 'string' && description !== '', 'there is no description');
}

function expectStatus(reply: Reply, ...expected: number[]): void {
  assert.ok(
    expected.includes(reply.status),
    `status ${reply.status} instead of ${expected.join(' or ')}: ${reply.text}`,
  );
  assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
  if (reply.status >= 400) checkError(reply);
}

/* Steps */

async function provision(target: Target, mode: Mode, more: object = {}): Promise<string> {
  const id = randomUUID();
  target.use(id);
  const path = instancePath(id);
  const reply = await target.client.request('PUT', `${path}?${asked(mode)}`, {
    body: instanceBody(target, more),
  });
  expectStatus(reply, ...(mode === 'async' ? [201, 202] : [201]));
  if (reply.body.dashboard_url !== undefined) assert.match(reply.body.dashboard_url, /^https?:/);
  assert.equal(await target.client.settled(path, ids(target), reply), 'succeeded');
  return id;
}

async function deprovision(target: Target, id: string, mode: Mode): Promise<void> {
  const path = instancePath(id);
  const reply = await target.client.request('DELETE', `${path}?${ids(target)}&${asked(mode)}`);
  expectStatus(reply, ...(mode === 'async' ? [200, 202] : [200]));
  assert.equal(await target.client.settled(path, ids(target), reply), 'succeeded');
}

async function bind(target: Target, id: string, mode: Mode, more: object = {}): Promise<string> {
  const binding = randomUUID();
  const path = bindingPath(id, binding);
  const reply = await target.client.request('PUT', `${path}?${asked(mode)}`, {
    body: bindBody(target, more),
  });
  expectStatus(reply, ...(mode === 'async' ? [201, 202] : [201]));
  if (reply.status === 202) assert.equal(reply.body.credentials, undefined);
  else assert.equal(typeof reply.body.credentials, 'object');
  assert.equal(await target.client.settled(path, ids(target), reply), 'succeeded');
  return binding;
}

async function unbind(target: Target, id: string, binding: string, mode: Mode): Promise<void> {
  const path = bindingPath(id, binding);
  const reply = await target.client.request('DELETE', `${path}?${ids(target)}&${asked(mode)}`);
  expectStatus(reply, ...(mode === 'async' ? [200, 202] : [200]));
  assert.equal(await target.client.settled(path, ids(target), reply), 'succeeded');
}

async function credentialsOf({ client }: Target, id: string, binding: string): Promise<object> {
  const reply = await client.request('GET', bindingPath(id, binding));
  expectStatus(reply, 200);
  assert.equal(typeof reply.body.credentials, 'object');
  return reply.body.credentials;
}

/** Every request that a broker knows, for a resource that is not there. */
function everyRequest(target: Target): [method: string, path: string, options: RequestOptions][] {
  const instance = instancePath('unknown');
  const binding = bindingPath('unknown', 'unknown');
  return [
    ['GET', '/v2/catalog', {}],
    ['PUT', instance, { body: instanceBody(target) }],
    ['PATCH', instance, { body: { service_id: target.service.id } }],
    ['GET', instance, {}],
    ['DELETE', `${instance}?${ids(target)}`, {}],
    ['GET', `${instance}/last_operation`, {}],
    ['PUT', binding, { body: bindBody(target) }],
    ['GET', binding, {}],
    ['DELETE', `${binding}?${ids(target)}`, {}],
    ['GET', `${binding}/last_operation`, {}],
  ];
}

/* Checks */

const headers: Check[] = [
  {
    name: 'every request without, or with wrong, credentials: 401, before the version and the body',
    run: async (target) => {
      for (const [method, path, options] of everyRequest(target))
        for (const credentials of [
          null,
          { username: 'somebody', password: 'wrong' },
          { username: '', password: '' },
        ]) {
          const reply = await target.client.request(method, path, {
            ...(options.body ? { body: '{' } : {}),
            credentials,
            headers: { 'x-broker-api-version': '' },
          });
          expectStatus(reply, 401);
        }
    },
  },
  {
    name: 'every request without a version, or with one that is not 2.x: 412, before the body',
    run: async (target) => {
      for (const [method, path, options] of everyRequest(target))
        for (const version of ['', '1.0', '3.0', 'x'])
          expectStatus(
            await target.client.request(method, path, {
              ...(options.body ? { body: '{' } : {}),
              headers: { 'x-broker-api-version': version },
            }),
            412,
          );
    },
  },
  {
    name: 'older minor versions are served',
    run: async ({ client }) => {
      for (const version of ['2.13', '2.17', '2.20'])
        expectStatus(
          await client.request('GET', '/v2/catalog', { headers: { 'x-broker-api-version': version } }),
          200,
        );
    },
  },
  {
    name: 'X-Broker-API-Request-Identity comes back, also with failures',
    run: async (target) => {
      for (const [method, path, options] of everyRequest(target).filter(([method]) => method === 'GET')) {
        const identity = randomUUID();
        const reply = await target.client.request(method, path, {
          ...options,
          headers: { 'x-broker-api-request-identity': identity },
        });
        assert.equal(reply.headers.get('x-broker-api-request-identity'), identity);
      }
    },
  },
  {
    name: 'X-Broker-API-Originating-Identity is taken',
    run: async ({ client }) => {
      const identity = `checker ${Buffer.from('{"user":"ana"}').toString('base64')}`;
      expectStatus(
        await client.request('GET', '/v2/catalog', {
          headers: { 'x-broker-api-originating-identity': identity },
        }),
        200,
      );
    },
  },
  {
    name: 'addresses that are none: 404; methods that are none: 405',
    run: async ({ client }) => {
      for (const path of [
        '/v2',
        '/v2/',
        '/v2/nothing',
        '/v2/service_instances',
        '/nothing',
        '/v2/service_instances/a/b',
      ])
        expectStatus(await client.request('GET', path), 404);
      for (const path of [
        '/v2/catalog',
        instancePath('a'),
        bindingPath('a', 'b'),
        `${instancePath('a')}/last_operation`,
      ])
        expectStatus(await client.request('POST', path, { body: {} }), 405);
    },
  },
  {
    name: 'ids that are malformed, empty or too long: 400',
    run: async (target) => {
      for (const id of ['%E0%A4%A', 'a'.repeat(2000)])
        expectStatus(
          await target.client.request('PUT', `/v2/service_instances/${id}`, { body: instanceBody(target) }),
          400,
        );
      expectStatus(
        await target.client.request('PUT', '/v2/service_instances/', { body: instanceBody(target) }),
        400,
        404,
      );
    },
  },
];

const catalog: Check[] = [
  {
    name: 'the catalog has what is required, ids and names are unique, schemas name their draft',
    run: async ({ client }) => {
      const { body } = await client.request('GET', '/v2/catalog');
      const allIds: string[] = [];
      for (const service of body.services) {
        for (const member of ['id', 'name', 'description'])
          assert.ok(typeof service[member] === 'string' && service[member] !== '');
        assert.match(service.name, /^[a-z0-9.-]+$/);
        assert.equal(typeof service.bindable, 'boolean');
        assert.ok(service.plans.length > 0);
        allIds.push(service.id);
        const names = service.plans.map(({ name }: Plan) => name);
        assert.equal(new Set(names).size, names.length);
        for (const plan of service.plans) {
          allIds.push(plan.id);
          for (const member of ['id', 'name', 'description'])
            assert.ok(typeof plan[member] === 'string' && plan[member] !== '');
          for (const schema of [
            plan.schemas?.service_instance?.create?.parameters,
            plan.schemas?.service_instance?.update?.parameters,
            plan.schemas?.service_binding?.create?.parameters,
          ].filter((each) => each !== undefined)) {
            assert.match(schema.$schema, /^http:\/\/json-schema\.org\/draft-0[467]\/schema#?$/);
            const text = JSON.stringify(schema);
            assert.ok(text.length <= 64 * 1024);
            assert.ok(!/"\$ref":"(?!#)/.test(text), 'an external reference');
            assert.ok(!/"required":\[\]/.test(text), 'draft 4 has no empty required');
          }
        }
      }
      assert.equal(new Set(allIds).size, allIds.length);
    },
  },
  {
    name: 'links and pictures in the catalog are there',
    run: async ({ service }) => {
      const { imageUrl, documentationUrl } = service['metadata'];
      for (const link of [imageUrl, documentationUrl].filter((each) => each !== undefined)) {
        const response = await fetch(link);
        assert.equal(response.status, 200);
        await response.text();
      }
    },
  },
  {
    name: 'the same ETag for the same catalog, 304 for those who have it',
    run: async ({ client }) => {
      const first = await client.request('GET', '/v2/catalog');
      const tag = first.headers.get('etag') ?? '';
      assert.match(tag, /^(W\/)?".+"$/);
      const again = await client.request('GET', '/v2/catalog', {
        headers: { 'if-none-match': `"x", ${tag}` },
      });
      assert.equal(again.status, 304);
      assert.equal(again.text, '');
      const other = await client.request('GET', '/v2/catalog', { headers: { 'if-none-match': '"x"' } });
      assert.equal(other.status, 200);
    },
  },
];

const malformed: Check[] = [
  {
    name: 'bodies that are no JSON object: 400; of another type: 400; too large: 400 or 413',
    run: async (target) => {
      for (const [method, path] of [
        ['PUT', instancePath('x')],
        ['PATCH', instancePath('x')],
        ['PUT', bindingPath('x', 'y')],
      ] as const) {
        for (const body of ['', '{', '[]', 'null', '"text"', '1', '\u0000'])
          expectStatus(await target.client.request(method, path, { body }), 400);
        expectStatus(
          await target.client.request(method, path, {
            body: instanceBody(target),
            headers: { 'content-type': 'text/plain' },
          }),
          400,
        );
        expectStatus(
          await target.client.request(method, path, { body: `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}` }),
          400,
        );
        const huge = await target.client
          .request(method, path, { body: { service_id: 'x'.repeat(3_000_000) } })
          .catch(() => undefined);
        if (huge) expectStatus(huge, 400, 413);
      }
    },
  },
  {
    name: 'a provision request without or with an empty, wrong or unknown member: 400',
    run: async (target) => {
      const path = instancePath(randomUUID());
      for (const member of ['service_id', 'plan_id', 'organization_guid', 'space_guid'])
        for (const value of [undefined, '', 1, null])
          expectStatus(
            await target.client.request('PUT', path, { body: instanceBody(target, { [member]: value }) }),
            400,
          );
      for (const more of [
        { service_id: randomUUID() },
        { plan_id: randomUUID() },
        { parameters: 'text' },
        { parameters: [] },
        { context: 'text' },
      ])
        expectStatus(
          await target.client.request('PUT', `${path}?accepts_incomplete=true`, {
            body: instanceBody(target, more),
          }),
          400,
        );
      expectStatus(await target.client.request('GET', path), 404);
    },
  },
  {
    name: 'parameters that the schema of the plan does not allow: 400',
    run: async (target) => {
      const { parameters } = target.plan['schemas']?.service_instance?.create ?? {};
      if (parameters?.additionalProperties !== false) return;
      const body = instanceBody(target, { parameters: { 'no-such-parameter': 1 } });
      expectStatus(await target.client.request('PUT', instancePath(randomUUID()), { body }), 400);
    },
  },
  {
    name: 'members that nobody knows are ignored; an empty maintenance_info counts as none',
    run: async (target) => {
      const id = await provision(target, 'sync', {
        surprise: { a: 1 },
        maintenance_info: {},
        parameters: {},
      });
      await deprovision(target, id, 'sync');
    },
  },
  {
    name: 'a maintenance_info that the catalog has not: 422 MaintenanceInfoConflict',
    run: async (target) => {
      if (target.plan['maintenance_info']) return;
      const body = instanceBody(target, { maintenance_info: { version: '9.9.9' } });
      const reply = await target.client.request('PUT', instancePath(randomUUID()), { body });
      expectStatus(reply, 422);
      assert.equal(reply.body.error, 'MaintenanceInfoConflict');
    },
  },
];

const instances: Check[] = MODES.flatMap((mode): Check[] => [
  {
    name: `${mode}: provision, fetch, poll, deprovision, and again`,
    run: async (target) => {
      const { client, plan, service } = target;
      const id = await provision(target, mode, target.parameters ? { parameters: target.parameters } : {});
      const fetched = await client.request('GET', instancePath(id));
      expectStatus(fetched, 200);
      assert.equal(fetched.body.service_id, service.id);
      assert.equal(fetched.body.plan_id, plan.id);
      if (target.parameters) assert.deepEqual(fetched.body.parameters, target.parameters);
      const poll = await client.request('GET', `${instancePath(id)}/last_operation`);
      expectStatus(poll, 200);
      assert.equal(poll.body.state, 'succeeded');
      await deprovision(target, id, mode);
      // A poll after an asynchronous removal is answered for a while.
      const after = await client.request('GET', `${instancePath(id)}/last_operation?${ids(target)}`);
      expectStatus(after, 200);
      assert.equal(after.body.state, 'succeeded');
      expectStatus(await client.request('GET', instancePath(id)), 404);
      const query = `${ids(target)}&${asked(mode)}`;
      expectStatus(await client.request('DELETE', `${instancePath(id)}?${query}`), 410);
    },
  },
  {
    name: `${mode}: the same provision request again 200, another one 409`,
    run: async (target) => {
      const { client } = target;
      const given = target.parameters ? { parameters: target.parameters } : {};
      const id = await provision(target, mode, given);
      const again = (more: object): Promise<Reply> =>
        client.request('PUT', `${instancePath(id)}?${asked(mode)}`, {
          body: instanceBody(target, { ...given, ...more }),
        });
      expectStatus(await again({}), 200);
      for (const more of [
        { plan_id: target.otherPlan.id },
        { organization_guid: 'another' },
        { space_guid: 'another' },
        ...(target.parameters ? [{ parameters: undefined }] : []),
      ])
        expectStatus(await again(more), 409);
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: another plan, and the same again; only what is given changes`,
    run: async (target) => {
      const { client, service, plan, otherPlan } = target;
      if (!(plan['plan_updateable'] ?? service['plan_updateable'])) return;
      const given = target.parameters ? { parameters: target.parameters } : {};
      const id = await provision(target, mode, given);
      const path = instancePath(id);
      const update = async (body: object): Promise<void> => {
        const reply = await client.request('PATCH', `${path}?${asked(mode)}`, { body });
        expectStatus(reply, ...(mode === 'async' ? [200, 202] : [200]));
        assert.equal(await client.settled(path, ids(target), reply), 'succeeded');
      };
      const planNow = async (): Promise<string> => (await client.request('GET', path)).body.plan_id;
      await update({ service_id: service.id });
      assert.equal(await planNow(), plan.id);
      const change = { service_id: service.id, plan_id: otherPlan.id, previous_values: { plan_id: plan.id } };
      await update(change);
      assert.equal(await planNow(), otherPlan.id);
      await update(change);
      assert.equal(await planNow(), otherPlan.id);
      if (target.parameters)
        assert.deepEqual((await client.request('GET', path)).body.parameters, target.parameters);
      await update({ service_id: service.id, context: { platform: 'checker' } });
      await update({ service_id: service.id, plan_id: plan.id });
      assert.equal(await planNow(), plan.id);
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: an update that is malformed 400, of what is not there 404 or 400`,
    run: async (target) => {
      const { client, service } = target;
      const id = await provision(target, mode);
      for (const body of [
        {},
        { service_id: '' },
        { service_id: randomUUID() },
        { service_id: service.id, plan_id: randomUUID() },
        { service_id: service.id, plan_id: '' },
        { service_id: service.id, parameters: 'text' },
      ])
        expectStatus(await client.request('PATCH', `${instancePath(id)}?${asked(mode)}`, { body }), 400);
      const unknown = instancePath(randomUUID());
      const body = { service_id: service.id };
      expectStatus(await client.request('PATCH', `${unknown}?${asked(mode)}`, { body }), 404, 400);
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: a removal without or with wrong ids 400, of what is not there 410`,
    run: async (target) => {
      const { client, service, plan } = target;
      const id = await provision(target, mode);
      for (const query of [
        '',
        `service_id=${service.id}`,
        `plan_id=${plan.id}`,
        `service_id=&plan_id=`,
        `service_id=${randomUUID()}&plan_id=${plan.id}`,
        `service_id=${service.id}&plan_id=${randomUUID()}`,
      ])
        expectStatus(await client.request('DELETE', `${instancePath(id)}?${query}&${asked(mode)}`), 400);
      expectStatus(await client.request('GET', instancePath(id)), 200);
      const unknown = instancePath(randomUUID());
      expectStatus(await client.request('DELETE', `${unknown}?${ids(target)}&${asked(mode)}`), 410);
      await deprovision(target, id, mode);
    },
  },
]);

const bindings: Check[] = MODES.flatMap((mode): Check[] => [
  {
    name: `${mode}: bind, fetch, poll, unbind, and again`,
    run: async (target) => {
      const { client } = target;
      const id = await provision(target, mode);
      const binding = await bind(target, id, mode);
      const path = bindingPath(id, binding);
      const credentials = await credentialsOf(target, id, binding);
      assert.deepEqual(await credentialsOf(target, id, binding), credentials);
      expectStatus(await client.request('GET', `${path}/last_operation`), 200);
      await unbind(target, id, binding, mode);
      expectStatus(await client.request('GET', path), 404);
      const after = await client.request('GET', `${path}/last_operation?${ids(target)}`);
      expectStatus(after, 200);
      assert.equal(after.body.state, 'succeeded');
      expectStatus(await client.request('DELETE', `${path}?${ids(target)}&${asked(mode)}`), 410);
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: the same bind request again 200 with the same credentials, another one 409`,
    run: async (target) => {
      const { client } = target;
      const id = await provision(target, mode);
      const binding = await bind(target, id, mode, { app_guid: 'app' });
      const path = `${bindingPath(id, binding)}?${asked(mode)}`;
      const again = (more: object): Promise<Reply> =>
        client.request('PUT', path, { body: bindBody(target, { app_guid: 'app', ...more }) });
      const same = await again({});
      expectStatus(same, 200);
      assert.deepEqual(same.body.credentials, await credentialsOf(target, id, binding));
      expectStatus(await again({ bind_resource: { app_guid: 'app' } }), 200);
      for (const more of [{ app_guid: 'another' }, { plan_id: target.otherPlan.id }])
        expectStatus(await again(more), 409);
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: a bind request that is malformed 400, for what is not there 404 or 400`,
    run: async (target) => {
      const { client } = target;
      const id = await provision(target, mode);
      for (const more of [
        { service_id: undefined },
        { plan_id: undefined },
        { service_id: '' },
        { service_id: randomUUID() },
        { plan_id: randomUUID() },
        { parameters: 'text' },
        { bind_resource: 'text' },
      ])
        expectStatus(
          await client.request('PUT', `${bindingPath(id, randomUUID())}?${asked(mode)}`, {
            body: bindBody(target, more),
          }),
          400,
        );
      expectStatus(
        await client.request('PUT', `${bindingPath(randomUUID(), randomUUID())}?${asked(mode)}`, {
          body: bindBody(target),
        }),
        404,
        400,
      );
      for (const query of ['', `service_id=${target.service.id}`, `plan_id=${target.plan.id}`])
        expectStatus(
          await client.request('DELETE', `${bindingPath(id, randomUUID())}?${query}&${asked(mode)}`),
          400,
        );
      await deprovision(target, id, mode);
    },
  },
  {
    name: `${mode}: two bindings have credentials of their own, and one goes without the other`,
    run: async (target) => {
      const id = await provision(target, mode);
      const [first, second] = [await bind(target, id, mode), await bind(target, id, mode)];
      const kept = await credentialsOf(target, id, second);
      if (target.plan['binding_rotatable']) assert.notDeepEqual(await credentialsOf(target, id, first), kept);
      await unbind(target, id, first, mode);
      assert.deepEqual(await credentialsOf(target, id, second), kept);
      await deprovision(target, id, mode);
      expectStatus(await target.client.request('GET', bindingPath(id, second)), 404);
      const query = `${ids(target)}&${asked(mode)}`;
      expectStatus(await target.client.request('DELETE', `${bindingPath(id, second)}?${query}`), 410);
    },
  },
  {
    name: `${mode}: rotation by predecessor_binding_id, where the plan has it`,
    run: async (target) => {
      const { client } = target;
      const id = await provision(target, mode);
      const first = await bind(target, id, mode);
      const path = (): string => `${bindingPath(id, randomUUID())}?${asked(mode)}`;
      if (!target.plan['binding_rotatable']) {
        const body = bindBody(target, { predecessor_binding_id: first });
        expectStatus(await client.request('PUT', path(), { body }), 400, 422);
      } else {
        const second = await bind(target, id, mode, { predecessor_binding_id: first });
        assert.notDeepEqual(await credentialsOf(target, id, second), await credentialsOf(target, id, first));
        // Only the predecessor is required there.
        expectStatus(
          await client.request('PUT', path(), { body: { predecessor_binding_id: second } }),
          201,
          202,
        );
        for (const body of [
          bindBody(target, { predecessor_binding_id: randomUUID() }),
          bindBody(target, { predecessor_binding_id: 1 }),
        ])
          expectStatus(await client.request('PUT', path(), { body }), 400, 404, 422);
        await unbind(target, id, first, mode);
      }
      await deprovision(target, id, mode);
    },
  },
]);

const operations: Check[] = [
  {
    name: 'polls: of what is not there 404, with an operation that is not its own 400',
    run: async (target) => {
      const { client } = target;
      const unknown = randomUUID();
      expectStatus(await client.request('GET', `${instancePath(unknown)}/last_operation`), 404, 410);
      expectStatus(await client.request('GET', `${bindingPath(unknown, unknown)}/last_operation`), 404, 410);
      const id = await provision(target, 'async');
      expectStatus(
        await client.request('GET', `${instancePath(id)}/last_operation?operation=${unknown}`),
        400,
      );
      await deprovision(target, id, 'async');
    },
  },
  {
    name: 'under way: the same request 202 with the same operation, others 422 ConcurrencyError, none to fetch',
    run: async (target) => {
      const { client, otherPlan, service } = target;
      const id = randomUUID();
      target.use(id);
      const path = instancePath(id);
      const put = (more: object = {}): Promise<Reply> =>
        client.request('PUT', `${path}?accepts_incomplete=true`, { body: instanceBody(target, more) });
      const begun = await put();
      expectStatus(begun, 201, 202);
      if (begun.status === 202) {
        assert.ok(begun.body.operation.length <= 10_000);
        // It may be over at any time: then it is no longer under way.
        const during = await Promise.all([
          put(),
          put({ plan_id: otherPlan.id }),
          client.request('GET', path),
          client.request('PATCH', path, { body: { service_id: service.id, plan_id: otherPlan.id } }),
          client.request('PUT', bindingPath(id, 'early'), { body: bindBody(target) }),
          client.request('DELETE', `${path}?${ids(target)}`),
        ]);
        const poll = await client.request('GET', `${path}/last_operation`);
        if (poll.body?.state === 'in progress') {
          const [same, other, fetched, changed, bound, removed] = during;
          expectStatus(same, 202);
          assert.equal(same.body.operation, begun.body.operation);
          expectStatus(other, 409);
          expectStatus(fetched, 404);
          for (const reply of [changed, bound, removed]) {
            expectStatus(reply, 422);
            assert.equal(reply.body.error, 'ConcurrencyError');
          }
        }
      }
      await client.settled(path, ids(target), begun);
      const query = `${ids(target)}&accepts_incomplete=true`;
      expectStatus(await client.request('DELETE', `${path}?${query}`), 200, 202, 410);
    },
  },
  {
    name: 'many instances at once are all made and all go',
    run: async (target) => {
      const all = await Promise.all([...Array(6).keys()].map(() => provision(target, 'async')));
      assert.equal(new Set(all).size, 6);
      await Promise.all(all.map((id) => bind(target, id, 'async')));
      await Promise.all(all.map((id) => deprovision(target, id, 'async')));
    },
  },
];

export const CHECKS: readonly Check[] = [
  ...headers,
  ...catalog,
  ...malformed,
  ...instances,
  ...bindings,
  ...operations,
];
