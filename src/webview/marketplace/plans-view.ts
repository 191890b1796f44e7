// The plans of an offering beside each other: what they give, what they cost, and which one is chosen.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AddonItem } from '../../addons/addons.ts';
import type { OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { icon } from '../page.ts';
import { isFree, pricesOf } from './prices.ts';

/** A plan that something new can have. */
export function isOffered({ state }: PlanItem): boolean {
  return state === 'active';
}

/** With roles, because a table whose rows are blocks (it is narrow then) would be none for screen readers. */
export function plansTable(
  { plans, displayName }: OfferingItem,
  addons: readonly AddonItem[],
  chosen: string | undefined,
  choose: (planId: string) => void,
): TemplateResult {
  return html`<table class="plans" role="table">
    <caption class="spoken">
      Plans of ${displayName}, with their prices
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col">Plan</th>
        <th role="columnheader" scope="col">What it has</th>
        <th role="columnheader" scope="col" class="price">Per hour</th>
        <th role="columnheader" scope="col" class="price">Per month</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${repeat(
        plans,
        ({ id }) => id,
        (plan) => planRow(plan, addons, plan.id === chosen, choose),
      )}
    </tbody>
  </table>`;
}

function planRow(
  plan: PlanItem,
  addons: readonly AddonItem[],
  chosen: boolean,
  choose: (planId: string) => void,
): TemplateResult {
  const { id, name, displayName, description, bullets } = plan;
  const { hour, month, other } = pricesOf(plan);
  const offered = isOffered(plan);
  const users = addons.filter((addon) => addon.plan.id === id);
  const onRow = (): void => {
    if (offered && !chosen) choose(id);
  };
  return html`<tr
    role="row"
    class=${`${chosen ? 'chosen' : ''} ${offered ? '' : 'withdrawn'}`}
    @click=${onRow}
  >
    <th role="rowheader" scope="row">
      <label class="plan-name"
        ><input
          type="radio"
          name="plan"
          value=${id}
          .checked=${live(chosen)}
          ?disabled=${!offered}
          @change=${() => choose(id)}
        /><span>${displayName || name}</span></label
      >
      ${
        users.length === 0
          ? nothing
          : html`<p class="note in-use">
              ${icon('check')}<span
                >Current plan of ${users.map((addon) => `${addon.appName}: ${addon.name}`).join(', ')}</span
              >
            </p>`
      }
      ${
        offered ? nothing : html`<p class="note warning">${icon('warning')}<span>No longer offered</span></p>`
      }
    </th>
    <td role="cell">
      ${description === '' ? nothing : html`<p>${description}</p>`}
      ${
        bullets.length === 0
          ? nothing
          : html`<ul class="bullets">
              ${bullets.map((one) => html`<li>${one}</li>`)}
            </ul>`
      }
      ${description === '' && bullets.length === 0 ? html`<span class="hint">Not said</span>` : nothing}
    </td>
    ${
      isFree(plan)
        ? html`<td role="cell" class="price" colspan="2" data-label="Price">
            <span class="badge free">Free</span>
          </td>`
        : hour === null && month === null
          ? html`<td role="cell" class="price" colspan="2" data-label="Price">
              ${other.length > 0 ? other.map((one) => html`<p>${one}</p>`) : html`<span class="hint">Not said</span>`}
            </td>`
          : html`<td role="cell" class="price" data-label="Per hour">
                ${hour ?? html`<span class="hint">–</span>`}
              </td>
              <td role="cell" class="price" data-label="Per month">
                ${month}${other.map((one) => html`<p class="hint">+ ${one}</p>`)}
              </td>`
    }
  </tr>`;
}
