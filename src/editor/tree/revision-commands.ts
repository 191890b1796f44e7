// Which revision a channel runs: pinning one, following a rule, going back.

import type { ChannelItem, RevisionItem } from '../../hippo/api.ts';
import type { Session } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import { openChannel } from '../open-channel.ts';
import type { CommandNeeds } from './app-commands.ts';
import { readNodeId } from './nodes.ts';
import { chooseRule } from './rule-choice.ts';
import { fullName, type ChannelTarget, type Row } from './targets.ts';

/** Milliseconds within which a second click is the second half of a double click. */
const DOUBLE_CLICK = 1_000;

export class RevisionCommands {
  readonly #needs: CommandNeeds;
  /** Id of a channel → when it went back; Infinity while it does. */
  readonly #rolledBack = new Map<string, number>();

  constructor(needs: CommandNeeds) {
    this.#needs = needs;
  }

  /** @param row of a channel, or of the revision that it is to run */
  pin(row?: Row): Promise<void> {
    const { app, connections, targets, change } = this.#needs;
    return targets.channel(row, 'Pin to Revision', async ({ session: { client }, app: of, channel }) => {
      const core = await connections.core();
      const revisions = await client.revisions({ appId: of.id });
      const { kind, part } = row === undefined ? { kind: undefined, part: '' } : readNodeId(row);
      const chosen =
        kind === 'revision'
          ? revisions.find(({ id }) => id === part)
          : await this.#pick(channel, revisions, `Pin ${fullName({ app: of, channel })}`);
      if (!chosen) throw new EditorError('NO_REVISION', `${of.name} no longer has this revision.`);
      const runs = channel.activeRevision?.revisionNumber;
      const number = chosen.revisionNumber;
      // A list has said it already.
      if (kind === 'revision')
        await app.prompts.confirm(`Let ${channel.name} run ${number}?`, {
          detail:
            chosen.id === channel.activeRevision?.id
              ? `It runs ${number} now, and stays on it, whatever comes, until it follows a rule again.`
              : `It runs ${runs ?? 'nothing'} now. It stays on ${number}, whatever comes, until it follows a rule again.`,
          action: 'Run It',
        });
      await change(() => core.pinRevision(client, channel.id, chosen.id));
      app.prompts.mention(`${channel.name} runs ${number} and stays on it`);
    });
  }

  followRule(row?: Row): Promise<void> {
    const { app, connections, targets, change } = this.#needs;
    return targets.channel(row, 'Follow Rule', async ({ session: { client }, app: of, channel }) => {
      const core = await connections.core();
      const [revisions, { product }] = await Promise.all([
        client.revisions({ appId: of.id }),
        client.identify(),
      ]);
      const rule = await chooseRule(core, app, {
        title: `Rule of ${fullName({ app: of, channel })}`,
        numbers: revisions.map(({ revisionNumber }) => revisionNumber),
        channel,
        late: product === undefined,
      });
      const { activeRevision } = await change(async () => {
        await core.followRule(client, channel.id, rule);
        return client.channel(channel.id);
      });
      app.prompts.mention(
        `${channel.name} follows ${rule} and runs ${activeRevision?.revisionNumber ?? 'nothing yet'}`,
      );
    });
  }

  /** In one step; the way back is offered afterwards. A double click is one step, too. */
  rollBack(row?: Row): Promise<void> {
    const { clock, prompts } = this.#needs.app;
    return this.#needs.targets.channel(row, 'Roll Back', async (target) => {
      const { id, name } = target.channel;
      if (clock.now() - (this.#rolledBack.get(id) ?? -Infinity) < DOUBLE_CLICK)
        return prompts.mention(`${name} has gone back a moment ago`);
      this.#rolledBack.set(id, Infinity);
      try {
        await this.#goBack(target);
        this.#rolledBack.set(id, clock.now());
      } catch (error) {
        this.#rolledBack.delete(id);
        throw error;
      }
    });
  }

  async #goBack({ session, app: of, channel }: ChannelTarget): Promise<void> {
    const { connections, change } = this.#needs;
    const { client } = session;
    const core = await connections.core();
    const before = core.previousRevision(channel, await client.revisions({ appId: of.id }));
    const runs = channel.activeRevision?.revisionNumber;
    if (!before)
      throw new EditorError(
        'NO_EARLIER_REVISION',
        runs === undefined
          ? `${fullName({ app: of, channel })} runs nothing that it could go back from.`
          : `${of.name} has no revision before ${runs}.`,
      );
    await change(() => core.pinRevision(client, channel.id, before.id));
    void this.#offerUndo(session, channel, before);
  }

  async #offerUndo(session: Session, channel: ChannelItem, before: RevisionItem): Promise<void> {
    const { app, connections, change } = this.#needs;
    const { prompts, guard, links } = app;
    const { client, connection } = session;
    const { id, name, activeRevision, rangeRule, revisionSelectionStrategy } = channel;
    const button = await prompts.notify(
      'info',
      `${name} runs ${before.revisionNumber} instead of ${activeRevision?.revisionNumber ?? 'nothing'}, and stays on it.`,
      'Open in Browser',
      'Undo',
    );
    if (button === 'Open in Browser')
      await guard.run('Opening the page', async () =>
        openChannel(links, await client.channel(id), connection),
      );
    if (button === 'Undo')
      await guard.run('Undoing the rollback', async () => {
        const core = await connections.core();
        await change(async () => {
          if (revisionSelectionStrategy === 'UseRangeRule')
            await core.followRule(client, id, rangeRule ?? '*', { runs: activeRevision?.id });
          else if (activeRevision) await core.pinRevision(client, id, activeRevision.id);
        });
        prompts.mention(`${name} runs ${activeRevision?.revisionNumber ?? 'nothing'} again`);
      });
  }

  /** The latest first; what each of them means is in the list. */
  #pick(
    { activeRevision, revisionSelectionStrategy }: ChannelItem,
    revisions: readonly RevisionItem[],
    title: string,
  ): Promise<RevisionItem> {
    if (revisions.length === 0)
      throw new EditorError('NO_REVISION', 'There is no revision yet that it could run: publish one.');
    const runs = activeRevision?.revisionNumber;
    const latest = revisions.toReversed();
    return this.#needs.app.prompts.pick(
      latest.map((revision) => ({
        label: revision.revisionNumber,
        description:
          revision.id === activeRevision?.id
            ? revisionSelectionStrategy === 'UseSpecifiedRevision'
              ? 'runs now, pinned'
              : 'runs now; would stay on it'
            : runs === undefined
              ? 'would run'
              : `would run instead of ${runs}`,
        value: revision,
      })),
      {
        title,
        placeholder: 'Which revision does it run from now on, whatever comes?',
        active: latest.find(({ id }) => id === activeRevision?.id),
      },
    );
  }
}
