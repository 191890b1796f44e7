// What a person starts: publish, preview, release again. Each shows itself in the window and says how it ended.

import { formatId } from '../../bindle/id.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { App, Choice, Separator } from '../app.ts';
import type { Offers } from '../bindings/offers.ts';
import type { Connections } from '../connections/connections.ts';
import { EditorError, isCancelled } from '../failure.ts';
import { openChannel } from '../open-channel.ts';
import { nameProblem } from '../tree/names.ts';
import type { Builds } from './builds.ts';
import { BUMP_NAMES } from './bumps.ts';
import { describeRecord, type History, type PublishRecord } from './history.ts';
import type { Documents } from './ports.ts';
import { ProjectProblems, type Doing, type Done, type Preview, type Publisher } from './publisher.ts';
import { releaseAgain } from './release-again.ts';
import type { Place, Targets } from './targets.ts';
import { demandTrust } from './trust.ts';
import { inWindow } from './window-listener.ts';
import { complete, modeText, type Target, type Wish } from './wish.ts';

interface Needs {
  readonly app: App;
  readonly connections: Connections;
  readonly publisher: Publisher;
  readonly targets: Targets;
  readonly builds: Builds;
  readonly documents: Documents;
  readonly history: History;
  /** Shows what a publish would do. */
  readonly showPreview: (preview: Preview) => Promise<void>;
  /** For add-ons that have no code yet. */
  readonly offerCode: Offers['published'];
}

export class PublishCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async publish(where: Place | undefined, more: Wish = {}): Promise<void> {
    demandTrust(this.#needs.app);
    const { target, wish } = await this.#needs.targets.of(where, 'Publish');
    await this.run(target, { ...wish, ...more });
  }

  /** Asks how, and to which channel. */
  async publishWith(where: Place | undefined): Promise<void> {
    demandTrust(this.#needs.app);
    const { target, wish } = await this.#needs.targets.of(where, 'Publish');
    await this.#needs.documents.save(target);
    const how = await this.#askHow(target);
    const to = wish.channel === undefined ? await this.#askChannel(target) : {};
    await this.run(target, { ...wish, ...how, ...to });
  }

  async run(target: Target, wish: Wish): Promise<void> {
    const { app, publisher } = this.#needs;
    const { versioning } = complete(wish, target, app.settings);
    await this.#alone(target, 'published', `Publishing ${target.label}`, async () => {
      const done = await inWindow(app, `Publishing ${target.label}`, (listener) => {
        listener.line({ text: `Publishing ${target.label} (${modeText(versioning)})` });
        return publisher.publish(target, wish, listener);
      });
      this.#sayDone(done);
      void this.#offerCode(target, done.record);
    });
  }

  async preview(where: Place | undefined): Promise<void> {
    const { target, wish } = await this.#needs.targets.of(where, 'Preview Publish');
    await this.previewOf(target, wish);
  }

  async previewOf(target: Target, wish: Wish): Promise<void> {
    const { app, publisher, showPreview } = this.#needs;
    await this.#alone(target, 'previewed', `Previewing ${target.label}`, async () => {
      const seen = await inWindow(app, `Previewing ${target.label}`, (listener) =>
        publisher.preview(target, wish, listener),
      );
      await showPreview(seen);
    });
  }

  async chooseBuild(where: Place | undefined): Promise<void> {
    const { targets, builds, app } = this.#needs;
    const { target } = await targets.of(where, 'Choose Build Task');
    const chosen = await builds.change(target);
    app.prompts.mention(
      chosen
        ? `"${chosen.name}" builds ${target.label} from now on`
        : `${target.label} is not built from now on`,
    );
  }

  /**
   * Files that look like secrets are published from now on.
   * @param uri of the HIPPOFACTS
   * @param files relative to it
   */
  async allow(uri: string, files: readonly string[]): Promise<void> {
    const { app, publisher, targets } = this.#needs;
    demandTrust(app);
    const { settings } = app;
    const target = targets.at(uri);
    const allowed = new Set([...settings.get('hippo.publish.allow', uri), ...files]);
    // For this folder alone: in the others, a file of this name may be a secret.
    const where = target.workspaceFolder ? { folder: target.workspaceFolder.uri } : 'user';
    await settings.set('hippo.publish.allow', [...allowed], where);
    await publisher.check(target);
  }

  /** @param known asked for if absent */
  async releaseAgain(known: PublishRecord | undefined): Promise<void> {
    const { app, connections, history } = this.#needs;
    demandTrust(app);
    const record = known ?? (await this.#pick('Release Again', 'Which version is to run again?'));
    const { label, bindle, channels } = record;
    await this.#alone(record, 'released', `Releasing ${label} ${bindle.version} again`, async () => {
      const again = await inWindow(app, `Releasing ${label} ${bindle.version} again`, (listener) =>
        releaseAgain({ app, connections, history }, record, listener),
      );
      const names = again.channels.map(({ name }) => name);
      const gone = channels.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
      const lost = gone.length === 0 ? '' : `; ${listOf(gone)} ${gone.length === 1 ? 'is' : 'are'} gone`;
      void this.#offer(again, `${runsText(names)} ${bindle.version} again${lost}.`);
    });
  }

  /** @param known asked for if absent */
  async open(known: PublishRecord | undefined, channelId?: string): Promise<void> {
    const { connections, app } = this.#needs;
    const record = known ?? (await this.#pick('Open a Publish', 'Which one?'));
    const channel =
      record.channels.find(({ id }) => id === channelId) ??
      (record.channels.length > 1
        ? await app.prompts.pick(
            record.channels.map((one) => ({ label: one.name, description: one.address, value: one })),
            { title: `Open ${record.label}`, placeholder: 'Which channel?' },
          )
        : record.channels[0]);
    if (!channel)
      throw new EditorError('NO_CHANNEL', `No channel ran ${record.bindle.version} when it was published.`);
    // Ports and addresses may be others by now.
    await connections.use(
      async ({ client, connection }) => openChannel(app.links, await client.channel(channel.id), connection),
      { connection: record.connection },
    );
  }

  async copyId(record: PublishRecord | undefined): Promise<void> {
    if (record) await this.#needs.app.links.copy(formatId(record.bindle));
  }

  async forget(record: PublishRecord | undefined): Promise<void> {
    if (record) await this.#needs.history.remove(record.id);
  }

  async forgetAll(): Promise<void> {
    const { app, history } = this.#needs;
    await app.prompts.confirm('Forget what was published from this workspace?', {
      detail: 'Nothing on any server changes.',
      action: 'Forget',
    });
    await history.clear();
  }

  /** What ends well, is cancelled, or is told at its place, is dealt with here; the rest is the guard's. */
  async #alone(
    target: Pick<Target, 'uri' | 'label'>,
    doing: Doing,
    title: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const { app, publisher, documents } = this.#needs;
    const { log, prompts } = app;
    try {
      await publisher.alone(target, doing, work);
    } catch (error) {
      const { code, stuck = [], message } = error as Error & { code?: string; stuck?: readonly string[] };
      if (code === 'RUNNING') return prompts.mention(message);
      if (error instanceof ProjectProblems) {
        log.warn(message);
        prompts.mention(`$(error) ${message}`);
        const first = error.problems.find(({ severity }) => severity === 'error');
        if (first) await documents.showProblem(error.target, first);
        return;
      }
      if (!isCancelled(error)) throw error;
      const says = message.startsWith('Cancelled') ? message : 'Cancelled.';
      log.info(`${title}: ${says}`);
      if (stuck.length === 0) prompts.mention(`${title}: ${says}`);
      else void prompts.notify('warning', says, 'View Output').then((button) => button && log.show());
    }
  }

  #sayDone({ record, milliseconds, published }: Done): void {
    const { log } = this.#needs.app;
    const { name, version } = record.bindle;
    const seconds = (time: number): string => `${(time / 1000).toFixed(1)} s`;
    const stages = Object.entries(milliseconds);
    const total = stages.reduce((sum, [, time]) => sum + time, 0);
    log.info(
      `Published ${name}/${version} in ${seconds(total)} (${stages.map(([stage, time]) => `${stage} ${seconds(time)}`).join(', ')})`,
    );
    for (const channel of record.channels) log.info(`${channel.name}: ${channel.address}`);
    const ours = record.channels.filter(({ runs }) => runs === version).map((channel) => channel.name);
    // Whoever published a later version meanwhile was faster; the log says so.
    const what = `Published ${record.label}`;
    if (ours.length > 0) void this.#offer(record, `${what}: ${runsText(ours)} ${version}.`);
    else if (published.plan.appKnown) void this.#offer(record, `${what} ${version}, but no channel runs it.`);
    else void this.#offer(record, `${what} ${version}; this Hippo does not say what runs it.`);
  }

  async #offerCode(target: Target, record: PublishRecord): Promise<void> {
    const { app, offerCode } = this.#needs;
    if (target.kind !== 'project') return;
    await app.guard.quietly('Looking for binding code', () => offerCode(target, record));
  }

  /** Whoever reads it may look at the page. */
  async #offer(record: PublishRecord, message: string): Promise<void> {
    const { prompts, log, guard } = this.#needs.app;
    const open = 'Open in Browser';
    const isServed = record.channels.length > 0;
    const buttons = isServed ? [open, 'View Output'] : ['View Output'];
    const level = record.channels.some(({ runs }) => runs === record.bindle.version) ? 'info' : 'warning';
    const button = await prompts.notify(level, message, ...buttons);
    if (button === open) await guard.run('Opening the page', () => this.open(record));
    else if (button !== undefined) log.show();
  }

  #pick(title: string, placeholder: string): Promise<PublishRecord> {
    const { history, app } = this.#needs;
    const { records } = history;
    const { clock, prompts } = app;
    if (records.length === 0)
      throw new EditorError('NO_HISTORY', 'Nothing was published from this workspace yet.');
    return prompts.pick(
      records.map((record) => {
        const { label, description } = describeRecord(record, clock.now());
        const detail = `${formatId(record.bindle)} • ${record.connection}`;
        return { label, description, detail, value: record };
      }),
      { title, placeholder },
    );
  }

  async #askHow(target: Target): Promise<Wish> {
    const core = await this.#needs.connections.core();
    const version =
      target.kind === 'project' ? core.readVersion(await core.readManifest(target.file)) : undefined;
    const raised = core.BUMPS.flatMap((bump): Choice<Wish>[] => {
      const next = version === undefined ? undefined : core.bumpVersion(version, bump);
      if (next === undefined) return [];
      return [{ label: next, description: BUMP_NAMES[bump], value: { versioning: 'production', bump } }];
    });
    const choices: (Choice<Wish> | Separator)[] = [
      {
        label: 'Development Build',
        detail: 'With a version of its own, for the channels that follow your builds',
        value: { versioning: 'dev' },
      },
      {
        label: 'Production',
        ...(version === undefined ? {} : { description: version }),
        detail: 'With the version that HIPPOFACTS says',
        value: { versioning: 'production' },
      },
      ...(raised.length > 0
        ? [{ separator: 'production, with the version in HIPPOFACTS raised to' }, ...raised]
        : []),
    ];
    return this.#needs.app.prompts.pick(choices, {
      title: `Publish ${target.label}`,
      placeholder: 'As what?',
      steps: { step: 1, of: 2 },
    });
  }

  async #askChannel(target: Target): Promise<Wish> {
    const { app } = this.#needs;
    const title = `Publish ${target.label}`;
    const steps = { step: 2, of: 2 };
    const picked = await app.prompts.pick<Wish | 'new'>(this.#channelChoices(target), {
      title,
      placeholder: 'To which channels?',
      steps,
    });
    if (picked !== 'new') return picked;
    const channel = await app.prompts.input({
      title,
      prompt: 'Name of the new channel',
      steps,
      check: (text) => nameProblem(text.trim(), 64, [], 'a channel'),
    });
    return { channel: channel.trim() };
  }

  async #channelChoices(target: Target): Promise<(Choice<Wish | 'new'> | Separator)[]> {
    const { connections } = this.#needs;
    const core = await connections.core();
    const storageId = target.kind === 'project' ? await core.storageIdOf(target.file) : undefined;
    const apps = await connections.use(async ({ client }) =>
      storageId === undefined
        ? []
        : client.findApps(storageId).catch((error: Error & { code?: string }) => {
            // It cannot say which apps it has.
            if (error.code === 'UNSUPPORTED') return [];
            throw error;
          }),
    );
    const channels = apps.flatMap((app) =>
      app.channels.map((channel): Choice<Wish> => ({
        label: channel.name,
        description: `${apps.length > 1 ? `${app.name} • ` : ''}runs ${channel.activeRevisionNumber ?? 'nothing'}`,
        value: { app: app.id, channel: channel.id },
      })),
    );
    return [
      { label: 'All That Follow It', description: 'as their rules say', value: {} },
      { separator: 'one channel' },
      ...channels,
      { label: '$(add) New Channel…', value: 'new' },
    ];
  }
}

function runsText(names: readonly string[]): string {
  return `${listOf(names)} ${names.length === 1 ? 'runs' : 'run'}`;
}
