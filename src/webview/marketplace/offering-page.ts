// The page of an offering: what it is, what its plans cost, adding it to an app, and the add-ons that there are of it.

import { html, nothing, type TemplateResult } from 'lit';
import { guard } from 'lit/directives/guard.js';
import { repeat } from 'lit/directives/repeat.js';
import type { AddonItem } from '../../addons/addons.ts';
import type { OfferingItem } from '../../addons/offerings.ts';
import { stateText } from '../../addons/words.ts';
import { CancelledError, Client } from '../client.ts';
import { icon, Page } from '../page.ts';
import type { OfferingState, ParamsOf, RequestName } from '../protocol.ts';
import {
  actor,
  hasContent,
  instead,
  problemBanner,
  problemText,
  spokenStanding,
  staleBanner,
} from '../standing.ts';
import { AddForm, type Outcome } from './add-form.ts';
import { addonArticle, wordsOf, type AddonWish, type Part } from './addons-view.ts';
import { ChangeForm, isChangeable } from './change-form.ts';
import { descriptionContent, hostOf, isOpened } from './description.ts';
import { pictureOf } from './icons.ts';
import { plansTable } from './plans-view.ts';
import { pictureContent } from './card.ts';

const client = new Client(acquireVsCodeApi(), 'offering', take);
const page = new Page(draw);
const act = actor(client, (error) => {
  problem = problemText(error);
  page.update();
});

let state: OfferingState | undefined;
let problem: string | undefined;
const addForm = new AddForm(client.kept?.form, {
  check: (planId, parameters) =>
    client.request('checkParameters', { planId, check: { step: 'create', parameters } }),
  changed,
  add: (params, doing) => ask('add', 'add', params, doing),
  act,
});
const changeForms = new Map<string, ChangeForm>();
const parts = new Map<string, Part>();
/** By an add-on's id, or `add`: what is waited for, and how the last wish ended. */
const busy = new Map<string, string>();
const outcomes = new Map<string, Outcome>();

document.getElementById('page')?.addEventListener('click', onLink);
client.start();
page.updateNow();

function take(next: OfferingState): void {
  const spoken = spokenStanding(next.standing);
  if (spoken !== '' && (state === undefined || spokenStanding(state.standing) !== spoken)) page.say(spoken);
  sayWords(state?.addons ?? [], next.addons);
  state = next;
  problem = undefined;
  addForm.take(next);
  for (const id of changeForms.keys())
    if (!next.addons.some((addon) => addon.id === id)) {
      changeForms.delete(id);
      parts.delete(id);
    }
  changed();
}

/** What a broker says about what it is doing is read out when it changes. */
function sayWords(before: readonly AddonItem[], now: readonly AddonItem[]): void {
  const told = new Map(before.map((addon) => [addon.id, tellOf(addon)]));
  const news = now.filter((addon) => state !== undefined && told.get(addon.id) !== tellOf(addon));
  if (news.length > 0) page.say(news.map(tellOf).join(' '));
}

function tellOf(addon: AddonItem): string {
  const words = wordsOf(addon);
  return `${addon.name}: ${stateText(addon)}${words === null ? '' : `. ${words}`}`;
}

function changed(): void {
  page.update();
  if (state?.offering)
    client.keep({
      page: 'offering',
      offeringId: state.offering.id,
      connection: state.standing.connection,
      form: addForm.kept,
    });
}

/** A request whose end is told in its place. @param key of the place */
async function ask<N extends RequestName>(
  key: string,
  request: N,
  params: ParamsOf<N>,
  doing: string,
  done?: string,
): Promise<boolean> {
  if (busy.has(key)) return false;
  busy.set(key, doing);
  outcomes.delete(key);
  page.say(doing);
  page.update();
  try {
    await client.request(request, params);
    if (done !== undefined) {
      outcomes.set(key, { failed: false, text: done });
      page.say(done);
    }
    return true;
  } catch (error) {
    if (!(error instanceof CancelledError)) {
      outcomes.set(key, { failed: true, text: problemText(error) });
      page.say(problemText(error));
    }
    return false;
  } finally {
    busy.delete(key);
    page.update();
  }
}

function draw(): TemplateResult {
  if (state === undefined || state.standing.state === 'loading') return loading();
  const { standing, offering } = state;
  if (!hasContent(standing)) return instead(standing, act);
  if (offering === null) return gone();
  return html`${staleBanner(standing, act)} ${problemBanner(problem)}
    <div class="offering">
      ${head(state, offering)} ${unavailable(offering)} ${addonSection(state, offering)}
      <section aria-labelledby="plans" tabindex="-1">
        <h2 id="plans">Plans</h2>
        ${
          offering.plans.length === 0
            ? html`<p class="hint">Its broker lists no plans.</p>`
            : plansTable(offering, state.addons, addForm.planId, (id) => addForm.choosePlan(id))
        }
      </section>
      ${addForm.view(state, offering, busy.get('add'), outcomes.get('add'))} ${about(offering)}
    </div>`;
}

function head({ icon: uri }: OfferingState, offering: OfferingItem): TemplateResult {
  const { displayName, description, provider, broker, reference, tags, documentationUrl, supportUrl } =
    offering;
  return html`<header class="offering-head">
    <span class="picture">${pictureContent(pictureOf(uri))}</span>
    <div>
      <h1 tabindex="-1">${displayName}</h1>
      <p class="hint by">
        ${provider === null ? nothing : html`<span>by ${provider}</span>`}<span>broker ${broker.name}</span
        ><code>${reference}</code>
      </p>
      <p>${description}</p>
      ${
        tags.length === 0
          ? nothing
          : html`<ul class="tags" aria-label="Tags">
              ${tags.map((tag) => html`<li class="badge">${tag}</li>`)}
            </ul>`
      }
      <p class="links">
        ${link('Docs', 'book', documentationUrl)} ${link('Support', 'question', supportUrl)}
      </p>
    </div>
  </header>`;
}

function link(text: string, name: string, address: string | null): TemplateResult | typeof nothing {
  if (address === null || !isOpened(address)) return nothing;
  return html`<span class="link"
    >${icon(name)}<a href=${address} title=${address}>${text}</a
    ><span class="hint"> at ${hostOf(address)}</span></span
  >`;
}

function unavailable({
  unavailable: why,
  state: listed,
  displayName,
}: OfferingItem): TemplateResult | typeof nothing {
  if (why === null && listed === 'active') return nothing;
  return html`<aside class="banner" aria-label="Not available">
    ${icon('warning')}
    <div>
      <p>
        ${
          why === null
            ? `${displayName} cannot be added any more: its broker lists it no longer. What there is of it goes on.`
            : why.reason
        }
      </p>
      ${
        why?.command
          ? html`<p>This makes it available: <code>${why.command}</code></p>
              <div class="actions">
                <vscode-button secondary @click=${() => act('retry')}>Look again</vscode-button>
              </div>`
          : nothing
      }
    </div>
  </aside>`;
}

function addonSection(now: OfferingState, offering: OfferingItem): TemplateResult | typeof nothing {
  const { addons, apps, operations, standing } = now;
  if (addons.length === 0) return nothing;
  return html`<section aria-labelledby="addons" tabindex="-1">
    <h2 id="addons">Your add-ons</h2>
    ${repeat(
      addons,
      ({ id }) => id,
      (addon) => {
        const app = apps.find(({ id }) => id === addon.appId);
        const used = new Set(addon.bindings.map(({ channelId }) => channelId));
        return addonArticle(
          {
            addon,
            operations: operations[addon.id] ?? [],
            channels: (app?.channels ?? []).filter(({ id }) => !used.has(id)),
            busy: busy.get(addon.id),
            outcome: outcomes.get(addon.id),
            part: parts.get(addon.id),
            change: parts.get(addon.id) === 'change' ? changeForm(addon).view(offering) : nothing,
            changeable: isChangeable(addon, offering),
            still: standing.state === 'stale',
          },
          (wish) => void carryOut(addon, offering, wish),
        );
      },
    )}
  </section>`;
}

function changeForm(addon: AddonItem): ChangeForm {
  const { id } = addon;
  let form = changeForms.get(id);
  if (form === undefined) {
    form = new ChangeForm(addon, {
      check: (planId, parameters) =>
        client.request('checkParameters', { planId, check: { step: 'update', parameters } }),
      changed: () => page.update(),
      change: async (params, doing, done) => {
        if (await ask(id, 'change', params, doing, done)) parts.delete(id);
        page.update();
      },
    });
    changeForms.set(id, form);
  }
  form.addon = addon;
  return form;
}

async function carryOut(addon: AddonItem, offering: OfferingItem, wish: AddonWish): Promise<void> {
  const { id: addonId, name } = addon;
  if (wish.do === 'show') {
    if (parts.get(addonId) === wish.part) parts.delete(addonId);
    else parts.set(addonId, wish.part);
    return page.update();
  }
  if (wish.do === 'attach' || wish.do === 'detach' || wish.do === 'rotate') {
    const { channelId } = wish;
    const channel = state?.apps.flatMap(({ channels }) => channels).find(({ id }) => id === channelId)?.name;
    const where =
      channel ?? addon.bindings.find((one) => one.channelId === channelId)?.channelName ?? 'the channel';
    const [doing, done] = {
      attach: [`Attaching ${name} to ${where}…`, `${where} has ${name} now.`],
      detach: [`Detaching ${name} from ${where}…`, `${where} has ${name} no longer.`],
      rotate: [`Rotating the credentials of ${where}…`, `${where} has new credentials.`],
    }[wish.do];
    parts.delete(addonId);
    await ask(addonId, wish.do, { addonId, channelId }, doing ?? '', done);
  } else if (wish.do === 'upgrade') {
    await ask(addonId, 'change', { addonId, upgrade: true }, `Updating ${name}…`, `${name} is up to date.`);
  } else {
    const doing = {
      bindingCode: 'Adding binding code…',
      dashboard: `Opening the dashboard of ${name}…`,
      remove: `Removing ${name}…`,
      retry: `Trying ${name} again…`,
      abandon: `Abandoning ${name}…`,
    }[wish.do];
    const removed = (wish.do === 'remove' || wish.do === 'abandon') && offering.displayName;
    if ((await ask(addonId, wish.do, { addonId }, doing)) && removed) page.say(`${name} is gone.`);
  }
}

function about({ longDescription }: OfferingItem): TemplateResult | typeof nothing {
  if (longDescription === null || longDescription.trim() === '') return nothing;
  return html`<section aria-labelledby="about" tabindex="-1">
    <h2 id="about">About</h2>
    <div class="markdown">${guard([longDescription], () => descriptionContent(longDescription))}</div>
  </section>`;
}

function loading(): TemplateResult {
  return html`<section aria-busy="true" aria-label="Loading the offering" tabindex="-1">
    <div class="bar" aria-hidden="true"></div>
    <h1 class="spoken">Loading the offering…</h1>
    <div class="offering skeleton" aria-hidden="true">
      <div class="offering-head">
        <span class="picture">${pictureContent(null)}</span>
        <div class="grow">
          <div class="line"></div>
          <div class="line"></div>
          <div class="line"></div>
        </div>
      </div>
    </div>
  </section>`;
}

function gone(): TemplateResult {
  return html`<section class="instead" tabindex="-1" data-home data-state="gone">
    ${icon('search-stop')}
    <h1>Not there any more</h1>
    <p>This Hippo does not list this offering. The Marketplace shows what there is.</p>
    <div class="actions"><vscode-button @click=${() => act('retry')}>Look again</vscode-button></div>
  </section>`;
}

/** A page never goes anywhere: links are the editor's. */
function onLink(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target.closest('a') : null;
  if (target === null) return;
  event.preventDefault();
  event.stopPropagation();
  const url = target.getAttribute('href') ?? '';
  if (!isOpened(url)) return;
  client.request('openLink', { url }).catch((error: unknown) => {
    if (error instanceof CancelledError) return;
    problem = problemText(error);
    page.update();
  });
}
