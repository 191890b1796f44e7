// Changing an add-on's plan or parameters: what it has now and would have then, and what that costs.

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { AddonItem } from '../../addons/addons.ts';
import type { OfferingItem, ParameterProblems, PlanItem } from '../../addons/offerings.ts';
import { priceWithMonth } from '../../addons/price-text.ts';
import { describe } from '../elements.ts';
import type { ParamsOf } from '../protocol.ts';
import { fieldsOf } from './fields.ts';
import { ParametersForm } from './parameters-form.ts';
import { isOffered } from './plans-view.ts';
import { differenceText } from './prices.ts';

interface ChangePorts {
  check(planId: string, parameters: Record<string, unknown>): Promise<ParameterProblems>;
  changed(): void;
  change(params: ParamsOf<'change'>, doing: string, done: string): Promise<void>;
}

/** There is another plan to change to, or there are parameters to change. */
export function isChangeable({ plan }: AddonItem, offering: OfferingItem): boolean {
  return targetsOf(plan, offering).length > 1 || fieldsOf(plan.schemas.update).length > 0;
}

function targetsOf(plan: PlanItem, { plans }: OfferingItem): PlanItem[] {
  return plans.filter((one) => one.id === plan.id || (plan.updatable && isOffered(one)));
}

export class ChangeForm {
  addon: AddonItem;
  readonly #ports: ChangePorts;
  readonly #parameters: ParametersForm;
  #plan: string | undefined;

  constructor(addon: AddonItem, ports: ChangePorts) {
    this.addon = addon;
    this.#ports = ports;
    this.#parameters = new ParametersForm(`change-${addon.id}`, {
      check: (parameters) => ports.check(this.#plan ?? this.addon.plan.id, parameters),
      changed: () => ports.changed(),
    });
  }

  view(offering: OfferingItem): TemplateResult {
    const { plan: now, name } = this.addon;
    const targets = targetsOf(now, offering);
    const others = targets.filter((one) => one.id !== now.id);
    // At first the next larger one, as brokers list them.
    const next = targets[targets.findIndex((one) => one.id === now.id) + 1];
    const then = targets.find((one) => one.id === this.#plan) ?? next ?? others[0] ?? now;
    this.#plan = then.id;
    // An update is checked against what the plan says of updates.
    this.#parameters.schema = (then.id === now.id ? now : then).schemas.update;
    const same = then.id === now.id;
    return html`<div class="part" role="group" aria-label=${`Change ${name}`} tabindex="-1">
      ${
        targets.length < 2
          ? nothing
          : html`<div class="field">
              <div class="field-label" aria-hidden="true">New plan</div>
              <vscode-single-select
                .value=${then.id}
                ${describe({ label: `New plan of ${name}` })}
                @change=${({ currentTarget }: Event) => {
                  this.#plan = (currentTarget as HTMLInputElement).value;
                  this.#ports.changed();
                }}
              >
                ${repeat(
                  targets,
                  (one) => one.id,
                  (one) =>
                    html`<vscode-option value=${one.id} ?selected=${one.id === then.id}
                      >${nameOf(one)}${one.id === now.id ? ' (as now)' : ''}</vscode-option
                    >`,
                )}
              </vscode-single-select>
            </div>`
      }
      ${same ? nothing : comparison(now, then)} ${this.#parameters.view()}
      <div class="actions">
        <vscode-button @click=${() => void this.#send(now, then, same)}
          >${same ? `Update ${name}` : `Change ${name} to ${nameOf(then)}`}</vscode-button
        >
      </div>
    </div>`;
  }

  async #send(now: PlanItem, then: PlanItem, same: boolean): Promise<void> {
    const parameters = await this.#parameters.submit();
    if (parameters === undefined) return;
    const given = Object.keys(parameters).length > 0;
    if (same && !given) return;
    const { id: addonId, name } = this.addon;
    await this.#ports.change(
      { addonId, ...(same ? {} : { planId: then.id }), ...(given ? { parameters } : {}) },
      same ? `Updating ${name}…` : `Changing ${name} from ${nameOf(now)} to ${nameOf(then)}…`,
      same ? `${name} is updated.` : `${name} has the plan ${nameOf(then)} now.`,
    );
  }
}

/** What is told of both plans, beside each other. */
function comparison(now: PlanItem, then: PlanItem): TemplateResult {
  const difference = differenceText(now, then);
  return html`<dl class="comparison">
      <div>
        <dt>Now: ${nameOf(now)}</dt>
        <dd>${priceWithMonth(now)}</dd>
        ${now.bullets.map((one) => html`<dd class=${then.bullets.includes(one) ? '' : 'changes'}>${one}</dd>`)}
      </div>
      <div>
        <dt>Then: ${nameOf(then)}</dt>
        <dd>${priceWithMonth(then)}</dd>
        ${then.bullets.map((one) => html`<dd class=${now.bullets.includes(one) ? '' : 'changes'}>${one}</dd>`)}
      </div>
    </dl>
    ${difference === undefined ? nothing : html`<p class="preview"><strong>${difference}</strong></p>`}`;
}

function nameOf({ displayName, name }: PlanItem): string {
  return displayName || name;
}
