// Which offering is meant, where no row and no card says it.

import type { OfferingItem } from '../../addons/offerings.ts';
import type { App } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { AddonsStore } from './addons-store.ts';

interface Needs {
  readonly app: Pick<App, 'prompts'>;
  readonly store: Pick<AddonsStore, 'use'>;
}

/** Asks for it. @returns its id @throws EditorError `NO_OFFERINGS`, Cancelled, what `AddonsStore.use` throws */
export async function chooseOffering({ app, store }: Needs): Promise<string> {
  const offerings = await store.use(({ addons }) => addons.offerings());
  if (offerings.length === 0)
    throw new EditorError(
      'NO_OFFERINGS',
      'This Hippo offers no add-ons: an administrator registers the brokers that have some.',
    );
  return app.prompts.pick(
    offerings
      .toSorted((a, b) => (a.reference < b.reference ? -1 : 1))
      .map((offering) => ({
        label: offering.displayName,
        description: offering.reference,
        detail: detailOf(offering),
        value: offering.id,
      })),
    { title: 'Show Offering', placeholder: 'Which add-on do you want to read about?' },
  );
}

function detailOf({ description, unavailable, state }: OfferingItem): string {
  if (unavailable) return `$(warning) ${unavailable.reason}`;
  return state === 'withdrawn' ? '$(warning) Its broker lists it no longer.' : description;
}
