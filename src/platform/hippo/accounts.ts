// Accounts, teams and their members in SQLite.

import { randomUUID } from 'node:crypto';
import { ValidationError, type AccountItem, type TeamItem, type TeamSummary } from '../../hippo/api.ts';
import type { Database } from '../store/database.ts';
import { visibleTeams, type AccountCaller, type Caller } from './caller.ts';
import { ForbiddenError, NotFoundError } from './errors.ts';
import { OWNER } from './migrations.ts';
import { rows } from './rows.ts';

interface AccountRow {
  id: string;
  name: string;
  password: string | null;
  administrator: number;
  first_team_id: string;
}

export class Accounts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param password as `hashPassword` gives it @throws ValidationError @returns its id */
  create(name: string, password: string): string {
    return this.#database.transaction(() => {
      if (this.#byName(name)) throw new ValidationError('userName', 'is taken');
      // A team of somebody else must not become theirs.
      if (this.#database.get('SELECT 1 FROM team WHERE name = ?', name))
        throw new ValidationError('userName', 'is taken: there is a team of this name');
      const [id, teamId] = [randomUUID(), randomUUID()];
      this.#database.run('INSERT INTO team VALUES (?, ?)', teamId, name);
      this.#database.run('INSERT INTO account VALUES (?, ?, ?, 0, ?)', id, name, password, teamId);
      this.#database.run('INSERT INTO member VALUES (?, ?)', teamId, id);
      return id;
    });
  }

  list(): AccountItem[] {
    return rows<AccountRow>(this.#database.all('SELECT * FROM account ORDER BY name')).map(
      ({ id, name, administrator }) => ({ id, userName: name, administrator: administrator === 1 }),
    );
  }

  /** The account of the machine's owner. */
  owner(): AccountCaller {
    return asCaller(this.#byName(OWNER)!);
  }

  caller(id: string): AccountCaller | undefined {
    const row = this.#database.get('SELECT * FROM account WHERE id = ?', id);
    return row && asCaller(row as unknown as AccountRow);
  }

  /** What a password is held against. */
  secret(name: string): { caller: AccountCaller; password: string | null } | undefined {
    const row = this.#byName(name);
    return row && { caller: asCaller(row), password: row.password };
  }

  /** Where an account's new apps and bindles belong to. */
  firstTeam(accountId: string): string {
    return String(
      this.#database.get('SELECT first_team_id AS id FROM account WHERE id = ?', accountId)?.['id'],
    );
  }

  teamsOf(accountId: string): TeamSummary[] {
    return rows<TeamSummary>(
      this.#database.all(
        'SELECT team.id, team.name FROM team JOIN member ON member.team_id = team.id WHERE account_id = ? ORDER BY name',
        accountId,
      ),
    );
  }

  teamName(id: string): string | undefined {
    const row = this.#database.get('SELECT name FROM team WHERE id = ?', id);
    return row && String(row['name']);
  }

  isMember(accountId: string, teamId: string): boolean {
    return (
      this.#database.get('SELECT 1 FROM member WHERE team_id = ? AND account_id = ?', teamId, accountId) !==
      undefined
    );
  }

  teams(caller: Caller): TeamItem[] {
    const { sql, values } = visibleTeams(caller, 'team.id');
    return rows<TeamSummary>(
      this.#database.all(`SELECT id, name FROM team WHERE ${sql} ORDER BY name`, ...values),
    ).map((team) => ({ ...team, members: this.#members(team.id) }));
  }

  /** @throws ValidationError @returns its id */
  createTeam(caller: Caller, name: string): string {
    return this.#database.transaction(() => {
      if (this.#database.get('SELECT 1 FROM team WHERE name = ?', name))
        throw new ValidationError('name', 'is taken');
      const id = randomUUID();
      this.#database.run('INSERT INTO team VALUES (?, ?)', id, name);
      this.#database.run('INSERT INTO member VALUES (?, ?)', id, caller.id);
      return id;
    });
  }

  /** @throws NotFoundError, ForbiddenError if it owns something or is somebody's first */
  removeTeam(caller: Caller, id: string): void {
    this.#database.transaction(() => {
      const { name } = this.demandTeam(caller, id);
      if (this.#database.get('SELECT 1 FROM account WHERE first_team_id = ?', id))
        throw new ForbiddenError(`The team ${name} is the first one of an account and stays with it.`);
      for (const [table, what] of [
        ['app', 'apps'],
        ['certificate', 'certificates'],
        ['bindle_name', 'bindle names'],
      ])
        if (this.#database.get(`SELECT 1 FROM ${table} WHERE team_id = ?`, id))
          throw new ForbiddenError(`The team ${name} owns ${what}: move or remove them first.`);
      this.#database.run('DELETE FROM team WHERE id = ?', id);
    });
  }

  /** @throws NotFoundError of the team or of the account */
  addMember(caller: Caller, teamId: string, userName: string): void {
    this.#database.transaction(() => {
      this.demandTeam(caller, teamId);
      const account = this.#byName(userName);
      if (!account) throw new NotFoundError('Account', userName);
      this.#database.run('INSERT OR IGNORE INTO member VALUES (?, ?)', teamId, account.id);
    });
  }

  /** @throws NotFoundError, ForbiddenError if it is the last one, or the account's first team */
  removeMember(caller: Caller, teamId: string, userName: string): void {
    this.#database.transaction(() => {
      const { name } = this.demandTeam(caller, teamId);
      const account = this.#byName(userName);
      if (!account || !this.isMember(account.id, teamId)) throw new NotFoundError('Member', userName);
      if (account.first_team_id === teamId)
        throw new ForbiddenError(`${account.name} stays in the team ${name}, which came with the account.`);
      if (this.#members(teamId).length === 1)
        throw new ForbiddenError(`${account.name} is the last member of the team ${name}: remove the team.`);
      this.#database.run('DELETE FROM member WHERE team_id = ? AND account_id = ?', teamId, account.id);
    });
  }

  /** @throws NotFoundError unless the caller may see the team */
  demandTeam(caller: Caller, id: string): TeamSummary {
    const { sql, values } = visibleTeams(caller, 'team.id');
    const row = this.#database.get(`SELECT id, name FROM team WHERE id = ? AND ${sql}`, id, ...values);
    if (caller.kind === 'deploy' || !row) throw new NotFoundError('Team', id);
    return row as unknown as TeamSummary;
  }

  #members(teamId: string): { id: string; userName: string }[] {
    return rows(
      this.#database.all(
        `SELECT account.id, account.name AS userName FROM account
         JOIN member ON member.account_id = account.id WHERE member.team_id = ? ORDER BY account.name`,
        teamId,
      ),
    );
  }

  #byName(name: string): AccountRow | undefined {
    return this.#database.get('SELECT * FROM account WHERE name = ?', name) as AccountRow | undefined;
  }
}

function asCaller({ id, name, administrator }: AccountRow): AccountCaller {
  return { kind: 'account', id, name, administrator: administrator === 1 };
}
