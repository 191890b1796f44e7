// Hippo's REST API, final dialect: paths, requests and answers, for the client and the server (hippo-api.md §1-§5).

import { parseRule, RuleError } from './rules.ts';

/** Paths below the server's base URL. */
export const paths = {
  health: '/healthz',
  apps: '/api/apps',
  app: (id: string): string => `/api/apps/${id}`,
  channels: '/api/channels',
  channel: (id: string): string => `/api/channels/${id}`,
  channelLogs: (id: string): string => `/api/channels/${id}/logs`,
  revisions: '/api/revisions',
  channelStatuses: '/api/channel-statuses',
} as const;

export interface Page<T> {
  items: T[];
  totalItems: number;
  /** From 0. */
  pageIndex: number;
  pageSize: number;
  isLastPage: boolean;
}

export const SELECTION_STRATEGIES = ['UseRangeRule', 'UseSpecifiedRevision'] as const;
export type SelectionStrategy = (typeof SELECTION_STRATEGIES)[number];
export type ChannelState = 'Unknown' | 'Pending' | 'Running' | 'Dead';

export interface AppItem {
  id: string;
  name: string;
  /** The name of the app's bindles. */
  storageId: string;
  description: string | null;
  channels: { id: string; name: string; activeRevisionNumber: string | null }[];
}

export interface RevisionItem {
  id: string;
  appId: string;
  revisionNumber: string;
  components: [];
  type: string | null;
}

export interface Variable {
  key: string;
  value: string;
}

export interface ChannelItem {
  id: string;
  appId: string;
  name: string;
  domain: string;
  revisionSelectionStrategy: SelectionStrategy;
  activeRevision: RevisionItem | null;
  /** ISO 8601, UTC. */
  lastPublishAt: string | null;
  rangeRule: string | null;
  certificate: null;
  environmentVariables: (Variable & { channelId: string })[];
  appSummary: AppItem | null;
}

export interface ChannelStatus {
  channelId: string;
  status: ChannelState;
}

export interface NewApp {
  name: string;
  storageId: string;
}

export interface NewChannel {
  appId: string;
  name: string;
  domain?: string;
  revisionSelectionStrategy: SelectionStrategy;
  rangeRule?: string;
  activeRevisionId?: string;
}

/** What is absent stays as it is. */
export interface ChannelPatch {
  /** The whole set: variables that are not in it are removed. */
  environmentVariables?: Variable[];
  revisionSelectionStrategy?: SelectionStrategy;
  rangeRule?: string;
  activeRevisionId?: string;
}

export interface NewRevision {
  appStorageId: string;
  revisionNumber: string;
}

/** RFC 7807, as Hippo sends it with `application/problem+json`. */
export interface ProblemDetails {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  /** Property, first letter upper case → what is wrong with it. */
  errors?: Record<string, string[]>;
}

/** A request that the server's rules refuse. */
export class ValidationError extends Error {
  readonly code = 'INVALID_REQUEST';
  readonly errors: Record<string, string[]>;

  /** @param property in lower camel case, as it stands in the request */
  constructor(property: string, problem: string) {
    super(`"${property}" ${problem}.`);
    this.name = 'ValidationError';
    this.errors = { [property.charAt(0).toUpperCase() + property.slice(1)]: [problem] };
  }
}

const NAME = /^[A-Za-z0-9_-]*$/;
const STORAGE_ID = /^[A-Za-z0-9_./-]*$/;
const DOMAIN = /^([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,}$/;
const VARIABLE_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** @throws ValidationError */
export function readNewApp(value: unknown): NewApp {
  const body = asRecord(value);
  return { name: text(body, 'name', 128, NAME), storageId: text(body, 'storageId', 200, STORAGE_ID) };
}

/** @throws ValidationError */
export function readNewChannel(value: unknown): NewChannel {
  const body = asRecord(value);
  const domain = optional(body, 'domain', (key) => text(body, key, 253, DOMAIN));
  const selection = readSelection(body);
  const strategy = selection.revisionSelectionStrategy ?? 'UseRangeRule';
  if ((strategy === 'UseSpecifiedRevision') !== (selection.activeRevisionId !== undefined))
    throw new ValidationError(
      'activeRevisionId',
      'must be given with "UseSpecifiedRevision", and only then: the two do not match up',
    );
  return {
    appId: text(body, 'appId', 36),
    name: text(body, 'name', 64, NAME),
    ...(domain === undefined ? {} : { domain }),
    ...selection,
    revisionSelectionStrategy: strategy,
  };
}

/**
 * Members stand as they are or, as older clients send them, as `{"value": …}`.
 * @throws ValidationError
 */
export function readChannelPatch(value: unknown): ChannelPatch {
  const body = Object.fromEntries(
    Object.entries(asRecord(value)).map(([key, member]) => [key, unwrapped(member)]),
  );
  const variables = optional(body, 'environmentVariables', (key) => readVariables(body[key]));
  return { ...readSelection(body), ...(variables === undefined ? {} : { environmentVariables: variables }) };
}

/** @throws ValidationError */
export function readNewRevision(value: unknown): NewRevision {
  const body = asRecord(value);
  return {
    appStorageId: text(body, 'appStorageId', 200, STORAGE_ID),
    revisionNumber: text(body, 'revisionNumber', 128),
  };
}

function readSelection(
  body: Record<string, unknown>,
): Pick<ChannelPatch, 'revisionSelectionStrategy' | 'rangeRule' | 'activeRevisionId'> {
  const strategy = optional(body, 'revisionSelectionStrategy', readStrategy(body));
  const rangeRule = optional(body, 'rangeRule', (key) => rule(text(body, key, 256)));
  const activeRevisionId = optional(body, 'activeRevisionId', (key) => text(body, key, 36));
  return {
    ...(strategy === undefined ? {} : { revisionSelectionStrategy: strategy }),
    ...(rangeRule === undefined ? {} : { rangeRule }),
    ...(activeRevisionId === undefined ? {} : { activeRevisionId }),
  };
}

/** By name, or by number as older clients send it. */
function readStrategy(body: Record<string, unknown>): (key: string) => SelectionStrategy {
  return (key) => {
    const given = body[key];
    const known =
      typeof given === 'number'
        ? SELECTION_STRATEGIES[given]
        : SELECTION_STRATEGIES.find((strategy) => strategy === given);
    if (known === undefined) throw new ValidationError(key, `must be ${SELECTION_STRATEGIES.join(' or ')}`);
    return known;
  };
}

function readVariables(value: unknown): Variable[] {
  if (!Array.isArray(value)) throw new ValidationError('environmentVariables', 'must be an array');
  const variables = value.map((item) => {
    const record = asRecord(item);
    const key = text(record, 'key', 32, VARIABLE_KEY);
    if (typeof record['value'] !== 'string') throw new ValidationError('value', 'must be a string');
    return { key, value: record['value'] };
  });
  if (new Set(variables.map(({ key }) => key)).size < variables.length)
    throw new ValidationError('environmentVariables', 'must not have the same key twice');
  return variables;
}

function rule(text: string): string {
  try {
    return parseRule(text).text;
  } catch (error) {
    if (error instanceof RuleError) throw new ValidationError('rangeRule', error.message.replace(/\.$/, ''));
    throw error;
  }
}

function unwrapped(member: unknown): unknown {
  return typeof member === 'object' && member !== null && 'value' in member ? member.value : member;
}

/** Null and absent are the same. */
function optional<T>(body: Record<string, unknown>, key: string, read: (key: string) => T): T | undefined {
  return body[key] === undefined || body[key] === null ? undefined : read(key);
}

function text(body: Record<string, unknown>, key: string, maxLength: number, pattern?: RegExp): string {
  const value = body[key];
  if (typeof value !== 'string' || value === '') throw new ValidationError(key, 'is required');
  if (value.length > maxLength) throw new ValidationError(key, `must not exceed ${maxLength} characters`);
  if (pattern && !pattern.test(value)) throw new ValidationError(key, `must match ${pattern.source}`);
  return value;
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ValidationError('command', 'must be a JSON object');
  return value as Record<string, unknown>;
}
