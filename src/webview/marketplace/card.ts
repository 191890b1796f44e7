// An offering in the list of the marketplace: one button, named by all that it shows and what it does.

import { html, nothing, type TemplateResult } from 'lit';
import { icon } from '../page.ts';
import type { OfferingCard } from '../protocol.ts';

/** @param picture a data URI, or null for the placeholder */
export function cardContent(card: OfferingCard, picture: string | null): TemplateResult {
  const { displayName, description, provider, broker, price, inUse, unavailable, withdrawn } = card;
  return html`<span class="picture">${pictureContent(picture)}</span>
    <span class="text">
      <span class="name">${displayName}</span>
      <span class="description">${description}</span>
      <span class="facts"
        ><span class="provider">${provider ?? broker}</span><span class="price">${price}</span></span
      >
      ${inUse.map(
        ({ name, plan, state, channels }) =>
          html`<span class="note in-use"
            >${icon('check')}<span
              >${name}, ${plan}: ${state}${channels.length > 0 ? `, in ${channels.join(', ')}` : ''}</span
            ></span
          >`,
      )}
      ${
        unavailable !== null
          ? html`<span class="note warning">${icon('warning')}<span>${unavailable}</span></span>`
          : withdrawn
            ? html`<span class="note warning">${icon('warning')}<span>No longer offered</span></span>`
            : nothing
      }
    </span>`;
}

/** A picture, or what stands for one. */
export function pictureContent(picture: string | null): TemplateResult {
  return picture === null ? icon('extensions') : html`<img src=${picture} alt="" />`;
}

/** `PostgreSQL, by Hippo, free, in use: db, small, ready. Open`. */
export function cardName(card: OfferingCard): string {
  const { displayName, provider, broker, price, inUse, unavailable, withdrawn, description } = card;
  const used = inUse.map(({ name, plan, state }) => `${name}, ${plan}, ${state}`).join('; ');
  const parts = [
    displayName,
    `by ${provider ?? broker}`,
    price,
    ...(used === '' ? [] : [`in use: ${used}`]),
    ...(unavailable === null ? (withdrawn ? ['no longer offered'] : []) : [`unavailable: ${unavailable}`]),
  ];
  return `${parts.join(', ')}. ${description} Open`;
}
