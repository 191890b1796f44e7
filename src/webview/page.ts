// Draws a page again without taking the focus away from who reads or types in it, and says what has happened.

import { html, render, type TemplateResult } from 'lit';

/** The root of a page, with its live region. Drawing is put off to the next frame, so that many changes are one. */
export class Page {
  readonly #main: HTMLElement;
  readonly #draw: () => TemplateResult;
  readonly #live: HTMLElement;
  #asked = false;
  #after: (() => void)[] = [];

  constructor(draw: () => TemplateResult) {
    const main = document.getElementById('page');
    if (main === null) throw new Error('The document has no place for a page.');
    this.#main = main;
    this.#draw = draw;
    this.#live = document.createElement('div');
    this.#live.className = 'spoken';
    this.#live.setAttribute('role', 'status');
    document.body.append(this.#live);
  }

  /** Soon; `after` is called when it is done. */
  update(after?: () => void): void {
    if (after) this.#after.push(after);
    if (this.#asked) return;
    this.#asked = true;
    // A hidden page gets no frames, and has to be right when it is shown.
    if (document.visibilityState === 'hidden') setTimeout(() => this.updateNow());
    else requestAnimationFrame(() => this.updateNow());
  }

  updateNow(): void {
    this.#asked = false;
    keepFocus(this.#main, () => render(this.#draw(), this.#main));
    for (const after of this.#after.splice(0)) after();
  }

  /** Has it read out, once; the same words again count as new ones. */
  say(text: string): void {
    this.#live.textContent = '';
    requestAnimationFrame(() => {
      this.#live.textContent = text;
    });
  }
}

/**
 * What had the focus has it afterwards, also where it was moved. Where it is gone, the focus goes to the next thing
 * around it that can take it (`tabindex="-1"` on sections), so that nobody starts again at the top.
 */
function keepFocus(root: HTMLElement, change: () => void): void {
  const focused = document.activeElement;
  const inside = focused instanceof HTMLElement && focused !== root && root.contains(focused);
  const around: HTMLElement[] = [];
  if (inside)
    for (let one: HTMLElement | null = focused; one && one !== root; one = one.parentElement)
      around.push(one);
  change();
  if (!inside || document.activeElement === focused) return;
  const next = around.find((one) => one.isConnected && (one === focused || one.hasAttribute('tabindex')));
  (next ?? root.querySelector<HTMLElement>('h1[tabindex], [data-home]'))?.focus({
    preventScroll: next === focused,
  });
}

/** An icon of VS Code, which says nothing by itself. */
export function icon(name: string, spin = false): TemplateResult {
  return html`<span
    class="codicon codicon-${name} ${spin ? 'codicon-modifier-spin' : ''}"
    aria-hidden="true"
  ></span>`;
}
