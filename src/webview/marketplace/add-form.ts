// Adding an offering: where to, as what, with which parameters, and what it will cost.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { OfferingItem, ParameterProblems, PlanItem } from '../../addons/offerings.ts';
import { describe } from '../elements.ts';
import { icon } from '../page.ts';
import type { AppChoice, OfferingState, PageAction, ParamsOf } from '../protocol.ts';
import type { Entries } from './fields.ts';
import { ParametersForm } from './parameters-form.ts';
import { isOffered } from './plans-view.ts';
import { isFree, previewText } from './prices.ts';

export interface Outcome {
  readonly failed: boolean;
  readonly text: string;
}

interface AddPorts {
  check(planId: string, parameters: Record<string, unknown>): Promise<ParameterProblems>;
  changed(): void;
  /** Whether it was added; what went wrong has been told. */
  add(params: ParamsOf<'add'>, doing: string): Promise<boolean>;
  act(action: PageAction): void;
}

/** As add-ons are named (addons.ts, `AddonName`). */
const NAME = /^[a-zA-Z][a-zA-Z0-9_-]*$/;
const LONGEST_NAME = 28;

export class AddForm {
  readonly #ports: AddPorts;
  readonly #parameters: ParametersForm;
  #plan: string | undefined;
  #app: string | undefined;
  #channel: string | undefined;
  #name: string;
  #sent = false;
  #state: OfferingState | undefined;

  /** @param kept what `kept` gave in an earlier life */
  constructor(kept: unknown, ports: AddPorts) {
    this.#ports = ports;
    const before = readKept(kept);
    this.#plan = before.plan;
    this.#app = before.app;
    this.#channel = before.channel;
    this.#name = before.name ?? '';
    this.#parameters = new ParametersForm(
      'add-parameters',
      { check: (parameters) => ports.check(this.#plan ?? '', parameters), changed: () => ports.changed() },
      before.entries,
    );
  }

  get planId(): string | undefined {
    return this.#plan;
  }

  get kept(): unknown {
    return {
      ...(this.#plan === undefined ? {} : { plan: this.#plan }),
      ...(this.#app === undefined ? {} : { app: this.#app }),
      ...(this.#channel === undefined ? {} : { channel: this.#channel }),
      name: this.#name,
      entries: this.#parameters.entries,
    };
  }

  /** What was chosen stays as long as it is there. */
  take(state: OfferingState): void {
    this.#state = state;
    const { offering, apps, app } = state;
    if (!hasPlan(offering, this.#plan)) {
      const offered = offering?.plans.filter(isOffered) ?? [];
      this.#plan = (offered.find(isFree) ?? offered[0])?.id;
    }
    if (!apps.some(({ id }) => id === this.#app)) this.#app = app ?? apps[0]?.id;
    if (!apps.some(({ id }) => id === this.#app)) this.#app = apps[0]?.id;
    this.#followApp();
    this.#followPlan();
  }

  choosePlan(id: string): void {
    this.#plan = id;
    this.#followPlan();
    this.#ports.changed();
  }

  view(
    { apps, standing }: OfferingState,
    offering: OfferingItem,
    busy: string | undefined,
    outcome: Outcome | undefined,
  ): TemplateResult | typeof nothing {
    const plan = this.#planOf(offering);
    if (offering.unavailable !== null || offering.state === 'withdrawn' || plan === undefined) return nothing;
    const app = this.#appOf(apps);
    return html`<section class="add" aria-labelledby="add" tabindex="-1">
      <h2 id="add">Add ${offering.displayName}</h2>
      ${app === undefined ? this.#noApp() : this.#form(apps, app, offering, plan)}
      ${
        app === undefined
          ? nothing
          : html`<div class="send">
              <p class="preview">
                ${icon('credit-card')}<span
                  >With the plan ${plan.displayName || plan.name}: ${previewText(plan)}</span
                >
              </p>
              ${
                outcome === undefined
                  ? nothing
                  : html`<p class=${outcome.failed ? 'problem' : 'success'}>
                      ${icon(outcome.failed ? 'error' : 'pass')}<span>${outcome.text}</span>
                    </p>`
              }
              <div class="actions">
                <vscode-button
                  class="main"
                  icon=${busy === undefined ? 'add' : 'loading'}
                  ?icon-spin=${busy !== undefined}
                  @click=${() => void this.#send(busy !== undefined, standing.state === 'stale')}
                  >${busy ?? `Add to ${this.#target(app)}`}</vscode-button
                >
              </div>
            </div>`
      }
    </section>`;
  }

  #form(apps: readonly AppChoice[], app: AppChoice, offering: OfferingItem, plan: PlanItem): TemplateResult {
    const name = this.#nameProblem();
    return html`<div class="fields">
        <div class="pair">
          ${select(
            'App',
            app.id,
            apps.map(({ id, name: label }) => ({ id, label })),
            (id) => {
              this.#app = id;
              this.#channel = undefined;
              this.#followApp();
              this.#ports.changed();
            },
          )}
          ${
            app.channels.length === 0
              ? html`<p class="problem">
                  ${icon('error')}<span>${app.name} has no channel yet: add one in the Apps view.</span>
                </p>`
              : select(
                  'Channel',
                  this.#channel ?? '',
                  app.channels.map(({ id, name: label }) => ({ id, label })),
                  (id) => {
                    this.#channel = id;
                    this.#ports.changed();
                  },
                )
          }
        </div>
        <div class="field">
          <div class="field-label" aria-hidden="true">Name</div>
          <p class="hint" aria-hidden="true">What your app calls it, and how its variables begin.</p>
          <vscode-textfield
            type="text"
            placeholder=${offering.name}
            .value=${live(this.#name)}
            ?invalid=${name !== undefined}
            ${describe({
              label: 'Name',
              description: `${name ?? ''} What your app calls it, and how its variables begin. ${offering.name} if it is left empty.`,
              invalid: name !== undefined,
            })}
            @input=${({ currentTarget }: Event) => {
              this.#name = (currentTarget as HTMLInputElement).value;
              this.#ports.changed();
            }}
          ></vscode-textfield>
          ${name === undefined ? nothing : html`<p class="problem">${icon('error')}<span>${name}</span></p>`}
        </div>
      </div>
      ${this.#parameters.empty ? nothing : html`<h3>Parameters of ${plan.displayName || plan.name}</h3>`}
      ${this.#parameters.view()}`;
  }

  #noApp(): TemplateResult {
    return html`<p>There is no app to add it to yet.</p>
      <div class="actions">
        <vscode-button icon="add" @click=${() => this.#ports.act('newApp')}>New app…</vscode-button>
      </div>`;
  }

  async #send(busy: boolean, stale: boolean): Promise<void> {
    if (busy || stale || this.#plan === undefined || this.#channel === undefined) return;
    this.#sent = true;
    const parameters = await this.#parameters.submit();
    if (this.#nameProblem() !== undefined || parameters === undefined) return this.#ports.changed();
    const params: ParamsOf<'add'> = {
      planId: this.#plan,
      channelId: this.#channel,
      ...(this.#name.trim() === '' ? {} : { name: this.#name.trim() }),
      ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    };
    const app = this.#appOf(this.#state?.apps ?? []);
    if (await this.#ports.add(params, `Adding to ${app ? this.#target(app) : 'the channel'}…`)) {
      // The next one is another one.
      this.#name = '';
      this.#sent = false;
      this.#ports.changed();
    }
  }

  #nameProblem(): string | undefined {
    const name = this.#name.trim();
    if (name === '') return undefined;
    if (!NAME.test(name)) return 'It must be a letter, then letters, digits, “-” and “_”.';
    if (name.length > LONGEST_NAME) return `It may have ${LONGEST_NAME} characters, and has ${name.length}.`;
    const taken = this.#state?.addons.some((addon) => addon.appId === this.#app && addon.name === name);
    return taken && !this.#sent
      ? `${this.#appOf(this.#state?.apps ?? [])?.name ?? 'The app'} has an add-on of this name.`
      : undefined;
  }

  #target(app: AppChoice): string {
    const channel = app.channels.find(({ id }) => id === this.#channel)?.name;
    return channel === undefined ? app.name : `${app.name}:${channel}`;
  }

  #appOf(apps: readonly AppChoice[]): AppChoice | undefined {
    return apps.find(({ id }) => id === this.#app);
  }

  #planOf({ plans }: OfferingItem): PlanItem | undefined {
    return plans.find(({ id }) => id === this.#plan);
  }

  #followApp(): void {
    const app = this.#appOf(this.#state?.apps ?? []);
    if (!app?.channels.some(({ id }) => id === this.#channel)) this.#channel = app?.channels[0]?.id;
  }

  #followPlan(): void {
    const offering = this.#state?.offering;
    this.#parameters.schema = offering ? this.#planOf(offering)?.schemas.create : undefined;
  }
}

function select(
  label: string,
  value: string,
  options: readonly { id: string; label: string }[],
  choose: (id: string) => void,
): TemplateResult {
  return html`<div class="field">
    <div class="field-label" aria-hidden="true">${label}</div>
    <vscode-single-select
      .value=${value}
      ${describe({ label })}
      @change=${({ currentTarget }: Event) => choose((currentTarget as HTMLInputElement).value)}
    >
      ${repeat(
        options,
        ({ id }) => id,
        ({ id, label: text }) =>
          html`<vscode-option value=${id} ?selected=${id === value}>${text}</vscode-option>`,
      )}
    </vscode-single-select>
  </div>`;
}

function hasPlan(offering: OfferingItem | null, id: string | undefined): boolean {
  return offering?.plans.some((plan) => plan.id === id && isOffered(plan)) ?? false;
}

interface Kept {
  plan?: string;
  app?: string;
  channel?: string;
  name?: string;
  entries?: Entries;
}

/** What comes back from an earlier life may be of another version. */
function readKept(value: unknown): Kept {
  if (typeof value !== 'object' || value === null) return {};
  const kept: Kept = {};
  for (const key of ['plan', 'app', 'channel', 'name'] as const) {
    const text: unknown = Reflect.get(value, key);
    if (typeof text === 'string') kept[key] = text;
  }
  const entries: unknown = Reflect.get(value, 'entries');
  if (typeof entries === 'object' && entries !== null)
    kept.entries = Object.fromEntries(
      Object.entries(entries).filter(([, one]) => typeof one === 'string' || typeof one === 'boolean'),
    );
  return kept;
}
