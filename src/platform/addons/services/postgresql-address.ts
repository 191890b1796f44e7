// Where a PostgreSQL is, from the URI of credentials (libpq's form, PostgreSQL 34.1.1.2). Read here and not by the
// client, which would take what is missing from our own environment and files that the URI names from our disk.

import type { ClientConfig } from 'pg';
import { HostCallError } from '../../../addons/host-calls.ts';

export interface PostgresqlAddress {
  /** A name, an address, or the folder of a socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: () => string;
  readonly database: string;
  readonly ssl: NonNullable<ClientConfig['ssl']>;
}

const DEFAULT_PORT = 5432;

/** @throws HostCallError `unavailable` */
export function postgresqlAddress(uri: string): PostgresqlAddress {
  const url = URL.parse(uri);
  if (url === null) throw unusable();
  const { searchParams } = url;
  try {
    const host = searchParams.get('host') ?? decodeURIComponent(url.hostname.replace(/^\[(.*)\]$/, '$1'));
    const user = decodeURIComponent(url.username) || (searchParams.get('user') ?? '');
    const password = decodeURIComponent(url.password) || (searchParams.get('password') ?? '');
    const database = decodeURIComponent(url.pathname.slice(1)) || user;
    const port = Number(url.port || (searchParams.get('port') ?? DEFAULT_PORT));
    if (host === '' || user === '' || !Number.isInteger(port)) throw unusable();
    return {
      host,
      port,
      user,
      // A function: no environment variable stands in for an empty one.
      password: () => password,
      database,
      ssl: tlsOf(searchParams.get('sslmode'), host),
    };
  } catch {
    throw unusable();
  }
}

/** As libpq: only the `verify-` modes look at who answers. */
function tlsOf(mode: string | null, host: string): NonNullable<ClientConfig['ssl']> {
  if (host.startsWith('/') || mode === null || ['disable', 'allow', 'prefer'].includes(mode)) return false;
  if (mode === 'require') return { rejectUnauthorized: false };
  if (mode === 'verify-ca') return { checkServerIdentity: () => undefined };
  return {};
}

function unusable(): HostCallError {
  return new HostCallError('unavailable', "The add-on's credentials name no PostgreSQL.");
}
