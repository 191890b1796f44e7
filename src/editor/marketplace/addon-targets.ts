// Which add-on a command is about: that of the row of the tree that a menu has passed, else the one that a person picks.

import type { AddonItem, BindingItem } from '../../addons/addons.ts';
import { priceText } from '../../addons/price-text.ts';
import { planOf, stateText } from '../../addons/words.ts';
import { visible } from '../../hippofacts/text.ts';
import type { App, Choice, Separator } from '../app.ts';
import { EditorError } from '../failure.ts';
import { addonIdOf, compareNames, readNodeId } from '../tree/nodes.ts';
import type { Row } from '../tree/targets.ts';
import type { AddonsStore } from './addons-store.ts';

export interface AddonTarget {
  /** As it is now. */
  readonly addon: AddonItem;
  /** The channel of the row, if it is below one. */
  readonly channelId: string | undefined;
}

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly store: Pick<AddonsStore, 'use'>;
  /** Bindle names in the HIPPOFACTS of the open workspace. */
  readonly projects: () => Promise<ReadonlySet<string>>;
}

export interface AddonQuestion {
  readonly title: string;
  /** Which of them are offered; all if absent. */
  readonly fits?: (addon: AddonItem) => boolean;
  /** What to say where none fits, in one sentence. */
  readonly otherwise?: string;
}

export class AddonTargets {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @throws EditorError `NO_ADDON`, Cancelled, HippoError */
  addon(row: Row | undefined, question: AddonQuestion): Promise<AddonTarget> {
    const ref = row === undefined ? undefined : readNodeId(row);
    const id = ref && addonIdOf(ref);
    return this.#needs.store.use(async ({ session: { client }, addons }) => {
      if (id !== undefined)
        return {
          addon: await addons.addon(id),
          channelId: ref?.kind === 'unusedAddon' ? undefined : ref?.owner,
        };
      const all = await addons.addons();
      const fitting = all.filter(question.fits ?? (() => true));
      if (fitting.length === 0)
        throw new EditorError(
          'NO_ADDON',
          all.length === 0
            ? 'No app has an add-on yet: "Add Add-on" adds one.'
            : (question.otherwise ?? 'No add-on can do that now.'),
        );
      const here = await this.#needs.projects();
      const appsHere = new Set(
        (await client.apps()).filter(({ storageId }) => here.has(storageId)).map((app) => app.id),
      );
      return { addon: await this.#pick(fitting, appsHere, question.title), channelId: undefined };
    });
  }

  /**
   * The channel of the target, else the only one that uses the add-on, else the one that a person picks.
   * @throws EditorError `NOT_ATTACHED`, Cancelled
   */
  async binding({ addon, channelId }: AddonTarget, title: string): Promise<BindingItem> {
    const { bindings, name, appName } = addon;
    const named = bindings.find((binding) => binding.channelId === channelId);
    if (named) return named;
    const [only] = bindings;
    if (!only) throw new EditorError('NOT_ATTACHED', `No channel of ${appName} uses ${visible(name)}.`);
    if (bindings.length === 1) return only;
    return this.#needs.app.prompts.pick(
      bindings.map((binding) => ({ label: binding.channelName, value: binding })),
      { title, placeholder: 'Which channel?' },
    );
  }

  #pick(addons: readonly AddonItem[], appsHere: ReadonlySet<string>, title: string): Promise<AddonItem> {
    const rank = ({ appId }: AddonItem): number => (appsHere.has(appId) ? 0 : 1);
    const sorted = addons.toSorted(
      (a, b) => rank(a) - rank(b) || compareNames(a.appName, b.appName) || compareNames(a.name, b.name),
    );
    const choices: (Choice<AddonItem> | Separator)[] = [];
    let app: string | undefined;
    for (const addon of sorted) {
      if (addon.appId !== app)
        choices.push({
          separator: appsHere.has(addon.appId) ? `${addon.appName} • in this workspace` : addon.appName,
        });
      app = addon.appId;
      choices.push({
        label: `${addon.appName}: ${visible(addon.name)}`,
        description: [planOf(addon), priceText(addon.plan), stateText(addon)].join(' • '),
        value: addon,
      });
    }
    return this.#needs.app.prompts.pick(choices, { title, placeholder: 'Which add-on?' });
  }
}
