// Every route of the add-on API: the table from which the server, its checks, the client and /openapi.json come.

import Type from 'typebox';
import { Guid, page, pageQuery } from '../hippo/common.ts';
import type { Route } from '../hippo/routes.ts';
import {
  AddonAdoption,
  AddonChange,
  AddonItem,
  AddonVariable,
  DashboardLink,
  NewAddon,
  NewBinding,
  OperationItem,
} from './addons.ts';
import { Bill, BillGrouping, Month } from './bills.ts';
import { BrokerChange, BrokerItem, NewBroker } from './brokers.ts';
import { OfferingIcon, OfferingItem, ParameterCheck, ParameterProblems } from './offerings.ts';

const answers = <T>(answer: T) => ({ status: 200, answer }) as const;
const done = { status: 204 } as const;
const id = <E extends string>(entity: E) => ({ params: { id: entity } }) as const;

export const addonRoutes = {
  listBrokers: {
    method: 'GET',
    path: '/api/brokers',
    access: 'administrator',
    summary: 'Lists the service brokers.',
    query: pageQuery({}),
    ...answers(page(BrokerItem)),
  },
  registerBroker: {
    method: 'POST',
    path: '/api/brokers',
    access: 'administrator',
    summary: 'Registers a service broker, when its catalog has been read.',
    body: NewBroker,
    ...answers(BrokerItem),
  },
  getBroker: {
    method: 'GET',
    path: '/api/brokers/{id}',
    access: 'administrator',
    summary: 'Gives a service broker.',
    ...id('Broker'),
    ...answers(BrokerItem),
  },
  changeBroker: {
    method: 'PATCH',
    path: '/api/brokers/{id}',
    access: 'administrator',
    summary: 'Changes a broker, its credentials too; they are tried first.',
    ...id('Broker'),
    body: BrokerChange,
    ...answers(BrokerItem),
  },
  refreshBroker: {
    method: 'POST',
    path: '/api/brokers/{id}/refresh',
    access: 'administrator',
    summary: "Reads a broker's catalog now.",
    ...id('Broker'),
    ...answers(BrokerItem),
  },
  deregisterBroker: {
    method: 'DELETE',
    path: '/api/brokers/{id}',
    access: 'administrator',
    summary: 'Forgets a broker that has no add-ons.',
    ...id('Broker'),
    ...done,
  },

  listOfferings: {
    method: 'GET',
    path: '/api/offerings',
    access: 'deployer',
    summary: 'Lists what can be added to apps: of the brokers that the caller sees.',
    query: pageQuery({}),
    ...answers(page(OfferingItem)),
  },
  getOffering: {
    method: 'GET',
    path: '/api/offerings/{id}',
    access: 'deployer',
    summary: 'Gives an offering with its plans.',
    ...id('Offering'),
    ...answers(OfferingItem),
  },
  getOfferingIcon: {
    method: 'GET',
    path: '/api/offerings/{id}/icon',
    access: 'account',
    summary: 'Gives the picture of an offering.',
    ...id('Offering'),
    ...answers(OfferingIcon),
  },
  checkParameters: {
    method: 'POST',
    path: '/api/plans/{id}/check',
    access: 'account',
    summary: "Holds parameters against a plan's schema.",
    ...id('Plan'),
    body: ParameterCheck,
    ...answers(ParameterProblems),
  },

  listAddons: {
    method: 'GET',
    path: '/api/addons',
    access: 'deployer',
    summary: 'Lists the add-ons.',
    query: pageQuery({ appId: Type.Optional(Guid), channelId: Type.Optional(Guid) }),
    ...answers(page(AddonItem)),
  },
  createAddon: {
    method: 'POST',
    path: '/api/addons',
    access: 'account',
    summary: 'Makes an add-on for a channel and binds it; the answer comes when that has been recorded.',
    body: NewAddon,
    ...answers(AddonItem),
  },
  adoptAddon: {
    method: 'POST',
    path: '/api/addons/adopt',
    access: 'administrator',
    summary: 'Takes over an instance that a broker has already, and binds it.',
    body: AddonAdoption,
    ...answers(AddonItem),
  },
  getAddon: {
    method: 'GET',
    path: '/api/addons/{id}',
    access: 'deployer',
    summary: 'Gives an add-on; one that was removed is not found.',
    ...id('Addon'),
    ...answers(AddonItem),
  },
  changeAddon: {
    method: 'PATCH',
    path: '/api/addons/{id}',
    access: 'account',
    summary: "Changes an add-on's plan or parameters.",
    ...id('Addon'),
    body: AddonChange,
    ...answers(AddonItem),
  },
  removeAddon: {
    method: 'DELETE',
    path: '/api/addons/{id}',
    access: 'account',
    summary:
      'Ends all bindings of an add-on and removes it with its data; asked again, tries again and no longer waits for what its broker does.',
    ...id('Addon'),
    ...answers(AddonItem),
  },
  abandonAddon: {
    method: 'POST',
    path: '/api/addons/{id}/abandon',
    access: 'account',
    summary: 'Forgets an add-on without telling its broker, which may go on billing for it.',
    ...id('Addon'),
    ...done,
  },
  retryAddon: {
    method: 'POST',
    path: '/api/addons/{id}/retry',
    access: 'account',
    summary: 'Tries at once what waits to be tried again.',
    ...id('Addon'),
    ...answers(AddonItem),
  },
  listOperations: {
    method: 'GET',
    path: '/api/addons/{id}/operations',
    access: 'deployer',
    summary: 'Lists what was done with an add-on, the newest first.',
    ...id('Addon'),
    query: pageQuery({}),
    ...answers(page(OperationItem)),
  },
  getDashboard: {
    method: 'GET',
    path: '/api/addons/{id}/dashboard',
    access: 'account',
    summary: "Gives a link to an add-on's dashboard, which may hold for a short time only.",
    ...id('Addon'),
    ...answers(DashboardLink),
  },
  bindAddon: {
    method: 'POST',
    path: '/api/addons/{id}/bindings',
    access: 'account',
    summary: 'Lets another channel of the app use an add-on.',
    ...id('Addon'),
    body: NewBinding,
    ...answers(AddonItem),
  },
  unbindAddon: {
    method: 'DELETE',
    path: '/api/addons/{id}/bindings/{channelId}',
    access: 'account',
    summary: "Ends a channel's use of an add-on, which stays.",
    params: { id: 'Addon', channelId: 'Channel' },
    ...answers(AddonItem),
  },
  rotateBinding: {
    method: 'POST',
    path: '/api/addons/{id}/bindings/{channelId}/rotate',
    access: 'account',
    summary: 'Gives a channel new credentials of an add-on and ends the old ones.',
    params: { id: 'Addon', channelId: 'Channel' },
    ...answers(AddonItem),
  },
  listAddonVariables: {
    method: 'GET',
    path: '/api/channels/{id}/addon-variables',
    access: 'account',
    summary: "Lists the variables that a channel's add-ons give it.",
    ...id('Channel'),
    query: pageQuery({ reveal: Type.Optional(Type.Boolean({ default: false })) }),
    ...answers(page(AddonVariable)),
  },

  getBill: {
    method: 'GET',
    path: '/api/bills',
    access: 'account',
    summary: 'Says what add-ons cost in a month: those of your teams and, for administrators, all.',
    query: Type.Object({
      month: Type.Optional(Month),
      by: Type.Optional(BillGrouping),
      appId: Type.Optional(Guid),
    }),
    ...answers(Bill),
  },
} as const satisfies Record<string, Route>;

export type AddonOperation = keyof typeof addonRoutes;

/** The path that the first sketch of this API had for making an add-on. */
export const OLDER_ADDONS_PATH = '/addons';
