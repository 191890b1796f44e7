// The filters of the marketplace, in groups, each with the number of offerings that it would leave.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import { describe } from '../elements.ts';
import type { FilterGroup } from './search.ts';

/** Those with the most offerings; what is chosen stays in sight. */
const SHOWN = 12;

/** @param whole names of the groups that are shown with all of their filters */
export function filterPanel(
  groups: readonly FilterGroup[],
  chosen: ReadonlySet<string>,
  toggle: (id: string) => void,
  close: () => void,
  whole: ReadonlySet<string>,
  showAll: (group: string) => void,
): TemplateResult {
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    close();
  };
  return html`<div
    id="filters"
    class="filters"
    role="group"
    aria-label="Filters"
    tabindex="-1"
    @keydown=${onKey}
  >
    ${groups.map(({ name, label, filters }) => {
      const shown = filters.filter(({ id }, index) => whole.has(name) || index < SHOWN || chosen.has(id));
      return html`<fieldset data-group=${name}>
        <legend>${label}</legend>
        ${repeat(
          shown,
          ({ id }) => id,
          ({ id, label: text, count }) =>
            html`<div class="filter">
              <vscode-checkbox
                .checked=${live(chosen.has(id))}
                ${describe({ label: `${text}, ${count}` })}
                @change=${() => toggle(id)}
                >${text}</vscode-checkbox
              ><span class="badge" aria-hidden="true">${count}</span>
            </div>`,
        )}
        ${
          filters.length > shown.length
            ? html`<button class="more" @click=${() => showAll(name)}>
                Show ${filters.length - shown.length} more
              </button>`
            : nothing
        }
      </fieldset>`;
    })}
  </div>`;
}
