// What Hippos have to show, for tests of pages.

import type { Bill } from '../../src/addons/bills.ts';
import type {
  AppChoice,
  BillState,
  MarketplaceState,
  OfferingCard,
  OfferingState,
  Standing,
} from '../../src/webview/protocol.ts';
import { addonItem, bindingItem, offeringItem, planItem } from '../support/addon-items.ts';

/** Always the same one of a number. */
export function id(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

export const READY: Standing = { state: 'ready', connection: 'local', message: null, actions: [] };

export const STANDINGS: readonly Standing[] = [
  { state: 'loading', connection: 'local', message: null, actions: [] },
  {
    state: 'offline',
    connection: 'acme',
    message: 'acme does not answer at https://hippo.acme.example.',
    actions: [
      { action: 'retry', label: 'Try again' },
      { action: 'switchConnection', label: 'Switch connection…' },
    ],
  },
  {
    state: 'signedOut',
    connection: 'acme',
    message: 'Sign in to acme to see what you can add.',
    actions: [{ action: 'signIn', label: 'Sign in' }],
  },
  {
    state: 'stopped',
    connection: 'local',
    message: 'The local Hippo is not running.',
    actions: [{ action: 'startLocal', label: 'Start the local Hippo' }],
  },
  {
    state: 'unsupported',
    connection: 'acme',
    message: 'acme is a Hippo without add-ons.',
    actions: [{ action: 'useLocal', label: 'Use the local Hippo' }],
  },
  {
    state: 'failed',
    connection: 'acme',
    message: 'acme gave an answer that is not understood.',
    actions: [
      { action: 'retry', label: 'Try again' },
      { action: 'showOutput', label: 'Show output' },
    ],
  },
];

export const STALE: Standing = {
  state: 'stale',
  connection: 'acme',
  message: 'acme does not answer. This is what it said at 12:04.',
  actions: [{ action: 'retry', label: 'Try again' }],
};

export function card(displayName: string, more: Partial<OfferingCard> = {}): OfferingCard {
  const name = displayName.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return {
    id: `id-${name}`,
    name,
    reference: name,
    displayName,
    description: `${displayName} for your app.`,
    provider: 'Hippo Tools',
    broker: 'main',
    tags: [],
    free: true,
    paid: false,
    price: 'free',
    priceRank: 0,
    icon: false,
    unavailable: null,
    withdrawn: false,
    inUse: [],
    ...more,
  };
}

export const CARDS: readonly OfferingCard[] = [
  card('PostgreSQL', {
    description:
      'A database of your own in a PostgreSQL server, with roles and limits, and SQL by host calls.',
    tags: ['database', 'SQL', 'relational'],
    paid: true,
    price: 'free, then from $0.01/hour',
    icon: true,
    inUse: [{ addonId: 'a1', name: 'db', plan: 'small', state: 'ready', channels: ['production', 'beta'] }],
  }),
  card('SQLite', {
    description: 'A database in a file, kept by the platform.',
    tags: ['database', 'sql'],
  }),
  card('Redis', {
    description: 'Keys and values in memory.',
    tags: ['cache', 'key-value'],
    unavailable: 'redis-server is not installed on this machine.',
  }),
  card('Mailer', {
    description: 'Sends mail, and says what has become of it.',
    provider: 'Acme Post',
    broker: 'acme',
    tags: ['mail'],
    free: false,
    paid: true,
    price: 'from $9.00/month',
    priceRank: 9_000_000,
    withdrawn: true,
  }),
  card('Object store', {
    description: 'Files of any size, by HTTP.',
    provider: 'Acme',
    broker: 'acme',
    tags: ['storage', 'files'],
    free: false,
    paid: true,
    price: 'from CHF 0.02/hour',
    priceRank: 14_600_000,
  }),
];

export function marketplace(more: Partial<MarketplaceState> = {}): MarketplaceState {
  return {
    page: 'marketplace',
    standing: READY,
    app: { id: id(1), name: 'shop', inWorkspace: true, channels: [{ id: id(11), name: 'production' }] },
    offerings: [...CARDS],
    ...more,
  };
}

const KINDS = [
  'database',
  'cache',
  'queue',
  'mail',
  'storage',
  'search',
  'logs',
  'metrics',
  'maps',
  'payments',
];
const ADJECTIVES = ['Swift', 'Calm', 'Bright', 'Deep', 'Wide', 'Quiet', 'Bold', 'Kind', 'Plain', 'True'];
const NOUNS = [
  'River',
  'Harbour',
  'Meadow',
  'Summit',
  'Forest',
  'Lake',
  'Island',
  'Valley',
  'Bridge',
  'Garden',
];

/** As many as are wanted, all different. */
export function manyCards(number: number): OfferingCard[] {
  return Array.from({ length: number }, (_, at) => {
    const kind = KINDS[at % 10] ?? '';
    const name = `${ADJECTIVES[Math.floor(at / 10) % 10]} ${NOUNS[Math.floor(at / 100) % 10]} ${kind} ${at}`;
    const paid = at % 3 !== 0;
    return card(name, {
      id: `id-${at}`,
      description: `Service ${at}: a ${kind} that scales with your app and keeps what it is given, in ${at % 7} regions.`,
      provider: `Provider ${at % 40}`,
      tags: [kind, `tag-${at % 30}`],
      free: !paid,
      paid,
      price: paid ? `from $${(at / 100).toFixed(2)}/hour` : 'free',
      priceRank: paid ? at * 7300 : 0,
      icon: at % 2 === 0,
    });
  });
}

/** A picture of one colour. */
export function picture(colour: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="${colour}"/><circle cx="16" cy="16" r="7" fill="#fff"/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}

export const APPS: readonly AppChoice[] = [
  {
    id: id(1),
    name: 'shop',
    inWorkspace: true,
    channels: [
      { id: id(11), name: 'production' },
      { id: id(12), name: 'beta' },
    ],
  },
  { id: id(2), name: 'blog', inWorkspace: false, channels: [{ id: id(13), name: 'live' }] },
];

/** Every kind of field. */
export const SCHEMA = {
  type: 'object',
  required: ['encoding'],
  additionalProperties: false,
  properties: {
    encoding: { type: 'string', title: 'Encoding', description: 'Of its texts.', enum: ['UTF8', 'LATIN1'] },
    size: { type: 'integer', title: 'Size in GB', minimum: 1, maximum: 16, default: 2 },
    label: { type: 'string', title: 'Label', description: 'Lower case.', pattern: '^[a-z]+$', maxLength: 12 },
    contact: { type: 'string', title: 'Contact', format: 'email' },
    password: { type: 'string', title: 'Password', format: 'password', minLength: 8 },
    backups: { type: 'boolean', title: 'Backups', description: 'A copy every night.', default: true },
    extensions: { type: 'array', title: 'Extensions', items: { type: 'string' }, uniqueItems: true },
    window: {
      type: 'object',
      title: 'Maintenance window',
      required: ['hour'],
      properties: { hour: { type: 'integer', title: 'Hour', minimum: 0, maximum: 23 } },
    },
    rules: { type: 'array', title: 'Rules', items: { type: 'object' } },
  },
};

const cost = (amount: number, unit: string, currency = 'usd') => ({ amount, currency, unit });

export const PLANS = {
  free: planItem('free', {
    id: id(300),
    displayName: 'Free',
    description: 'For trying it out.',
    bullets: ['20 MB', '5 connections'],
    schemas: { create: { ...SCHEMA } },
  }),
  small: planItem('small', {
    id: id(301),
    displayName: 'Small',
    description: 'For an app with a few users.',
    bullets: ['1 GB', '20 connections', 'Rows as JSON'],
    free: false,
    costs: [cost(10_000, 'HOURLY')],
  }),
  large: planItem('large', {
    id: id(302),
    displayName: 'Large',
    description: 'For an app with many users.',
    bullets: ['16 GB', '100 connections', 'Rows as JSON', 'Copies every night'],
    free: false,
    costs: [cost(60_000, 'HOURLY'), cost(9_000_000, 'MONTHLY'), cost(990_000, '1GB of traffic')],
    schemas: { update: { type: 'object', properties: { size: { type: 'integer', minimum: 1 } } } },
  }),
  old: planItem('old', {
    id: id(303),
    displayName: 'Classic',
    description: 'As it was in 2020.',
    state: 'withdrawn',
  }),
};

export const POSTGRESQL = offeringItem('postgresql', Object.values(PLANS), {
  id: id(100),
  displayName: 'PostgreSQL',
  description: 'A database of your own in a PostgreSQL server, with roles and limits, and SQL by host calls.',
  longDescription: [
    '## A database of your own',
    'With **roles** and *limits*, see [the manual](https://www.postgresql.org/docs/).',
    '- SQL by host calls',
    '- `DATABASE_URL` for programs',
    '![A picture](https://pictures.example/db.png)',
    '```sql\nSELECT now();\n```',
  ].join('\n\n'),
  provider: 'Hippo Tools',
  documentationUrl: 'https://docs.example.com/postgresql',
  supportUrl: 'http://127.0.0.1:5309/support',
  icon: true,
  tags: ['database', 'sql', 'relational'],
});

export const DB = addonItem(
  'db',
  POSTGRESQL,
  PLANS.small,
  [
    bindingItem('production', 'db', {
      channelId: id(11),
      variables: ['DB_URL', 'DB_HOST', 'DB_PASSWORD'],
      interfaces: ['sql'],
    }),
  ],
  { id: id(200), appId: id(1), appName: 'shop', dashboard: true },
);

export function offering(more: Partial<OfferingState> = {}): OfferingState {
  return {
    page: 'offering',
    standing: READY,
    offering: POSTGRESQL,
    icon: picture('#336791'),
    apps: [...APPS],
    app: id(1),
    addons: [],
    operations: {},
    ...more,
  };
}

const line = {
  addonId: DB.id,
  addonName: 'db',
  appId: DB.appId,
  appName: 'shop',
  teamId: '4f3b8f52-0000-4000-8000-000000000001',
  teamName: 'acme',
  offering: 'postgresql',
  plan: 'small',
  cost: cost(10_000, 'HOURLY'),
  from: '2026-11-01T00:00:00Z',
  to: '2026-11-15T12:00:00Z',
  seconds: 14 * 86_400 + 43_200,
  cents: 348,
};

export const BILL: Bill = {
  month: '2026-11',
  until: '2026-11-20T12:00:00Z',
  lines: [
    line,
    {
      ...line,
      addonName: 'cache',
      offering: 'redis',
      plan: 'large',
      cents: 1200,
      cost: cost(60_000, 'HOURLY'),
    },
    {
      ...line,
      addonName: 'post',
      offering: 'mail',
      plan: 'pro',
      cents: null,
      cost: cost(990_000, '1000 mails'),
    },
    {
      ...line,
      appName: 'blog',
      addonName: 'files',
      offering: 'store',
      cents: 900,
      cost: cost(9_000_000, 'MONTHLY', 'chf'),
    },
  ],
  groups: [
    { key: 'shop', currency: 'usd', cents: 1548 },
    { key: 'blog', currency: 'chf', cents: 900 },
  ],
  totals: [
    { key: '', currency: 'usd', cents: 1548 },
    { key: '', currency: 'chf', cents: 900 },
  ],
};

export function billState(more: Partial<BillState> = {}): BillState {
  return { page: 'bill', standing: READY, month: '2026-11', by: 'app', bill: BILL, ...more };
}
