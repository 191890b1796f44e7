// What the editor and its pages say to each other: every message with its shape, which both sides hold it against.
// A page asks by requests and gets a reply to each; the editor tells a page its whole state whenever it has changed.

import Type, { type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { AddonItem, OperationItem } from '../addons/addons.ts';
import { Bill, BillGrouping, Month } from '../addons/bills.ts';
import { OfferingItem, ParameterCheck, ParameterProblems } from '../addons/offerings.ts';
import { nullable } from '../hippo/common.ts';

const Id = Type.String({ minLength: 1, maxLength: 200 });
const Text = Type.String({ maxLength: 20_000 });

/** What a button of a page can ask the editor for, where there is nothing else to show. */
export const PageAction = Type.Enum([
  'retry',
  'signIn',
  'switchConnection',
  'useLocal',
  'startLocal',
  'showOutput',
  'newApp',
]);
export type PageAction = Static<typeof PageAction>;

/**
 * How it stands with the Hippo behind a page. `loading`: nothing is known yet; `stale`: it does not answer, and what
 * is shown is what it said last; the others: there is nothing to show, and `message` says why.
 */
export const Standing = Type.Object({
  state: Type.Enum(['loading', 'ready', 'stale', 'offline', 'signedOut', 'stopped', 'unsupported', 'failed']),
  /** Name of the connection. */
  connection: Text,
  message: nullable(Text),
  actions: Type.Array(Type.Object({ action: PageAction, label: Text })),
});
export type Standing = Static<typeof Standing>;

/** A channel that an add-on can be added to. */
export const ChannelChoice = Type.Object({ id: Id, name: Text });
export const AppChoice = Type.Object({
  id: Id,
  name: Text,
  /** Its bindles are those of a HIPPOFACTS of the workspace. */
  inWorkspace: Type.Boolean(),
  channels: Type.Array(ChannelChoice),
});
export type AppChoice = Static<typeof AppChoice>;

/** An offering as a card; what it lacks of OfferingItem is on the offering's own page. */
export const OfferingCard = Type.Object({
  id: Id,
  name: Text,
  reference: Text,
  displayName: Text,
  description: Text,
  provider: nullable(Text),
  broker: Text,
  tags: Type.Array(Text),
  /** Has a plan without costs. */
  free: Type.Boolean(),
  /** Has a plan that costs. */
  paid: Type.Boolean(),
  /** The cheapest plan's price, as people read it: `free`, `from $0.06/hour`. */
  price: Text,
  /** For sorting: millionths of the currency's unit a month; null where it cannot be said. */
  priceRank: nullable(Type.Number()),
  icon: Type.Boolean(),
  /** Why it cannot be added, in one sentence. */
  unavailable: nullable(Text),
  withdrawn: Type.Boolean(),
  /** What there is of it in the page's app: name, plan, state in words. */
  inUse: Type.Array(
    Type.Object({ addonId: Id, name: Text, plan: Text, state: Text, channels: Type.Array(Text) }),
  ),
});
export type OfferingCard = Static<typeof OfferingCard>;

export const MarketplaceState = Type.Object({
  page: Type.Literal('marketplace'),
  standing: Standing,
  /** The app whose add-ons count as "in use". */
  app: nullable(AppChoice),
  offerings: Type.Array(OfferingCard),
});
export type MarketplaceState = Static<typeof MarketplaceState>;

export const OfferingState = Type.Object({
  page: Type.Literal('offering'),
  standing: Standing,
  /** Null while it is loading, and where there is no such offering any more. */
  offering: nullable(OfferingItem),
  icon: nullable(Text),
  /** Those whose add-ons the user may change, the workspace's first. */
  apps: Type.Array(AppChoice),
  /** Id of the app that is chosen at first. */
  app: nullable(Id),
  /** Add-ons of this offering in all of these apps. */
  addons: Type.Array(AddonItem),
  /** By the add-on's id: what was done with it, the newest first; those of the last day at most. */
  operations: Type.Record(Id, Type.Array(OperationItem)),
});
export type OfferingState = Static<typeof OfferingState>;

export const BillState = Type.Object({
  page: Type.Literal('bill'),
  standing: Standing,
  month: nullable(Month),
  by: BillGrouping,
  bill: nullable(Bill),
});
export type BillState = Static<typeof BillState>;

export const PageState = Type.Union([MarketplaceState, OfferingState, BillState]);
export type PageState = Static<typeof PageState>;
export type PageName = PageState['page'];

const nothing = Type.Null();
const Parameters = Type.Record(Type.String(), Type.Unknown());
const AddonRequest = Type.Object({ addonId: Id });

/** What a page can ask for. Questions to the user (a name to be typed before removal) are the editor's business. */
export const requests = {
  /** The page listens: the editor sends its state, now and after each change. */
  ready: { params: Type.Object({}), result: nothing },
  act: { params: Type.Object({ action: PageAction }), result: nothing },
  /** A link of the page's text. The editor opens `https:`, and `http:` on loopback, and asks where the host is foreign. */
  openLink: { params: Type.Object({ url: Type.String({ maxLength: 4096 }) }), result: nothing },

  // Marketplace
  /** Pictures as data URIs, of those that have one. */
  icons: {
    params: Type.Object({ offeringIds: Type.Array(Id, { maxItems: 64 }) }),
    result: Type.Object({ icons: Type.Record(Id, Type.String()) }),
  },
  chooseApp: { params: Type.Object({}), result: nothing },
  openOffering: { params: Type.Object({ offeringId: Id }), result: nothing },

  // Offering
  checkParameters: {
    params: Type.Object({ planId: Id, check: ParameterCheck }),
    result: ParameterProblems,
  },
  /** `name`: what it is to be called, if not as the offering. The reply comes when it is ready, or has failed. */
  add: {
    params: Type.Object({
      planId: Id,
      channelId: Id,
      name: Type.Optional(Text),
      parameters: Type.Optional(Parameters),
    }),
    result: nothing,
  },
  attach: { params: Type.Object({ addonId: Id, channelId: Id }), result: nothing },
  detach: { params: Type.Object({ addonId: Id, channelId: Id }), result: nothing },
  change: {
    params: Type.Object({
      addonId: Id,
      planId: Type.Optional(Id),
      parameters: Type.Optional(Parameters),
      upgrade: Type.Optional(Type.Boolean()),
    }),
    result: nothing,
  },
  /** Without a channel: of the only one, or the editor asks. */
  rotate: { params: Type.Object({ addonId: Id, channelId: Type.Optional(Id) }), result: nothing },
  remove: { params: AddonRequest, result: nothing },
  retry: { params: AddonRequest, result: nothing },
  abandon: { params: AddonRequest, result: nothing },
  dashboard: { params: AddonRequest, result: nothing },
  bindingCode: { params: AddonRequest, result: nothing },

  // Bill
  showBill: { params: Type.Object({ month: Month, by: BillGrouping }), result: nothing },
  exportBill: { params: Type.Object({ form: Type.Enum(['csv', 'json']) }), result: nothing },
} as const satisfies Record<string, { params: TSchema; result: TSchema }>;

export type RequestName = keyof typeof requests;
export type ParamsOf<N extends RequestName> = Static<(typeof requests)[N]['params']>;
export type ResultOf<N extends RequestName> = Static<(typeof requests)[N]['result']>;

/** From a page. */
export const PageMessage = Type.Object({
  /** Of the page's own counting, for the reply. */
  id: Type.Integer({ minimum: 0 }),
  request: Type.String(),
  params: Type.Unknown(),
});
export type PageMessage = Static<typeof PageMessage>;

/** From the editor. A request that the user has cancelled is `cancelled`, and nothing is said about it. */
export const EditorMessage = Type.Union([
  Type.Object({ type: Type.Literal('state'), state: PageState }),
  Type.Object({ type: Type.Literal('result'), id: Type.Integer(), result: Type.Unknown() }),
  Type.Object({ type: Type.Literal('error'), id: Type.Integer(), message: Text, hint: nullable(Text) }),
  Type.Object({ type: Type.Literal('cancelled'), id: Type.Integer() }),
]);
export type EditorMessage = Static<typeof EditorMessage>;

/** What a page keeps for its next life (`vscode.setState`), and what a panel is restored from. */
export const KeptState = Type.Union([
  Type.Object({
    page: Type.Literal('marketplace'),
    search: Text,
    filters: Type.Array(Text),
    sort: Text,
    scroll: Type.Number(),
  }),
  Type.Object({ page: Type.Literal('offering'), offeringId: Id, connection: Text, form: Type.Unknown() }),
  Type.Object({ page: Type.Literal('bill'), month: nullable(Month), by: BillGrouping, connection: Text }),
]);
export type KeptState = Static<typeof KeptState>;

/** A message as it may be, or undefined. Interpreted, for pages may not make code of texts. */
export function read<T extends TSchema>(shape: T, message: unknown): Static<T> | undefined {
  return Value.Check(shape, message) ? message : undefined;
}
