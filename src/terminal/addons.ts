// What the commands about add-ons share: the client, the add-on that is meant, and a change with its words to the user.

import type { Command } from 'commander';
import type { AddonItem, BindingItem, OperationItem } from '../addons/addons.ts';
import { AddonsClient } from '../addons/client.ts';
import { findAddon } from '../addons/find.ts';
import { waitForAddon } from '../addons/wait.ts';
import type { AppItem } from '../hippo/api.ts';
import { listenForCancel, orCancelled } from './cancel.ts';
import { CommandError } from './failure.ts';
import { withHippo, type AppOptions, type ChannelOptions, type Hippo } from './hippo.ts';
import { printResult, type OutputForm } from './output.ts';
import { columnsOf, say, visible, type Screen } from './screen.ts';

export interface AddonsHippo extends Hippo {
  readonly addons: AddonsClient;
}

export interface AddonOptions extends AppOptions {
  output: OutputForm;
}

export interface AddonChannelOptions extends ChannelOptions {
  output: OutputForm;
}

/** As `withHippo`, with a client of its add-ons. */
export function withAddons<T>(
  screen: Screen,
  options: ChannelOptions,
  work: (hippo: AddonsHippo) => Promise<T>,
): Promise<T> {
  return withHippo(screen, options, (hippo) => work({ ...hippo, addons: new AddonsClient(hippo.client) }));
}

/** The add-on of the app that is meant. @throws AddonNameError */
export async function addonOf(
  hippo: AddonsHippo,
  named: string,
): Promise<{ app: AppItem; addon: AddonItem }> {
  const app = await hippo.app();
  return { app, addon: findAddon(await hippo.addons.addons({ appId: app.id }), named, app.name) };
}

/** The binding that is meant: of the channel that is named, else the only one, else that of the chosen channel. */
export async function bindingOf(
  screen: Screen,
  hippo: AddonsHippo,
  addon: AddonItem,
  options: ChannelOptions,
): Promise<BindingItem> {
  const { bindings, name, appName } = addon;
  const named = options.channel ?? (screen.env['HIPPO_CHANNEL'] || undefined);
  const [only] = bindings;
  if (named === undefined && only && bindings.length === 1) return only;
  if (bindings.length === 0)
    throw new CommandError(`No channel of ${appName} uses ${name}.`, {
      hint: `\`hippo addons attach ${name} --channel CHANNEL\` lets one use it.`,
    });
  const { channel } = await hippo.channel();
  const found = bindings.find(({ channelId }) => channelId === channel.id);
  if (found) return found;
  throw new CommandError(`${appName}:${channel.name} does not use ${name}.`, {
    hint: `It is used by ${bindings.map(({ channelName }) => channelName).join(', ')}.`,
  });
}

export function addWaitOption(command: Command): Command {
  return command.option('--no-wait', 'do not wait until it is done');
}

export interface Change {
  /** `Adding postgresql:small to shop:production` */
  readonly doing: string;
  /** What is waited for; all that is under way if it is not said. */
  readonly kinds?: readonly OperationItem['kind'][];
  readonly begin: () => Promise<AddonItem>;
  /** What stands below it in the end. Gets undefined if the add-on is gone. */
  readonly after?: (addon: AddonItem | undefined) => string[];
  /** The same for those who read along. */
  readonly remarks?: (addon: AddonItem | undefined) => string[];
}

/**
 * Begins something, waits until it is done while it says what the broker says, and prints the result.
 * @returns the add-on as it is then; undefined if it is gone
 */
export async function carryOut(
  screen: Screen,
  hippo: AddonsHippo,
  options: { output: OutputForm; wait: boolean },
  { doing, kinds, begin, after, remarks }: Change,
): Promise<AddonItem | undefined> {
  const cancel = listenForCancel();
  const progress = changeProgress(screen, doing, options.output === 'none');
  try {
    const begun = await orCancelled(cancel, begin());
    const look = `\`hippo addons show ${begun.name} --app ${begun.appName}\` says how it is.`;
    const print = (addon: AddonItem | undefined, state: string, lines: string[]): void =>
      printResult(screen, options.output, {
        id: begun.id,
        message: [`${doing}... ${state}`, ...lines].join('\n'),
        json: addon ?? { id: begun.id, name: begun.name, app: begun.appName, state: 'gone' },
      });
    if (!options.wait) {
      print(begun, 'begun', []);
      if (options.output === 'message') say(screen, look);
      return begun;
    }
    const addon = await waitForAddon(hippo.addons, begun, {
      kinds,
      signal: cancel.signal,
      onProgress: progress.show,
    }).catch((error: unknown) => {
      throw cancel.signal.aborted ? new StillUnderWay(doing, look) : error;
    });
    progress.clear();
    print(addon, 'done', after?.(addon) ?? []);
    if (options.output === 'message') for (const line of remarks?.(addon) ?? []) say(screen, line);
    return addon;
  } finally {
    progress.clear();
    cancel.release();
  }
}

/** Whoever waited has gone; the Hippo goes on. */
class StillUnderWay extends Error {
  readonly code = 'CANCELLED';
  readonly hint: string;
  constructor(doing: string, look: string) {
    super(`${doing} goes on without this command.`);
    this.name = 'StillUnderWay';
    this.hint = look;
  }
}

/** What the broker says meanwhile: one line that is redrawn on a terminal, a line for each sentence elsewhere. */
export function changeProgress(
  screen: Screen,
  doing: string,
  quiet: boolean,
): { show: (words: string) => void; clear: () => void } {
  const redraws = !quiet && screen.interactive && screen.env['TERM'] !== 'dumb';
  let drawn = false;
  const clear = (): void => {
    if (drawn) screen.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  const draw = (words: string): void => {
    clear();
    screen.stderr.write(`${doing}... ${visible(words)}`.slice(0, columnsOf(screen) - 1));
    drawn = true;
  };
  if (redraws) draw('');
  return {
    show: (words) => {
      if (redraws) draw(words);
      else if (!quiet) say(screen, visible(words));
    },
    clear,
  };
}
