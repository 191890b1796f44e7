// What builds, sends or releases waits for trust in the workspace, which says what is built and sent.

import type { App } from '../app.ts';
import { EditorError } from '../failure.ts';

/** @throws EditorError `UNTRUSTED` */
export function demandTrust({ workspace }: Pick<App, 'workspace'>): void {
  if (workspace.isTrusted) return;
  throw new EditorError('UNTRUSTED', 'Building and publishing wait until you trust this workspace.', {
    remedies: ['manageTrust'],
  });
}
