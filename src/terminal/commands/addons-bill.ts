// `hippo addons bill`: what add-ons cost in a month.

import { Option, type Command } from 'commander';
import { csvLines } from '../../addons/bill-csv.ts';
import type { Bill, BillGrouping } from '../../addons/bills.ts';
import { centsText, costText } from '../../addons/price-text.ts';
import { withAddons } from '../addons.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addAppOptions, type AppOptions } from '../hippo.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface Options extends AppOptions {
  month?: string;
  by?: BillGrouping;
  output: 'message' | 'csv' | 'json';
}

export function configureBill(command: Command, screen: Screen): void {
  const bill = command
    .command('bill')
    .aliases(['bills'])
    .description('what add-ons cost in a month')
    .option('--month <month>', 'such as 2026-11, by UTC (default: this one, so far)')
    .addOption(new Option('--by <group>', 'with a sum for each').choices(['app', 'team', 'offering']))
    .addOption(
      new Option('-o, --output <form>', 'what to print')
        .choices(['message', 'csv', 'json'])
        .default('message'),
    );
  addAppOptions(bill).action((options: Options) => {
    const { month, by } = options;
    if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month))
      throw new CommandError(`"${month}" is not a month.`, {
        hint: 'Give it as 2026-11.',
        exitCode: EXIT.usage,
      });
    return withAddons(screen, options, async (hippo) => {
      // All of the user's apps, unless one is named.
      const named = options.app ?? (screen.env['HIPPO_APP'] || undefined);
      const app = named === undefined ? undefined : await hippo.app(named);
      const answer = await hippo.addons.bill({ month, by, appId: app?.id });
      if (options.output === 'json') return print(screen, JSON.stringify(answer));
      if (options.output === 'csv') return csvLines(answer).forEach((line) => print(screen, line));
      printBill(screen, answer, by);
    });
  });
}

function printBill(screen: Screen, bill: Bill, by: BillGrouping | undefined): void {
  const { month, until, lines, groups, totals } = bill;
  if (lines.length === 0) return say(screen, `There is nothing to pay for ${month}, as of ${until}.`);
  print(screen, `${month}, as of ${until}`);
  print(screen, '');
  printTable(
    screen,
    ['TEAM', 'APP', 'ADD-ON', 'PLAN', 'HOURS', 'PRICE', 'AMOUNT'],
    lines.map((line) => [
      line.teamName,
      line.appName,
      line.addonName,
      `${line.offering}:${line.plan}`,
      hours(line.seconds),
      costText(line.cost),
      line.cents === null ? 'not metered' : centsText(line.cents, line.cost.currency),
    ]),
  );
  print(screen, '');
  if (by !== undefined) {
    printTable(
      screen,
      [by.toUpperCase(), 'AMOUNT'],
      groups.map(({ key, cents, currency }) => [key, centsText(cents, currency)]),
    );
    print(screen, '');
  }
  for (const { cents, currency } of totals) print(screen, `Total: ${centsText(cents, currency)}`);
}

/** `12.5`; a tenth of an hour is what a person wants to know. */
function hours(seconds: number): string {
  return (seconds / 3600).toFixed(1);
}
