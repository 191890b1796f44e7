// What is done with a channel: visiting it, making, renaming and deleting it, starting and stopping it.

import type { DesiredStatus } from '../../hippo/api.ts';
import { externalAddress, openChannel } from '../open-channel.ts';
import type { CommandNeeds } from './app-commands.ts';
import { deleteWithAddons } from './delete-with-addons.ts';
import { nameProblem } from './names.ts';
import { chooseRule } from './rule-choice.ts';
import { fullName, type Row } from './targets.ts';
import { typeName } from './type-name.ts';

export class ChannelCommands {
  readonly #needs: CommandNeeds;

  constructor(needs: CommandNeeds) {
    this.#needs = needs;
  }

  open(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Open in Browser', async ({ session, channel }) => {
      await openChannel(app.links, channel, session.connection);
    });
  }

  copyAddress(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Copy Address', async ({ session, channel }) => {
      await app.links.copy(await externalAddress(app.links, channel, session.connection));
      app.prompts.mention(`Copied the address of ${channel.name}`);
    });
  }

  /** @param row of an app */
  add(row?: Row): Promise<void> {
    const { app, connections, targets, change } = this.#needs;
    const { prompts } = app;
    return targets.app(
      row,
      'Add Channel',
      async ({ session: { client }, app: { id: appId, name: appName, channels } }) => {
        const core = await connections.core();
        const title = `Add Channel to ${appName}`;
        const name = await prompts.input({
          title,
          prompt: 'A name for the channel; its address holds it, too',
          value: channels.length === 0 ? 'production' : '',
          steps: { step: 1, of: 2 },
          check: (text) => nameProblem(text, 64, channels, 'a channel'),
        });
        const revisions = await client.revisions({ appId });
        const rangeRule = await chooseRule(core, app, {
          title,
          numbers: revisions.map(({ revisionNumber }) => revisionNumber),
          channel: undefined,
          late: false,
          steps: { step: 2, of: 2 },
        });
        await change(() =>
          client.createChannel({ appId, name, revisionSelectionStrategy: 'UseRangeRule', rangeRule }),
        );
        prompts.mention(`Added ${name} to ${appName}`);
      },
    );
  }

  rename(row?: Row): Promise<void> {
    const { app, targets, change } = this.#needs;
    return targets.channel(row, 'Rename Channel', async ({ session: { client }, app: of, channel }) => {
      const name = await app.prompts.input({
        title: `Rename ${channel.name}`,
        prompt: `The new name; the channel stays at ${channel.domain}`,
        value: channel.name,
        check: (text) =>
          nameProblem(
            text,
            64,
            of.channels.filter(({ id }) => id !== channel.id),
            'a channel',
          ),
      });
      if (name === channel.name) return;
      await change(() => client.patchChannel(channel.id, { name }));
    });
  }

  delete(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Delete Channel', async ({ session, app: of, channel }) => {
      const { id, name, domain } = channel;
      // Hippos before 0.18 may tell of none.
      const count = (channel.environmentVariables ?? []).length;
      const lost = count === 0 ? '' : ` and ${count === 1 ? 'its variable' : `its ${count} variables`}`;
      await typeName(app, {
        title: `Delete ${fullName({ app: of, channel })}`,
        prompt: `This cannot be undone: its address, ${domain},${lost} will be gone. Type the channel's name, ${name}, to delete it.`,
        name,
      });
      await deleteWithAddons(this.#needs, {
        session,
        where: { appId: of.id, channelId: id },
        full: fullName({ app: of, channel }),
        name,
        remove: () => session.client.removeChannel(id),
      });
      app.prompts.mention(`Deleted ${name}`);
    });
  }

  start(row?: Row): Promise<void> {
    return this.#desire(row, 'Start Channel', 'Running', 'Started');
  }

  stop(row?: Row): Promise<void> {
    return this.#desire(row, 'Stop Channel', 'Dead', 'Stopped');
  }

  #desire(row: Row | undefined, title: string, desired: DesiredStatus, done: string): Promise<void> {
    const { app, targets, change } = this.#needs;
    return targets.channel(row, title, async ({ session: { client }, channel }) => {
      await change(() => client.setDesiredStatus(channel.id, desired));
      app.prompts.mention(`${done} ${channel.name}`);
    });
  }
}
