// The page of the bill: what add-ons cost in a month, by app, team or offering, and as a file.

import { csvLines } from '../../addons/bill-csv.ts';
import type { Bill, BillGrouping } from '../../addons/bills.ts';
import type { BillState, KeptState } from '../../webview/protocol.ts';
import { Disposables, Emitter, type Disposable, type Event } from '../disposables.ts';
import { EditorError } from '../failure.ts';
import { commonHandlers } from './page-acts.ts';
import type { PageLogic } from './page-host.ts';
import type { Handlers } from './page-requests.ts';
import { isOfThisHippo, pageStanding } from './page-standing.ts';
import type { PageNeeds } from './pages.ts';

/** Without a month: the one that is. */
export type BillIdentity =
  Pick<Extract<KeptState, { page: 'bill' }>, 'connection' | 'month' | 'by'> | undefined;

export class BillPage implements PageLogic<'bill'> {
  readonly page = 'bill';
  readonly handlers: Handlers<'bill'>;
  readonly #needs: PageNeeds;
  readonly #connection: string | undefined;
  readonly #disposables = new Disposables();
  readonly #changed: Emitter<void>;
  #month: string | null;
  #by: BillGrouping;
  #bill: Bill | undefined;
  #looking = false;
  /** What is shown is older than what the Hippo knows. */
  #isOld = true;
  /** Of what there was when it was read. */
  #addons = '';
  #reading: Promise<void> | undefined;

  constructor(needs: PageNeeds, identity: BillIdentity) {
    this.#needs = needs;
    this.#connection = identity?.connection;
    this.#month = identity?.month ?? null;
    this.#by = identity?.by ?? 'app';
    const { app, store } = needs;
    this.#changed = this.#disposables.add(new Emitter((error) => app.log.error('A listener failed', error)));
    this.#disposables.add(
      store.onDidChange(() => {
        const addons = JSON.stringify(store.addons.map(({ id, plan, state }) => [id, plan.id, state]));
        if (addons !== this.#addons) this.#isOld = true;
        this.#addons = addons;
        this.#changed.fire();
        this.#readAgain();
      }),
    );
    this.handlers = {
      ...commonHandlers(needs),
      showBill: async ({ month, by }, signal) => {
        const bill = await this.#read(month, by, signal);
        [this.#month, this.#by, this.#bill] = [month, by, bill];
        this.#changed.fire();
      },
      exportBill: ({ form }) => this.#export(form),
    };
  }

  get onDidChange(): Event<void> {
    return this.#changed.event;
  }

  state(): BillState {
    const { store } = this.#needs;
    const isShown = isOfThisHippo(store, this.#connection);
    return {
      page: 'bill',
      standing: pageStanding(store, this.#connection),
      // Null stays null: the page is of this month whenever it is opened again.
      month: this.#month,
      by: this.#by,
      bill: (isShown ? this.#bill : undefined) ?? null,
    };
  }

  watch(): Disposable {
    const watching = new Disposables();
    watching.add(this.#needs.store.watch('addons'));
    this.#looking = true;
    watching.add({ dispose: () => (this.#looking = false) });
    // Time has gone on, too.
    this.#isOld = true;
    this.#readAgain();
    return watching;
  }

  dispose(): void {
    this.#disposables.dispose();
  }

  #read(month: string | null, by: BillGrouping, signal?: AbortSignal): Promise<Bill> {
    const query = { month: month ?? undefined, by };
    return this.#needs.store.use(({ addons }) => addons.bill(query, { signal }), this.#connection);
  }

  /** Nobody has asked for it: nothing is started, and a failure is what `standing` tells of. */
  #readAgain(): void {
    const { app, store } = this.#needs;
    const isGood = isOfThisHippo(store, this.#connection) && store.standing.state === 'ready';
    if (!this.#looking || !this.#isOld || !isGood || this.#reading) return;
    this.#isOld = false;
    const [month, by] = [this.#month, this.#by];
    const read = async (): Promise<void> => {
      const bill = await this.#read(month, by);
      // Another was asked for meanwhile.
      if (month !== this.#month || by !== this.#by) return;
      this.#bill = bill;
      this.#changed.fire();
    };
    this.#reading = app.guard.quietly('Reading the bill', read).finally(() => {
      this.#reading = undefined;
      this.#readAgain();
    });
  }

  async #export(form: 'csv' | 'json'): Promise<void> {
    const bill = this.#bill;
    if (!bill) throw new EditorError('NO_BILL', 'There is no bill to save yet.');
    const text =
      form === 'csv' ? `${csvLines(bill).join('\n')}\n` : `${JSON.stringify(bill, undefined, 2)}\n`;
    const saved = await this.#needs.saveText({
      name: `hippo-bill-${bill.month}.${form}`,
      title: 'Save Bill',
      kind: form === 'csv' ? 'Table (CSV)' : 'JSON',
      text,
    });
    this.#needs.app.prompts.mention(`Saved the bill of ${bill.month} as ${saved}`);
  }
}
