// The marketplace in the side bar: search, filters and the list of offerings.

import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { live } from 'lit/directives/live.js';
import { ref } from 'lit/directives/ref.js';
import { repeat } from 'lit/directives/repeat.js';
import { count } from '../../hippofacts/text.ts';
import { CancelledError, Client } from '../client.ts';
import { describe } from '../elements.ts';
import { icon, Page } from '../page.ts';
import type { MarketplaceState, OfferingCard } from '../protocol.ts';
import {
  actor,
  hasContent,
  instead,
  problemBanner,
  problemText,
  spokenStanding,
  staleBanner,
} from '../standing.ts';
import { cardContent, pictureContent } from './card.ts';
import { filterPanel } from './filters.ts';
import { Icons } from './icons.ts';
import { Search, SORTS, type Found, type Sort } from './search.ts';

/** Cards that are drawn at once; the others follow while nothing else is to be done. */
const FIRST = 40;
const MORE = 120;
/** Milliseconds without a key, after which they are drawn. */
const QUIET = 200;

const SORT_LABELS: Readonly<Record<Sort, string>> = {
  relevance: 'Relevance',
  name: 'Name',
  price: 'Price',
};

const client = new Client(acquireVsCodeApi(), 'marketplace', take);
const page = new Page(draw);
const icons = new Icons(client, () => page.update());
const search = new Search();
const act = actor(client, showError);

const kept = client.kept;
let state: MarketplaceState | undefined;
let text = kept?.search ?? '';
let filters = new Set(kept?.filters ?? []);
let sort: Sort = SORTS.find((one) => one === kept?.sort) ?? 'relevance';
/** The number of cards above those that are seen: heights differ from one life to the next. */
let scroll = kept?.scroll ?? 0;
let filtersOpen = false;
const wholeGroups = new Set<string>();
let problem: string | undefined;
let found: Found = { cards: [], groups: [] };
/** How many of them are drawn. */
let drawn = FIRST;
/** The card that the tab key comes to. */
let current: string | undefined;

client.start();
page.updateNow();

function take(next: MarketplaceState): void {
  const first = state === undefined || !hasContent(state.standing);
  const spoken = spokenStanding(next.standing);
  if (spoken !== '' && (state === undefined || spokenStanding(state.standing) !== spoken)) page.say(spoken);
  state = next;
  problem = undefined;
  search.cards = next.offerings;
  find();
  if (!first || !hasContent(next.standing)) return page.update(() => grow());
  // As it was left: all cards above the place have to be there.
  if (scroll > 0) drawn = found.cards.length;
  page.update(() => {
    if (scroll > 0) goTo(scroll);
    grow();
    setTimeout(() => search.prepare());
  });
}

function find(): void {
  found = search.find({ search: text, filters, sort });
  if (!found.cards.some(({ id }) => id === current)) current = found.cards[0]?.id;
}

let growing: ReturnType<typeof setTimeout> | undefined;

/** Draws the other cards, until all are there, when nobody types any more. */
function grow(delay = QUIET): void {
  clearTimeout(growing);
  if (drawn >= found.cards.length) return;
  growing = setTimeout(() => {
    drawn += MORE;
    page.update(() => grow(0));
  }, delay);
}

/** Something else is looked for: the list starts at its top. */
function changed(): void {
  find();
  drawn = FIRST;
  scroll = 0;
  page.update(() => {
    document.querySelector('.results')?.scrollTo(0, 0);
    grow();
  });
  keep();
  tell();
}

let telling: ReturnType<typeof setTimeout> | undefined;

/** The number of results, when no more keys are pressed. */
function tell(): void {
  clearTimeout(telling);
  telling = setTimeout(() => page.say(countText()), 600);
}

let keeping: ReturnType<typeof setTimeout> | undefined;

function keep(): void {
  clearTimeout(keeping);
  keeping = setTimeout(() => {
    scroll = cardsAbove();
    client.keep({ page: 'marketplace', search: text, filters: [...filters], sort, scroll });
  }, 100);
}

/** Cards get their heights when they come into view, so that the first one may have moved a little then. */
function goTo(index: number, again = 2): void {
  document.querySelectorAll('.results > li')[index]?.scrollIntoView({ block: 'start' });
  if (again > 0) requestAnimationFrame(() => goTo(index, again - 1));
}

function cardsAbove(): number {
  const list = document.querySelector<HTMLElement>('.results');
  // While there is no list, it is where it was.
  if (list === null) return scroll;
  // A card of which a line of pixels is left is not seen.
  const top = list.getBoundingClientRect().top + list.clientTop + 2;
  let [from, to] = [0, list.children.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list.children[middle]?.getBoundingClientRect().bottom ?? 0) <= top) from = middle + 1;
    else to = middle;
  }
  return from;
}

function countText(): string {
  const all = count(search.cards.length, 'offering');
  if (found.cards.length === search.cards.length) return all;
  return `${found.cards.length.toLocaleString('en')} of ${all}`;
}

function draw(): TemplateResult {
  if (state === undefined || state.standing.state === 'loading') return skeleton();
  const { standing, app, offerings } = state;
  if (!hasContent(standing)) return instead(standing, act);
  return html`${staleBanner(standing, act)}${header(app?.name)}${problemBanner(problem)}
  ${offerings.length === 0 ? noOfferings() : found.cards.length === 0 ? noMatch() : list()}`;
}

function header(app: string | undefined): TemplateResult {
  return html`<header>
    <h1 class="spoken">Marketplace</h1>
    <div class="search-row">
      <vscode-textfield
        class="search"
        type="text"
        placeholder="Search add-ons"
        maxlength="200"
        .value=${live(text)}
        ${describe({ label: 'Search add-ons by name, tag, description or provider' })}
        @input=${onSearch}
        @keydown=${onSearchKey}
      >
        <span slot="content-before">${icon('search')}</span>
        ${
          text === ''
            ? nothing
            : html`<button
                slot="content-after"
                class="tool"
                aria-label="Clear the search"
                @click=${clearSearch}
              >
                ${icon('close')}
              </button>`
        }
      </vscode-textfield>
      <button
        class="tool ${filters.size > 0 ? 'on' : ''}"
        aria-expanded=${filtersOpen}
        aria-controls="filters"
        aria-label=${filters.size === 0 ? 'Filters' : `Filters, ${filters.size} chosen`}
        title="Filters"
        @click=${toggleFilters}
      >
        ${icon(filters.size > 0 ? 'filter-filled' : 'filter')}
      </button>
    </div>
    ${chips()}
    ${filtersOpen ? filterPanel(found.groups, filters, toggle, closeFilters, wholeGroups, showAll) : nothing}
    <div class="tools-row">
      <span class="count">${countText()}</span>
      <label class="sort"
        ><span>Sort by</span
        ><vscode-single-select .value=${sort} ${describe({ label: 'Sort by' })} @change=${onSort}>
          ${SORTS.map(
            (one) =>
              html`<vscode-option value=${one} ?selected=${one === sort}>${SORT_LABELS[one]}</vscode-option>`,
          )}
        </vscode-single-select></label
      >
    </div>
    <button class="app-row" @click=${chooseApp} title="Choose the app whose add-ons count as in use">
      ${icon('package')}<span>${app === undefined ? 'No app chosen' : html`In use by <strong>${app}</strong>`}</span>${icon('chevron-right')}
    </button>
  </header>`;
}

/** The filters that are on, each with its way out. */
function chips(): TemplateResult | typeof nothing {
  if (filters.size === 0 || filtersOpen) return nothing;
  return html`<ul class="chips" aria-label="Filters that are on">
    ${repeat(
      filters,
      (id) => id,
      (id) =>
        html`<li>
          <button
            class="chip"
            aria-label=${`Remove the filter ${search.label(id)}`}
            @click=${() => toggle(id)}
          >
            <span>${search.label(id)}</span>${icon('close')}
          </button>
        </li>`,
    )}
  </ul>`;
}

function list(): TemplateResult {
  const { cards } = found;
  return html`<ul
    class="results"
    aria-label="Offerings"
    tabindex="-1"
    data-home
    @keydown=${onListKey}
    @scroll=${onScroll}
    @focusin=${onCardFocus}
  >
    ${repeat(
      cards.slice(0, drawn),
      ({ id }) => id,
      (card, index) => {
        const picture = card.icon ? icons.get(card.id) : null;
        const tab = card.id === current ? 0 : -1;
        return guard([card, picture, tab, index, cards.length], () => row(card, picture, tab, index));
      },
    )}
  </ul>`;
}

function row(card: OfferingCard, picture: string | null, tab: number, index: number): TemplateResult {
  return html`<li aria-setsize=${found.cards.length} aria-posinset=${index + 1}>
    <button
      class="card"
      data-id=${card.id}
      data-icon=${card.icon ? card.id : nothing}
      tabindex=${tab}
      @click=${() => open(card.id)}
      ${ref((element) => (card.icon && picture === null ? icons.watch(element) : undefined))}
    >
      ${cardContent(card, picture)}
    </button>
  </li>`;
}

function noMatch(): TemplateResult {
  const what = text.trim() === '' ? 'these filters' : `“${text.trim()}”`;
  const also = text.trim() !== '' && filters.size > 0 ? ' with these filters' : '';
  return html`<section class="instead" tabindex="-1" data-home data-state="no-match">
    ${icon('search-stop')}
    <h2>Nothing found</h2>
    <p>No offering matches ${what}${also}.</p>
    <div class="actions">
      ${
        filters.size > 0
          ? html`<vscode-button @click=${clearFilters}>Remove the filters</vscode-button>`
          : nothing
      }
      ${
        text.trim() === ''
          ? nothing
          : html`<vscode-button ?secondary=${filters.size > 0} @click=${clearSearch}
              >Clear the search</vscode-button
            >`
      }
    </div>
  </section>`;
}

function noOfferings(): TemplateResult {
  return html`<section class="instead" tabindex="-1" data-home data-state="empty">
    ${icon('extensions')}
    <h2>No offerings yet</h2>
    <p>
      This Hippo lists nothing to add. Offerings come from service brokers, which an administrator registers
      by the command “Hippo: Register Service Broker…”.
    </p>
    <div class="actions"><vscode-button @click=${() => act('retry')}>Look again</vscode-button></div>
  </section>`;
}

/** Where cards will stand. */
function skeleton(): TemplateResult {
  return html`<section class="skeleton" aria-busy="true" aria-label="Loading offerings" tabindex="-1">
    <h1 class="spoken">Loading offerings…</h1>
    <div class="bar" aria-hidden="true"></div>
    ${Array.from(
      { length: 6 },
      () =>
        html`<div class="card" aria-hidden="true">
          <span class="picture">${pictureContent(null)}</span>
          <span class="text"
            ><span class="line"></span><span class="line"></span><span class="line"></span
          ></span>
        </div>`,
    )}
  </section>`;
}

function showError(error: unknown): void {
  if (error instanceof CancelledError) return;
  problem = problemText(error);
  page.update();
}

// What the user does

function onSearch({ currentTarget }: InputEvent): void {
  text = (currentTarget as HTMLInputElement).value;
  changed();
}

function onSearchKey(event: KeyboardEvent): void {
  if (event.key === 'Escape' && text !== '') {
    event.preventDefault();
    clearSearch();
  } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
    event.preventDefault();
    focusCard(0);
  }
}

function clearSearch(): void {
  text = '';
  changed();
  document.querySelector<HTMLElement>('.search')?.focus();
}

function onSort({ currentTarget }: Event): void {
  sort = SORTS.find((one) => one === (currentTarget as HTMLInputElement).value) ?? 'relevance';
  changed();
}

function toggle(id: string): void {
  filters = new Set(filters.has(id) ? [...filters].filter((one) => one !== id) : [...filters, id]);
  changed();
}

function clearFilters(): void {
  filters = new Set();
  changed();
}

function toggleFilters(): void {
  filtersOpen = !filtersOpen;
  page.update();
}

/** The next filter has the focus then: the button is gone. */
function showAll(group: string): void {
  const shown = document.querySelectorAll(`[data-group="${group}"] vscode-checkbox`).length;
  wholeGroups.add(group);
  page.updateNow();
  document.querySelectorAll<HTMLElement>(`[data-group="${group}"] vscode-checkbox`)[shown]?.focus();
}

function closeFilters(): void {
  filtersOpen = false;
  page.update();
  document.querySelector<HTMLElement>('[aria-controls="filters"]')?.focus();
}

function chooseApp(): void {
  client.request('chooseApp', {}).catch(showError);
}

function open(offeringId: string): void {
  client.request('openOffering', { offeringId }).catch(showError);
}

function onScroll({ currentTarget }: Event): void {
  const list = currentTarget as Element;
  if (list.scrollHeight - list.scrollTop < 2 * list.clientHeight) grow(0);
  keep();
}

function onCardFocus({ target }: FocusEvent): void {
  const id = (target as HTMLElement).dataset['id'];
  if (id === undefined || id === current) return;
  current = id;
  page.update();
}

function onListKey(event: KeyboardEvent): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const at = found.cards.findIndex(({ id }) => id === (event.target as HTMLElement).dataset['id']);
  const last = found.cards.length - 1;
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, last),
    ArrowUp: at - 1,
    Home: 0,
    End: last,
    PageDown: Math.min(at + 10, last),
    PageUp: Math.max(at - 10, 0),
  };
  const to = moves[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0) document.querySelector<HTMLElement>('.search')?.focus();
  else focusCard(to);
}

function focusCard(index: number): void {
  const card = found.cards[index];
  if (!card) return;
  current = card.id;
  drawn = Math.max(drawn, index + 1);
  page.updateNow();
  document.querySelectorAll<HTMLElement>('.results .card')[index]?.focus();
}
