// `hippo start`: lets a stopped channel run again.

import type { Command } from 'commander';
import { configureDesired } from '../desired-status.ts';
import type { Screen } from '../screen.ts';

export function configure(command: Command, screen: Screen): void {
  configureDesired(command, screen, 'Running', 'Started');
}
