// Dialects S and O on top of the final one (hippo-api.md §8): other paths, and for O other bodies and statuses.

import { createHash } from 'node:crypto';
import type { AppItem, ChannelItem, ChannelStatus, Page, RevisionItem, Session } from '../../hippo/api.ts';
import { ValidationError } from '../../hippo/api.ts';
import { readBody } from '../../hippo/check.ts';
import { isGiven, MAX_COUNT } from '../../hippo/common.ts';
import {
  OLD_PATHS,
  OldApp,
  OldChannel,
  OldRevision,
  SINGULAR_EXPORTS,
  SINGULAR_PATHS,
  SINGULAR_STATUS_PATH,
  SingularVariable,
  SingularVariableChange,
  strategyNumber,
  VARIABLES_PATH,
} from '../../hippo/dialects.ts';
import { routes, type Operation, type Route, type StreamOperation } from '../../hippo/routes.ts';
import { readJson } from './body.ts';
import { NotFoundError } from './errors.ts';
import type { AddRoute, Incoming, Invoke, Reply } from './server.ts';

type Invokable = Exclude<Operation, StreamOperation>;

const EVERYTHING = new URLSearchParams({ pageSize: String(MAX_COUNT) });

export function addOlderDialects(add: AddRoute, invoke: Invoke): void {
  for (const [operation, path] of Object.entries(SINGULAR_PATHS) as [Invokable, string][]) {
    // Both dialects have these; `addShared` tells them apart.
    if (path === OLD_PATHS.channel || path === OLD_PATHS.registerRevision) {
      if (routes[operation].method !== 'POST' && operation !== 'listChannels')
        addSingular(add, invoke, operation, path);
    } else addSingular(add, invoke, operation, path);
  }
  for (const [operation, { path, file }] of Object.entries(SINGULAR_EXPORTS))
    add('GET', path, async (incoming) => {
      const { items } = (await invoke(operation as Invokable, incoming, {
        search: EVERYTHING,
      })) as Page<unknown>;
      return {
        status: 200,
        body: items,
        headers: { 'content-disposition': `attachment; filename="${file}"` },
      };
    });
  add('GET', SINGULAR_STATUS_PATH, async (incoming) => {
    const channelId = incoming.params['channelId'] ?? '';
    // A channel that nobody knows has no job: it is dead, as in the dialect.
    const { status } = await statusOf(invoke, incoming, channelId);
    return ok({ channelId, status });
  });
  addVariables(add, invoke);
  addShared(add, invoke);
  addOld(add, invoke);
}

function addSingular(add: AddRoute, invoke: Invoke, operation: Invokable, path: string): void {
  const route: Route = routes[operation];
  add(route.method, path, async (incoming) => {
    const body = await invoke(operation, incoming);
    return { status: route.status, ...(route.answer === undefined ? {} : { body }) };
  });
}

async function statusOf(invoke: Invoke, incoming: Incoming, channelId: string): Promise<ChannelStatus> {
  const search = new URLSearchParams({ pageSize: String(MAX_COUNT) });
  const { items } = (await invoke('listChannelStatuses', incoming, { search })) as Page<ChannelStatus>;
  const found = items.find((item) => item.channelId === channelId.toLowerCase());
  return found ?? { channelId, status: 'Dead' };
}

/** Variables one by one. Their ids, which no other dialect has, are made of channel and key. */
function addVariables(add: AddRoute, invoke: Invoke): void {
  const all = async (
    incoming: Incoming,
  ): Promise<{ id: string; channelId: string; key: string; value: string }[]> => {
    const { items } = (await invoke('listChannels', incoming, { search: EVERYTHING })) as Page<ChannelItem>;
    return items
      .flatMap(({ environmentVariables }) => environmentVariables)
      .map((variable) => ({ id: variableId(variable), ...variable }));
  };
  const find = async (incoming: Incoming) => {
    const id = (incoming.params['id'] ?? '').toLowerCase();
    const found = (await all(incoming)).find((variable) => variable.id === id);
    if (!found) throw new NotFoundError('EnvironmentVariable', id);
    return found;
  };
  const replace = async (
    incoming: Incoming,
    channelId: string,
    change: (variables: { key: string; value: string }[]) => { key: string; value: string }[],
  ): Promise<void> => {
    const params = { id: channelId };
    const { environmentVariables } = (await invoke('getChannel', incoming, { params })) as ChannelItem;
    const variables = environmentVariables.map(({ key, value }) => ({ key, value }));
    await invoke('patchChannel', incoming, { params, body: { environmentVariables: change(variables) } });
  };
  const path = `${VARIABLES_PATH}/{id}`;

  add('GET', VARIABLES_PATH, async (incoming) => ok({ environmentVariables: await all(incoming) }));
  add('GET', `${VARIABLES_PATH}/export`, async (incoming) => ({
    ...ok(await all(incoming)),
    headers: { 'content-disposition': 'attachment; filename="environmentvariables.json"' },
  }));
  add('POST', VARIABLES_PATH, async (incoming) => {
    const { channelId, key, value } = readBody(SingularVariable, await readJson(incoming.request));
    await replace(incoming, channelId, (variables) => [...variables, { key, value }]);
    return ok(variableId({ channelId, key }));
  });
  add('PUT', path, async (incoming) => {
    const { id, key, value } = readBody(SingularVariableChange, await readJson(incoming.request));
    const found = await find(incoming);
    if (id !== found.id) throw new ValidationError('id', 'is not the one in the path');
    await replace(incoming, found.channelId, (variables) =>
      variables.map((variable) => (variable.key === found.key ? { key, value } : variable)),
    );
    return { status: 204 };
  });
  add('DELETE', path, async (incoming) => {
    const found = await find(incoming);
    await replace(incoming, found.channelId, (variables) => variables.filter(({ key }) => key !== found.key));
    return { status: 204 };
  });
}

/** A GUID of version 8 (RFC 9562 §5.8). */
function variableId({ channelId, key }: { channelId: string; key: string }): string {
  const hash = createHash('sha256').update(`${channelId} ${key}`).digest('hex');
  const variant = '89ab'[parseInt(hash.charAt(16), 16) % 4];
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `${variant}${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

/** Paths that S and O share: told apart by what only O sends. */
function addShared(add: AddRoute, invoke: Invoke): void {
  add('POST', OLD_PATHS.channel, async (incoming) => {
    const body = await readJson(incoming.request);
    return has(body, 'revisionNumber') || has(body, 'revisionRange')
      ? createOldChannel(invoke, incoming, body)
      : ok(await invoke('createChannel', incoming, { body }));
  });
  add('GET', OLD_PATHS.channel, async (incoming) => {
    const id = incoming.search.get('id');
    if (id === null) return ok(await invoke('listChannels', incoming));
    const channel = (await invoke('getChannel', incoming, { params: { id } })) as ChannelItem;
    return ok(oldChannel(channel));
  });
  add('POST', OLD_PATHS.registerRevision, async (incoming) => {
    const body = await readJson(incoming.request);
    if (!has(body, 'appId')) await invoke('registerRevision', incoming, { body });
    else {
      const { appId, appStorageId, revisionNumber } = readBody(OldRevision, body);
      const storageId = isGiven(appStorageId)
        ? appStorageId
        : ((await invoke('getApp', incoming, { params: { id: appId ?? '' } })) as AppItem).storageId;
      await invoke('registerRevision', incoming, { body: { appStorageId: storageId, revisionNumber } });
    }
    return { status: 201 };
  });
}

function addOld(add: AddRoute, invoke: Invoke): void {
  add('POST', OLD_PATHS.signIn, async (incoming) => {
    const { token, expiration } = (await invoke('signIn', incoming)) as Session;
    // Its clients deny members that they do not know.
    return { status: 201, body: { token, expiration } };
  });
  add('POST', OLD_PATHS.createApp, async (incoming) => {
    const { applicationName, storageId } = readBody(OldApp, await readJson(incoming.request));
    const body = { name: applicationName, storageId };
    const id = await invoke('createApp', incoming, { body });
    return { status: 201, body: { id, applicationName, storageId } };
  });
}

async function createOldChannel(invoke: Invoke, incoming: Incoming, raw: unknown): Promise<Reply> {
  const old = readBody(OldChannel, raw);
  const { appId, name, domain, revisionSelectionStrategy, revisionNumber, revisionRange } = old;
  const fixed = revisionSelectionStrategy === 'UseSpecifiedRevision';
  const id = await invoke('createChannel', incoming, {
    body: {
      appId,
      name,
      domain: domain === '' ? null : domain,
      revisionSelectionStrategy: fixed ? 'UseSpecifiedRevision' : 'UseRangeRule',
      ...(fixed
        ? { activeRevisionId: await revisionByNumber(invoke, incoming, appId, revisionNumber) }
        : { rangeRule: revisionRange }),
    },
  });
  const channel = (await invoke('getChannel', incoming, { params: { id: String(id) } })) as ChannelItem;
  return { status: 201, body: { id, ...oldChannel(channel) } };
}

async function revisionByNumber(
  invoke: Invoke,
  incoming: Incoming,
  appId: string,
  number: string | null | undefined,
): Promise<string> {
  if (!isGiven(number) || number === '') throw new ValidationError('revisionNumber', 'is required');
  const search = new URLSearchParams({ appId, pageSize: String(MAX_COUNT) });
  const { items } = (await invoke('listRevisions', incoming, { search })) as Page<RevisionItem>;
  const found = items.find(({ revisionNumber }) => revisionNumber === number);
  if (!found) throw new NotFoundError('Revision', number);
  return found.id;
}

function oldChannel(channel: ChannelItem): object {
  const { appId, name, domain, revisionSelectionStrategy, activeRevision, rangeRule } = channel;
  return {
    appId,
    name,
    domain,
    revisionSelectionStrategy: strategyNumber(revisionSelectionStrategy),
    revisionNumber: activeRevision?.revisionNumber ?? null,
    revisionRange: rangeRule,
  };
}

/** In any case, as members go. */
function has(body: unknown, member: string): boolean {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.entries(body).some(([key, value]) => key.toLowerCase() === member.toLowerCase() && isGiven(value))
  );
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}
