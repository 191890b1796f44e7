// Who may what, on every route of the table: a new one cannot be forgotten here.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TSchema } from 'typebox';
import { matches } from '../../../../src/hippo/check.ts';
import { HippoClient } from '../../../../src/hippo/client.ts';
import { ProblemDetails } from '../../../../src/hippo/common.ts';
import { pathOf, routes, type Operation, type Route } from '../../../../src/hippo/routes.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { startHippo, UNKNOWN, type JsonAnswer, type TestHippo } from './harness.ts';

const root = temporaryFolder();
const all = Object.entries(routes) as [Operation, Route][];

/** What a team has, one thing of each kind. */
interface Things {
  token: string;
  deployToken: string;
  App: string;
  Channel: string;
  Revision: string;
  Certificate: string;
  Team: string;
  Token: string;
  Key: string;
  Member: string;
  Account: string;
  storageId: string;
  /** Words that appear nowhere but in what the team has. */
  secret: string;
}

let hippo: TestHippo;
let ana: Things;
let bea: Things;

beforeAll(async () => {
  hippo = await startHippo(root);
  ana = await furnish('ana');
  bea = await furnish('bea');
});
afterAll(() => hippo.close());

async function furnish(name: string): Promise<Things> {
  const client = await hippo.account(name);
  const secret = `secret-of-${name}`;
  const storageId = `${secret}/app`;
  const App = await client.createApp({ name: `${secret}-app`, storageId });
  const revisionNumber = '1.0.0';
  await client.registerRevision({ appStorageId: storageId, revisionNumber });
  const Certificate = await client.createCertificate({
    name: secret,
    publicKey: secret,
    privateKey: `private-${secret}`,
  });
  const Channel = await client.createChannel({ appId: App, name: secret, certificateId: Certificate });
  await client.patchChannel(Channel, { environmentVariables: [{ key: 'A', value: secret }] });
  const { id: Token, token: deployToken } = await client.createDeployToken({ appId: App, name: secret });
  const me = await client.whoami();
  const [revision] = await client.revisions({ appId: App });
  return {
    token: (await client.bearer())!,
    deployToken,
    App,
    Channel,
    Revision: revision!.id,
    Certificate,
    Team: me.teams[0]!.id,
    Token,
    Key: UNKNOWN,
    Member: name,
    Account: me.id,
    storageId,
    secret,
  };
}

/** A body that the schema takes, whose ids are those of `things`. */
function bodyFor(route: Route, things: Things): unknown {
  if (route.bodyType !== undefined) return 'not an archive';
  const properties = (route.body as { properties?: Record<string, TSchema> } | undefined)?.properties;
  if (properties === undefined) return undefined;
  const [entity] = Object.values(route.params ?? {});
  const samples: Record<string, unknown> = {
    id: entity && things[entity as keyof Things],
    appId: things.App,
    channelId: things.Channel,
    teamId: things.Team,
    activeRevisionId: things.Revision,
    certificateId: things.Certificate,
    appStorageId: things.storageId,
    storageId: things.storageId,
    revisionNumber: '9.0.0',
    revisionSelectionStrategy: 'UseSpecifiedRevision',
    rangeRule: null,
    domain: 'taken.example.com',
    name: 'stolen',
    userName: 'ana',
    password: 'not the password',
    refreshToken: 'none',
    desiredStatus: 'Dead',
    environmentVariables: [],
    publicKey: 'x',
    privateKey: 'x',
    dev: true,
    keep: 0,
    expiration: null,
    lastPublishDate: null,
  };
  const body = Object.fromEntries(
    Object.keys(properties).map((key) => {
      if (!(key in samples)) throw new Error(`No sample for ${key}: add one.`);
      return [key, samples[key]];
    }),
  );
  return body;
}

function pathFor(route: Route, things: Things): string {
  const params = Object.fromEntries(
    Object.entries(route.params ?? {}).map(([key, entity]) => [key, things[entity as keyof Things]]),
  );
  return pathOf(route.path, params);
}

async function call(route: Route, things: Things, token: string | null): Promise<JsonAnswer> {
  const headers = route.bodyType === undefined ? {} : { 'content-type': route.bodyType };
  return hippo.send(route.method, pathFor(route, things), bodyFor(route, things), { token, headers });
}

/** All that somebody has, as they see it. */
async function picture(things: Things): Promise<string> {
  const client = new HippoClient({ url: hippo.url, credentials: { type: 'bearer', token: things.token } });
  try {
    const [app, channel, revisions, certificates, teams, tokens, me] = [
      await client.app(things.App),
      await client.channel(things.Channel),
      await client.revisions(),
      await client.certificates(),
      await client.teams(),
      await client.deployTokens(),
      await client.whoami(),
    ];
    return JSON.stringify([app, channel, revisions, certificates, teams, tokens.map(({ id }) => id), me]);
  } finally {
    await client.close();
  }
}

const asked = all.filter(([, { access }]) => access !== 'anyone');
// What makes something new with nobody else's ids in it is no harm, and neither is a new team.
const needsThings = all.filter(
  ([, route]) =>
    route.access !== 'anyone' &&
    (route.params !== undefined || ('body' in route && route.path !== '/api/teams')),
);

describe.each(asked)('%s', (_, route) => {
  test.each([
    ['no token', null],
    ['a wrong token', 'x'],
    ['a deploy token that is none', `hippo_deploy_${'x'.repeat(43)}`],
    ['an owner token that is none', `hippo_owner_${'x'.repeat(43)}`],
  ])('is refused to %s', async (_, token) => {
    const before = await picture(ana);
    const answer = await call(route, ana, token);
    expect(answer).toMatchObject({ status: 401, json: { title: 'Unauthorized', status: 401 } });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    expect(answer.text).not.toContain(ana.secret);
    expect(await picture(ana)).toBe(before);
  });
});

describe.each(needsThings)('%s', (_, route) => {
  test('of another team does not exist', async () => {
    const before = await picture(ana);
    const answer = await call(route, ana, bea.token);
    const expected = route.access === 'administrator' ? 403 : route.bodyType === undefined ? 404 : 400;
    expect(answer.status, answer.text).toBe(expected);
    expect(matches(ProblemDetails, answer.json)).toBe(true);
    // Nothing but what was sent comes back.
    expect(answer.text.replaceAll(ana.storageId, '')).not.toContain(ana.secret);
    expect(await picture(ana)).toBe(before);
    // What there never was is told in the same words.
    if (route.params === undefined) return;
    const nobody: Things = {
      ...ana,
      App: UNKNOWN,
      Channel: UNKNOWN,
      Revision: UNKNOWN,
      Certificate: UNKNOWN,
      Team: UNKNOWN,
      Token: UNKNOWN,
    };
    const other = await call(route, nobody, bea.token);
    const anonymous = (text: string): string =>
      [ana.App, ana.Channel, ana.Revision, ana.Certificate, ana.Team, ana.Token].reduce(
        (rest, id) => rest.replaceAll(id, UNKNOWN),
        text,
      );
    expect(anonymous(answer.text)).toBe(other.text);
  });
});

const lists = all.filter(([, { method, params, status }]) => method === 'GET' && !params && status === 200);

describe.each(lists.filter(([name]) => name !== 'events'))('%s', (_, route) => {
  test('shows nothing of another team', async () => {
    const answer = await call(route, bea, bea.token);
    expect(answer.text).not.toContain(ana.secret);
    expect(answer.text).not.toContain(ana.App);
  });
});

describe.each(asked)('%s', (name, route) => {
  test('is refused to a deploy token unless it is for publishing', async () => {
    if (route.access === 'deployer') return;
    const before = await picture(ana);
    expect((await call(route, ana, ana.deployToken)).status).toBe(403);
    expect(await picture(ana)).toBe(before);
  });

  test('of another app is refused to a deploy token', async () => {
    if (route.access !== 'deployer') return;
    const before = await picture(bea);
    const answer = await call(route, bea, ana.deployToken);
    if (route.params !== undefined || name === 'registerRevision') expect(answer.status).toBe(404);
    expect(answer.text.replaceAll(bea.storageId, '')).not.toContain(bea.secret);
    expect(await picture(bea)).toBe(before);
  });

  test('is for administrators alone where the table says so', async () => {
    if (route.access !== 'administrator') return;
    expect((await call(route, ana, ana.token)).status).toBe(403);
  });
});

test('ids of another team in a body do not exist either', async () => {
  const { send } = hippo;
  const as = { token: bea.token };
  const fixed = { name: 'x', revisionSelectionStrategy: 1, appId: bea.App, activeRevisionId: ana.Revision };
  expect((await send('POST', '/api/channels', fixed, as)).status).toBe(404);
  const certified = { name: 'x', appId: bea.App, certificateId: ana.Certificate };
  expect((await send('POST', '/api/channels', certified, as)).status).toBe(404);
  const path = `/api/channels/${bea.Channel}`;
  expect((await send('PATCH', path, { certificateId: ana.Certificate }, as)).status).toBe(404);
  const pinned = { activeRevisionId: ana.Revision, revisionSelectionStrategy: 1 };
  expect((await send('PATCH', path, pinned, as)).status).toBe(404);
  expect((await send('POST', `/api/apps/${bea.App}/move`, { teamId: ana.Team }, as)).status).toBe(404);
  const app = { name: 'x', storageId: 'x', teamId: ana.Team };
  expect((await send('POST', '/api/apps', app, as)).status).toBe(404);
  const certificate = { name: 'x', publicKey: 'x', privateKey: 'x', teamId: ana.Team };
  expect((await send('POST', '/api/certificates', certificate, as)).status).toBe(404);
});

test('an administrator sees and changes everything', async () => {
  const { client } = hippo;
  expect((await client.app(ana.App)).id).toBe(ana.App);
  expect((await client.app(bea.App)).id).toBe(bea.App);
  expect(await client.channel(ana.Channel)).toMatchObject({ environmentVariables: [{ key: 'A' }] });
  expect((await client.teams()).map(({ name }) => name)).toEqual(['ana', 'bea', 'owner']);
  expect(await client.certificates()).toHaveLength(2);
});

test('private keys and passwords are in no answer and in no file', async () => {
  const answers = await Promise.all(
    ['/api/certificates', '/api/channels', `/api/channels/${ana.Channel}`, '/api/accounts'].map((path) =>
      hippo.send('GET', path),
    ),
  );
  const files = readdirSync(hippo.directory, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(hippo.directory, entry.name), 'latin1'));
  for (const text of [...answers.map(({ text }) => text), ...files]) {
    expect(text).not.toContain('private-secret');
    expect(text).not.toContain('correct horse');
  }
});

test('a deploy token publishes its app, and sees no variables', async () => {
  const client = new HippoClient({
    url: hippo.url,
    credentials: { type: 'bearer', token: ana.deployToken },
  });
  expect(await client.whoami()).toMatchObject({
    userName: 'ana',
    administrator: false,
    teams: [],
    deployToken: { appId: ana.App },
  });
  expect((await client.apps()).map(({ id }) => id)).toEqual([ana.App]);
  expect(await client.channel(ana.Channel)).toMatchObject({ environmentVariables: [] });
  await client.registerRevision({ appStorageId: ana.storageId, revisionNumber: '1.1.0' });
  expect((await client.channel(ana.Channel)).activeRevision?.revisionNumber).toBe('1.1.0');
  expect(await client.channelStatus(ana.Channel)).toBe('Running');
  await client.close();
});
