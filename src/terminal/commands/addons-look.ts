// `hippo addons list|search|info|show|docs|dashboard`: what can be added, and what an app has.

import type { Command } from 'commander';
import type { AddonItem, OperationItem } from '../../addons/addons.ts';
import { AddonNameError, findAddon, findOffering, findPlan } from '../../addons/find.ts';
import type { OfferingItem, PlanItem } from '../../addons/offerings.ts';
import { priceText, priceWithMonth } from '../../addons/price-text.ts';
import { bindingText, operationText, planOf, stateText, unavailableText } from '../../addons/words.ts';
import type { AppItem } from '../../hippo/api.ts';
import { SessionError } from '../../session/errors.ts';
import { addonOf, withAddons, type AddonOptions, type AddonsHippo } from '../addons.ts';
import { openInBrowser } from '../browser.ts';
import { CommandError } from '../failure.ts';
import { addAppOptions, addHippoOptions, type AppOptions, type HippoOptions } from '../hippo.ts';
import { addOutputOption, type OutputForm } from '../output.ts';
import { print, say, visible, type Screen } from '../screen.ts';
import { printTable, ruledLines } from '../table.ts';

interface Output {
  output: OutputForm;
}

/** Of an add-on's operations, as many as are shown. */
const OPERATIONS_SHOWN = 10;

export function configureLooks(command: Command, screen: Screen): void {
  const list = command
    .command('list')
    .aliases(['ls'])
    .description('list what can be added, and what the app has')
    .option('--all', 'with prices, descriptions and brokers, and what is there no more');
  addOutputOption(addAppOptions(list), ['message', 'id', 'json']).action(
    (options: AddonOptions & { all?: boolean }) =>
      withAddons(screen, options, async (hippo) => {
        const offerings = await hippo.addons.offerings();
        const app = await appIfAny(hippo);
        const addons = app ? await hippo.addons.addons({ appId: app.id }) : [];
        if (options.output === 'json') return print(screen, JSON.stringify({ offerings, addons }));
        if (options.output === 'id') return addons.forEach(({ id }) => print(screen, id));
        if (options.all) printAll(screen, offerings);
        else printOfferings(screen, offerings);
        if (app) printAddons(screen, app, addons);
      }),
  );

  const search = command
    .command('search')
    .description('list what can be added and has this in its name, description or tags')
    .argument('<text>');
  addOutputOption(addHippoOptions(search), ['message', 'id', 'json']).action(
    (text: string, options: HippoOptions & Output) =>
      withAddons(screen, options, async (hippo) => {
        const found = (await hippo.addons.offerings()).filter((offering) => matches(offering, text));
        if (options.output === 'json') return print(screen, JSON.stringify(found));
        if (options.output === 'id') return found.forEach(({ reference }) => print(screen, reference));
        if (found.length === 0)
          return say(
            screen,
            `Nothing here has "${visible(text)}" in its name: \`hippo addons list\` lists all.`,
          );
        printAll(screen, found);
      }),
  );

  const info = command
    .command('info')
    .description('show what can be added: its plans, prices and parameters')
    .argument('<offering>', 'a name, or name@broker');
  addOutputOption(addHippoOptions(info), ['message', 'json']).action(
    (named: string, options: HippoOptions & Output) =>
      withAddons(screen, options, async (hippo) => {
        const offering = findOffering(await hippo.addons.offerings(), named);
        if (options.output === 'json') return print(screen, JSON.stringify(offering));
        printOffering(screen, offering);
      }),
  );

  const show = command
    .command('show')
    .description('show an add-on: how it is, what it costs, who uses it and what was done with it')
    .argument('<addon>', 'name or id');
  addOutputOption(addAppOptions(show), ['message', 'id', 'json']).action(
    (named: string, options: AddonOptions) =>
      withAddons(screen, options, async (hippo) => {
        const { addon } = await addonOf(hippo, named);
        const operations = await hippo.addons.operations(addon.id);
        if (options.output === 'json') return print(screen, JSON.stringify({ ...addon, operations }));
        if (options.output === 'id') return print(screen, addon.id);
        printAddon(screen, addon, operations);
      }),
  );

  const docs = command
    .command('docs')
    .description('open the documentation of an add-on')
    .argument('<addon>', 'an add-on of the app, or what can be added')
    .option('--plan <plan>', 'of this plan')
    .option('--print', 'only print the address');
  addAppOptions(docs).action((named: string, options: AppOptions & { plan?: string; print?: boolean }) =>
    withAddons(screen, options, async (hippo) => {
      const app = await appIfAny(hippo);
      const { documentationUrl, ...offering } = await documented(hippo, app, named);
      if (options.plan !== undefined) await checkPlan(hippo, offering, options.plan);
      if (documentationUrl === null)
        throw new CommandError(`The broker of ${named} names no documentation.`, {
          hint: `\`hippo addons info ${named}\` shows what it says.`,
        });
      const what = `Opening documentation on ${named}${app ? ` for ${app.name}` : ''}`;
      await open(screen, what, documentationUrl, options.print);
    }),
  );

  const dashboard = command
    .command('dashboard')
    .description("open an add-on's dashboard")
    .argument('<addon>', 'name or id')
    .option('--print', 'only print the address, which may let anybody in for a while');
  addAppOptions(dashboard).action((named: string, options: AppOptions & { print?: boolean }) =>
    withAddons(screen, options, async (hippo) => {
      const { app, addon } = await addonOf(hippo, named);
      if (!addon.dashboard)
        throw new CommandError(`${addon.name} of ${app.name} has no dashboard.`, {
          hint: `\`hippo addons show ${addon.name}\` says how it is.`,
        });
      const { url, foreign } = await hippo.addons.dashboard(addon.id);
      if (foreign) say(screen, `This page is at ${new URL(url).host}, which is not where its broker is.`);
      await open(screen, `Opening ${addon.name} for ${app.name}`, url, options.print);
    }),
  );
}

/** Undefined where nothing says which app is meant. */
async function appIfAny(hippo: AddonsHippo): Promise<AppItem | undefined> {
  try {
    return await hippo.app();
  } catch (error) {
    if (error instanceof SessionError && error.code === 'WHICH_APP') return undefined;
    throw error;
  }
}

/** The offering of an add-on that the app has; else one that can be added. */
async function documented(
  hippo: AddonsHippo,
  app: AppItem | undefined,
  named: string,
): Promise<AddonItem['offering'] | OfferingItem> {
  if (app) {
    try {
      return findAddon(await hippo.addons.addons({ appId: app.id }), named, app.name).offering;
    } catch (error) {
      if (!(error instanceof AddonNameError)) throw error;
    }
  }
  return findOffering(await hippo.addons.offerings(), named);
}

/** What an add-on has been made of may be there no more, and says nothing of plans then. @throws AddonNameError */
async function checkPlan(hippo: AddonsHippo, { id }: { id: string }, plan: string): Promise<void> {
  const offering = (await hippo.addons.offerings()).find((one) => one.id === id);
  if (offering) findPlan(offering, plan);
}

async function open(screen: Screen, what: string, url: string, onlyPrint = false): Promise<void> {
  if (onlyPrint) return print(screen, visible(url));
  if (await openInBrowser(url, screen.env)) return print(screen, `${what}... done`);
  print(screen, `${what}... there is no browser here: it is at`);
  print(screen, visible(url));
}

function matches({ reference, displayName, description, tags }: OfferingItem, text: string): boolean {
  const wanted = text.toLowerCase();
  return [reference, displayName, description, ...tags].some((word) => word.toLowerCase().includes(wanted));
}

function activePlans({ plans }: OfferingItem): PlanItem[] {
  return plans.filter(({ state }) => state === 'active');
}

/** What can be added, as the issue that all began with has it; then what lacks something on this machine. */
function printOfferings(screen: Screen, offerings: readonly OfferingItem[]): void {
  const active = offerings.filter(({ state }) => state === 'active');
  const available = active.filter(({ unavailable }) => unavailable === null);
  const rows = available.flatMap((offering) =>
    activePlans(offering).map(({ name }) => [offering.reference, name]),
  );
  if (rows.length > 0) for (const line of ruledLines(['Name', 'Plan'], rows)) print(screen, line);
  else say(screen, 'Nothing can be added here yet.');
  const missing = active.flatMap(({ reference, unavailable }) =>
    unavailable ? [[reference, unavailable.reason, unavailable.command ?? '']] : [],
  );
  if (missing.length === 0) return;
  print(screen, '');
  print(screen, 'Not available here:');
  for (const line of ruledLines(['Name', 'What is missing', 'What gets it'], missing)) print(screen, line);
}

function printAll(screen: Screen, offerings: readonly OfferingItem[]): void {
  printTable(
    screen,
    ['NAME', 'PLAN', 'PRICE', 'BROKER', 'DESCRIPTION'],
    offerings.flatMap((offering) =>
      offering.plans.map((plan) => [
        offering.reference,
        plan.name,
        availability(offering, plan) ?? priceText(plan),
        offering.broker.name,
        offering.description,
      ]),
    ),
  );
  for (const offering of offerings) {
    const why = offering.unavailable && unavailableText(offering);
    if (why) say(screen, [why.message, why.hint].filter(Boolean).join(' '));
  }
}

function availability(offering: OfferingItem, plan: PlanItem): string | undefined {
  if (offering.state === 'withdrawn' || plan.state === 'withdrawn') return 'withdrawn';
  return offering.unavailable ? 'not available here' : undefined;
}

function printAddons(screen: Screen, app: AppItem, addons: readonly AddonItem[]): void {
  if (addons.length === 0) return;
  print(screen, '');
  print(screen, `${app.name} has:`);
  const rows = addons.map((addon) => [
    addon.name,
    planOf(addon),
    [stateText(addon), addon.operation?.message ?? addon.message].filter(Boolean).join(': '),
    addon.bindings.map(({ channelName }) => channelName).join(', '),
  ]);
  for (const line of ruledLines(['Name', 'Plan', 'State', 'Channels'], rows)) print(screen, line);
}

function printOffering(screen: Screen, offering: OfferingItem): void {
  const { displayName, reference, broker, provider, description, documentationUrl, supportUrl, tags } =
    offering;
  print(
    screen,
    visible(
      `${displayName} (${reference}), from the broker ${broker.name}${provider === null ? '' : ` of ${provider}`}`,
    ),
  );
  print(screen, visible(description));
  if (tags.length > 0) print(screen, visible(`Tags:    ${tags.join(', ')}`));
  if (documentationUrl !== null) print(screen, visible(`Docs:    ${documentationUrl}`));
  if (supportUrl !== null) print(screen, visible(`Support: ${supportUrl}`));
  const why = unavailableText(offering);
  if (why) print(screen, [why.message, why.hint].filter(Boolean).join(' '));
  print(screen, '');
  printTable(
    screen,
    ['PLAN', 'PRICE', 'DESCRIPTION'],
    offering.plans.map((plan) => [
      plan.name,
      plan.state === 'withdrawn' ? 'withdrawn' : priceWithMonth(plan),
      [plan.description.replace(/\.$/, ''), ...plan.bullets].join('; '),
    ]),
  );
  const parameters = offering.plans.flatMap((plan) =>
    parametersOf(plan.schemas.create).map((cells) => [plan.name, ...cells]),
  );
  if (parameters.length === 0) return;
  print(screen, '');
  printTable(screen, ['PLAN', 'PARAMETER', 'TYPE', 'DESCRIPTION'], parameters);
}

interface Property {
  type?: unknown;
  enum?: unknown;
  description?: unknown;
}

/** Name, type and description of what a JSON schema says at its top. */
function parametersOf(schema: unknown): string[][] {
  const { properties, required } = (schema ?? {}) as { properties?: unknown; required?: unknown };
  if (typeof properties !== 'object' || properties === null) return [];
  return Object.entries(properties as Record<string, Property | null>).map(([name, property]) => {
    const { type, enum: values, description } = property ?? {};
    const needed = Array.isArray(required) && required.includes(name) ? ', required' : '';
    const kind = Array.isArray(values)
      ? values.map((one) => JSON.stringify(one)).join(' or ')
      : [type]
          .flat()
          .filter((one) => typeof one === 'string')
          .join(' or ') || 'any';
    return [name, `${kind}${needed}`, typeof description === 'string' ? description : ''];
  });
}

function printAddon(screen: Screen, addon: AddonItem, operations: readonly OperationItem[]): void {
  const { name, appName, plan, broker, bindings, offering } = addon;
  const words = addon.operation?.message ?? addon.message;
  print(screen, `Name:   ${name}, of ${appName}${addon.adopted ? ', adopted' : ''}`);
  print(screen, visible(`Plan:   ${planOf(addon)}, from the broker ${broker.name}`));
  print(screen, visible(`State:  ${stateText(addon)}${words === null ? '' : `: ${words}`}`));
  print(screen, `Price:  ${visible(priceWithMonth(plan))}`);
  if (offering.documentationUrl !== null) print(screen, visible(`Docs:   ${offering.documentationUrl}`));
  const upgrade = plan.maintenance;
  if (upgrade && upgrade.version !== addon.maintenanceVersion)
    print(
      screen,
      visible(
        `Update: to ${upgrade.version}, by \`hippo addons update ${name} --upgrade\`${upgrade.description === null ? '' : `: ${upgrade.description}`}`,
      ),
    );
  if (bindings.length > 0) {
    print(screen, '');
    printTable(
      screen,
      ['CHANNEL', 'AS', 'STATE', 'VARIABLES', 'HOST CALLS'],
      bindings.map((binding) => [
        binding.channelName,
        binding.name,
        [bindingText(binding), binding.message].filter(Boolean).join(': '),
        binding.variables.join(', '),
        binding.interfaces.map((kind) => `hippo_${kind}`).join(', '),
      ]),
    );
  }
  if (operations.length === 0) return;
  print(screen, '');
  printTable(
    screen,
    ['WHEN', 'WHAT', 'STATE', 'BY', 'WORDS'],
    operations
      .slice(0, OPERATIONS_SHOWN)
      .map((operation) => [
        operation.createdAt,
        `${operationText(operation)}${operation.plan === null ? '' : ` (${operation.plan})`}`,
        operation.state,
        operation.by ?? '',
        operation.message ?? '',
      ]),
  );
}
