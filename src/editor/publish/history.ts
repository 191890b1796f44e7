// What was published from this workspace: when, what, where and which version.

import { randomUUID } from 'node:crypto';
import { listOf } from '../../hippofacts/text.ts';
import type { Versioning } from '../../publish/version.ts';
import type { Connection } from '../../session/connections.ts';
import type { App } from '../app.ts';
import { Emitter, type Disposable, type Event } from '../disposables.ts';

export interface PublishRecord {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly when: number;
  /** `again`: a version that was there already was put back. */
  readonly kind: 'publish' | 'again';
  /** URI of the HIPPOFACTS or of the module. */
  readonly uri: string;
  /** Of the project, for people. */
  readonly label: string;
  readonly bindle: { readonly name: string; readonly version: string };
  readonly versioning: Versioning;
  /** Name of the connection, and where it led to then. */
  readonly connection: string;
  readonly hippoUrl: string;
  /** The app; undefined for a Hippo that does not tell. */
  readonly app: { readonly id: string; readonly name: string } | undefined;
  readonly channels: readonly {
    readonly id: string;
    readonly name: string;
    readonly address: string;
    /** What it ran then: a later version, where one was faster. */
    readonly runs: string | null;
  }[];
}

/** What was published, where it led to, and when. */
export function recordOf(
  {
    target: { uri, label },
    channels,
    ...what
  }: Pick<PublishRecord, 'kind' | 'versioning' | 'bindle' | 'app' | 'channels'> & {
    readonly target: Pick<PublishRecord, 'uri' | 'label'>;
  },
  { name, hippoUrl }: Pick<Connection, 'name' | 'hippoUrl'>,
  when: number,
): PublishRecord {
  return {
    id: randomUUID(),
    when,
    uri,
    label,
    connection: name,
    hippoUrl,
    channels: channels.map((channel) => ({
      id: channel.id,
      name: channel.name,
      address: channel.address,
      runs: channel.runs,
    })),
    ...what,
  };
}

/** More are forgotten, the oldest first. */
const MOST = 100;

export class History implements Disposable {
  readonly #memory: App['memory'];
  readonly #changed: Emitter<void>;

  constructor(app: Pick<App, 'memory' | 'log'>) {
    this.#memory = app.memory;
    this.#changed = new Emitter((error) => app.log.error('A listener failed', error));
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  /** The latest first. */
  get records(): readonly PublishRecord[] {
    return this.#memory.get('publish.history') ?? [];
  }

  async add(record: PublishRecord): Promise<void> {
    await this.#keep([record, ...this.records].slice(0, MOST));
  }

  async remove(id: string): Promise<void> {
    await this.#keep(this.records.filter((record) => record.id !== id));
  }

  async clear(): Promise<void> {
    await this.#keep([]);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #keep(records: readonly PublishRecord[]): Promise<void> {
    await this.#memory.set('publish.history', records);
    this.#changed.fire();
  }
}

/** A record as a row of a list. */
export function describeRecord(
  record: PublishRecord,
  now: number,
): { label: string; description: string; tooltip: string; spoken: string } {
  const { kind, label, bindle, channels, connection, hippoUrl } = record;
  const when = whenText(record.when, now);
  const where = listOf(channels.map(({ name }) => name)) || 'no channel';
  const what = kind === 'again' ? 'Released again' : 'Published';
  return {
    label: `${label} ${versionText(record)}`,
    description: `${where} • ${when}`,
    tooltip: `${bindle.name}/${bindle.version}\n${what} ${when}\nTo ${where} at ${connection} (${hippoUrl})`,
    spoken: `${label} ${bindle.version}, ${what.toLowerCase()} ${when}, to ${where}`,
  };
}

/** `0.1.0 (dev)` for a development build, whose version holds a name and a time, too. */
function versionText({ bindle: { version }, versioning }: PublishRecord): string {
  return versioning === 'production' ? version : `${/^[^-+]+/.exec(version)?.[0] ?? version} (dev)`;
}

/** As the user's own system writes it; of today the time alone. */
function whenText(when: number, now: number): string {
  const date = new Date(when);
  const isToday = date.toDateString() === new Date(now).toDateString();
  return date.toLocaleString(undefined, {
    ...(isToday ? {} : { dateStyle: 'medium' }),
    timeStyle: 'short',
  });
}
