// The variables that add-ons give a channel: shown and copied when somebody asks, and kept nowhere.

import { visible } from '../../hippofacts/text.ts';
import type { App, Choice, Separator } from '../app.ts';
import { EditorError } from '../failure.ts';
import { addonIdOf, readNodeId } from '../tree/nodes.ts';
import type { Row } from '../tree/targets.ts';
import type { AddonTargets } from './addon-targets.ts';
import type { AddonsStore } from './addons-store.ts';

interface Needs {
  readonly app: Pick<App, 'prompts' | 'links' | 'log'>;
  readonly store: AddonsStore;
  readonly addons: AddonTargets;
}

export class AddonVariableCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @param row of an add-on's variable @throws EditorError `NO_VARIABLE`, HippoError */
  value(row: Row): Promise<string> {
    const ref = readNodeId(row);
    const addonId = addonIdOf(ref) ?? '';
    const key = ref.part.slice(addonId.length + 1);
    return this.#needs.store.use(async ({ addons }) => {
      const found = (await addons.addonVariables(ref.owner, true)).find(
        (one) => one.addonId === addonId && one.key === key,
      );
      if (found?.value === undefined)
        throw new EditorError('NO_VARIABLE', `The channel no longer has the variable ${key}.`);
      this.#needs.app.log.conceal(found.value);
      return found.value;
    });
  }

  /** @param row of an add-on's variable */
  async copyValue(row: Row): Promise<void> {
    const { app } = this.#needs;
    await app.links.copy(await this.value(row));
    const { part } = readNodeId(row);
    app.prompts.mention(`Copied the value of ${part.slice(part.indexOf(':') + 1)}`);
  }

  /** @param row of an add-on below a channel */
  async copyVariables(row?: Row): Promise<void> {
    const { app, store, addons } = this.#needs;
    const title = 'Copy Connection Variables';
    const target = await addons.addon(row, {
      title,
      fits: ({ bindings }) => bindings.some(({ variables }) => variables.length > 0),
      otherwise: 'No add-on in use gives variables.',
    });
    const { channelId, channelName } = await addons.binding(target, title);
    const { addon } = target;
    await store.use(async (hippo) => {
      const found = await hippo.addons.addonVariables(channelId, true);
      const mine = found.flatMap(({ key, value, addonId }) =>
        addonId === addon.id && value !== undefined ? [{ key, value }] : [],
      );
      for (const { value } of mine) app.log.conceal(value);
      if (mine.length === 0)
        throw new EditorError(
          'NO_VARIABLE',
          `${visible(addon.name)} gives ${addon.appName}:${channelName} no variables: modules reach it by host calls.`,
        );
      const lines = mine.map(({ key, value }) => `${key}=${quoted(value)}`).join('\n');
      const choices: (Choice<{ text: string; told: string }> | Separator)[] = [
        {
          label: 'All of Them',
          description: 'as lines of a .env, with their values',
          value: { text: lines, told: mine.length === 1 ? '1 variable' : `${mine.length} variables` },
        },
        { separator: 'the value of one' },
        ...mine.map(({ key, value }) => ({ label: key, value: { text: value, told: key } })),
      ];
      const { text, told } = await app.prompts.pick(choices, {
        title,
        placeholder: 'What is to be copied? The values are secrets',
      });
      await app.links.copy(text);
      app.prompts.mention(`Copied ${told} of ${visible(addon.name)}`);
    });
  }
}

/** As .env files have it, where it is no plain word. */
function quoted(value: string): string {
  return /^[\w.,:;/@%+=?&~!*-]*$/.test(value) ? value : JSON.stringify(value);
}
