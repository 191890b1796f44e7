// What Hippos have to show, for tests of pages.

import type { MarketplaceState, OfferingCard, Standing } from '../../src/webview/protocol.ts';

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
    app: { id: 'app-1', name: 'shop', inWorkspace: true, channels: [{ id: 'ch-1', name: 'production' }] },
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
