// The bill of a month: what each add-on costs, in groups, with sums for each currency.

import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Bill, BillGrouping, BillLine, BillTotal } from '../../addons/bills.ts';
import { centsText, costText } from '../../addons/price-text.ts';
import { CancelledError, Client } from '../client.ts';
import { describe } from '../elements.ts';
import { icon, Page } from '../page.ts';
import type { BillState } from '../protocol.ts';
import {
  actor,
  hasContent,
  instead,
  problemBanner,
  problemText,
  spokenStanding,
  staleBanner,
} from '../standing.ts';
import { durationText, groupsOf, monthName, monthsBefore } from './bill-text.ts';

const GROUPINGS: Readonly<Record<BillGrouping, string>> = { app: 'App', team: 'Team', offering: 'Offering' };

const client = new Client(acquireVsCodeApi(), 'bill', take);
const page = new Page(draw);
const act = actor(client, showError);

let state: BillState | undefined;
let problem: string | undefined;
/** What was asked for and has not come yet. */
let asked: { month: string; by: BillGrouping } | undefined;

client.start();
page.updateNow();

function take(next: BillState): void {
  const spoken = spokenStanding(next.standing);
  if (spoken !== '' && (state === undefined || spokenStanding(state.standing) !== spoken)) page.say(spoken);
  if (asked && next.bill?.month === asked.month)
    page.say(`Bill of ${monthName(asked.month)}: ${totalText(next.bill)}`);
  state = next;
  problem = undefined;
  client.keep({ page: 'bill', month: next.month, by: next.by, connection: next.standing.connection });
  page.update();
}

function showError(error: unknown): void {
  asked = undefined;
  if (error instanceof CancelledError) return;
  problem = problemText(error);
  page.update();
}

function show(month: string, by: BillGrouping): void {
  asked = { month, by };
  page.update();
  client.request('showBill', { month, by }).then(() => {
    asked = undefined;
    page.update();
  }, showError);
}

function exportAs(form: 'csv' | 'json'): void {
  client.request('exportBill', { form }).catch(showError);
}

function draw(): TemplateResult {
  if (state === undefined || state.standing.state === 'loading') return loading();
  const { standing, bill } = state;
  if (!hasContent(standing)) return instead(standing, act);
  return html`${staleBanner(standing, act)} ${problemBanner(problem)}
    <div class="bill">
      <h1 tabindex="-1">Bill</h1>
      <p class="hint">What add-ons cost on the connection “${standing.connection}”.</p>
      ${tools(state)} ${asked ? html`<div class="bar" aria-hidden="true"></div>` : nothing}
      ${bill === null ? loading() : content(bill, state.by)}
    </div>`;
}

function tools({ month, by, bill }: BillState): TemplateResult {
  const current = asked?.month ?? month ?? bill?.month ?? new Date().toISOString().slice(0, 7);
  const grouping = asked?.by ?? by;
  const months = monthsBefore(new Date().toISOString().slice(0, 7), current);
  return html`<div class="bill-tools">
    <div class="field">
      <div class="field-label" aria-hidden="true">Month</div>
      <vscode-single-select
        .value=${current}
        ${describe({ label: 'Month' })}
        @change=${({ currentTarget }: Event) => show((currentTarget as HTMLInputElement).value, grouping)}
      >
        ${repeat(
          months,
          (one) => one,
          (one) =>
            html`<vscode-option value=${one} ?selected=${one === current}>${monthName(one)}</vscode-option>`,
        )}
      </vscode-single-select>
    </div>
    <div class="field">
      <div class="field-label" aria-hidden="true">Group by</div>
      <vscode-single-select
        .value=${grouping}
        ${describe({ label: 'Group by' })}
        @change=${({ currentTarget }: Event) =>
          show(current, (currentTarget as HTMLInputElement).value as BillGrouping)}
      >
        ${Object.entries(GROUPINGS).map(
          ([one, label]) =>
            html`<vscode-option value=${one} ?selected=${one === grouping}>${label}</vscode-option>`,
        )}
      </vscode-single-select>
    </div>
    ${
      bill === null || bill.lines.length === 0
        ? nothing
        : html`<div class="actions">
            <vscode-button secondary icon="export" @click=${() => exportAs('csv')}>Export CSV</vscode-button>
            <vscode-button secondary icon="json" @click=${() => exportAs('json')}>Export JSON</vscode-button>
          </div>`
    }
  </div>`;
}

function content(bill: Bill, by: BillGrouping): TemplateResult {
  if (bill.lines.length === 0)
    return html`<section class="instead" tabindex="-1" data-home data-state="empty">
      ${icon('credit-card')}
      <h2>Nothing to pay</h2>
      <p>No add-on has cost anything in ${monthName(bill.month)}.</p>
    </section>`;
  return html`<div class="totals">
      ${bill.totals.map(
        ({ cents, currency }) =>
          html`<div class="total"><strong>${centsText(cents, currency)}</strong></div>`,
      )}
      <p class="hint">${untilText(bill)}</p>
    </div>
    <div class="table" tabindex="0" role="region" aria-label="Lines of the bill">
      <table class="lines">
        <caption class="spoken">
          Bill of ${monthName(bill.month)}, grouped by ${GROUPINGS[by].toLowerCase()}
        </caption>
        <thead>
          <tr>
            <th scope="col">Add-on</th>
            <th scope="col">Plan</th>
            <th scope="col">Price</th>
            <th scope="col">For</th>
            <th scope="col" class="price">Amount</th>
          </tr>
        </thead>
        ${repeat(
          groupsOf(bill, by),
          ({ key }) => key,
          ({ key, lines, totals }) => group(key, lines, totals, by),
        )}
        <tfoot>
          ${bill.totals.map(
            ({ cents, currency }) =>
              html`<tr>
                <th scope="row" colspan="4">Total</th>
                <td class="price"><strong>${centsText(cents, currency)}</strong></td>
              </tr>`,
          )}
        </tfoot>
      </table>
    </div>`;
}

function group(
  key: string,
  lines: readonly BillLine[],
  totals: readonly BillTotal[],
  by: BillGrouping,
): TemplateResult {
  return html`<tbody>
    <tr class="group">
      <th scope="rowgroup" colspan="4">${key}</th>
      <td class="price">
        ${totals.map(({ cents, currency }) => html`<div>${centsText(cents, currency)}</div>`)}
      </td>
    </tr>
    ${lines.map(
      (line) =>
        html`<tr>
          <th scope="row">
            ${line.addonName}${by === 'app' ? nothing : html`<span class="hint"> in ${line.appName}</span>`}
          </th>
          <td>${line.offering}:${line.plan}</td>
          <td>${costText(line.cost)}</td>
          <td>${durationText(line.seconds)}</td>
          <td class="price">
            ${
              line.cents === null
                ? html`<span class="hint">not metered here</span>`
                : centsText(line.cents, line.cost.currency)
            }
          </td>
        </tr>`,
    )}
  </tbody>`;
}

function totalText({ totals }: Bill): string {
  return totals.map(({ cents, currency }) => centsText(cents, currency)).join(' and ') || 'nothing to pay';
}

function untilText({ until, month }: Bill): string {
  const ended = !until.startsWith(month);
  return ended
    ? `${monthName(month)}, complete`
    : `${monthName(month)}, until ${until.slice(0, 16).replace('T', ' ')} UTC`;
}

function loading(): TemplateResult {
  return html`<section aria-busy="true" aria-label="Loading the bill" tabindex="-1">
    <div class="bar" aria-hidden="true"></div>
    <h1 class="spoken">Loading the bill…</h1>
  </section>`;
}
