// Steps of the walkthrough that were completed before VS Code listened. It notices a condition only when that comes
// true while it knows the walkthrough, and it gets to know it as late as when a person opens it. So each step has a
// second condition, which comes true a moment after that.

import type { App, ContextKeys } from '../app.ts';
import { Disposables, type Disposable, type Event } from '../disposables.ts';
import type { ContextKey } from '../ids.ts';

/** From when the page is there until VS Code knows its steps, in ms. */
const MOMENT = 1_000;

/** The second condition of each step, and the first one. */
const STEPS: readonly (readonly [
  ContextKey & `hippo.walkthrough.${string}`,
  (keys: ContextKeys) => boolean,
])[] = [
  ['hippo.walkthrough.start', (keys) => keys.get('hippo.connectionState') === 'ready'],
  ['hippo.walkthrough.app', (keys) => keys.get('hippo.hasApp') === true],
  ['hippo.walkthrough.publish', (keys) => keys.get('hippo.published') === true],
  ['hippo.walkthrough.open', (keys) => keys.get('hippo.visited') === true],
];

/** @param pageShown a page of VS Code's own has come to the front, which may be the walkthrough */
export function announceSteps(app: Pick<App, 'context' | 'clock'>, pageShown: Event<void>): Disposable {
  const disposables = new Disposables();
  const announce = (): void => {
    for (const [key, isDone] of STEPS) if (isDone(app.context)) app.context.set(key, true);
  };
  disposables.add(pageShown(() => disposables.add(app.clock.after(MOMENT, announce))));
  return disposables;
}
