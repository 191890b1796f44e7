// A version that was published before runs again, on the same channels, by the pipeline.

import type { AppItem, ChannelItem } from '../../hippo/api.ts';
import type { PublishEvent } from '../../publish/run.ts';
import type { ServedChannel } from '../../publish/wait.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { Connections, Session } from '../connections/connections.ts';
import { networkOf } from '../connections/network.ts';
import { EditorError } from '../failure.ts';
import { Decider } from './decide.ts';
import { recordOf, type History, type PublishRecord } from './history.ts';
import { Teller, type Listener } from './teller.ts';
import { demandTrust } from './trust.ts';

/**
 * It asks before it changes what they run; they stay on this version from then on.
 * @returns what it came to, as a record of its own, which is in the history; so is what was done before a failure
 * @throws EditorError `UNTRUSTED`, `APP_GONE`, `CHANNELS_GONE`, and what `releaseStored` throws
 */
export async function releaseAgain(
  {
    app,
    connections,
    history,
  }: { readonly app: App; readonly connections: Connections; readonly history: History },
  record: PublishRecord,
  listener: Listener,
): Promise<PublishRecord> {
  demandTrust(app);
  const { signal } = listener;
  const { bindle: id, versioning } = record;
  const core = await connections.core();
  const work = async (session: Session): Promise<PublishRecord> => {
    const { client: hippo, platform } = session;
    const there = await findChannels(session, record);
    const bindle = await session.bindle();
    try {
      const invoice = await bindle.getInvoice(id, { yanked: true, signal });
      const teller = new Teller(core, listener, { server: bindle.url });
      const decider = new Decider(app, record.uri, () => teller.asking());
      await decider.decide({
        type: 'change-channels',
        version: id.version,
        takers: there.channels.map((channel) => ({
          app: there.app,
          channel,
          runs: channel.activeRevision?.revisionNumber ?? null,
          own: false,
        })),
      });
      const released = new Map<string, ServedChannel>();
      const note = (channels: readonly ServedChannel[]): void =>
        channels.forEach((channel) => released.set(channel.id, channel));
      const onEvent = (event: PublishEvent): void => {
        if (event.type === 'release' && event.event.type === 'waiting') note(event.event.channels);
        teller.onEvent(event);
      };
      const remember = async (): Promise<PublishRecord> => {
        const { id: appId, name } = there.app;
        const channels = [...released.values()];
        const again = recordOf(
          { kind: 'again', target: record, versioning, bindle: id, app: { id: appId, name }, channels },
          session.connection,
          app.clock.now(),
        );
        await history.add(again);
        return again;
      };
      try {
        for (const channel of there.channels) {
          const { channels } = await core.releaseStored({
            invoice,
            versioning,
            user: core.publisher(process.env),
            hippo,
            bindle,
            app: there.app.id,
            channel: channel.id,
            decide: decider.decide,
            // What changes has been asked for all of them at once.
            yes: true,
            local: platform !== undefined,
            network: networkOf(app.settings),
            onEvent,
            signal,
          });
          note(channels);
        }
      } catch (error) {
        if (released.size > 0) await remember();
        throw error;
      }
      return await remember();
    } finally {
      await bindle.close();
    }
  };
  return connections.use(work, { connection: record.connection });
}

/** The channels of a publish as they are by now; those that are gone are left out. */
async function findChannels(
  { client, connection }: Session,
  { app, channels, label }: PublishRecord,
): Promise<{ app: AppItem; channels: ChannelItem[] }> {
  const apps = app === undefined ? [] : await client.apps();
  const found = apps.find(({ id }) => id === app?.id) ?? apps.find(({ name }) => name === app?.name);
  if (!found)
    throw new EditorError('APP_GONE', `The app ${app?.name ?? label} is no longer at ${connection.name}.`);
  const ids = channels.flatMap(({ id, name }) => {
    const there =
      found.channels.find((one) => one.id === id) ?? found.channels.find((one) => one.name === name);
    return there ? [there.id] : [];
  });
  if (ids.length > 0) return { app: found, channels: await Promise.all(ids.map((id) => client.channel(id))) };
  const names = listOf(channels.map(({ name }) => name)) || 'a channel that ran it';
  throw new EditorError('CHANNELS_GONE', `${found.name} no longer has ${names}.`);
}
