// `hippo stop`: a channel answers no more until it is started.

import type { Command } from 'commander';
import { configureDesired } from '../desired-status.ts';
import type { Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  configureDesired(command, screen, 'Dead', 'Stopped');
}
