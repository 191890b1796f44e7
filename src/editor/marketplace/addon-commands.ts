// The commands for add-ons: what they need to know is in the row of the tree, or is asked for step by step.

import type { AddonItem } from '../../addons/addons.ts';
import type { OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { priceText, priceWithMonth } from '../../addons/price-text.ts';
import { unavailableText } from '../../addons/words.ts';
import { visible } from '../../hippofacts/text.ts';
import type { App, Choice, Separator } from '../app.ts';
import { EditorError, isCancelled } from '../failure.ts';
import { fullName, type Row, type TreeTargets } from '../tree/targets.ts';
import type { AddonActions, Waiting } from './addon-actions.ts';
import type { AddonTargets } from './addon-targets.ts';
import type { AddonsSession, AddonsStore } from './addons-store.ts';
import { askParameters, countQuestions, readParameters } from './parameter-questions.ts';

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly store: AddonsStore;
  readonly actions: AddonActions;
  readonly targets: TreeTargets;
  readonly addons: AddonTargets;
}

interface Chosen {
  readonly offering: OfferingItem;
  readonly plan: PlanItem;
}

type Change = Parameters<AddonActions['change']>[0];

export class AddonCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** @param row of a channel or anything below it; of an app, the channel is asked for */
  async add(row?: Row): Promise<void> {
    const taken = ({ schemas }: PlanItem): number => countQuestions(schemas.create);
    const wish = await this.#askNew('Add Add-on', row, taken, async (hippo, { plan }, title, step) => {
      const of = step - 1 + taken(plan);
      const { prompts } = this.#needs.app;
      return askParameters({
        prompts,
        addons: hippo.addons,
        title,
        plan,
        step: 'create',
        steps: { step, of },
      });
    });
    const { more: parameters, ...rest } = wish;
    const added = await this.#follow((waiting) =>
      this.#needs.actions.add({ ...rest, ...(parameters ? { parameters } : {}) }, waiting),
    );
    this.#needs.app.prompts.mention(`Added ${visible(added.name)} to ${added.appName}`);
  }

  /** Takes over what a broker has already. */
  async adopt(): Promise<void> {
    const wish = await this.#askNew(
      'Adopt Add-on',
      undefined,
      () => 1,
      (_, chosen, title, step) =>
        this.#needs.app.prompts.input({
          title,
          prompt: `The id of the ${visible(chosen.offering.displayName)} at its broker (instance_id)`,
          steps: { step, of: step },
          check: (text) => (text.trim() === '' ? 'Type the id.' : undefined),
        }),
    );
    const { more: instanceId, ...rest } = wish;
    const adopted = await this.#follow((waiting) =>
      this.#needs.actions.adopt({ ...rest, instanceId: instanceId.trim() }, waiting),
    );
    this.#needs.app.prompts.mention(`Adopted ${visible(adopted.name)} for ${adopted.appName}`);
  }

  /** @param row of an add-on */
  async attach(row?: Row): Promise<void> {
    const title = 'Attach Add-on';
    const { app, store, addons, actions } = this.#needs;
    const { addon } = await addons.addon(row, { title });
    const wish = await store.use(async (hippo) => {
      const used = new Set(addon.bindings.map(({ channelId }) => channelId));
      const { channels } = await hippo.session.client.app(addon.appId);
      const free = channels.filter(({ id }) => !used.has(id));
      if (free.length === 0)
        throw new EditorError(
          'NO_CHANNELS',
          `Every channel of ${addon.appName} uses ${visible(addon.name)} already.`,
        );
      const questions = countQuestions(addon.plan.schemas.bind);
      const channelId = await app.prompts.pick(
        free.map(({ id, name }) => ({ label: name, value: id })),
        {
          title: `Attach ${visible(addon.name)} of ${addon.appName}`,
          placeholder: 'Which channel is to use it, too?',
          ...(questions === 0 ? {} : { steps: { step: 1, of: 1 + questions } }),
        },
      );
      const parameters = await askParameters({
        prompts: app.prompts,
        addons: hippo.addons,
        title: `Attach ${visible(addon.name)} of ${addon.appName}`,
        plan: addon.plan,
        step: 'bind',
        steps: { step: 2, of: 1 + questions },
      });
      return { addonId: addon.id, channelId, ...(parameters ? { parameters } : {}) };
    });
    await this.#follow((waiting) => actions.attach(wish, waiting));
    app.prompts.mention(`Attached ${visible(addon.name)}`);
  }

  /** @param row of an add-on below a channel */
  async detach(row?: Row): Promise<void> {
    const { app, addons, actions } = this.#needs;
    const title = 'Detach Add-on';
    const target = await addons.addon(row, {
      title,
      fits: ({ bindings }) => bindings.length > 0,
      otherwise: 'No channel uses an add-on.',
    });
    const { channelId } = await addons.binding(target, title);
    await this.#follow((waiting) => actions.detach({ addonId: target.addon.id, channelId }, waiting));
    app.prompts.mention(`Detached ${visible(target.addon.name)}`);
  }

  /** @param row of an add-on */
  async change(row?: Row): Promise<void> {
    const { app, store, addons, actions } = this.#needs;
    const { addon } = await addons.addon(row, { title: 'Change Plan' });
    const wish = await store.use((hippo) => this.#askChange(hippo, addon));
    const changed = await this.#follow((waiting) => actions.change({ addonId: addon.id, ...wish }, waiting));
    const [name, plan] = [visible(changed.name), visible(changed.plan.name)];
    app.prompts.mention(wish.planId === undefined ? `Updated ${name}` : `${name} has the plan ${plan} now`);
  }

  /** @param row of an add-on below a channel */
  async rotate(row?: Row): Promise<void> {
    const { app, addons, actions } = this.#needs;
    const title = 'Rotate Credentials';
    const target = await addons.addon(row, {
      title,
      fits: ({ bindings, plan }) => plan.rotatable && bindings.length > 0,
      otherwise: 'No add-on in use has a plan that lets credentials change: detach it and attach it again.',
    });
    const { channelId } = await addons.binding(target, title);
    await this.#follow((waiting) => actions.rotate({ addonId: target.addon.id, channelId }, waiting));
    app.prompts.mention(`Changed the credentials of ${visible(target.addon.name)}`);
  }

  /** @param row of an add-on */
  async remove(row?: Row): Promise<void> {
    const { app, addons, actions } = this.#needs;
    const { addon } = await addons.addon(row, { title: 'Remove Add-on' });
    await this.#follow((waiting) => actions.remove({ addonId: addon.id }, waiting));
    app.prompts.mention(`Removed ${visible(addon.name)}`);
  }

  /** @param row of an add-on */
  async retry(row?: Row): Promise<void> {
    const { app, addons, actions } = this.#needs;
    const { addon } = await addons.addon(row, {
      title: 'Retry Add-on',
      fits: ({ operation, state }) => operation !== null || state !== 'ready',
      otherwise: 'No add-on waits to be tried again.',
    });
    const after = await this.#follow((waiting) => actions.retry({ addonId: addon.id }, waiting));
    app.prompts.mention(after ? `Tried ${visible(addon.name)} again` : `Removed ${visible(addon.name)}`);
  }

  /** @param row of an add-on */
  async abandon(row?: Row): Promise<void> {
    const { app, addons, actions } = this.#needs;
    const { addon } = await addons.addon(row, { title: 'Abandon Add-on' });
    await this.#follow((waiting) => actions.abandon({ addonId: addon.id }, waiting));
    app.prompts.mention(`Abandoned ${visible(addon.name)}`);
  }

  /** @param row of an add-on */
  async dashboard(row?: Row): Promise<void> {
    const { addon } = await this.#needs.addons.addon(row, {
      title: 'Open Dashboard',
      fits: ({ dashboard }) => dashboard,
      otherwise: 'No add-on has a dashboard.',
    });
    await this.#needs.actions.dashboard({ addonId: addon.id });
  }

  /** @param row of an add-on */
  async docs(row?: Row): Promise<void> {
    const { addon } = await this.#needs.addons.addon(row, {
      title: 'Open Documentation',
      fits: ({ offering }) => offering.documentationUrl !== null,
      otherwise: 'No add-on has documentation.',
    });
    await this.#needs.actions.docs({ addonId: addon.id });
  }

  /**
   * Channel, offering, plan and name.
   * @param questions how many are to come after these
   * @param ask for what else is needed
   */
  async #askNew<T>(
    title: string,
    row: Row | undefined,
    questions: (plan: PlanItem) => number,
    ask: (hippo: AddonsSession, chosen: Chosen, title: string, step: number) => Promise<T>,
  ): Promise<{ planId: string; channelId: string; name: string; more: T }> {
    const { app, store, targets } = this.#needs;
    // First of all, because a Hippo without add-ons says so here.
    const offerings = await store.use(({ addons }) => addons.offerings());
    return targets.channel(
      row,
      title,
      (target) =>
        store.use(async (hippo) => {
          const to = `${title} for ${fullName(target)}`;
          const offering = await app.prompts.pick(offeringChoices(offerings), {
            title: to,
            placeholder: 'Which add-on?',
            steps: { step: 2, of: 4 },
          });
          const missing = unavailableText(offering);
          if (missing)
            throw new EditorError('UNAVAILABLE', [missing.message, missing.hint ?? ''].join(' ').trim());
          const plan = await app.prompts.pick(planChoices(offering.plans), {
            title: to,
            placeholder: `Which plan of ${visible(offering.displayName)}?`,
            steps: { step: 3, of: 4 },
          });
          const taken = new Set(
            (await hippo.addons.addons({ appId: target.app.id })).map(({ name }) => name),
          );
          const name = await app.prompts.input({
            title: to,
            prompt: 'What it is called; the names of its variables begin with it',
            value: freeName(offering.name, taken),
            steps: { step: 4, of: 4 + questions(plan) },
            check: (text) => nameProblem(text, taken, target.app.name),
          });
          const more = await ask(hippo, { offering, plan }, to, 5);
          return { planId: plan.id, channelId: target.channel.id, name, more };
        }, target.session.connection.name),
      { step: 1, of: 4 },
    );
  }

  async #askChange({ addons }: AddonsSession, addon: AddonItem): Promise<Omit<Change, 'addonId'>> {
    const { prompts } = this.#needs.app;
    const { plan } = addon;
    const offering = (await addons.offerings()).find(({ id }) => id === addon.offering.id);
    const plans = plan.updatable
      ? (offering?.plans ?? []).filter(({ id, state }) => id !== plan.id && state === 'active')
      : [];
    const takesParameters = readParameters(plan.schemas.update).length > 0;
    const upgrade = plan.maintenance !== null && plan.maintenance.version !== addon.maintenanceVersion;
    type Way = { plan: PlanItem } | 'parameters' | 'upgrade';
    const choices: (Choice<Way> | Separator)[] = [
      { separator: `now: ${visible(plan.name)}, ${priceText(plan)}` },
      ...planChoices(plans).map(({ value, ...rest }) => ({ ...rest, value: { plan: value } })),
      ...(takesParameters || upgrade ? [{ separator: 'the same plan' }] : []),
      ...(takesParameters ? [{ label: 'Change Its Parameters', value: 'parameters' as const }] : []),
      ...(upgrade
        ? [
            {
              label: `Bring It up to Version ${visible(plan.maintenance?.version ?? '')}`,
              detail: visible(plan.maintenance?.description ?? ''),
              value: 'upgrade' as const,
            },
          ]
        : []),
    ];
    if (plans.length === 0 && !takesParameters && !upgrade)
      throw new EditorError(
        'NOT_CHANGEABLE',
        `${visible(addon.name)} cannot be changed: there is no other plan for it, and ${visible(plan.name)} takes no parameters.`,
      );
    const title = `Change ${visible(addon.name)} of ${addon.appName}`;
    const way = await prompts.pick(choices, { title, placeholder: 'What is it to have?' });
    if (way === 'upgrade') return { upgrade: true };
    const target = way === 'parameters' ? plan : way.plan;
    if (way !== 'parameters' && !hasRequired(target)) return { planId: target.id };
    const steps = { step: 2, of: 1 + countQuestions(target.schemas.update) };
    const parameters = await askParameters({ prompts, addons, title, plan: target, step: 'update', steps });
    return {
      ...(way === 'parameters' ? {} : { planId: target.id }),
      ...(parameters ? { parameters } : {}),
    };
  }

  /** Shows that it is under way as soon as all questions are answered. */
  async #follow<T>(work: (waiting: Waiting) => Promise<T>): Promise<T> {
    const { prompts } = this.#needs.app;
    const abort = new AbortController();
    const ended = Promise.withResolvers<void>();
    let doing: string | undefined;
    let report: ((words: string) => void) | undefined;
    const onProgress = (words: string): void => {
      if (doing !== undefined) return report?.(words);
      doing = words;
      const options = { title: words, where: 'notification', cancellable: true } as const;
      void prompts.progress(options, (say, signal) => {
        report = say;
        signal.addEventListener('abort', () => abort.abort(signal.reason));
        return ended.promise;
      });
    };
    try {
      return await work({ signal: abort.signal, onProgress });
    } catch (error) {
      if (abort.signal.aborted && isCancelled(error))
        prompts.mention(`${doing}: it goes on, and the view of apps shows how`);
      throw error;
    } finally {
      ended.resolve();
    }
  }
}

function hasRequired({ schemas }: PlanItem): boolean {
  return readParameters(schemas.update).some(({ isRequired }) => isRequired);
}

function offeringChoices(offerings: readonly OfferingItem[]): Choice<OfferingItem>[] {
  const active = offerings.filter(({ state }) => state === 'active');
  if (active.length === 0)
    throw new EditorError('NO_OFFERINGS', 'Nothing can be added here: no service broker offers anything.');
  return active
    .toSorted((a, b) => (a.reference < b.reference ? -1 : 1))
    .map((offering) => ({
      label: visible(offering.displayName),
      description: [visible(offering.reference), offering.unavailable ? 'cannot be added here' : '']
        .filter((part) => part !== '')
        .join(' • '),
      detail: visible(offering.unavailable?.reason ?? offering.description),
      value: offering,
    }));
}

function planChoices(plans: readonly PlanItem[]): Choice<PlanItem>[] {
  return plans
    .filter(({ state }) => state === 'active')
    .map((plan) => ({
      label: visible(plan.displayName),
      description: priceWithMonth(plan),
      detail: visible(plan.description),
      value: plan,
    }));
}

/** `postgresql`, `postgresql-2`. */
function freeName(offering: string, taken: ReadonlySet<string>): string {
  const base =
    offering
      .replace(/[^a-zA-Z0-9_-]/g, '-')
      .replace(/^[^a-zA-Z]+/, '')
      .slice(0, 24) || 'addon';
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
}

function nameProblem(text: string, taken: ReadonlySet<string>, app: string): string | undefined {
  if (!/^[a-zA-Z][a-zA-Z0-9_-]*$/.test(text)) return 'Use a letter, then letters, digits, "-" and "_".';
  if (text.length > 28) return 'Use at most 28 characters.';
  return taken.has(text) ? `${app} has an add-on ${text} already.` : undefined;
}
