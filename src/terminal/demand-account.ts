// Refuses for deploy tokens what only accounts may do, in words that say so.

import { CommandError, EXIT } from './failure.ts';
import type { Hippo } from './hippo.ts';

/**
 * A deploy token is shown no variables, which is not the same as that there are none.
 * @param what it may not do: `see or change variables`
 * @throws CommandError
 */
export async function demandAccount({ client }: Hippo, what: string): Promise<void> {
  // Old Hippos do not say who somebody is, and know no deploy tokens.
  const me = await client.whoami().catch(() => undefined);
  if (me?.deployToken === undefined) return;
  throw new CommandError(`A deploy token may not ${what}.`, {
    hint: 'Sign in with an account: unset HIPPO_TOKEN, then `hippo login`.',
    exitCode: EXIT.denied,
  });
}
