// What a publish says of add-ons for which the project has no code.

import { boundAddon } from '../bindings/bound.ts';
import { DiskTexts } from '../bindings/disk-texts.ts';
import { likelyGuess } from '../bindings/guess.ts';
import { loadTemplates } from '../bindings/templates.ts';
import { withoutBindingCode } from '../bindings/uses.ts';
import { AddonsClient } from '../addons/client.ts';
import { findManifest } from '../hippofacts/find.ts';
import type { HippoClient } from '../hippo/client.ts';
import { scaffoldFolder } from './scaffold.ts';
import { say, visible, type Screen } from './screen.ts';

/** Milliseconds: what has been published does not wait longer for a hint. */
const PATIENCE = 3000;

/**
 * A line for each add-on of the channels that a publish has reached, and that no code below the project's folder
 * uses. Says nothing where that cannot be told, or soon: the publish has succeeded.
 * @param target the project's folder, its HIPPOFACTS or a module
 * @param signal ends it; nothing is thrown
 */
export async function hintAtBindingCode(
  screen: Screen,
  hippo: HippoClient,
  target: string,
  appId: string,
  channels: readonly { readonly id: string }[],
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const { kind, file, directory: folder } = await findManifest(target);
    const ids = new Set(channels.map(({ id }) => id));
    const soon = AbortSignal.any([AbortSignal.timeout(PATIENCE), ...(signal ? [signal] : [])]);
    const addons = await new AddonsClient(hippo).addons({ appId, signal: soon });
    const bound = addons.flatMap((addon) =>
      addon.bindings
        .filter(({ channelId, state }) => ids.has(channelId) && state === 'ready')
        .slice(0, 1)
        .map((binding) => boundAddon(addon, binding)),
    );
    if (kind !== 'manifest' || bound.length === 0) return;
    const [texts, templates] = [new DiskTexts(), await loadTemplates(scaffoldFolder())];
    const project = { folder, hippofacts: file };
    const likely = await likelyGuess(project, texts, templates);
    // Without sources there is nowhere to put it.
    if (!likely) return;
    for (const { name } of await withoutBindingCode(bound, texts, folder, templates))
      say(
        screen,
        `No code here uses ${visible(name)}: \`hippo addons code ${visible(name)} --lang ${likely.language}\` prints some.`,
      );
  } catch {
    // Of a Hippo without add-ons, or one that answers no more, there is nothing to say.
  }
}
