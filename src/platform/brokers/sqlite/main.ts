// The SQLite broker as a program.

import { runBroker } from '../kit/program.ts';
import { openSqlite } from './driver.ts';
import { PLANS, SERVICE } from './offering.ts';

void runBroker({ service: SERVICE, plans: PLANS, open: openSqlite });
