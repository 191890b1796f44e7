// `hippo addons add|update|attach|detach|rotate|remove|abandon|adopt|retry`: what changes an add-on.

import type { Command } from 'commander';
import type { AddonItem, BindingItem } from '../../addons/addons.ts';
import { findOffering, findPlan } from '../../addons/find.ts';
import { centsText, priceWithMonth } from '../../addons/price-text.ts';
import { planOf, unavailableText, usersOf } from '../../addons/words.ts';
import { listOf } from '../../hippofacts/text.ts';
import { addParameterOptions, readParameters, type ParameterOptions } from '../addon-parameters.ts';
import {
  addonOf,
  addWaitOption,
  bindingOf,
  carryOut,
  withAddons,
  type AddonChannelOptions,
  type AddonOptions,
  type AddonsHippo,
  type Change,
} from '../addons.ts';
import { canAsk, confirm } from '../ask.ts';
import { demandAccount } from '../demand-account.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addAppOptions, addChannelOptions } from '../hippo.ts';
import { addOutputOption, printResult } from '../output.ts';
import { say, visible, type Screen } from '../screen.ts';

interface Wait {
  wait: boolean;
}

type AddOptions = AddonChannelOptions & ParameterOptions & Wait & { plan?: string; as?: string };

export function configureChanges(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['create', 'new'])
    .description('add a database or another service to an app, for one of its channels')
    .argument('<offering>', 'a name, or name@broker')
    .option('--plan <plan>', 'its size (default: the only one, or the free one)')
    .option('--as <name>', "what it is called, and before its variables (default: the offering's name)");
  addOutputOption(addWaitOption(addParameterOptions(addChannelOptions(add)))).action(
    (named: string, options: AddOptions) =>
      withAddons(screen, options, (hippo) => addAddon(screen, hippo, named, options)),
  );

  const update = command
    .command('update')
    .aliases(['set', 'change'])
    .description("change an add-on's plan or parameters, or bring it up to date")
    .argument('<addon>', 'name or id')
    .option('--plan <plan>', 'the size that it is to have')
    .option('--upgrade', 'to the version that its broker offers now');
  addOutputOption(addWaitOption(addParameterOptions(addAppOptions(update)))).action(
    (named: string, options: AddonOptions & ParameterOptions & Wait & { plan?: string; upgrade?: boolean }) =>
      withAddons(screen, options, async (hippo) => {
        const { plan, upgrade } = options;
        if (plan === undefined && !upgrade && options.param === undefined && options.params === undefined)
          throw new CommandError('Nothing to change was given.', {
            hint: 'Give one or more of --plan, --param, --params and --upgrade.',
            exitCode: EXIT.usage,
          });
        await demandAccount(hippo, 'change add-ons');
        const { addon } = await addonOf(hippo, named);
        const schema = await updateSchema(hippo, addon, plan);
        const parameters = await readParameters(screen, options, schema);
        await carryOut(screen, hippo, options, {
          doing: `Updating ${addon.name} for ${usersOf(addon)}`,
          kinds: ['update'],
          begin: () =>
            hippo.addons.changeAddon(addon.id, {
              ...(plan === undefined ? {} : { plan }),
              ...(parameters === undefined ? {} : { parameters }),
              ...(upgrade ? { upgrade } : {}),
            }),
          after: (changed) => (plan === undefined || !changed ? [] : [billed(changed)]),
        });
      }),
  );

  const attach = command
    .command('attach')
    .aliases(['bind'])
    .description('let another channel of the app use an add-on, too')
    .argument('<addon>', 'name or id')
    .option('--as <name>', "what the channel calls it (default: the add-on's name)");
  addOutputOption(addWaitOption(addParameterOptions(addChannelOptions(attach)))).action(
    (named: string, options: AddOptions) =>
      withAddons(screen, options, async (hippo) => {
        await demandAccount(hippo, 'change add-ons');
        const { app, addon } = await addonOf(hippo, named);
        const { channel } = await hippo.channel();
        const parameters = await readParameters(screen, options, addon.plan.schemas.bind);
        await carryOut(screen, hippo, options, {
          doing: `Attaching ${addon.name} to ${app.name}:${channel.name}`,
          kinds: ['bind'],
          begin: () =>
            hippo.addons.bindAddon(addon.id, {
              channelId: channel.id,
              ...(options.as === undefined ? {} : { as: options.as }),
              ...(parameters === undefined ? {} : { parameters }),
            }),
          remarks: (bound) => given(bound, channel.id),
        });
      }),
  );

  const detach = command
    .command('detach')
    .aliases(['unbind'])
    .description("end a channel's use of an add-on, which stays with its data")
    .argument('<addon>', 'name or id');
  addOutputOption(addWaitOption(addChannelOptions(detach))).action(
    (named: string, options: AddonChannelOptions & Wait) =>
      changeBinding(screen, named, options, (hippo, addon, binding) => ({
        doing: `Detaching ${addon.name} from ${placeOf(addon, binding)}`,
        kinds: ['unbind'],
        begin: () => hippo.addons.unbindAddon(addon.id, binding.channelId),
        remarks: (left) =>
          left && left.bindings.length === 0
            ? [`No channel uses it any more; it is kept until \`hippo addons remove ${addon.name}\`.`]
            : [],
      })),
  );

  const rotate = command
    .command('rotate')
    .description('give a channel new credentials of an add-on, and end the old ones')
    .argument('<addon>', 'name or id');
  addOutputOption(addWaitOption(addChannelOptions(rotate))).action(
    (named: string, options: AddonChannelOptions & Wait) =>
      changeBinding(screen, named, options, (hippo, addon, binding) => ({
        doing: `Changing the credentials of ${addon.name} for ${placeOf(addon, binding)}`,
        kinds: ['rotate'],
        begin: () => hippo.addons.rotateBinding(addon.id, binding.channelId),
      })),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete', 'destroy'])
    .description('remove an add-on with its data, from all channels that use it')
    .argument('<addon>', 'name or id')
    .option('-y, --yes', 'do not ask');
  addOutputOption(addWaitOption(addAppOptions(remove))).action(
    (named: string, options: AddonOptions & Wait & { yes?: boolean }) =>
      withAddons(screen, options, async (hippo) => {
        await demandAccount(hippo, 'remove add-ons');
        const { addon } = await addonOf(hippo, named);
        if (!(await mayRemove(screen, hippo, addon, options.yes === true)))
          return say(screen, 'Nothing was removed.');
        await carryOut(screen, hippo, options, {
          doing: `Removing ${planOf(addon)} from ${usersOf(addon)}`,
          kinds: ['remove'],
          begin: () => hippo.addons.removeAddon(addon.id),
        });
      }),
  );

  const abandon = command
    .command('abandon')
    .description('forget an add-on whose broker is gone for good, without telling the broker')
    .argument('<addon>', 'name or id')
    .option('-y, --yes', 'do not ask');
  addOutputOption(addAppOptions(abandon)).action((named: string, options: AddonOptions & { yes?: boolean }) =>
    withAddons(screen, options, async (hippo) => {
      await demandAccount(hippo, 'abandon add-ons');
      const { addon } = await addonOf(hippo, named);
      const { name, appName, broker } = addon;
      say(
        screen,
        `${planOf(addon)} of ${usersOf(addon)} would be forgotten here only: its broker, ${broker.name}, keeps it with its data, and may go on billing for it (${priceWithMonth(addon.plan)}).`,
      );
      if (!options.yes && !(await confirm(screen, 'Abandon it?', 'Give --yes to abandon it.')))
        return say(screen, 'Nothing was abandoned.');
      await hippo.addons.abandonAddon(addon.id);
      printResult(screen, options.output, {
        id: addon.id,
        message: `Abandoned ${planOf(addon)} of ${appName}`,
        json: { id: addon.id, name, app: appName, state: 'gone' },
      });
    }),
  );

  const adopt = command
    .command('adopt')
    .description('take over what a broker has already (for administrators)')
    .argument('<offering>', 'a name, or name@broker')
    .argument('<instance>', "its id at the broker: OSB's instance_id")
    .requiredOption('--plan <plan>', 'the plan that it has')
    .option('--as <name>', "what it is called, and before its variables (default: the offering's name)");
  addOutputOption(addWaitOption(addChannelOptions(adopt))).action(
    (
      named: string,
      instanceId: string,
      options: AddonChannelOptions & Wait & { plan: string; as?: string },
    ) =>
      withAddons(screen, options, async (hippo) => {
        const { app, channel } = await hippo.channel();
        const offering = findOffering(await hippo.addons.offerings(), named);
        const plan = findPlan(offering, options.plan);
        await carryOut(screen, hippo, options, {
          doing: `Adopting ${planOf({ offering, plan })} for ${app.name}:${channel.name}`,
          kinds: ['adopt', 'bind'],
          begin: () =>
            hippo.addons.adoptAddon({
              name: offering.reference,
              plan: plan.name,
              channelId: channel.id,
              instanceId,
              ...(options.as === undefined ? {} : { as: options.as }),
            }),
          remarks: (adopted) => given(adopted, channel.id),
        });
      }),
  );

  const retry = command
    .command('retry')
    .description('try at once what waits to be tried again')
    .argument('<addon>', 'name or id');
  addOutputOption(addWaitOption(addAppOptions(retry))).action((named: string, options: AddonOptions & Wait) =>
    withAddons(screen, options, async (hippo) => {
      await demandAccount(hippo, 'change add-ons');
      const { app, addon } = await addonOf(hippo, named);
      await carryOut(screen, hippo, options, {
        doing: `Trying ${addon.name} of ${app.name} again`,
        begin: () => hippo.addons.retryAddon(addon.id),
      });
    }),
  );
}

async function addAddon(
  screen: Screen,
  hippo: AddonsHippo,
  named: string,
  options: AddOptions,
): Promise<void> {
  await demandAccount(hippo, 'add add-ons');
  const offering = findOffering(await hippo.addons.offerings(), named);
  const missing = unavailableText(offering);
  if (missing)
    throw new CommandError(missing.message, missing.hint === undefined ? {} : { hint: missing.hint });
  const { app, channel } = await hippo.channel();
  const plan = findPlan(offering, options.plan);
  const parameters = await readParameters(screen, options, plan.schemas.create);
  const what = planOf({ offering, plan });
  const as = options.as === undefined || options.as === offering.name ? '' : ` as ${options.as}`;
  await carryOut(screen, hippo, options, {
    doing: `Adding ${what} to ${app.name}:${channel.name}${as}`,
    kinds: ['create', 'bind'],
    begin: () =>
      hippo.addons.createAddon({
        name: offering.reference,
        plan: plan.name,
        channelId: channel.id,
        ...(options.as === undefined ? {} : { as: options.as }),
        ...(parameters === undefined ? {} : { parameters }),
      }),
    after: () =>
      offering.documentationUrl === null
        ? []
        : [
            `Use \`hippo addons docs ${visible(offering.reference)} --plan ${visible(plan.name)}\` to view the documentation`,
          ],
    remarks: (added) => [...(added && isCharged(added) ? [billed(added)] : []), ...given(added, channel.id)],
  });
}

/** Something that is done to what a channel has of an add-on. */
function changeBinding(
  screen: Screen,
  named: string,
  options: AddonChannelOptions & Wait,
  change: (hippo: AddonsHippo, addon: AddonItem, binding: BindingItem) => Change,
): Promise<void> {
  return withAddons(screen, options, async (hippo) => {
    await demandAccount(hippo, 'change add-ons');
    const { addon } = await addonOf(hippo, named);
    const binding = await bindingOf(screen, hippo, addon, options);
    await carryOut(screen, hippo, options, change(hippo, addon, binding));
  });
}

/** What the plan that it is to have takes; of a plan that there is no more, nothing is known. */
async function updateSchema(
  hippo: AddonsHippo,
  addon: AddonItem,
  plan: string | undefined,
): Promise<unknown> {
  if (plan === undefined) return addon.plan.schemas.update;
  const offerings = await hippo.addons.offerings();
  const offering = offerings.find(({ id }) => id === addon.offering.id);
  return offering && findPlan(offering, plan).schemas.update;
}

function isCharged({ plan }: AddonItem): boolean {
  return plan.costs.some(({ amount }) => amount > 0);
}

function billed(addon: AddonItem): string {
  return isCharged(addon)
    ? `You are now being billed for this addon at ${priceWithMonth(addon.plan)}`
    : `You are not being billed for this addon: it is ${priceWithMonth(addon.plan)}`;
}

/** What a channel has of it. */
function given(addon: AddonItem | undefined, channelId: string): string[] {
  const binding = addon?.bindings.find((one) => one.channelId === channelId);
  if (!addon || !binding) return [];
  const place = placeOf(addon, binding);
  return [
    ...(binding.variables.length > 0 ? [`${place} has ${listOf(binding.variables)}.`] : []),
    ...(binding.interfaces.length > 0
      ? [
          `Its modules reach it by ${listOf(binding.interfaces.map((kind) => `hippo_${kind}`))}, as "${binding.name}".`,
        ]
      : []),
  ];
}

function placeOf({ appName }: AddonItem, { channelName }: BindingItem): string {
  return `${appName}:${channelName}`;
}

/**
 * Asks a person. Where nobody can be asked, whoever names an add-on that one channel uses means it; one that several
 * share takes --yes.
 */
async function mayRemove(
  screen: Screen,
  hippo: AddonsHippo,
  addon: AddonItem,
  yes: boolean,
): Promise<boolean> {
  if (yes) return true;
  const users = usersOf(addon);
  const cost = await costOf(hippo, addon);
  const question = `Remove ${planOf(addon)} from ${users}? Its data goes with it${cost}.`;
  if (canAsk(screen) || addon.bindings.length > 1)
    return confirm(screen, question, 'Give --yes to remove it.');
  return true;
}

/** `; it has cost $1.23 this month`. */
async function costOf(hippo: AddonsHippo, addon: AddonItem): Promise<string> {
  if (!isCharged(addon)) return '';
  const { lines } = await hippo.addons.bill({ appId: addon.appId });
  const sums = new Map<string, number>();
  for (const { addonId, cost, cents } of lines)
    if (addonId === addon.id && cents !== null)
      sums.set(cost.currency, (sums.get(cost.currency) ?? 0) + cents);
  const texts = [...sums].map(([currency, cents]) => centsText(cents, currency));
  return texts.length === 0
    ? `; it costs ${priceWithMonth(addon.plan)}`
    : `; it costs ${priceWithMonth(addon.plan)}, and has cost ${listOf(texts)} this month`;
}
