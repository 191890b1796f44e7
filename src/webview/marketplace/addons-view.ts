// The add-ons that there are of an offering: how each is, in the broker's own words, and what can be done with it.

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { AddonItem, BindingItem, OperationItem } from '../../addons/addons.ts';
import { priceWithMonth } from '../../addons/price-text.ts';
import { bindingText, operationText, stateText } from '../../addons/words.ts';
import { icon } from '../page.ts';
import type { AppChoice } from '../protocol.ts';

export type AddonWish =
  | { do: 'bindingCode' | 'dashboard' | 'remove' | 'retry' | 'abandon' | 'upgrade' }
  | { do: 'rotate' | 'detach' | 'attach'; channelId: string }
  /** Shows a part of the page, or hides it. */
  | { do: 'show'; part: Part };
export type Part = 'attach' | 'change';

export interface AddonView {
  readonly addon: AddonItem;
  readonly operations: readonly OperationItem[];
  /** Channels that it could be attached to. */
  readonly channels: AppChoice['channels'];
  /** What the page waits for: `Rotating…`. */
  readonly busy: string | undefined;
  /** How the last wish ended. */
  readonly outcome: { readonly failed: boolean; readonly text: string } | undefined;
  readonly part: Part | undefined;
  /** The form for a change of plan, where it is shown. */
  readonly change: TemplateResult | typeof nothing;
  /** There is a plan to change to, or a parameter to change. */
  readonly changeable: boolean;
  /** Nothing can be done: the Hippo does not answer. */
  readonly still: boolean;
}

const PENDING: readonly AddonItem['state'][] = ['creating', 'changing', 'removing'];

const STATE_ICONS: Readonly<Record<AddonItem['state'], string>> = {
  creating: 'loading',
  changing: 'loading',
  removing: 'loading',
  ready: 'pass-filled',
  usable: 'warning',
  failed: 'error',
  attention: 'warning',
};

export function addonArticle(view: AddonView, wish: (wish: AddonWish) => void): TemplateResult {
  const { addon, operations, busy, outcome } = view;
  const { name, appName, plan, state, bindings, id } = addon;
  const words = wordsOf(addon);
  return html`<article class="addon" aria-labelledby=${`name-${id}`} tabindex="-1" data-state=${state}>
    <header>
      <h3 id=${`name-${id}`}>${name}<span class="of"> in ${appName}</span></h3>
      <span class="state">${icon(STATE_ICONS[state], PENDING.includes(state))}${stateText(addon)}</span>
    </header>
    <p class="hint">${plan.displayName || plan.name}, ${priceWithMonth(plan)}</p>
    ${words === null ? nothing : html`<p class="words">${words}</p>`}
    ${busy === undefined ? nothing : html`<p class="busy">${icon('loading', true)}<span>${busy}</span></p>`}
    ${
      outcome === undefined
        ? nothing
        : html`<p class=${outcome.failed ? 'problem' : 'success'}>
            ${icon(outcome.failed ? 'error' : 'pass')}<span>${outcome.text}</span>
          </p>`
    }
    ${bindings.length === 0 ? nothing : bindingList(view, bindings, wish)}
    ${view.still ? nothing : actionsOf(view, wish)}
    ${view.part === 'attach' ? attachPart(view, wish) : nothing} ${view.change}
    ${operations.length === 0 ? nothing : history(operations)}
  </article>`;
}

/** The broker's own words about what is being done, or about the state. */
export function wordsOf({ operation, message }: AddonItem): string | null {
  return operation?.message ?? message;
}

function bindingList(
  { addon, busy, still }: AddonView,
  bindings: readonly BindingItem[],
  wish: (wish: AddonWish) => void,
): TemplateResult {
  return html`<ul class="bindings" aria-label=${`Channels that use ${addon.name}`}>
    ${repeat(
      bindings,
      ({ channelId }) => channelId,
      (binding) => {
        const { channelId, channelName, name, message, variables } = binding;
        const free = binding.state === 'ready' && !still && busy === undefined;
        return html`<li tabindex="-1">
          <div class="binding">
            <span>${icon('plug')}<strong>${channelName}</strong>, as ${name}: ${bindingText(binding)}</span>
            <span class="binding-actions">
              ${
                free && addon.plan.rotatable
                  ? toolButton('refresh', `Rotate the credentials of ${channelName}`, () =>
                      wish({ do: 'rotate', channelId }),
                    )
                  : nothing
              }
              ${
                still || busy !== undefined
                  ? nothing
                  : toolButton('debug-disconnect', `Detach from ${channelName}`, () =>
                      wish({ do: 'detach', channelId }),
                    )
              }
            </span>
          </div>
          ${message === null ? nothing : html`<p class="words">${message}</p>`}
          ${
            variables.length === 0
              ? nothing
              : html`<p class="variables">${variables.map((one) => html`<code>${one}</code>`)}</p>`
          }
        </li>`;
      },
    )}
  </ul>`;
}

function actionsOf(view: AddonView, wish: (wish: AddonWish) => void): TemplateResult {
  const { addon, channels, changeable, busy, part } = view;
  const { state, plan, maintenanceVersion, dashboard } = addon;
  const works = state === 'ready' || state === 'usable';
  const idle = busy === undefined && !PENDING.includes(state);
  const upgrade =
    plan.maintenance && plan.maintenance.version !== maintenanceVersion ? plan.maintenance : null;
  return html`<div class="actions">
    ${
      works && addon.bindings.length > 0
        ? html`<vscode-button secondary icon="code" @click=${() => wish({ do: 'bindingCode' })}
            >Add binding code…</vscode-button
          >`
        : nothing
    }
    ${
      dashboard && state !== 'creating'
        ? html`<vscode-button secondary icon="link-external" @click=${() => wish({ do: 'dashboard' })}
            >Open dashboard</vscode-button
          >`
        : nothing
    }
    ${
      works && idle && channels.length > 0
        ? html`<vscode-button
            secondary
            icon="plug"
            aria-expanded=${part === 'attach'}
            @click=${() => wish({ do: 'show', part: 'attach' })}
            >Attach to another channel</vscode-button
          >`
        : nothing
    }
    ${
      works && idle && changeable
        ? html`<vscode-button
            secondary
            icon="arrow-swap"
            aria-expanded=${part === 'change'}
            @click=${() => wish({ do: 'show', part: 'change' })}
            >Change plan</vscode-button
          >`
        : nothing
    }
    ${
      works && idle && upgrade
        ? html`<vscode-button secondary icon="arrow-up" @click=${() => wish({ do: 'upgrade' })}
            >Update to ${upgrade.version}</vscode-button
          >`
        : nothing
    }
    ${
      state === 'attention' || addon.operation?.kind === 'clean-up'
        ? html`<vscode-button secondary icon="refresh" @click=${() => wish({ do: 'retry' })}
            >Retry</vscode-button
          >`
        : nothing
    }
    ${
      state !== 'removing' && busy === undefined
        ? html`<vscode-button secondary icon="trash" @click=${() => wish({ do: 'remove' })}
            >Remove…</vscode-button
          >`
        : nothing
    }
    ${
      state === 'attention' || state === 'failed' || state === 'removing'
        ? html`<vscode-button secondary icon="circle-slash" @click=${() => wish({ do: 'abandon' })}
            >Abandon…</vscode-button
          >`
        : nothing
    }
  </div>`;
}

function attachPart({ addon, channels }: AddonView, wish: (wish: AddonWish) => void): TemplateResult {
  return html`<div
    class="part"
    role="group"
    aria-label=${`Attach ${addon.name} to another channel`}
    tabindex="-1"
  >
    <p>Attach ${addon.name} to:</p>
    <div class="actions">
      ${channels.map(
        ({ id, name }) =>
          html`<vscode-button @click=${() => wish({ do: 'attach', channelId: id })}
            >${addon.appName}:${name}</vscode-button
          >`,
      )}
    </div>
  </div>`;
}

function history(operations: readonly OperationItem[]): TemplateResult {
  return html`<details>
    <summary>What was done</summary>
    <ul class="operations">
      ${repeat(
        operations,
        ({ id }) => id,
        (operation) => {
          const { state, message, by, createdAt } = operation;
          const time = new Date(createdAt).toLocaleTimeString('en', {
            hour: '2-digit',
            minute: '2-digit',
            hour12: false,
          });
          return html`<li>
            <time datetime=${createdAt}>${time}</time>
            <span
              ><strong>${operationText(operation)}</strong>:
              ${state}${by === null ? '' : `, by ${by}`}${message === null ? '' : `. ${message}`}</span
            >
          </li>`;
        },
      )}
    </ul>
  </details>`;
}

function toolButton(name: string, label: string, run: () => void): TemplateResult {
  return html`<button class="tool" aria-label=${label} title=${label} @click=${run}>${icon(name)}</button>`;
}
