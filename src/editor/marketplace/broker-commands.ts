// Service brokers, for administrators: registered and managed by lists and questions.

import { readFile } from 'node:fs/promises';
import type { BrokerChange, BrokerItem, NewBroker } from '../../addons/brokers.ts';
import { isLoopback, readBaseUrl } from '../../bindle/url.ts';
import { count, visible } from '../../hippofacts/text.ts';
import type { App, Choice, Step } from '../app.ts';
import { EditorError } from '../failure.ts';
import { nameProblem } from '../tree/names.ts';
import { compareNames } from '../tree/nodes.ts';
import type { AddonsSession, AddonsStore } from './addons-store.ts';

interface Needs {
  readonly app: Pick<App, 'prompts' | 'log'>;
  readonly store: Pick<AddonsStore, 'use' | 'changed'>;
}

type Credentials = Pick<NewBroker, 'userName' | 'password' | 'token'>;

const STATES: Readonly<Record<BrokerItem['state'], string>> = {
  starting: 'starting',
  ready: 'ready',
  unreachable: 'does not answer',
  refused: 'refuses the credentials',
  invalid: 'its catalog cannot be read',
};

type Action = 'refresh' | 'address' | 'credentials' | 'rename' | 'teams' | 'deregister';

export class BrokerCommands {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  register(): Promise<void> {
    return this.#asAdministrator('Register Service Broker', async (hippo, others) => {
      const { prompts } = this.#needs.app;
      const title = 'Register Service Broker';
      const name = await prompts.input({
        title,
        prompt: 'A name for the broker',
        placeholder: 'company',
        steps: { step: 1, of: 5 },
        check: (text) => nameProblem(text, 64, others, 'a broker'),
      });
      const url = await this.#askAddress(title, undefined, { step: 2, of: 5 });
      const ca = url.startsWith('https:') ? await this.#askCertificate(title) : undefined;
      const credentials = await this.#askCredentials(title, undefined, 3);
      const teamIds = await this.#askTeams(hippo, title, null, { step: 5, of: 5 });
      const broker = await this.#progress(`Reading the catalog of ${name}…`, () =>
        hippo.addons.registerBroker({
          name,
          url,
          ...credentials,
          ...(ca === undefined ? {} : { ca }),
          ...(teamIds === null ? {} : { teamIds }),
        }),
      );
      this.#tell(broker, `Registered ${broker.name}`);
    });
  }

  manage(): Promise<void> {
    const title = 'Manage Service Brokers';
    return this.#asAdministrator(title, async (hippo, brokers) => {
      const { prompts } = this.#needs.app;
      if (brokers.length === 0)
        throw new EditorError(
          'NO_BROKERS',
          'There is no broker yet: "Register Service Broker" makes one known.',
        );
      const broker = await prompts.pick(
        brokers.toSorted((a, b) => compareNames(a.name, b.name)).map(brokerChoice),
        { title, placeholder: 'Which broker?' },
      );
      const action = await prompts.pick(actionsFor(broker), {
        title: `${title}: ${broker.name}`,
        placeholder: 'What is to be done?',
      });
      await this.#act(hippo, broker, brokers, action);
    });
  }

  async #act(
    hippo: AddonsSession,
    broker: BrokerItem,
    all: readonly BrokerItem[],
    action: Action,
  ): Promise<void> {
    const { prompts } = this.#needs.app;
    const { id, name } = broker;
    const change = async (wish: BrokerChange): Promise<void> => {
      const changed = await this.#progress(`Changing ${name}…`, () => hippo.addons.changeBroker(id, wish));
      this.#tell(changed, `Changed ${changed.name}`);
    };
    switch (action) {
      case 'refresh': {
        const read = await this.#progress(`Reading the catalog of ${name}…`, () =>
          hippo.addons.refreshBroker(id),
        );
        return this.#tell(read, `Read the catalog of ${name}`);
      }
      case 'address':
        return change({ url: await this.#askAddress(`Change the Address of ${name}`, broker.url) });
      case 'credentials':
        return change(await this.#askCredentials(`Change the Credentials of ${name}`, broker));
      case 'rename': {
        const others = all.filter((one) => one.id !== id);
        const renamed = await prompts.input({
          title: `Rename ${name}`,
          prompt: 'The new name',
          value: name,
          check: (text) => nameProblem(text, 64, others, 'a broker'),
        });
        return renamed === name ? undefined : change({ name: renamed });
      }
      case 'teams': {
        const title = `Who Sees What ${name} Offers`;
        return change({
          teamIds: await this.#askTeams(hippo, title, broker.teams?.map((team) => team.id) ?? null),
        });
      }
      case 'deregister':
        await prompts.confirm(`Deregister ${name}?`, {
          detail: `What it offers (${count(broker.offerings, 'offering')}) can no longer be added here. It has ${count(broker.addons, 'add-on')} here${broker.addons === 0 ? '.' : ': they have to be removed or abandoned first.'}`,
          action: 'Deregister',
        });
        await this.#progress(`Deregistering ${name}…`, () => hippo.addons.deregisterBroker(id));
        prompts.mention(`Deregistered ${name}`);
    }
  }

  /** @param work gets the brokers that there are */
  #asAdministrator(
    title: string,
    work: (hippo: AddonsSession, brokers: readonly BrokerItem[]) => Promise<void>,
  ): Promise<void> {
    return this.#needs.store.use(async (hippo) => {
      const brokers = await hippo.addons.brokers().catch((error: unknown) => {
        if ((error as { code?: string }).code !== 'FORBIDDEN') throw error;
        throw new EditorError(
          'NOT_ADMINISTRATOR',
          `${title} is for administrators of this Hippo, and ${hippo.session.userName ?? 'who is signed in'} is none.`,
          { cause: error, remedies: ['signIn'] },
        );
      });
      await work(hippo, brokers);
      this.#needs.store.changed();
    });
  }

  #progress<T>(title: string, work: () => Promise<T>): Promise<T> {
    return this.#needs.app.prompts.progress({ title, where: 'notification' }, work);
  }

  #tell({ name, state, message, offerings }: BrokerItem, done: string): void {
    const { prompts } = this.#needs.app;
    if (state === 'ready' && message === null)
      return prompts.mention(`${done}: ${count(offerings, 'offering')}`);
    const words = message === null ? '' : `: ${visible(message)}`;
    void prompts.notify(state === 'ready' ? 'info' : 'warning', `${done}. ${name}, ${STATES[state]}${words}`);
  }

  #askAddress(title: string, value: string | undefined, steps?: Step): Promise<string> {
    return this.#needs.app.prompts
      .input({
        title,
        prompt: 'Where it answers: https:, or http: on this machine; without /v2',
        placeholder: 'https://broker.example.com',
        value,
        steps,
        check: (text) => {
          const url = readBaseUrl(text.trim());
          if (!url) return 'Give an address that starts with https://, such as https://broker.example.com.';
          if (url.username !== '' || url.password !== '')
            return 'Leave user name and password out: they are asked for next.';
          return url.protocol === 'https:' || isLoopback(url.hostname)
            ? undefined
            : 'Use https: credentials would go over the network for everybody to read.';
        },
      })
      .then((text) => text.trim());
  }

  async #askCertificate(title: string): Promise<string | undefined> {
    const { prompts } = this.#needs.app;
    let text: string | undefined;
    await prompts.input({
      title,
      prompt: 'Path of a PEM file with the certificates to trust it by; empty: those that this Hippo trusts',
      check: async (path) => {
        text = undefined;
        if (path.trim() === '') return undefined;
        try {
          text = await readFile(path.trim(), 'utf8');
        } catch (error) {
          return `It cannot be read (${(error as NodeJS.ErrnoException).code}).`;
        }
        return text.includes('-----BEGIN CERTIFICATE-----') ? undefined : 'There is no certificate in it.';
      },
    });
    return text;
  }

  /** @param first number of the first question, of five */
  async #askCredentials(title: string, broker: BrokerItem | undefined, first?: number): Promise<Credentials> {
    const { prompts, log } = this.#needs.app;
    const steps = (more: number): { steps?: Step } =>
      first === undefined ? {} : { steps: { step: first + more, of: 5 } };
    const way = await prompts.pick(
      [
        { label: 'User Name and Password', value: 'basic' as const },
        { label: 'Token', description: 'sent as a bearer token', value: 'bearer' as const },
      ],
      { title, placeholder: 'How does it let this Hippo in?', active: broker?.authentication, ...steps(0) },
    );
    const userName =
      way === 'basic'
        ? await prompts.input({
            title,
            prompt: 'User name at the broker',
            value: broker?.userName ?? undefined,
            check: (text) => (text === '' ? 'Type the user name.' : undefined),
            ...steps(0),
          })
        : undefined;
    const what = way === 'basic' ? 'password' : 'token';
    const secret = await prompts.input({
      title,
      prompt: `The ${what}; it is kept by the Hippo alone`,
      password: true,
      check: (text) => (text === '' ? `Type the ${what}.` : undefined),
      ...steps(1),
    });
    log.conceal(secret);
    return userName === undefined ? { token: secret } : { userName, password: secret };
  }

  /** @returns null for everybody */
  async #askTeams(
    { session: { client } }: AddonsSession,
    title: string,
    before: readonly string[] | null,
    steps?: Step,
  ): Promise<string[] | null> {
    const { prompts } = this.#needs.app;
    const teams = await client.teams();
    const chosen = new Set(before);
    for (;;) {
      const choices: Choice<string | null | undefined>[] = [
        {
          label: 'Everybody',
          description: before === null && chosen.size === 0 ? 'as it is' : '',
          value: null,
        },
        ...(chosen.size === 0
          ? []
          : [{ label: 'These Teams Only', description: count(chosen.size, 'team'), value: undefined }]),
        ...teams
          .toSorted((a, b) => compareNames(a.name, b.name))
          .map(({ id, name }) => ({
            label: `${chosen.has(id) ? '$(check)' : '$(blank)'} ${name}`,
            description: chosen.has(id)
              ? 'sees it; choose it again to take it out'
              : 'choose it to let it see',
            value: id,
          })),
      ];
      const choice = await prompts.pick(choices, { title, placeholder: 'Who sees what it offers?', steps });
      if (choice === null) return null;
      if (choice === undefined) return [...chosen];
      if (!chosen.delete(choice)) chosen.add(choice);
    }
  }
}

function brokerChoice(broker: BrokerItem): Choice<BrokerItem> {
  const { name, state, message, ships, url, offerings, addons, teams } = broker;
  const seenBy =
    teams === null ? 'seen by everybody' : `seen by ${teams.map((team) => team.name).join(', ')}`;
  return {
    label: name,
    description: [STATES[state], count(offerings, 'offering'), count(addons, 'add-on'), seenBy].join(' • '),
    detail: message === null ? (ships ? 'Ships with this Hippo' : url) : visible(message),
    value: broker,
  };
}

function actionsFor({ ships }: BrokerItem): Choice<Action>[] {
  const all: Choice<Action>[] = [
    { label: 'Refresh', description: 'reads its catalog now', value: 'refresh' },
    { label: 'Change Address…', value: 'address' },
    { label: 'Change Credentials…', value: 'credentials' },
    { label: 'Rename…', value: 'rename' },
    { label: 'Visible to Teams…', value: 'teams' },
    { label: 'Deregister…', description: 'forgets it and what it offers', value: 'deregister' },
  ];
  // Where it answers and how it lets in who asks is this Hippo's own business.
  return ships ? all.filter(({ value }) => value === 'refresh' || value === 'teams') : all;
}
