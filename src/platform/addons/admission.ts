// Which operation may be asked for while others are under way: one table.

import type { OperationKind } from './addon-store.ts';

export type Wish = 'update' | 'bind' | 'rotate' | 'unbind' | 'remove';

/**
 * `queue`: it comes after what is under way. `over`: it takes the place of what is under way, which is included in
 * it. A text says why it is refused; the two that concern one channel's binding are refused for that channel only.
 */
export type Admission = 'queue' | 'over' | { readonly refused: string; readonly sameChannelOnly?: true };

const refused = (text: string): Admission => ({ refused: text });
const forChannel = (text: string): Admission => ({ refused: text, sameChannelOnly: true });

const CREATING = refused('is still being made: wait until it is ready');
const CHANGING = refused('is being changed already: wait until that has ended');
const REMOVING = refused('is being removed');
const BINDING = forChannel('is being attached to this channel already');
const UNBINDING = forChannel('is being detached from this channel');
const ROTATING = forChannel('is getting new credentials for this channel: wait until that has ended');

/** What is asked for × what is under way or waits. */
export const ADMISSIONS: Readonly<Record<Wish, Readonly<Record<OperationKind, Admission>>>> = {
  update: {
    create: CREATING,
    adopt: CREATING,
    update: CHANGING,
    bind: 'queue',
    rotate: 'queue',
    unbind: 'queue',
    remove: REMOVING,
    'clean-up': 'queue',
    abandon: REMOVING,
  },
  bind: {
    create: 'queue',
    adopt: 'queue',
    update: 'queue',
    bind: BINDING,
    rotate: ROTATING,
    unbind: UNBINDING,
    remove: REMOVING,
    'clean-up': 'queue',
    abandon: REMOVING,
  },
  rotate: {
    create: CREATING,
    adopt: CREATING,
    update: 'queue',
    bind: BINDING,
    rotate: ROTATING,
    unbind: UNBINDING,
    remove: REMOVING,
    'clean-up': 'queue',
    abandon: REMOVING,
  },
  unbind: {
    create: 'queue',
    adopt: 'queue',
    update: 'queue',
    bind: 'queue',
    rotate: 'queue',
    unbind: UNBINDING,
    remove: REMOVING,
    'clean-up': 'queue',
    abandon: REMOVING,
  },
  remove: {
    create: 'queue',
    adopt: 'queue',
    update: 'queue',
    bind: 'queue',
    rotate: 'queue',
    unbind: 'over',
    remove: 'over',
    'clean-up': 'over',
    abandon: REMOVING,
  },
};

/** Why everything but its removal is refused while an instance is being cleaned up. */
export const INSTANCE_CLEAN_UP = 'could not be made, and what its broker may have of it is being removed';
