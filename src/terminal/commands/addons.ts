// `hippo addons`: databases and other services for apps, from what can be added to what it costs.

import type { Command } from 'commander';
import type { Screen } from '../screen.ts';
import { configureBill } from './addons-bill.ts';
import { configureBrokers } from './addons-brokers.ts';
import { configureChanges } from './addons-change.ts';
import { configureCode } from './addons-code.ts';
import { configureCredentials } from './addons-credentials.ts';
import { configureLooks } from './addons-look.ts';

export function configure(command: Command, screen: Screen): void {
  configureLooks(command, screen);
  configureChanges(command, screen);
  configureCredentials(command, screen);
  configureCode(command, screen);
  configureBill(command, screen);
  configureBrokers(command, screen);
}
