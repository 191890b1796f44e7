// An offering in the list of the marketplace: one button, named by all that it shows and what it does.

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../page.ts';
import type { OfferingCard } from '../protocol.ts';

/**
 * What it shows is its name, with words between that are only heard: `PostgreSQL. A database, by Hippo, free, in use: db,
 * small: ready. Open`.
 * @param picture a data URI, or null for the placeholder
 */
export function cardContent(card: OfferingCard, picture: string | null): TemplateResult {
  const { displayName, description, provider, broker, price, inUse, unavailable, withdrawn } = card;
  return html`<span class="picture">${pictureContent(picture)}</span>
    <span class="text">
      <span class="name">${displayName}</span>${heard('.')}
      <span class="description">${description}</span>
      <span class="facts"
        ><span class="provider">${heard('by ')}${provider ?? broker}</span>${heard(', ')}<span class="price"
          >${price}</span
        ></span
      >
      ${inUse.map(
        ({ name, plan, state, channels }) =>
          html`<span class="note in-use"
            >${icon('check')}<span
              >${heard('In use: ')}${name}, ${plan}:
              ${state}${channels.length > 0 ? `, in ${channels.join(', ')}` : ''}</span
            ></span
          >`,
      )}
      ${
        unavailable !== null
          ? html`<span class="note warning"
              >${icon('warning')}<span>${heard('Unavailable: ')}${unavailable}</span></span
            >`
          : withdrawn
            ? html`<span class="note warning">${icon('warning')}<span>No longer offered</span></span>`
            : nothing
      }
      ${heard('Open')}
    </span>`;
}

function heard(text: string): TemplateResult {
  return html`<span class="spoken">${text}</span>`;
}

/** A picture, or what stands for one. */
export function pictureContent(picture: string | null): TemplateResult {
  return picture === null ? icon('extensions') : html`<img src=${picture} alt="" />`;
}
