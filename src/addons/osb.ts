// The wire format of Open Service Broker API 2.17: headers, paths, and the schemas of requests and answers.
// What is received is read leniently: unknown members are ignored, and null is the same as absent.

import Type, { type Static, type TSchema } from 'typebox';

/** Sent with every request ("API Version Header"). */
export const API_VERSION = '2.17';

/** In lower case, as Node has them. */
export const osbHeaders = {
  /** MAJOR.MINOR; an absent one is answered with 400 or, by most brokers, 412. */
  apiVersion: 'x-broker-api-version',
  /** `<platform> <base64 of a JSON object>`: the user who caused the request ("Originating Identity"). */
  originatingIdentity: 'x-broker-api-originating-identity',
  /** Another one for each request, echoed by the broker ("Request Identity"). */
  requestIdentity: 'x-broker-api-request-identity',
} as const;

/** Names of the query's parameters. */
export const osbQuery = {
  acceptsIncomplete: 'accepts_incomplete',
  serviceId: 'service_id',
  planId: 'plan_id',
  operation: 'operation',
} as const;

/** Largest length of an `operation`, in characters ("Polling Last Operation"). */
export const MAX_OPERATION_LENGTH = 10_000;
/** Largest size of one parameter schema, in bytes ("Schemas Object"). */
export const MAX_SCHEMA_BYTES = 64 * 1024;

/** Paths below the broker's base URL, without a query; ids are percent-encoded here ("URL Properties"). */
export const osbPaths = {
  /** GET. */
  catalog: '/v2/catalog',
  /** PUT, PATCH, DELETE, GET. */
  instance: (instanceId: string) => `/v2/service_instances/${encodeURIComponent(instanceId)}`,
  /** GET. */
  instanceOperation: (instanceId: string) => `${osbPaths.instance(instanceId)}/last_operation`,
  /** PUT, DELETE, GET. */
  binding: (instanceId: string, bindingId: string) =>
    `${osbPaths.instance(instanceId)}/service_bindings/${encodeURIComponent(bindingId)}`,
  /** GET. */
  bindingOperation: (instanceId: string, bindingId: string) =>
    `${osbPaths.binding(instanceId, bindingId)}/last_operation`,
} as const;

/** A member that may be left out or be null, which is how encoders of some languages write what is absent. */
function optional<T extends TSchema>(schema: T) {
  return Type.Optional(Type.Union([schema, Type.Null()]));
}

/** A string that must not be empty. */
const Text = Type.String({ minLength: 1 });

/** A JSON object of any members. */
const JsonObject = Type.Record(Type.String(), Type.Unknown());
export type JsonObject = Static<typeof JsonObject>;

/* Catalog ("Catalog Management") */

/** "Input Parameters Schema Object": JSON schema, draft 4 or later, with `$schema` and no external references. */
export const ParametersSchema = Type.Object({ parameters: optional(JsonObject) });
export type ParametersSchema = Static<typeof ParametersSchema>;

/** "Schemas Object". */
export const Schemas = Type.Object({
  service_instance: optional(
    Type.Object({ create: optional(ParametersSchema), update: optional(ParametersSchema) }),
  ),
  service_binding: optional(Type.Object({ create: optional(ParametersSchema) })),
});
export type Schemas = Static<typeof Schemas>;

/** "Maintenance Info Object"; `version` is a semantic version 2.0. */
export const MaintenanceInfo = Type.Object({ version: Text, description: optional(Type.String()) });
export type MaintenanceInfo = Static<typeof MaintenanceInfo>;

/** One of a plan's `costs` (profile.md, "Cost Object"); several add up. */
export const Cost = Type.Object({
  /** Currency, lower case in the profile's examples → amount. */
  amount: Type.Record(Type.String(), Type.Number()),
  /** HOURLY, MONTHLY, or any text that says what is counted. */
  unit: Text,
});
export type Cost = Static<typeof Cost>;

/** What platforms agree on for a plan's `metadata` (profile.md, "Plan Metadata"); brokers may send anything there. */
export interface PlanMetadata {
  displayName?: string;
  bullets?: string[];
  costs?: Cost[];
}

/** What platforms agree on for a service's `metadata` (profile.md, "Service Metadata"). */
export interface ServiceMetadata {
  displayName?: string;
  /** http, https or data. */
  imageUrl?: string;
  longDescription?: string;
  providerDisplayName?: string;
  documentationUrl?: string;
  supportUrl?: string;
  /** Of this product's brokers: why none can be made now, and the command that helps. */
  unavailable?: { reason: string; command?: string };
}

/** "Plan Object". */
export const Plan = Type.Object({
  id: Text,
  /** Unique in its service. */
  name: Text,
  description: Text,
  metadata: optional(JsonObject),
  /** True where absent. */
  free: optional(Type.Boolean()),
  /** The service's where absent. */
  bindable: optional(Type.Boolean()),
  /** False where absent. */
  binding_rotatable: optional(Type.Boolean()),
  /** The service's where absent. */
  plan_updateable: optional(Type.Boolean()),
  schemas: optional(Schemas),
  /** Seconds. */
  maximum_polling_duration: optional(Type.Integer()),
  maintenance_info: optional(MaintenanceInfo),
});
export type Plan = Static<typeof Plan>;

/** "Service Offering Object". */
export const Service = Type.Object({
  name: Text,
  /** Never changes. */
  id: Text,
  description: Text,
  tags: optional(Type.Array(Type.String())),
  /** Any of syslog_drain, route_forwarding, volume_mount. */
  requires: optional(Type.Array(Type.String())),
  bindable: Type.Boolean(),
  /** False where absent. */
  instances_retrievable: optional(Type.Boolean()),
  /** False where absent. */
  bindings_retrievable: optional(Type.Boolean()),
  /** False where absent. */
  allow_context_updates: optional(Type.Boolean()),
  metadata: optional(JsonObject),
  dashboard_client: optional(JsonObject),
  /** Spelt like this; false where absent. */
  plan_updateable: optional(Type.Boolean()),
  plans: Type.Array(Plan, { minItems: 1 }),
});
export type Service = Static<typeof Service>;

/** Answer to GET /v2/catalog. */
export const Catalog = Type.Object({ services: Type.Array(Service) });
export type Catalog = Static<typeof Catalog>;

/* Requests */

/** "Context Object": the platform's name and whatever else it tells. */
export const Context = JsonObject;
export type Context = JsonObject;

/** One without a version counts as absent: a well-known checker sends `{}`. */
const RequestedMaintenance = Type.Object({ version: optional(Type.String()) });

/** PUT /v2/service_instances/{id} ("Provisioning"). */
export const ProvisionRequest = Type.Object({
  service_id: Text,
  plan_id: Text,
  context: optional(Context),
  /** Deprecated, and still required. */
  organization_guid: Text,
  /** Deprecated, and still required. */
  space_guid: Text,
  parameters: optional(JsonObject),
  maintenance_info: optional(RequestedMaintenance),
});
export type ProvisionRequest = Static<typeof ProvisionRequest>;

/** What the instance was before ("Previous Values Object"); the ids of service and place are deprecated. */
export const PreviousValues = Type.Object({
  service_id: optional(Type.String()),
  plan_id: optional(Type.String()),
  organization_id: optional(Type.String()),
  space_id: optional(Type.String()),
  maintenance_info: optional(RequestedMaintenance),
});
export type PreviousValues = Static<typeof PreviousValues>;

/** PATCH /v2/service_instances/{id} ("Updating a Service Instance"). */
export const UpdateRequest = Type.Object({
  service_id: Text,
  /** The plan stays where absent. */
  plan_id: optional(Text),
  context: optional(Context),
  /** They stay where absent. */
  parameters: optional(JsonObject),
  previous_values: optional(PreviousValues),
  maintenance_info: optional(RequestedMaintenance),
});
export type UpdateRequest = Static<typeof UpdateRequest>;

/** PUT …/service_bindings/{id} ("Binding", and "Binding Rotation" with `predecessor_binding_id`). */
export const BindRequest = Type.Object({
  service_id: Text,
  plan_id: Text,
  context: optional(Context),
  /** Deprecated: `bind_resource.app_guid` is the same. */
  app_guid: optional(Type.String()),
  bind_resource: optional(Type.Object({ app_guid: optional(Type.String()), route: optional(Type.String()) })),
  parameters: optional(JsonObject),
  predecessor_binding_id: optional(Text),
});
export type BindRequest = Static<typeof BindRequest>;

/* Answers */

/** "Service Instance Metadata". */
export const InstanceMetadata = Type.Object({
  labels: optional(JsonObject),
  attributes: optional(JsonObject),
});
export type InstanceMetadata = Static<typeof InstanceMetadata>;

/** 200, 201 and 202 to a provision request. */
export const ProvisionAnswer = Type.Object({
  dashboard_url: optional(Type.String()),
  operation: optional(Type.String()),
  metadata: optional(InstanceMetadata),
});
export type ProvisionAnswer = Static<typeof ProvisionAnswer>;

/** 200 and 202 to an update; without `dashboard_url` the old one stays. */
export const UpdateAnswer = ProvisionAnswer;
export type UpdateAnswer = ProvisionAnswer;

/** 200 to GET /v2/service_instances/{id} ("Fetching a Service Instance"). */
export const InstanceAnswer = Type.Object({
  service_id: optional(Type.String()),
  plan_id: optional(Type.String()),
  dashboard_url: optional(Type.String()),
  parameters: optional(JsonObject),
  maintenance_info: optional(RequestedMaintenance),
  metadata: optional(InstanceMetadata),
});
export type InstanceAnswer = Static<typeof InstanceAnswer>;

/** "Endpoint Object"; a port is a number as a text, or a range like 9000-9010. */
export const Endpoint = Type.Object({
  host: Text,
  ports: Type.Array(Type.String()),
  /** tcp (where absent), udp or all. */
  protocol: optional(Type.String()),
});
export type Endpoint = Static<typeof Endpoint>;

/** "Binding Metadata Object": ISO 8601, UTC. */
export const BindingMetadata = Type.Object({
  expires_at: optional(Type.String()),
  renew_before: optional(Type.String()),
});
export type BindingMetadata = Static<typeof BindingMetadata>;

/**
 * 200 and 201 to a bind request; a 202 has only `operation` and, by some brokers, `metadata`. It is also what
 * GET …/service_bindings/{id} gives, with `parameters`.
 */
export const BindingAnswer = Type.Object({
  metadata: optional(BindingMetadata),
  credentials: optional(JsonObject),
  syslog_drain_url: optional(Type.String()),
  route_service_url: optional(Type.String()),
  volume_mounts: optional(Type.Array(Type.Unknown())),
  endpoints: optional(Type.Array(Endpoint)),
  parameters: optional(JsonObject),
  operation: optional(Type.String()),
});
export type BindingAnswer = Static<typeof BindingAnswer>;

/** 200 and 202 to the removal of an instance or a binding. */
export const DeleteAnswer = Type.Object({ operation: optional(Type.String()) });
export type DeleteAnswer = Static<typeof DeleteAnswer>;

export type OperationState = 'in progress' | 'succeeded' | 'failed';

/** 200 to GET …/last_operation ("Polling Last Operation"). */
export const LastOperation = Type.Object({
  state: Type.Unsafe<OperationState>({ enum: ['in progress', 'succeeded', 'failed'] }),
  description: optional(Type.String()),
  /** Of a failed update or removal; true where absent. */
  instance_usable: optional(Type.Boolean()),
  /** Of a failed update; true where absent. */
  update_repeatable: optional(Type.Boolean()),
});
export type LastOperation = Static<typeof LastOperation>;

/** What a 422 says in `error` ("Error Codes"); brokers may have words of their own. */
export const osbErrors = {
  /** Repeat with `accepts_incomplete=true`. */
  asyncRequired: 'AsyncRequired',
  /** Something else is being done to the resource: try again later. */
  concurrency: 'ConcurrencyError',
  /** Repeat with `bind_resource.app_guid`. */
  requiresApp: 'RequiresApp',
  /** The catalog has another version: read it again. */
  maintenanceInfoConflict: 'MaintenanceInfoConflict',
} as const;

/** Body of any failure ("Service Broker Errors"). */
export const OsbError = Type.Object({
  /** One word in CamelCase. */
  error: optional(Type.String()),
  description: optional(Type.String()),
  /** Of a failed update or removal; true where absent. */
  instance_usable: optional(Type.Boolean()),
  /** Of a failed update; true where absent. */
  update_repeatable: optional(Type.Boolean()),
});
export type OsbError = Static<typeof OsbError>;
