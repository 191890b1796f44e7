// The questions of a publish, asked of the person at the window. Each has a setting that stops it from being asked.
// Whoever turns away from one has cancelled the publish.

import type { Plan, Step, Taker } from '../../publish/plan.ts';
import type { Answer, Decide, Question } from '../../publish/questions.ts';
import { listOf } from '../../hippofacts/text.ts';
import type { App } from '../app.ts';
import type { SettingKey, SettingMap } from '../ids.ts';
import { BUMP_NAMES } from './bumps.ts';

type Needs = Pick<App, 'prompts' | 'settings'>;

/** Answers for one publish. */
export class Decider {
  readonly #app: Needs;
  readonly #resource: string | undefined;
  readonly #onAsk: () => void;
  #plan: Plan | undefined;
  /** Whoever wants an app wants it with its channel. */
  #wantsApp = false;

  /**
   * @param resource URI of what is published, whose folder may have settings of its own; undefined if it is of none
   * @param onAsk called before a person is asked
   */
  constructor(app: Needs, resource: string | undefined, onAsk: () => void = () => undefined) {
    this.#app = app;
    this.#resource = resource;
    this.#onAsk = onAsk;
  }

  /** The plan that the questions are about. */
  note(plan: Plan): void {
    this.#plan = plan;
  }

  readonly decide: Decide = async <Q extends Question>(question: Q): Promise<Answer<Q>> =>
    (await this.#answer(question)) as Answer<Q>;

  #answer(question: Question): Promise<Answer<Question>> {
    switch (question.type) {
      case 'change-channels':
        return this.#changeChannels(question.takers, question.version);
      case 'take-step':
        return this.#takeStep(question.step);
      case 'bump':
        return this.#bump(question);
    }
  }

  async #changeChannels(takers: readonly Taker[], version: string): Promise<boolean> {
    if (!this.#get('hippo.publish.confirmChannels')) return true;
    const names = takers.map(({ channel }) => channel.name);
    const never = 'Publish and Never Ask';
    this.#onAsk();
    const answer = await this.#app.prompts.choose(
      `Change what ${listOf(names)} ${names.length === 1 ? 'runs' : 'run'}?`,
      {
        detail: takers
          .map(
            ({ app, channel, runs }) =>
              `${app.name}: ${channel.name} goes from ${runs ?? 'nothing'} to ${version}.`,
          )
          .join('\n'),
        actions: ['Publish', never],
      },
    );
    if (answer === never) await this.#stopAsking('hippo.publish.confirmChannels', false);
    return true;
  }

  async #takeStep(step: Step): Promise<boolean> {
    // What costs is never unasked.
    const isPaid = step.type === 'add-addon' && step.price !== undefined;
    if (this.#get('hippo.publish.makeMissing') === 'make' && !isPaid) return true;
    if (step.type === 'create-channel' && this.#wantsApp) return true;
    const { message, detail, action, never, without } = this.#describe(step);
    const actions = without ? [action, without, never] : [action, never];
    this.#onAsk();
    const answer = await this.#app.prompts.choose(message, { detail, actions });
    if (answer === never) await this.#stopAsking('hippo.publish.makeMissing', 'make');
    if (step.type === 'create-app') this.#wantsApp = true;
    return answer !== without;
  }

  #describe(step: Step): {
    message: string;
    detail: string;
    action: string;
    never: string;
    without?: string;
  } {
    const without = 'Publish Without It';
    const version = this.#plan?.id.version ?? 'this version';
    const app = this.#plan?.app?.name ?? 'the app';
    switch (step.type) {
      case 'create-app': {
        const channel = this.#plan?.steps.find((other) => other.type === 'create-channel');
        return {
          message: `Make the app "${step.name}"?`,
          detail: [
            `There is no app for the bindles of ${step.storageId} yet.`,
            ...(channel ? [`It gets the channel "${channel.name}", which ${followsText(channel)}.`] : []),
          ].join('\n'),
          action: 'Make App',
          never: 'Make and Never Ask',
        };
      }
      case 'create-channel':
        return {
          message: `Make the channel "${step.name}"?`,
          detail: `No channel of ${app} takes ${version}. The new one ${followsText(step)}.`,
          action: 'Make Channel',
          never: 'Make and Never Ask',
          without,
        };
      case 'change-rule':
        return {
          message: `Change the rule of the channel "${step.channel.name}"?`,
          detail: `No channel of ${app} takes ${version}. Its rule is "${step.channel.rangeRule ?? 'none'}" and becomes "${step.rule}".`,
          action: 'Change Rule',
          never: 'Change and Never Ask',
          without,
        };
      case 'choose-revision':
        return {
          message: `Let the channel "${step.channel.name}" run ${version}?`,
          detail: 'It stays on this version, whatever its rule says.',
          action: 'Publish',
          never: 'Publish and Never Ask',
        };
      case 'add-addon':
        return {
          message: `Add ${step.offering}:${step.plan} to the channel "${step.channel}"?`,
          detail: [
            `HIPPOFACTS says that the app needs ${step.name}, which the channel does not have yet.`,
            ...(step.price === undefined ? [] : [`It costs ${step.price}.`]),
          ].join('\n'),
          action: 'Add',
          never: 'Add and Never Ask',
          without,
        };
      case 'attach-addon':
        return {
          message: `Let the channel "${step.channel}" use ${step.name}, too?`,
          detail: `HIPPOFACTS says that the app needs it. They share it: ${listOf(step.users)} ${step.users.length === 1 ? 'uses' : 'use'} it now.`,
          action: 'Share',
          never: 'Share and Never Ask',
          without,
        };
    }
  }

  async #bump({ version, proposals }: Extract<Question, { type: 'bump' }>): Promise<Answer<Question>> {
    const set = this.#get('hippo.publish.whenVersionIsTaken');
    if (set === 'stop') return undefined;
    const found = proposals.find(({ bump }) => bump === set);
    if (found) return found.bump;
    this.#onAsk();
    return this.#app.prompts.pick(
      proposals.map(({ bump, version: next }) => ({
        label: next,
        description: BUMP_NAMES[bump],
        value: bump,
      })),
      {
        title: `Version ${version} Is Taken`,
        placeholder: 'The server has it with other content. Raise the version in HIPPOFACTS to',
      },
    );
  }

  #get<K extends SettingKey>(key: K): SettingMap[K] {
    return this.#app.settings.get(key, this.#resource);
  }

  /** For whoever does not want to be asked, and for nobody else: the settings of a workspace are shared. */
  async #stopAsking<K extends SettingKey>(key: K, value: SettingMap[K]): Promise<void> {
    const { settings, prompts } = this.#app;
    await settings.set(key, value, 'user');
    if (this.#get(key) !== value)
      void prompts.notify(
        'warning',
        `You will be asked again here: the settings of this workspace have ${key}.`,
      );
  }
}

function followsText({ rule, fixed }: Extract<Step, { type: 'create-channel' }>): string {
  return fixed ? 'runs this version alone' : `follows the rule "${rule}"`;
}
