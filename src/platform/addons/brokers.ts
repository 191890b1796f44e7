// The brokers that are known: who they are, how they are, and the catalogs that are read from them.

import { randomUUID, X509Certificate } from 'node:crypto';
import type { BrokerChange, BrokerItem, BrokerState, NewBroker } from '../../addons/brokers.ts';
import { ValidationError } from '../../hippo/check.ts';
import type { Database, Row, Value } from '../store/database.ts';
import { BrokerClient, type BrokerAddress, type BrokerResult, type ClientLimits } from './broker-client.ts';
import {
  CatalogError,
  isLoopbackName,
  readCatalog,
  type CatalogOffering,
  type ReadCatalog,
} from './catalog.ts';
import { inTheWay, notFound } from './errors.ts';
import type { Offerings } from './offerings.ts';
import { ADMINISTRATORS, type HippoPort, type Vault } from './ports.ts';
import type { ShippedBrokers } from './shipped-brokers.ts';

interface BrokerRow {
  id: string;
  name: string;
  url: string;
  authentication: 'basic' | 'bearer';
  user_name: string | null;
  secret: Uint8Array | null;
  ca: string | null;
  program: string | null;
  teams: string | null;
  state: BrokerState;
  message: string | null;
  checked_at: number | null;
  etag: string | null;
}

export interface BrokersOptions {
  readonly database: Database;
  readonly vault: Vault;
  readonly hippo: HippoPort;
  readonly offerings: Offerings;
  readonly shipped: ShippedBrokers;
  readonly limits: ClientLimits;
  /** Told when a broker's catalog was taken over, to fetch its pictures. */
  readonly catalogRead: (brokerId: string, address: BrokerAddress) => void;
  /** Told when requests to a broker may have become possible again. */
  readonly brokerChanged: (brokerId: string) => void;
  /** Forgets add-ons that could not be made for apps that are gone: nobody could remove them any more. */
  readonly sweep: () => void;
  readonly report: (error: unknown) => void;
  readonly now: () => number;
}

/** Milliseconds after which the catalogs of those that do not ship are read again. */
const REFRESH = 15 * 60_000;
/** Milliseconds that those that ship get to come up before what is known is shown. */
const READY_TIME = 15_000;
/** So many problems of a catalog are told. */
const TOLD_PROBLEMS = 10;

export class Brokers {
  readonly #options: BrokersOptions;
  readonly #clients = new Map<string, { client: BrokerClient; key: string }>();
  readonly #refreshing = new Map<string, Promise<void>>();
  /** Those whose catalog was read since the platform started. */
  readonly #fresh = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: BrokersOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#refreshAll(), REFRESH).unref();
    for (const program of options.shipped.names) this.#noteShipped(program);
  }

  list(): BrokerItem[] {
    return this.#rows().map((row) => this.#item(row));
  }

  /** @throws RefusalError */
  get(id: string): BrokerItem {
    return this.#item(this.#demand(id));
  }

  /** Whether those who may see a team's things see a broker's. */
  isVisible(brokerId: string, teamIds: readonly string[] | 'all'): boolean {
    const row = this.#row(brokerId);
    if (row === undefined) return false;
    const teams = teamsOf(row);
    return teams === null || teamIds === 'all' || teamIds.some((id) => teams.includes(id));
  }

  /** Reads its catalog first. @throws ValidationError */
  async register(broker: NewBroker): Promise<BrokerItem> {
    const { database, vault } = this.#options;
    const { name, url, ca, teamIds } = broker;
    this.#demandName(name);
    const login = loginOf(broker);
    if (login === undefined)
      throw new ValidationError('password', 'is required, with userName, unless there is a token');
    const address = { url: urlOf(url), authorization: authorizationOf(login), ca: certificateOf(ca) };
    const catalog = await this.#tryOut(address);
    this.#demandName(name);
    const id = randomUUID();
    database.run(
      `INSERT INTO broker (id, name, url, authentication, user_name, secret, ca, teams, state, etag)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'starting', NULL)`,
      id,
      name,
      address.url.href,
      login.kind,
      login.kind === 'basic' ? login.userName : null,
      vault.encrypt(login.secret),
      ca ?? null,
      this.#teamsJson(teamIds ?? null),
    );
    this.#take(this.#demand(id), catalog, address);
    return this.get(id);
  }

  /** Tries a new address and new credentials first. @throws RefusalError, ValidationError */
  async change(id: string, change: BrokerChange): Promise<BrokerItem> {
    const { database, vault } = this.#options;
    const row = this.#demand(id);
    const connection =
      change.url !== undefined ||
      change.ca !== undefined ||
      [change.userName, change.password, change.token].some((value) => (value ?? undefined) !== undefined);
    if (row.program !== null && (connection || change.name !== undefined))
      throw new ValidationError(
        'url',
        `cannot be changed: ${row.name} ships with Hippo. Only who sees it can be`,
      );
    const demandName = (): void => {
      if (change.name !== undefined) this.#demandName(change.name, id);
    };
    demandName();
    const teams = change.teamIds === undefined ? undefined : this.#teamsJson(change.teamIds);
    const moved = connection ? this.#addressAfter(row, change) : undefined;
    const catalog = moved && (await this.#tryOut(moved.address));
    // Somebody else may have changed it meanwhile. From here on it is all or nothing.
    this.#demand(id);
    demandName();
    database.transaction(() => {
      const set = (column: string, value: Value): void =>
        void database.run(`UPDATE broker SET ${column} = ? WHERE id = ?`, value, id);
      if (moved !== undefined) {
        const { address, login, ca } = moved;
        set('url', address.url.href);
        set('authentication', login.kind);
        set('user_name', login.kind === 'basic' ? login.userName : null);
        set('secret', vault.encrypt(login.secret));
        set('ca', ca);
      }
      if (change.name !== undefined) set('name', change.name);
      if (teams !== undefined) set('teams', teams);
    });
    if (moved !== undefined && catalog !== undefined) this.#take(this.#demand(id), catalog, moved.address);
    this.#changed(id);
    this.#options.brokerChanged(id);
    return this.get(id);
  }

  /** Reads its catalog now; what goes wrong is its state. @throws RefusalError */
  async refresh(id: string): Promise<BrokerItem> {
    this.#demand(id);
    await this.#refresh(id);
    return this.get(id);
  }

  /** @throws RefusalError as long as there are add-ons */
  remove(id: string): void {
    const { database } = this.#options;
    const row = this.#demand(id);
    if (row.program !== null)
      throw inTheWay(`${row.name} ships with Hippo and stays; \`teamIds\` says who sees it.`);
    this.#options.sweep();
    const addons = database.all(
      'SELECT app_id, app_name, name FROM addon WHERE broker_id = ? AND gone_at IS NULL ORDER BY app_name, name',
      id,
    );
    const appOf = ({ app_id: appId, app_name: last }: Row): string =>
      this.#options.hippo.app(String(appId))?.name ?? String(last);
    if (addons.length > 0) {
      const list = addons.slice(0, 20).map((addon) => `${String(addon['name'])} of ${appOf(addon)}`);
      const more = addons.length > 20 ? ` and ${addons.length - 20} more` : '';
      throw inTheWay(
        `The broker ${row.name} still provides ${list.join(', ')}${more}: remove or abandon them first.`,
      );
    }
    database.run('DELETE FROM broker WHERE id = ?', id);
    this.#clients.get(id)?.client.close();
    this.#clients.delete(id);
    this.#changed(id);
  }

  /** How to reach a broker; one that ships is started. @throws if it cannot be, or is gone */
  async client(id: string): Promise<BrokerClient> {
    const address = await this.#address(this.#demand(id));
    const key = JSON.stringify([address.url.href, address.authorization, address.ca]);
    const known = this.#clients.get(id);
    if (known?.key === key) return known.client;
    const client = new BrokerClient(address, this.#options.limits);
    this.#clients.set(id, { client, key });
    return client;
  }

  /** Where a broker is now; undefined if it does not run. */
  url(id: string): URL | undefined {
    const row = this.#row(id);
    if (row === undefined) return undefined;
    return row.program === null ? new URL(row.url) : this.#options.shipped.address(row.program)?.url;
  }

  /**
   * The catalogs of those that ship are read when somebody wants to see them, and again as long as what they lack
   * may have come meanwhile.
   */
  async ready(): Promise<void> {
    const lacking = new Set(
      this.#options.offerings
        .all()
        .filter(({ facts }) => facts.unavailable !== null)
        .map(({ broker }) => broker.id),
    );
    const refreshed = Promise.all(
      this.#rows()
        .filter(({ id, program }) => program !== null && (!this.#fresh.has(id) || lacking.has(id)))
        .map(({ id }) => this.#refresh(id)),
    );
    // One that hangs must not keep the others from being seen.
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise((resolve) => (timer = setTimeout(resolve, READY_TIME)));
    await Promise.race([refreshed, patience]);
    clearTimeout(timer);
  }

  /** One that ships has been started: its address is another one, and so are the links in its catalog. */
  restarted(program: string): void {
    const row = this.#rows().find((one) => one.program === program);
    if (row === undefined) return;
    if (this.#fresh.has(row.id)) void this.#refresh(row.id);
    this.#options.brokerChanged(row.id);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { client } of this.#clients.values()) client.close();
  }

  async #refreshAll(): Promise<void> {
    for (const { id, program } of this.#rows()) if (program === null) await this.#refresh(id);
  }

  #refresh(id: string): Promise<void> {
    const running = this.#refreshing.get(id);
    if (running) return running;
    const refreshing = this.#readCatalog(id)
      .catch((error: unknown) => this.#options.report(error))
      .finally(() => this.#refreshing.delete(id));
    this.#refreshing.set(id, refreshing);
    return refreshing;
  }

  async #readCatalog(id: string): Promise<void> {
    const row = this.#demand(id);
    let address: BrokerAddress;
    let result: BrokerResult;
    try {
      address = await this.#address(row);
      result = await (await this.client(id)).catalog(row.etag ?? undefined);
    } catch (error) {
      if (this.#closed) return;
      return this.#setState(row, 'unreachable', (error as Error).message);
    }
    // What was asked at an address that is not its own any more says nothing.
    if (this.#closed || this.#row(id)?.url !== row.url) return;
    this.#fresh.add(id);
    if (result.kind === 'answer' && result.status === 304) return this.#setState(row, 'ready', row.message);
    try {
      this.#take(row, read(result), address, result.kind === 'answer' ? result.etag : undefined);
      this.#options.brokerChanged(id);
    } catch (error) {
      if (!(error instanceof BrokerProblem)) throw error;
      this.#setState(row, error.state, error.message);
    }
  }

  /** Where it is to be found from now on. @throws ValidationError */
  #addressAfter(
    row: BrokerRow,
    change: BrokerChange,
  ): { address: BrokerAddress; login: Login; ca: string | null } {
    const login = loginOf({
      userName: change.userName ?? row.user_name,
      password: change.password ?? (change.token ? null : this.#secretOf(row, 'basic')),
      token: change.token ?? (change.password ? null : this.#secretOf(row, 'bearer')),
    });
    if (login === undefined) throw new ValidationError('password', 'is required, with userName');
    const url = urlOf(change.url ?? row.url);
    const old = new URL(row.url);
    // What was given for one host is not sent to another.
    if ((url.host !== old.host || url.protocol !== old.protocol) && !change.password && !change.token)
      throw new ValidationError('password', 'or a token has to be given again with another address');
    const ca = change.ca === undefined ? row.ca : change.ca;
    return { address: { url, authorization: authorizationOf(login), ca: certificateOf(ca) }, login, ca };
  }

  /** @throws ValidationError */
  async #tryOut(address: BrokerAddress): Promise<ReadCatalog> {
    const client = new BrokerClient(address, this.#options.limits);
    try {
      return read(await client.catalog());
    } catch (error) {
      if (!(error instanceof BrokerProblem)) throw error;
      const field = error.state === 'refused' ? 'password' : 'url';
      throw new ValidationError(field, `does not lead to a service broker. ${error.message}`);
    } finally {
      client.close();
    }
  }

  #take(row: BrokerRow, { offerings, problems }: ReadCatalog, address: BrokerAddress, etag?: string): void {
    const { database } = this.#options;
    // What is to be run on this machine is said by those alone that came with it.
    const taken = row.program === null ? offerings.map(withoutCommand) : offerings;
    const changed = this.#options.offerings.store(row, taken);
    // Only what was read without a problem need not be read again.
    const tag = problems.length === 0 && etag !== undefined && etag.length < 300 ? etag : null;
    database.run('UPDATE broker SET etag = ? WHERE id = ?', tag, row.id);
    const more = problems.length - TOLD_PROBLEMS;
    const told = [...problems.slice(0, TOLD_PROBLEMS), ...(more > 0 ? [`And ${more} more.`] : [])];
    this.#setState(row, 'ready', told.length === 0 ? null : told.join(' '));
    this.#fresh.add(row.id);
    if (changed) this.#options.hippo.tell(null, { type: 'offerings.changed' });
    this.#options.catalogRead(row.id, address);
  }

  #setState({ id }: BrokerRow, state: BrokerState, message: string | null): void {
    const { database, now } = this.#options;
    const row = this.#row(id);
    if (row === undefined) return;
    database.run(
      'UPDATE broker SET state = ?, message = ?, checked_at = ? WHERE id = ?',
      state,
      message,
      now(),
      id,
    );
    this.#tell(id, row.state !== state || row.message !== message);
  }

  #tell(brokerId: string, changed: boolean): void {
    if (changed) this.#options.hippo.tell(ADMINISTRATORS, { type: 'broker.changed', brokerId });
  }

  /** Its name, or who sees it, is another one, or it is gone: so it is with what it offers. */
  #changed(brokerId: string): void {
    this.#options.offerings.brokersChanged();
    this.#tell(brokerId, true);
    this.#options.hippo.tell(null, { type: 'offerings.changed' });
  }

  /** @throws if one that ships cannot be started */
  async #address(row: BrokerRow): Promise<BrokerAddress> {
    if (row.program !== null) return this.#options.shipped.start(row.program);
    const login = loginOf({
      userName: row.user_name,
      password: this.#secretOf(row, 'basic'),
      token: this.#secretOf(row, 'bearer'),
    });
    return {
      url: new URL(row.url),
      authorization: login === undefined ? '' : authorizationOf(login),
      ca: row.ca ?? undefined,
    };
  }

  #secretOf(row: BrokerRow, kind: BrokerRow['authentication']): string | null {
    return row.authentication === kind && row.secret !== null
      ? this.#options.vault.decrypt(row.secret)
      : null;
  }

  #noteShipped(program: string): void {
    const { database } = this.#options;
    if (database.get('SELECT 1 FROM broker WHERE program = ?', program)) return;
    const taken = database.get('SELECT 1 FROM broker WHERE name = ?', program) !== undefined;
    database.run(
      `INSERT INTO broker (id, name, url, authentication, program, state)
       VALUES (?, ?, 'http://localhost/', 'basic', ?, 'starting')`,
      randomUUID(),
      taken ? `hippo-${program}` : program,
      program,
    );
  }

  #item(row: BrokerRow): BrokerItem {
    const { database, hippo } = this.#options;
    const count = (sql: string): number => Number(database.get(sql, row.id)?.['n']);
    const teams = teamsOf(row);
    return {
      id: row.id,
      name: row.name,
      url: (this.url(row.id) ?? new URL(row.url)).href,
      authentication: row.authentication,
      userName: row.user_name,
      ownCertificate: row.ca !== null,
      ships: row.program !== null,
      teams:
        teams?.flatMap((id) => {
          const name = hippo.teamName(id);
          return name === undefined ? [] : [{ id, name }];
        }) ?? null,
      state: row.state,
      message: row.message,
      checkedAt: row.checked_at === null ? null : new Date(row.checked_at).toISOString(),
      offerings: count(`SELECT count(*) AS n FROM offering WHERE broker_id = ? AND state = 'active'`),
      addons: count('SELECT count(*) AS n FROM addon WHERE broker_id = ? AND gone_at IS NULL'),
    };
  }

  #rows(): BrokerRow[] {
    return this.#options.database.all('SELECT * FROM broker ORDER BY name') as unknown as BrokerRow[];
  }

  #row(id: string): BrokerRow | undefined {
    return this.#options.database.get('SELECT * FROM broker WHERE id = ?', id) as unknown as
      BrokerRow | undefined;
  }

  #demand(id: string): BrokerRow {
    const row = this.#row(id);
    if (row === undefined) throw notFound('Broker', id);
    return row;
  }

  #demandName(name: string, except = ''): void {
    const sql = 'SELECT 1 FROM broker WHERE name = ? AND id <> ?';
    if (this.#options.database.get(sql, name, except))
      throw new ValidationError('name', `is taken: there is a broker ${name} already`);
  }

  #teamsJson(teamIds: readonly string[] | null): string | null {
    if (teamIds === null) return null;
    const ids = teamIds.map((id) => id.toLowerCase());
    const unknown = ids.find((id) => this.#options.hippo.teamName(id) === undefined);
    if (unknown !== undefined) throw new ValidationError('teamIds', `names no team: ${unknown}`);
    return JSON.stringify(ids);
  }
}

function teamsOf({ teams }: BrokerRow): string[] | null {
  return teams === null ? null : (JSON.parse(teams) as string[]);
}

type Login =
  | { readonly kind: 'basic'; readonly userName: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly secret: string };

/** Undefined if something is missing. @throws ValidationError if there is too much, or what no header can hold */
function loginOf(given: {
  userName?: string | null | undefined;
  password?: string | null | undefined;
  token?: string | null | undefined;
}): Login | undefined {
  const { userName, password, token } = given;
  if (token && password) throw new ValidationError('token', 'and a password exclude each other');
  if (token) {
    if (!/^[\x21-\x7e]+$/.test(token)) throw new ValidationError('token', 'has characters that no token has');
    return { kind: 'bearer', secret: token };
  }
  if (!userName || !password) return undefined;
  if (userName.includes(':')) throw new ValidationError('userName', 'must not have a ":"');
  return { kind: 'basic', userName, secret: password };
}

function authorizationOf(login: Login): string {
  return login.kind === 'bearer'
    ? `Bearer ${login.secret}`
    : `Basic ${Buffer.from(`${login.userName}:${login.secret}`).toString('base64')}`;
}

/** @throws ValidationError */
function urlOf(text: string): URL {
  const refuse = (problem: string): ValidationError => new ValidationError('url', problem);
  if (!URL.canParse(text)) throw refuse('is no address');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse('must start with https:// or, on loopback, http://');
  if (url.protocol === 'http:' && !isLoopbackName(url.hostname))
    throw refuse('must start with https://, since it is not on loopback: credentials are sent to it');
  if (url.username !== '' || url.password !== '')
    throw refuse('must not hold user name and password: they go into userName and password');
  if (url.search !== '' || url.hash !== '') throw refuse('must not have a query or a fragment');
  return url;
}

/** @throws ValidationError */
function certificateOf(ca: string | null | undefined): string | undefined {
  if (ca === null || ca === undefined) return undefined;
  try {
    new X509Certificate(ca);
  } catch {
    throw new ValidationError('ca', 'is no certificate in PEM form');
  }
  return ca;
}

function withoutCommand({ unavailable, ...rest }: CatalogOffering): CatalogOffering {
  return { ...rest, unavailable: unavailable && { ...unavailable, command: null } };
}

class BrokerProblem extends Error {
  readonly code = 'BROKER_PROBLEM';
  readonly state: BrokerState;
  constructor(state: BrokerState, message: string) {
    super(message);
    this.name = 'BrokerProblem';
    this.state = state;
  }
}

/** @throws BrokerProblem */
function read(result: BrokerResult): ReadCatalog {
  if (result.kind !== 'answer')
    throw new BrokerProblem('unreachable', `The broker cannot be reached (${result.reason}).`);
  const { status, body } = result;
  if (status === 401 || status === 403)
    throw new BrokerProblem('refused', `The broker does not take the credentials (status ${status}).`);
  if (status !== 200)
    throw new BrokerProblem('invalid', `Asked for its catalog, it answered with status ${status}.`);
  try {
    return readCatalog(body);
  } catch (error) {
    if (error instanceof CatalogError) throw new BrokerProblem('invalid', error.message);
    throw error;
  }
}
