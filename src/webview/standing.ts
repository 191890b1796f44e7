// How it stands with the Hippo behind a page: what is shown above the content, or instead of it.

import { html, nothing, type TemplateResult } from 'lit';
import type { Client } from './client.ts';
import { CancelledError, RequestError } from './client.ts';
import { icon } from './page.ts';
import type { PageAction, PageName, Standing } from './protocol.ts';

const ICONS: Readonly<Record<Standing['state'], string>> = {
  loading: 'loading',
  ready: 'check',
  stale: 'warning',
  offline: 'debug-disconnect',
  signedOut: 'account',
  stopped: 'debug-stop',
  unsupported: 'circle-slash',
  failed: 'error',
};

const TITLES: Readonly<Record<Standing['state'], string>> = {
  loading: 'Loading…',
  ready: '',
  stale: 'Not up to date',
  offline: 'No connection',
  signedOut: 'Not signed in',
  stopped: 'Not running',
  unsupported: 'No add-ons here',
  failed: 'Something went wrong',
};

/** There is content to show: it is up to date, or was. */
export function hasContent({ state }: Standing): boolean {
  return state === 'ready' || state === 'stale';
}

/** What screen readers are told when the standing has changed. */
export function spokenStanding({ state, message, connection }: Standing): string {
  if (state === 'loading') return `Loading from ${connection}…`;
  if (state === 'ready') return '';
  return message ?? `${TITLES[state]}: ${connection}.`;
}

/** Above the content: that it is old. */
export function staleBanner(
  standing: Standing,
  act: (action: PageAction) => void,
): TemplateResult | typeof nothing {
  if (standing.state !== 'stale') return nothing;
  return html`<aside class="banner" aria-label="Not up to date" tabindex="-1">
    ${icon('warning')}
    <div>
      <p>${standing.message ?? `${standing.connection} does not answer. This is what it said last.`}</p>
      ${actionsOf(standing, act)}
    </div>
  </aside>`;
}

/** Instead of the content. */
export function instead(standing: Standing, act: (action: PageAction) => void): TemplateResult {
  return html`<section class="instead" tabindex="-1" data-home data-state=${standing.state}>
    ${icon(ICONS[standing.state], standing.state === 'loading')}
    <h1>${TITLES[standing.state]}</h1>
    <p>${standing.message ?? `${standing.connection} has nothing to show.`}</p>
    ${actionsOf(standing, act)}
  </section>`;
}

/** Above the content: what went wrong. */
export function problemBanner(problem: string | undefined): TemplateResult | typeof nothing {
  if (problem === undefined) return nothing;
  return html`<aside class="banner error" role="alert">
    ${icon('error')}
    <p>${problem}</p>
  </aside>`;
}

/** What went wrong and, where the editor says so, what to do. */
export function problemText(error: unknown): string {
  if (error instanceof RequestError) return [error.message, error.hint ?? ''].join(' ').trim();
  return error instanceof Error ? error.message : String(error);
}

function actionsOf(
  { actions }: Standing,
  act: (action: PageAction) => void,
): TemplateResult | typeof nothing {
  if (actions.length === 0) return nothing;
  return html`<div class="actions">
    ${actions.map(
      ({ action, label }, index) =>
        html`<vscode-button ?secondary=${index > 0} @click=${() => act(action)}>${label}</vscode-button>`,
    )}
  </div>`;
}

/** What buttons of these do; what goes wrong comes with the next state, or as a message of the editor. */
export function actor<P extends PageName>(client: Client<P>, failed: (error: unknown) => void) {
  return (action: PageAction): void =>
    void client.request('act', { action }).catch((error: unknown) => {
      if (!(error instanceof CancelledError)) failed(error);
    });
}
