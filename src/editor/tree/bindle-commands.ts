// What is done with the bindle of a revision: a file of it is opened, two are compared, all of it is downloaded.

import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BindleClient } from '../../bindle/client.ts';
import { formatId, type BindleId } from '../../bindle/id.ts';
import type { Invoice, Label } from '../../bindle/invoice.ts';
import type { AppItem, RevisionItem } from '../../hippo/api.ts';
import type { FileChange } from '../../publish/plan.ts';
import { bytesText, count } from '../../hippofacts/text.ts';
import type { Choice, Separator } from '../app.ts';
import type { Core, Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { CommandNeeds } from './app-commands.ts';
import { pathOf, type BindlePath } from './bindle-files.ts';
import { withBindle } from './bindle-reader.ts';
import type { BindleWindow } from './bindle-window.ts';
import { readNodeId } from './nodes.ts';
import type { Row } from './targets.ts';

interface Chosen {
  readonly session: Session;
  readonly app: AppItem;
  /** Of the app, in the order in which they were registered. */
  readonly revisions: readonly RevisionItem[];
  readonly revision: RevisionItem;
  readonly id: BindleId;
}

const ICONS = { new: '$(diff-added)', changed: '$(diff-modified)', gone: '$(diff-removed)' } as const;
const WORDS = { new: 'new', changed: 'changed', gone: 'no longer there' } as const;

type Difference = FileChange & { readonly change: keyof typeof ICONS };

export class BindleCommands {
  readonly #needs: CommandNeeds;
  readonly #window: BindleWindow;

  constructor(needs: CommandNeeds, window: BindleWindow) {
    this.#needs = needs;
    this.#window = window;
  }

  /** @param row of a revision */
  openFile(row?: Row): Promise<void> {
    const { prompts } = this.#needs.app;
    return this.#with(row, 'Open File of Revision', async ({ session, id }) => {
      const { parcel = [] } = await withBindle(session, (bindle) => bindle.getInvoice(id, { yanked: true }));
      if (parcel.length === 0) throw new EditorError('NO_FILES', `${formatId(id)} has no files.`);
      const labels = parcel.map(({ label }) => label).sort((a, b) => (a.name < b.name ? -1 : 1));
      const label = await prompts.pick(
        labels.map((one) => ({
          label: one.name,
          description: `${bytesText(one.size)} • ${one.mediaType}`,
          value: one,
        })),
        { title: `Open File of ${formatId(id)}`, placeholder: 'Which file?' },
      );
      await this.#window.open(place(session, id, label));
    });
  }

  /** @param row of a revision, which is one of the two */
  compare(row?: Row): Promise<void> {
    const { app, connections } = this.#needs;
    return this.#with(row, 'Compare Revisions', async ({ session, app: of, revisions, revision }) => {
      const other = await this.#pickOther(of, revisions, revision);
      const order = (one: RevisionItem): number => revisions.findIndex(({ id }) => id === one.id);
      const [older, newer] = order(other) < order(revision) ? [other, revision] : [revision, other];
      const idOf = ({ revisionNumber }: RevisionItem): BindleId => ({
        name: of.storageId,
        version: revisionNumber,
      });
      const [before, after] = await withBindle(session, (bindle) =>
        Promise.all([older, newer].map((one) => bindle.getInvoice(idOf(one), { yanked: true }))),
      );
      if (!before || !after) return;
      const core = await connections.core();
      const title = `${older.revisionNumber} ↔ ${newer.revisionNumber}`;
      const changes = core
        .compareFiles(after, before)
        .filter((file): file is Difference => file.change !== 'same');
      if (changes.length === 0)
        return void app.prompts.notify('info', `${of.name} ${title}: their files are the same.`);
      await this.#showChanges(session, title, of.name, changes, before, after);
    });
  }

  /** @param row of a revision */
  download(row?: Row): Promise<void> {
    const { app, connections } = this.#needs;
    return this.#with(row, 'Download Bindle', async ({ session, id }) => {
      const core = await connections.core();
      await withBindle(session, async (bindle) => {
        const invoice = await bindle.getInvoice(id, { yanked: true });
        await this.#demandTrusted(core, invoice);
        const name = `${posix.basename(id.name)}-${id.version}.tar.gz`;
        const file = await this.#window.chooseFile(name, `Download ${formatId(id)}`);
        await app.prompts.progress(
          { title: `Downloading ${formatId(id)}`, where: 'notification', cancellable: true },
          (report, signal) => save(core, bindle, invoice, file, report, signal),
        );
        app.log.info(`Downloaded ${formatId(id)} to ${file}`);
        app.prompts.mention(`Downloaded ${formatId(id)}`);
      });
    });
  }

  #with(row: Row | undefined, title: string, work: (chosen: Chosen) => Promise<void>): Promise<void> {
    return this.#needs.targets.app(row, title, async ({ session, app }) => {
      const revisions = await session.client.revisions({ appId: app.id });
      const { kind, part } = row === undefined ? { kind: undefined, part: '' } : readNodeId(row);
      const revision =
        kind === 'revision'
          ? revisions.find(({ id }) => id === part)
          : await this.#pickRevision(app, revisions, title);
      if (!revision) throw new EditorError('NO_REVISION', `${app.name} no longer has this revision.`);
      const id = { name: app.storageId, version: revision.revisionNumber };
      await work({ session, app, revisions, revision, id });
    });
  }

  #pickRevision(app: AppItem, revisions: readonly RevisionItem[], title: string): Promise<RevisionItem> {
    if (revisions.length === 0) throw new EditorError('NO_REVISION', `${app.name} has no revision yet.`);
    return this.#needs.app.prompts.pick(revisions.toReversed().map(runningIn(app)), {
      title: `${title} • ${app.name}`,
      placeholder: 'Which revision?',
    });
  }

  #pickOther(
    app: AppItem,
    revisions: readonly RevisionItem[],
    revision: RevisionItem,
  ): Promise<RevisionItem> {
    const others = revisions.filter(({ id }) => id !== revision.id).toReversed();
    if (others.length === 0)
      throw new EditorError(
        'NO_REVISION',
        `${app.name} has only one revision: there is nothing to compare it with.`,
      );
    return this.#needs.app.prompts.pick(others.map(runningIn(app)), {
      title: `Compare ${app.name} ${revision.revisionNumber}`,
      placeholder: 'With which revision?',
      active: others[0],
    });
  }

  async #showChanges(
    session: Session,
    title: string,
    name: string,
    changes: readonly Difference[],
    before: Invoice,
    after: Invoice,
  ): Promise<void> {
    const pathIn = (invoice: Invoice, file: string): BindlePath | undefined => {
      const label = invoice.parcel?.find((parcel) => parcel.label.name === file)?.label;
      return label && place(session, invoice.bindle, label);
    };
    const sides = changes.map((change) => ({
      change,
      before: pathIn(before, change.name),
      after: pathIn(after, change.name),
    }));
    const all: (Choice<'all'> | Separator)[] = [
      { label: '$(diff-multiple) All of Them', description: count(changes.length, 'file'), value: 'all' },
      { separator: 'one file' },
    ];
    const choices: (Choice<(typeof sides)[number] | 'all'> | Separator)[] = [
      ...(changes.length > 1 ? all : []),
      ...sides.map((side) => ({
        label: `${ICONS[side.change.change]} ${side.change.name}`,
        description: `${WORDS[side.change.change]} • ${bytesText(side.change.size)}`,
        value: side,
      })),
    ];
    const picked = await this.#needs.app.prompts.pick(choices, {
      title: `${name} ${title}`,
      placeholder: 'What differs',
    });
    if (picked === 'all') return this.#window.compareAll(`${name} ${title}`, sides);
    const { before: left, after: right, change } = picked;
    if (left && right) await this.#window.compare(left, right, `${posix.basename(change.name)} (${title})`);
    else if (left ?? right) await this.#window.open((left ?? right) as BindlePath);
  }

  /** Its digests are checked all the same; who made it is for a person to say where no key that is trusted does. */
  async #demandTrusted(core: Core, invoice: Invoice): Promise<void> {
    const { app } = this.#needs;
    const { key } = await core.readKeyringFile(app.places.keyring);
    const strategy = core.parseStrategy('CreativeIntegrity');
    try {
      if (strategy) core.verifyInvoice(invoice, key, strategy);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      const why =
        code === 'UNSIGNED'
          ? 'It is not signed.'
          : code === 'UNKNOWN_KEY'
            ? 'It is signed with a key that is not in your keyring.'
            : `${message}.`;
      await app.prompts.confirm(`Download ${formatId(invoice.bindle)} all the same?`, {
        detail: `${why} Nothing says who made it.`,
        action: 'Download',
      });
    }
  }
}

function place({ connection }: Session, { name, version }: BindleId, label: Label): BindlePath {
  return { connection: connection.name, id: { name, version }, path: pathOf(label) };
}

/** Says which channels run a revision. */
function runningIn({ channels }: AppItem): (revision: RevisionItem) => Choice<RevisionItem> {
  return (revision) => {
    const names = channels
      .filter(({ activeRevisionNumber }) => activeRevisionNumber === revision.revisionNumber)
      .map(({ name }) => name);
    return {
      label: revision.revisionNumber,
      ...(names.length > 0 ? { description: `runs in ${names.join(', ')}` } : {}),
      value: revision,
    };
  };
}

/** In standalone form; a file that was there is replaced only by a whole one. */
async function save(
  core: Core,
  bindle: BindleClient,
  invoice: Invoice,
  file: string,
  report: (message: string, percent?: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hippo-download-'));
  const partial = `${file}.part`;
  const total = (invoice.parcel ?? []).reduce((sum, { label }) => sum + label.size, 0);
  try {
    const archive = core.streamStandalone(invoice, async (label) => {
      const parcel = await core.openRemoteParcel(bindle, invoice.bindle, label, folder, signal);
      report(label.name, total === 0 ? 0 : (100 * label.size) / total);
      return parcel;
    });
    await pipeline(archive, createWriteStream(partial), { signal });
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
