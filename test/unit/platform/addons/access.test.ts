// Who may what, on every route of the add-on API: a new one cannot be forgotten here.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AddonsClient } from '../../../../src/addons/client.ts';
import { addonRoutes } from '../../../../src/addons/routes.ts';
import { matches } from '../../../../src/hippo/check.ts';
import { ProblemDetails } from '../../../../src/hippo/common.ts';
import { pathOf, type Route } from '../../../../src/hippo/routes.ts';
import { memoryFolder } from '../../../support/temporary.ts';
import { UNKNOWN, type JsonAnswer } from '../hippo/harness.ts';
import { startAddons, type TestAddons } from './harness.ts';

const root = memoryFolder();
const all = Object.entries<Route>(addonRoutes);

/** What a team has. */
interface Things {
  token: string;
  deployToken: string;
  App: string;
  Channel: string;
  Addon: string;
  Broker: string;
  Offering: string;
  Plan: string;
  secret: string;
}

let t: TestAddons;
let ana: Things;
let bea: Things;

beforeAll(async () => {
  t = await startAddons(root);
  ana = await furnish('ana');
  bea = await furnish('bea');
});
afterAll(() => t.close());

async function furnish(name: string): Promise<Things> {
  const owner = await t.hippo.account(name);
  const secret = `secret-of-${name}`;
  const me = await owner.whoami();
  const { url, userName, password } = t.broker;
  const team = [me.teams[0]!.id];
  // Its own catalog entries, of the same broker program.
  const broker = await t.client.registerBroker({ name: secret, url, userName, password, teamIds: team });
  const { appId, channels } = await t.app(`${secret}-app`, [secret], owner);
  const client = new AddonsClient(owner);
  const offering = (await client.offerings()).find((one) => one.broker.name === secret)!;
  const addon = await client.createAddon({
    name: offering.reference,
    channelId: channels[0]!,
    as: secret.slice(0, 28),
  });
  await t.settled(addon.id);
  const { token: deployToken } = await owner.createDeployToken({ appId, name: secret });
  return {
    token: (await owner.bearer())!,
    deployToken,
    App: appId,
    Channel: channels[0]!,
    Addon: addon.id,
    Broker: broker.id,
    Offering: offering.id,
    Plan: offering.plans[0]!.id,
    secret,
  };
}

function bodyFor(route: Route, things: Things): unknown {
  const properties = (route.body as { properties?: object } | undefined)?.properties;
  if (properties === undefined) return undefined;
  const samples: Record<string, unknown> = {
    name: route.path === '/api/brokers' ? 'stolen' : `db@${things.secret}`,
    plan: 'free',
    channelId: things.Channel,
    as: 'stolen',
    parameters: {},
    instanceId: 'stolen',
    upgrade: false,
    step: 'create',
    url: t.broker.url,
    userName: 'x',
    password: 'x',
    token: null,
    ca: null,
    teamIds: null,
  };
  return Object.fromEntries(
    Object.keys(properties).map((key) => {
      if (!(key in samples)) throw new Error(`No sample for ${key}: add one.`);
      return [key, samples[key]];
    }),
  );
}

function call(route: Route, things: Things, token: string | null): Promise<JsonAnswer> {
  const params = Object.fromEntries(
    Object.entries(route.params ?? {}).map(([key, entity]) => [key, things[entity as keyof Things]]),
  );
  return t.hippo.send(route.method, pathOf(route.path, params), bodyFor(route, things), { token });
}

/** All that somebody has, as they see it. */
async function picture(things: Things): Promise<string> {
  const as = { token: things.token };
  const paths = [
    '/api/addons',
    '/api/offerings',
    `/api/channels/${things.Channel}/addon-variables?reveal=true`,
  ];
  const answers = await Promise.all(paths.map((path) => t.hippo.send('GET', path, undefined, as)));
  return answers.map(({ text }) => text).join('\n');
}

describe.each(all)('%s', (_, route) => {
  test.each([
    ['no token', null],
    ['a wrong token', 'x'],
  ])('is refused to %s', async (_, token) => {
    const before = await picture(ana);
    const answer = await call(route, ana, token);
    expect(answer).toMatchObject({ status: 401, json: { title: 'Unauthorized', status: 401 } });
    expect(await picture(ana)).toBe(before);
  });

  test('of another team does not exist', async () => {
    if (route.params === undefined && route.body === undefined) return;
    const before = await picture(ana);
    const answer = await call(route, ana, bea.token);
    expect(answer.status, answer.text).toBe(route.access === 'administrator' ? 403 : 404);
    expect(matches(ProblemDetails, answer.json)).toBe(true);
    expect(answer.text).not.toContain(ana.secret);
    expect(await picture(ana)).toBe(before);
    if (route.params === undefined) return;
    const nobody = { ...ana, App: UNKNOWN, Channel: UNKNOWN, Addon: UNKNOWN };
    const other = await call(
      route,
      { ...nobody, Broker: UNKNOWN, Offering: UNKNOWN, Plan: UNKNOWN },
      bea.token,
    );
    const ids = [ana.App, ana.Channel, ana.Addon, ana.Broker, ana.Offering, ana.Plan];
    expect(ids.reduce((text, id) => text.replaceAll(id, UNKNOWN), answer.text)).toBe(other.text);
  });

  test('shows nothing of another team', async () => {
    if (route.method !== 'GET' || route.params !== undefined || route.access === 'administrator') return;
    const answer = await call(route, bea, bea.token);
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain(ana.secret);
    expect(answer.text).not.toContain(ana.App);
  });

  test('is refused to a deploy token unless it reads what its app has', async () => {
    const before = await picture(ana);
    const answer = await call(route, ana, ana.deployToken);
    expect(answer.status, answer.text).toBe(route.access === 'deployer' ? 200 : 403);
    expect(await picture(ana)).toBe(before);
    if (route.access !== 'deployer') return;
    const other = await call(route, bea, ana.deployToken);
    if (route.params !== undefined) expect(other.status).toBe(404);
    expect(other.text).not.toContain(bea.secret);
  });

  test('is for administrators alone where the table says so', async () => {
    if (route.access === 'administrator') expect((await call(route, ana, ana.token)).status).toBe(403);
  });
});

test('a channel of another team in the body does not exist either', async () => {
  const { send } = t.hippo;
  const as = { token: bea.token };
  const bind = await send('POST', `/api/addons/${bea.Addon}/bindings`, { channelId: ana.Channel }, as);
  expect(bind.status).toBe(404);
  const list = await send('GET', `/api/addons?channelId=${ana.Channel}`, undefined, as);
  expect(list.json).toMatchObject({ items: [] });
  const bill = await send('GET', `/api/bills?appId=${ana.App}`, undefined, as);
  expect(bill.status).toBe(404);
});

test('offerings of a broker for one team are not there for another', async () => {
  const { send } = t.hippo;
  const body = { name: `db@${ana.secret}`, channelId: bea.Channel, as: 'x' };
  const answer = await send('POST', '/api/addons', body, { token: bea.token });
  expect(answer.status).toBe(400);
  // Administrators see it, and still cannot give it to an app of another team.
  expect((await send('POST', '/api/addons', body)).status).toBe(400);
});

test('values of variables are for members of the team, and for no administrator of the machine', async () => {
  const path = `/api/channels/${ana.Channel}/addon-variables`;
  const names = await t.hippo.send('GET', path);
  expect(names.status).toBe(200);
  expect(names.json).toMatchObject({ totalItems: 3 });
  const refused = await t.hippo.send('GET', `${path}?reveal=true`);
  expect(refused).toMatchObject({ status: 403, json: { title: 'Forbidden' } });
  expect(refused.text).toMatch(/Only members of the team/);
  const own = await t.hippo.send('GET', `${path}?reveal=true`, undefined, { token: ana.token });
  expect(own.text).toMatch(/"value":"secret-/);
});
