// Reads a broker's catalog: what is not sound is left out and named, what is too much is refused, and texts become
// harmless (Open Service Broker 2.17, "Catalog Management"; profile.md for the metadata).

import { microsOf } from '../../addons/amounts.ts';
import type { Cost } from '../../addons/costs.ts';
import { MAX_SCHEMA_BYTES, Plan, Service, type JsonObject } from '../../addons/osb.ts';
import { matches } from '../../hippo/check.ts';

export interface CatalogPlan {
  /** The broker's. */
  readonly planId: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly free: boolean;
  readonly bullets: readonly string[];
  readonly costs: readonly Cost[];
  readonly bindable: boolean;
  readonly updatable: boolean;
  readonly rotatable: boolean;
  readonly schemas: {
    readonly create?: JsonObject;
    readonly update?: JsonObject;
    readonly bind?: JsonObject;
  };
  /** Seconds. */
  readonly maximumPollingDuration: number | null;
  readonly maintenance: { readonly version: string; readonly description: string | null } | null;
}

export interface CatalogOffering {
  /** The broker's. */
  readonly serviceId: string;
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly longDescription: string | null;
  readonly provider: string | null;
  readonly documentationUrl: string | null;
  readonly supportUrl: string | null;
  /** `http:`, `https:` or `data:`. */
  readonly imageUrl: string | null;
  readonly tags: readonly string[];
  readonly instancesRetrievable: boolean;
  readonly bindingsRetrievable: boolean;
  readonly unavailable: { readonly reason: string; readonly command: string | null } | null;
  readonly plans: readonly CatalogPlan[];
}

export interface ReadCatalog {
  readonly offerings: readonly CatalogOffering[];
  /** What was left out, in sentences. */
  readonly problems: readonly string[];
}

/** What the broker sent is no catalog. */
export class CatalogError extends Error {
  readonly code = 'NO_CATALOG';
  constructor(message: string) {
    super(message);
    this.name = 'CatalogError';
  }
}

const MAX_SERVICES = 200;
const MAX_PLANS = 200;
const MAX_DEPTH = 64;
const MAX_ID = 255;
const MAX_URL = 2048;
/** A picture of 64 KiB in base64. */
const MAX_IMAGE = 90 * 1024;
/** "CLI-friendly", and short enough for a table. */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/;

/** @param body parsed JSON @throws CatalogError */
export function readCatalog(body: unknown): ReadCatalog {
  const services = (body as { services?: unknown } | null | undefined)?.services;
  if (!Array.isArray(services))
    throw new CatalogError('What it sent as its catalog has no list of services.');
  if (services.length > MAX_SERVICES)
    throw new CatalogError(`Its catalog has more than ${MAX_SERVICES} services.`);
  if (depthOf(body) > MAX_DEPTH) throw new CatalogError(`Its catalog is nested more than ${MAX_DEPTH} deep.`);
  const problems: string[] = [];
  const taken = { ids: new Set<string>(), names: new Set<string>(), planIds: new Set<string>() };
  const offerings = services.flatMap((service: unknown, index) => {
    const found = readService(service, problems, taken.planIds);
    if (typeof found === 'string') {
      problems.push(`Service ${index + 1} of the catalog is left out: ${found}.`);
      return [];
    }
    if (taken.ids.has(found.serviceId) || taken.names.has(found.name)) {
      problems.push(`Service ${index + 1} of the catalog is left out: another one has its id or its name.`);
      return [];
    }
    taken.ids.add(found.serviceId);
    taken.names.add(found.name);
    return [found];
  });
  return { offerings, problems };
}

/** Or why not. */
function readService(service: unknown, problems: string[], planIds: Set<string>): CatalogOffering | string {
  if (!isObject(service)) return 'it is no object';
  const { plans, ...rest } = service;
  // Each plan is looked at by itself, so that a bad one does not take the others along.
  if (!Array.isArray(plans) || plans.length === 0) return 'it has no plans';
  if (plans.length > MAX_PLANS) return `it has more than ${MAX_PLANS} plans`;
  const placeholder = { id: 'x', name: 'x', description: 'x' };
  if (!matches(Service, { ...rest, plans: [placeholder] })) return 'a member is missing or of the wrong kind';
  const given = rest as unknown as Service;
  if (!NAME.test(given.name)) return 'its name is none that can be typed';
  if (given.id.length > MAX_ID) return 'its id is too long';
  const metadata = objectOr(given.metadata);
  const names = new Set<string>();
  const found = plans.flatMap((plan: unknown, index) => {
    const read = readPlan(plan, given, (problem) =>
      problems.push(`Plan ${index + 1} of ${given.name}: ${problem}.`),
    );
    const problem =
      typeof read === 'string'
        ? read
        : names.has(read.name)
          ? 'another one has its name'
          : planIds.has(read.planId)
            ? 'another one has its id'
            : undefined;
    if (typeof read === 'string' || problem !== undefined) {
      problems.push(`Plan ${index + 1} of ${given.name} is left out: ${problem}.`);
      return [];
    }
    names.add(read.name);
    planIds.add(read.planId);
    return [read];
  });
  if (found.length === 0) return 'none of its plans is sound';
  return {
    serviceId: given.id,
    name: given.name,
    displayName: line(metadata['displayName'], 120) ?? given.name,
    description: line(given.description, 1000) ?? '',
    longDescription: paragraphs(metadata['longDescription'], 20_000),
    provider: line(metadata['providerDisplayName'], 120),
    documentationUrl: linkOf(metadata['documentationUrl']),
    supportUrl: linkOf(metadata['supportUrl']),
    imageUrl: imageOf(metadata['imageUrl']),
    tags: (given.tags ?? []).slice(0, 50).flatMap((tag) => line(tag, 60) ?? []),
    instancesRetrievable: given.instances_retrievable ?? false,
    bindingsRetrievable: given.bindings_retrievable ?? false,
    unavailable: unavailableOf(metadata['unavailable']),
    plans: found,
  };
}

/** Or why not. */
function readPlan(plan: unknown, service: Service, note: (problem: string) => void): CatalogPlan | string {
  if (!matches(Plan, plan)) return 'a member is missing or of the wrong kind';
  if (!NAME.test(plan.name)) return 'its name is none that can be typed';
  if (plan.id.length > MAX_ID) return 'its id is too long';
  const metadata = objectOr(plan.metadata);
  const costs = costsOf(metadata['costs'], note);
  const seconds = plan.maximum_polling_duration ?? null;
  return {
    planId: plan.id,
    name: plan.name,
    displayName: line(metadata['displayName'], 120) ?? plan.name,
    description: line(plan.description, 1000) ?? '',
    free: (plan.free ?? true) && costs.every(({ amount }) => amount === 0),
    bullets: Array.isArray(metadata['bullets'])
      ? metadata['bullets'].slice(0, 50).flatMap((bullet: unknown) => line(bullet, 300) ?? [])
      : [],
    costs,
    bindable: plan.bindable ?? service.bindable,
    updatable: plan.plan_updateable ?? service.plan_updateable ?? false,
    rotatable: plan.binding_rotatable ?? false,
    schemas: {
      ...schemaOf('create', plan.schemas?.service_instance?.create?.parameters, note),
      ...schemaOf('update', plan.schemas?.service_instance?.update?.parameters, note),
      ...schemaOf('bind', plan.schemas?.service_binding?.create?.parameters, note),
    },
    maximumPollingDuration: seconds !== null && seconds > 0 ? seconds : null,
    maintenance: maintenanceOf(plan.maintenance_info),
  };
}

function maintenanceOf(given: Plan['maintenance_info']): CatalogPlan['maintenance'] {
  if (!given || given.version.length > 255) return null;
  return { version: given.version, description: line(given.description, 1000) };
}

function costsOf(given: unknown, note: (problem: string) => void): Cost[] {
  if (!Array.isArray(given)) return [];
  return given.slice(0, 20).flatMap((cost: unknown) => {
    const { amount, unit } = objectOr(cost);
    const text = line(unit, 40);
    const amounts = Object.entries(objectOr(amount));
    const read = amounts.flatMap(([currency, value]): Cost[] => {
      const micros = typeof value === 'number' ? microsOf(value) : undefined;
      if (micros === undefined || text === null || !/^[A-Za-z]{2,10}$/.test(currency)) return [];
      return [{ amount: micros, currency: currency.toLowerCase(), unit: unitOf(text) }];
    });
    if (read.length < Math.max(1, amounts.length)) note('one of its costs is none, and is not counted');
    return read;
  });
}

/** Those that are metered are told by their words alone. */
function unitOf(text: string): string {
  return /^(?:hourly|monthly)$/i.test(text) ? text.toUpperCase() : text;
}

function schemaOf(
  step: 'create' | 'update' | 'bind',
  given: JsonObject | null | undefined,
  note: (problem: string) => void,
): CatalogPlan['schemas'] {
  if (!given) return {};
  if (JSON.stringify(given).length > MAX_SCHEMA_BYTES)
    note(`its schema for ${step} is too large, and not used`);
  else if (hasForeignReference(given))
    note(`its schema for ${step} refers to another document, and is not used`);
  else return { [step]: given };
  return {};
}

/** References within the schema start with "#"; only those are followed. */
function hasForeignReference(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasForeignReference);
  if (!isObject(value)) return false;
  return Object.entries(value).some(
    ([key, member]) =>
      (/^\$(?:ref|dynamicRef|recursiveRef)$/.test(key) &&
        typeof member === 'string' &&
        !member.startsWith('#')) ||
      hasForeignReference(member),
  );
}

function unavailableOf(given: unknown): CatalogOffering['unavailable'] {
  const { reason, command } = objectOr(given);
  const text = line(reason, 500);
  return text === null ? null : { reason: text, command: line(command, 500) };
}

/** An address that may be opened: with `https:`, or `http:` on loopback. */
export function linkOf(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > MAX_URL || !URL.canParse(given)) return null;
  const url = new URL(given);
  if (url.username !== '' || url.password !== '') return null;
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackName(url.hostname));
  return safe ? url.href : null;
}

export function isLoopbackName(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}

function imageOf(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > MAX_IMAGE || !URL.canParse(given)) return null;
  const { protocol, username, password } = new URL(given);
  if (username !== '' || password !== '') return null;
  return ['http:', 'https:', 'data:'].includes(protocol) ? given : null;
}

/** What turns text around or moves the cursor: control characters, and marks of writing direction. */
const HARMFUL = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]+/gu;

/** One line of text; null if there is none. */
export function line(given: unknown, length: number): string | null {
  if (typeof given !== 'string') return null;
  const text = given
    .slice(0, length * 2)
    .toWellFormed()
    .replaceAll(HARMFUL, ' ')
    .trim();
  return text === '' ? null : text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text;
}

function paragraphs(given: unknown, length: number): string | null {
  if (typeof given !== 'string') return null;
  const lines = given.slice(0, length).toWellFormed().split(/\r?\n/);
  const text = lines
    .map((one) => one.replaceAll(HARMFUL, ' ').trimEnd())
    .join('\n')
    .trim();
  return text === '' ? null : text;
}

function depthOf(value: unknown, limit = MAX_DEPTH + 1): number {
  if (limit === 0 || typeof value !== 'object' || value === null) return 0;
  let deepest = 0;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depthOf(member, limit - 1));
  return deepest + 1;
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
