// A broker's catalog, made of its definition.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TObject } from 'typebox';
import type {
  Catalog,
  JsonObject,
  Plan,
  PlanMetadata,
  Schemas,
  Service,
  ServiceMetadata,
} from '../../../addons/osb.ts';
import type { BrokerDefinition, ServiceDefinition, Unavailable } from './definition.ts';

/** The draft that every platform must support ("Schemas Object"). */
const DRAFT = 'http://json-schema.org/draft-04/schema#';
const PROVIDER = 'Hippo Tools';

/**
 * @param origin of the broker, where its documentation is
 * @param unavailable why no add-on can be made now
 */
export function makeCatalog(
  { service, plans }: BrokerDefinition,
  origin: string,
  unavailable: Unavailable | undefined,
): Catalog {
  const metadata: ServiceMetadata = {
    displayName: service.displayName,
    imageUrl: iconUrl(service.name),
    longDescription: service.longDescription,
    providerDisplayName: PROVIDER,
    documentationUrl: `${origin}/docs`,
    supportUrl: `${origin}/docs#support`,
    ...(unavailable ? { unavailable } : {}),
  };
  const schemas = schemasOf(service);
  const entry: Service = {
    id: service.id,
    name: service.name,
    description: service.description,
    tags: [...service.tags],
    bindable: true,
    instances_retrievable: true,
    bindings_retrievable: true,
    allow_context_updates: true,
    plan_updateable: true,
    metadata: { ...metadata },
    plans: plans.map(({ id, name, displayName, description, bullets }): Plan => {
      const planMetadata: PlanMetadata = { displayName, bullets: [...bullets] };
      return {
        id,
        name,
        description,
        free: true,
        bindable: true,
        binding_rotatable: service.bindingRotatable,
        plan_updateable: true,
        metadata: { ...planMetadata },
        schemas,
      };
    }),
  };
  return { services: [entry] };
}

/** For ETag and If-None-Match (RFC 9110 §8.8.3). */
export function entityTag(body: string): string {
  return `"${createHash('sha256').update(body).digest('base64url')}"`;
}

/** From media/, which stands beside both the bundles and the sources. */
function iconUrl(name: string): string {
  const media = import.meta.url.endsWith('.ts') ? '../../../../media' : '../media';
  const icon = readFileSync(new URL(`${media}/offerings/${name}.svg`, import.meta.url));
  return `data:image/svg+xml;base64,${icon.toString('base64')}`;
}

function schemasOf({ parameters }: ServiceDefinition): Schemas {
  return {
    service_instance: {
      create: { parameters: schemaOf(parameters.create) },
      update: { parameters: schemaOf(parameters.update) },
    },
    service_binding: { create: { parameters: schemaOf(parameters.bind) } },
  };
}

/** Draft 4 does not allow an empty `required`. */
function schemaOf(schema: TObject | undefined): JsonObject {
  const plain = schema && (JSON.parse(JSON.stringify(schema)) as JsonObject);
  if (plain && (plain['required'] as unknown[] | undefined)?.length === 0) delete plain['required'];
  return { $schema: DRAFT, type: 'object', properties: {}, additionalProperties: false, ...plain };
}
