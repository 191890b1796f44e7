// A broker whose driver does what a test says: for the kit.

import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Type from 'typebox';
import { onTestFinished } from 'vitest';
import { Broker } from '../../../src/platform/brokers/kit/broker.ts';
import { makeCatalog } from '../../../src/platform/brokers/kit/catalog.ts';
import type { BrokerDefinition, Driver, Verb } from '../../../src/platform/brokers/kit/definition.ts';
import { createFrame } from '../../../src/platform/brokers/kit/frame.ts';
import { Pages } from '../../../src/platform/brokers/kit/pages.ts';
import { SecretKey } from '../../../src/platform/brokers/kit/secrets.ts';
import { BrokerStore } from '../../../src/platform/brokers/kit/store.ts';
import { BrokerClient } from '../../support/broker.ts';

export const VERBS: readonly Verb[] = ['provision', 'update', 'deprovision', 'bind', 'unbind'];

export interface Script {
  /** Called for each verb; what it throws, the driver throws. */
  act: (verb: Verb) => Promise<void> | void;
  refusal?: string;
  missing?: string;
}

export interface Scripted {
  client: BrokerClient;
  directory: string;
  /** What the driver was asked to do, in its order. */
  done: string[];
  log: string[];
  /** Milliseconds that are added to the time. */
  later: (milliseconds: number) => void;
  /** Ends it as a kill would: what is under way stays open. Starts another on the same state. */
  restart: () => Promise<Scripted>;
}

const CREDENTIALS = { username: 'ana', password: 'pass:word' };

/** All verbs are slow, so that both ways of each are there. */
export async function scripted(script: Script, directory = temporary()): Promise<Scripted> {
  const done: string[] = [];
  const log: string[] = [];
  let offset = 0;
  const now = (): number => Date.now() + offset;
  const definition = definitionOf(script, done);
  const store = BrokerStore.open(join(directory, 'broker.db'));
  const key = SecretKey.open(join(directory, 'key'));
  const driver = definition.open({
    directory,
    log: (text) => void log.push(text),
    seal: (text) => key.seal(text),
    unseal: (text) => key.unseal(text),
  });
  let origin = '';
  const pages: Pages = new Pages({ definition, broker: () => broker, key, now });
  const broker: Broker = new Broker({
    definition,
    driver,
    store,
    key,
    log: (text) => void log.push(text),
    dashboardUrl: (id) => origin + pages.dashboardPath(id),
    now,
  });
  const server = createFrame({
    broker,
    credentials: CREDENTIALS,
    catalog: async () => makeCatalog(definition, origin, await driver.unavailable()),
    page: (request, response, url) => pages.handle(request, response, url),
    log: (text) => void log.push(text),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await broker.start();
  let open = true;
  const end = (): void => {
    if (!open) return;
    open = false;
    server.close();
    server.closeAllConnections();
    store.close();
  };
  onTestFinished(end);
  return {
    client: new BrokerClient(origin, CREDENTIALS),
    directory,
    done,
    log,
    later: (milliseconds) => (offset += milliseconds),
    restart: () => {
      end();
      return scripted(script, directory);
    },
  };
}

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hippo-kit-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function definitionOf(script: Script, done: string[]): BrokerDefinition {
  const act = async (verb: Verb, what: string): Promise<void> => {
    done.push(`${verb} ${what}`);
    await script.act(verb);
  };
  const driver: Driver = {
    start: async () => undefined,
    stop: async () => undefined,
    unavailable: async () =>
      script.missing === undefined ? undefined : { reason: script.missing, command: 'sudo get it' },
    prepareInstance: () => ({ name: 'n' }),
    provision: ({ id }) => act('provision', id),
    refuseUpdate: async () => script.refusal,
    update: ({ id }, next) => act('update', `${id} ${next.planId}`),
    deprovision: async ({ id }, { discard }) => {
      await act('deprovision', discard ? `${id} discard` : id);
      return discard ? undefined : 'A dump is kept.';
    },
    prepareBinding: () => ({ facts: {}, secret: `secret-${Math.random()}` }),
    bind: (_, { id }) => act('bind', id),
    unbind: (_, { id }) => act('unbind', id),
    access: ({ planId }, { secret }) => ({ credentials: { password: secret, planId } }),
    status: async () => ({ details: { Size: '1 <b>' }, warnings: ['Nearly full.'] }),
  };
  const parameters = Type.Object(
    { size: Type.Optional(Type.Integer({ minimum: 1 })) },
    { additionalProperties: false },
  );
  const plan = (id: string, name: string) => ({
    id,
    name,
    displayName: name,
    description: name,
    bullets: [],
  });
  return {
    service: {
      id: 'service-id',
      name: 'sqlite',
      displayName: 'Scripted',
      description: 'A test.',
      longDescription: 'A test.',
      tags: [],
      documentation: [],
      credentials: {},
      bindingRotatable: true,
      slow: VERBS,
      parameters: { create: parameters, update: parameters, bind: parameters },
    },
    plans: [plan('plan-1', 'free'), plan('plan-2', 'small')],
    open: () => driver,
  };
}
