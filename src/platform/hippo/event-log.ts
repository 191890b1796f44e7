// What has happened, in the order in which it did, kept for those who come back after a while.

import type { HippoEvent } from '../../hippo/api.ts';
import type { Database } from '../store/database.ts';
import { visibleTeams, type AccountCaller } from './caller.ts';

const KEPT = 10_000;
/** So many are read at once. */
const BATCH = 200;
/** Stands where the id of a team would. */
const EVERYBODY = '';

export interface LoggedEvent {
  readonly id: number;
  /** A HippoEvent. */
  readonly json: string;
}

export class EventLog {
  readonly #database: Database;
  readonly #kept: number;
  readonly #listeners = new Set<() => void>();
  #told = true;

  /** @param kept how many events are kept */
  constructor(database: Database, kept = KEPT) {
    this.#database = database;
    this.#kept = kept;
  }

  /**
   * Belongs into the transaction of the change itself: the two are there or neither is.
   * @param teamId who is told; null for everybody
   */
  add(teamId: string | null, event: Omit<HippoEvent, 'at'>): void {
    const json = JSON.stringify({ ...event, at: new Date().toISOString() });
    this.#database.run('INSERT INTO event (team_id, json) VALUES (?, ?)', teamId ?? EVERYBODY, json);
    this.#database.run('DELETE FROM event WHERE id <= ?', this.last() - this.#kept);
    if (!this.#told) return;
    this.#told = false;
    // The transaction is over by then, for it is never asynchronous.
    queueMicrotask(() => {
      this.#told = true;
      for (const listener of this.#listeners) listener();
    });
  }

  /** The id of the newest event there ever was; 0 if there was none. */
  last(): number {
    const row = this.#database.get(`SELECT seq FROM sqlite_sequence WHERE name = 'event'`);
    return Number(row?.['seq'] ?? 0);
  }

  /** False if events after this one are no longer kept, or it is none of ours. */
  reaches(id: number): boolean {
    const first = this.#database.get('SELECT min(id) AS id FROM event')?.['id'] as number | null;
    return id <= this.last() && id >= (first ?? this.last() + 1) - 1;
  }

  /**
   * The next ones that the caller may see, and up to where was looked.
   * @param after an id
   */
  read(caller: AccountCaller, after: number): { events: LoggedEvent[]; upTo: number } {
    const { sql, values } = visibleTeams(caller, 'team_id');
    const upTo = this.last();
    const events = this.#database.all(
      `SELECT id, json FROM event WHERE id > ? AND id <= ? AND (team_id = ? OR ${sql}) ORDER BY id LIMIT ${BATCH}`,
      after,
      upTo,
      EVERYBODY,
      ...values,
    ) as unknown as LoggedEvent[];
    const last = events.at(-1);
    return { events, upTo: events.length === BATCH && last ? last.id : upTo };
  }

  /** Calls back after events were added; gives what ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
