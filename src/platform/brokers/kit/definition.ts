// What a broker tells the kit: its offering, its plans, and how one add-on is made, bound, changed and removed.

import type { TObject } from 'typebox';
import type { Endpoint, JsonObject } from '../../../addons/osb.ts';

/** A broker of one offering. */
export interface BrokerDefinition {
  service: ServiceDefinition;
  plans: readonly PlanDefinition[];
  /** Called once, before anything else of the driver is. */
  open(environment: Environment): Driver;
}

export interface ServiceDefinition {
  /** A GUID that never changes. */
  id: string;
  /** Its picture is media/offerings/<name>.svg. */
  name: string;
  displayName: string;
  description: string;
  longDescription: string;
  /** Kinds first: `database`, `cache`. */
  tags: readonly string[];
  /** Paragraphs of the documentation, in plain text. */
  documentation: readonly string[];
  /** Member of the credentials → what it is; for the documentation. */
  credentials: Readonly<Record<string, string>>;
  /** May a binding take another's place while both work? */
  bindingRotatable: boolean;
  /** Verbs that are answered with 202 where the platform allows it: they may take more than a moment. */
  slow: readonly Verb[];
  /** What may be given with each verb; nothing may where absent. All of it can be left out. */
  parameters: { create?: TObject; update?: TObject; bind?: TObject };
}

export interface PlanDefinition {
  /** A GUID that never changes. */
  id: string;
  name: string;
  displayName: string;
  description: string;
  bullets: readonly string[];
}

export type Verb = 'provision' | 'update' | 'deprovision' | 'bind' | 'unbind';

/** Where a driver lives. */
export interface Environment {
  /** The broker's own folder (0700). */
  directory: string;
  log: (text: string) => void;
  /** Keeps a text that only this broker's key opens, and opens it again. */
  seal: (text: string) => string;
  unseal: (sealed: string) => string;
}

/** What is known of an add-on. */
export interface Instance {
  id: string;
  planId: string;
  parameters: JsonObject;
  /** What `prepareInstance` gave. */
  facts: JsonObject;
}

export interface Binding {
  id: string;
  parameters: JsonObject;
  /** What `prepareBinding` gave. */
  facts: JsonObject;
  /** What `prepareBinding` gave; kept encrypted. */
  secret: string;
}

export interface Access {
  credentials: JsonObject;
  endpoints?: Endpoint[];
}

/** Why nothing can be made now, and the command that helps. */
export interface Unavailable {
  reason: string;
  command?: string;
}

/** What a dashboard shows. */
export interface InstanceStatus {
  /** Bytes. */
  storage?: { used: number; limit: number };
  connections?: { used: number; limit: number };
  /** Name → value, in this order. */
  details: Readonly<Record<string, string>>;
  /** Sentences that want attention. */
  warnings: readonly string[];
}

/**
 * Does the work. Every method that changes something may be called again after the process died in the midst of
 * it: it then makes whole what is half there, and what is done already is no error.
 */
export interface Driver {
  /** Before requests are taken: `instances` are those that are there. Servers may go on starting behind it. */
  start(instances: readonly Instance[]): Promise<void>;
  /** The last call: nothing that was started outlives it. */
  stop(): Promise<void>;
  /** Undefined if instances can be made. */
  unavailable(): Promise<Unavailable | undefined>;
  /** Names and places of a new instance, recorded before anything is made. */
  prepareInstance(): Promise<JsonObject> | JsonObject;
  provision(instance: Instance): Promise<void>;
  /** Why an instance cannot have this plan or these parameters now; undefined if it can. */
  refuseUpdate(instance: Instance, planId: string): Promise<string | undefined>;
  /** From what `instance` says to what `next` says. */
  update(instance: Instance, next: Instance): Promise<void>;
  /**
   * With `discard` it was never whole, and nothing in it is worth keeping.
   * @returns what its former owner should know
   */
  deprovision(instance: Instance, options: { discard: boolean }): Promise<string | undefined>;
  /** Names and password of a new binding, recorded before anything is made. */
  prepareBinding(instance: Instance): { facts: JsonObject; secret: string };
  bind(instance: Instance, binding: Binding): Promise<void>;
  unbind(instance: Instance, binding: Binding): Promise<void>;
  access(instance: Instance, binding: Binding): Access;
  status(instance: Instance): Promise<InstanceStatus>;
}
