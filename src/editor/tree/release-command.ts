// A new release of a bindle that is on the Bindle server already: found there or named, shown with the channels that
// take it, then released by the pipeline.

import type { BindleClient } from '../../bindle/client.ts';
import { formatId, parseId, type BindleId } from '../../bindle/id.ts';
import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { Plan } from '../../publish/plan.ts';
import type { Answer, Question } from '../../publish/questions.ts';
import type { Released } from '../../publish/release.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { Choice } from '../app.ts';
import type { Core, Session } from '../connections/connections.ts';
import { networkOf } from '../connections/network.ts';
import { EditorError } from '../failure.ts';
import { openChannel } from '../open-channel.ts';
import { Decider } from '../publish/decide.ts';
import { Teller } from '../publish/teller.ts';
import { inWindow } from '../publish/window-listener.ts';
import type { CommandNeeds } from './app-commands.ts';
import { sayRule } from './app-nodes.ts';
import { compareNames, readNodeId } from './nodes.ts';
import type { Row } from './targets.ts';

/** So many are asked for at once. */
const FOUND = 100;

export class ReleaseCommand {
  readonly #needs: CommandNeeds;

  constructor(needs: CommandNeeds) {
    this.#needs = needs;
  }

  /** @param row of an app, whose bindles are offered first */
  run(row?: Row): Promise<void> {
    const { app, connections, targets, change } = this.#needs;
    if (!app.workspace.isTrusted)
      throw new EditorError('UNTRUSTED', 'Releasing waits until you trust this workspace.', {
        remedies: ['manageTrust'],
      });
    return targets.session(row, async (session) => {
      const { client: hippo } = session;
      const core = await connections.core();
      const bindle = await session.bindle();
      try {
        const of = row === undefined ? undefined : await hippo.app(readNodeId(row).owner);
        const id = await this.#choose(core, bindle, of);
        const asked = await this.#whichApp(session, id, of);
        const invoice = await bindle.getInvoice(id);
        const user = core.publisher(process.env);
        const versioning = core.versioningOf(id.version);
        const about = { invoice, versioning, user, hippo, bindle, ...(asked ? { app: asked.id } : {}) };
        await this.#confirm(session, await core.planPublish(about));
        const decider = new Decider(app, undefined);
        const name = formatId(id);
        const released = await change(() =>
          inWindow(app, `Releasing ${name}`, (listener) => {
            const teller = new Teller(core, listener, { server: bindle.url });
            return core.releaseStored({
              ...about,
              local: session.platform !== undefined,
              network: networkOf(app.settings),
              signal: listener.signal,
              // Which channels change was shown and agreed to.
              decide: async <Q extends Question>(question: Q): Promise<Answer<Q>> =>
                question.type === 'change-channels' ? (true as Answer<Q>) : decider.decide(question),
              onEvent: (event) => {
                if (event.type === 'planned') decider.note(event.plan);
                teller.onEvent(event);
              },
            });
          }),
        );
        void this.#offer(session, id, released);
      } finally {
        await bindle.close();
      }
    });
  }

  async #choose(core: Core, bindle: BindleClient, of: AppItem | undefined): Promise<BindleId> {
    let value = of ? `${of.storageId}/` : '';
    for (;;) {
      const found = await this.#needs.app.prompts.search<BindleId | string>({
        title: of ? `New Release of ${of.name}` : 'New Release from a Bundle',
        placeholder: 'Part of a name to search for, or an id: name/version',
        value,
        search: (text, signal) => search(core, bindle, text.trim(), signal),
      });
      if (typeof found !== 'string') return found;
      // Nothing was found for it.
      value = found;
    }
  }

  /** Where several apps have these bindles, a person says which one is meant. */
  async #whichApp(
    { client }: Session,
    { name }: BindleId,
    of: AppItem | undefined,
  ): Promise<AppItem | undefined> {
    if (of?.storageId === name) return of;
    const apps = await client.findApps(name).catch((error: Error & { code?: string }) => {
      // It cannot say which apps it has, and releases to all that take it.
      if (error.code === 'UNSUPPORTED') return [];
      throw error;
    });
    if (apps.length < 2) return apps[0];
    return this.#needs.app.prompts.pick(
      apps.map((one) => ({
        label: one.name,
        description: listOf(one.channels.map((channel) => channel.name)),
        value: one,
      })),
      { title: `Release ${name}`, placeholder: 'Several apps have these bindles: which one is meant?' },
    );
  }

  /** What will run where, channel by channel. @throws Cancelled */
  async #confirm({ client }: Session, plan: Plan): Promise<void> {
    const { id, app, appKnown } = plan;
    const channels = app ? await client.channels({ appId: app.id }) : [];
    await this.#needs.app.prompts.confirm(`Release ${formatId(id)}${app ? ` to ${app.name}` : ''}?`, {
      detail: appKnown
        ? describeChannels(plan, channels).join('\n')
        : 'This Hippo is too old to say which channels will run it.',
      action: 'Release',
    });
  }

  async #offer(session: Session, { version }: BindleId, { channels }: Released): Promise<void> {
    const { prompts, guard, links } = this.#needs.app;
    const [first] = channels;
    if (!first) return void prompts.notify('warning', `Released ${version}, but no channel runs it.`);
    const names = channels.map(({ name }) => name);
    const button = await prompts.notify(
      'info',
      `${listOf(names)} ${names.length === 1 ? 'runs' : 'run'} ${version}.`,
      'Open in Browser',
    );
    if (button !== undefined)
      await guard.run('Opening the page', async () =>
        openChannel(links, await session.client.channel(first.id), session.connection),
      );
  }
}

/** A line for each channel: those that change, those that run it already, those that stay. */
export function describeChannels(
  { id: { version }, app, takers, steps }: Plan,
  channels: readonly ChannelItem[],
): string[] {
  const taking = new Map(takers.map((taker) => [taker.channel.id, taker]));
  const elsewhere = takers.filter((taker) => taker.app.id !== app?.id);
  const changing = new Set(
    steps.flatMap((step) =>
      step.type === 'change-rule' || step.type === 'choose-revision' ? [step.channel.id] : [],
    ),
  );
  const lines = channels
    .toSorted((a, b) => compareNames(a.name, b.name))
    .map((channel) => {
      const runs = channel.activeRevision?.revisionNumber;
      if (runs === version) return `${channel.name} runs it already.`;
      if (taking.has(channel.id)) return `${channel.name} goes from ${runs ?? 'nothing'} to ${version}.`;
      const stays = `${channel.name} stays on ${runs ?? 'nothing'} (${sayRule(channel)}).`;
      return changing.has(channel.id) ? `${stays} You are asked whether that is to change.` : stays;
    });
  const more = steps.flatMap((step) => {
    if (step.type === 'create-app')
      return [`There is no app for these bindles yet: you are asked whether to make "${step.name}".`];
    if (step.type === 'create-channel')
      return [
        `No channel takes it: you are asked whether to make "${step.name}", which follows ${step.rule}.`,
      ];
    return [];
  });
  return [
    ...lines,
    ...elsewhere.map(
      (taker) =>
        `${taker.app.name}: ${taker.channel.name} goes from ${taker.runs ?? 'nothing'} to ${version}.`,
    ),
    ...more,
  ];
}

async function search(
  core: Pick<Core, 'compareVersions'>,
  bindle: Pick<BindleClient, 'search' | 'getInvoice'>,
  text: string,
  signal: AbortSignal,
): Promise<Choice<BindleId | string>[]> {
  const named = parseId(text);
  const exact =
    named && (await bindle.getInvoice(named, { signal }).then(() => named, unlessAborted(signal)));
  const ids = await findIds(bindle, text, signal);
  const all = [
    ...(exact ? [exact] : []),
    ...ids
      .filter((id) => formatId(id) !== text)
      .sort((a, b) => compareNames(a.name, b.name) || core.compareVersions(b.version, a.version)),
  ];
  if (all.length === 0)
    return [
      {
        label: `$(search-stop) There is no bindle ${text === '' ? 'on this server yet' : `"${text}"`}`,
        value: text,
      },
    ];
  return all.map((id) => ({ label: formatId(id), value: id }));
}

/** By what an id holds. The server knows of names alone, so that a version is looked for among those of a name. */
async function findIds(
  bindle: Pick<BindleClient, 'search'>,
  text: string,
  signal: AbortSignal,
): Promise<BindleId[]> {
  const slash = text.lastIndexOf('/');
  const queries = [text, ...(slash > 0 ? [text.slice(0, slash)] : [])];
  for (const query of queries) {
    const { invoices } = await bindle.search(
      { ...(query === '' ? {} : { query }), limit: FOUND },
      { signal },
    );
    const found = invoices
      .map(({ bindle: { name, version } }) => ({ name, version }))
      .filter((id) => formatId(id).includes(text));
    if (found.length > 0) return found;
  }
  return [];
}

/** An id that is none of the server's is a text to search for, like any other. */
function unlessAborted(signal: AbortSignal): (error: unknown) => undefined {
  return (error) => {
    if (
      signal.aborted ||
      !['NOT_FOUND', 'YANKED', 'BAD_ID'].includes((error as { code?: string }).code ?? '')
    )
      throw error;
    return undefined;
  };
}
