// The rows of add-ons: those that a channel uses below it, and those that none uses below their app. Pure.

import type { AddonItem, BindingItem } from '../../addons/addons.ts';
import { priceText, priceWithMonth } from '../../addons/price-text.ts';
import { bindingText, planOf, stateText, usersOf } from '../../addons/words.ts';
import type { ChannelItem } from '../../hippo/api.ts';
import { listOf, visible } from '../../hippofacts/text.ts';
import {
  compareNames,
  lines,
  localTime,
  nodeId,
  oneLine,
  type Add,
  type AppFacts,
  type Look,
} from './nodes.ts';

/** @returns the row "Add-ons" of a channel; none where its Hippo has no add-ons */
export function addBoundAddons(
  add: Add,
  { addons }: AppFacts,
  { id: channelId }: ChannelItem,
  look: Look,
): string[] {
  if (!addons) return [];
  const bound = addons
    .flatMap((addon) => {
      const binding = addon.bindings.find((one) => one.channelId === channelId);
      return binding ? [{ addon, binding }] : [];
    })
    .sort((a, b) => compareNames(a.binding.name, b.binding.name));
  const children = bound.map(({ addon, binding }) => addBound(add, addon, binding, look));
  const { length } = children;
  return [
    add(
      {
        kind: 'addons',
        label: 'Add-ons',
        description: length === 0 ? 'none' : String(length),
        tooltip: 'Databases and other services that the channel uses',
        spoken: `Add-ons, ${length === 0 ? 'none' : length}`,
        icon: 'plug',
        color: undefined,
        context: 'addons',
        opens: length === 0 ? undefined : 'collapsed',
      },
      nodeId.addons(channelId),
      children,
    ),
  ];
}

/** @returns the row of an app's add-ons that no channel uses; none without any */
export function addUnusedAddons(add: Add, { app, addons }: AppFacts, look: Look): string[] {
  const unused = (addons ?? [])
    .filter(({ bindings }) => bindings.length === 0)
    .sort((a, b) => compareNames(a.name, b.name));
  if (unused.length === 0) return [];
  const children = unused.map((addon) => addRow(add, addon, undefined, look, []));
  return [
    add(
      {
        kind: 'unusedAddons',
        label: 'Unused add-ons',
        description: String(children.length),
        tooltip: 'No channel uses them; they are kept, and billed, until they are removed',
        spoken: `Unused add-ons, ${children.length}`,
        icon: 'debug-disconnect',
        color: undefined,
        context: 'addons unused',
        opens: 'collapsed',
      },
      nodeId.unusedAddons(app.id),
      children,
    ),
  ];
}

function addBound(add: Add, addon: AddonItem, binding: BindingItem, look: Look): string {
  const { channelId, variables } = binding;
  const keys = [...variables].sort((a, b) => (a < b ? -1 : 1));
  const children = keys.map((key) => {
    const id = nodeId.addonVariable(channelId, addon.id, key);
    const value = look.values.get(id);
    return add(
      {
        kind: 'addonVariable',
        label: key,
        description: value === undefined ? '••••••' : oneLine(visible(value)),
        tooltip:
          value === undefined
            ? `${key}: the value is hidden. It comes from ${visible(addon.name)}.`
            : visible(value),
        spoken: `Variable ${key}, ${value === undefined ? 'value hidden' : oneLine(visible(value))}`,
        icon: 'key',
        color: undefined,
        context: `addonVariable ${value === undefined ? 'hidden' : 'shown'}`,
        opens: undefined,
      },
      id,
    );
  });
  return addRow(add, addon, binding, look, children);
}

function addRow(
  add: Add,
  addon: AddonItem,
  binding: BindingItem | undefined,
  { stale }: Look,
  children: readonly string[],
): string {
  const { appId, offering, plan, message, operation, broker } = addon;
  const name = visible(binding?.name ?? addon.name);
  const shown = conditionOf(addon, binding);
  const { icon, color } = stale ? UNKNOWN : LOOKS[shown.look];
  const words = operation?.message ?? binding?.message ?? message;
  const what = offering.reference === addon.name ? visible(plan.name) : planOf(addon);
  const price = priceText(plan);
  const also = binding && binding.name !== addon.name ? `, ${visible(addon.name)} of the app` : '';
  return add(
    {
      kind: binding ? 'addon' : 'unusedAddon',
      label: name,
      // What is not as usual comes first: a narrow view cuts off the rest.
      description: [
        ...(shown.look === 'good' ? [] : [shown.text]),
        what,
        ...(price === plan.name ? [] : [price]),
      ].join(' • '),
      tooltip: lines(
        `${name}${also}: ${visible(offering.displayName)}, plan ${visible(plan.displayName)}`,
        `${capital(shown.says)}${words === null ? '' : `: ${visible(words)}`}`,
        capital(priceWithMonth(plan)),
        binding ? `Used by ${usersOf(addon)}` : 'No channel uses it',
        binding && binding.interfaces.length > 0
          ? `Modules reach it by ${listOf(binding.interfaces.map((one) => `hippo_${one}`))}, as "${name}"`
          : undefined,
        binding?.expiresAt ? `Its credentials hold until ${localTime(binding.expiresAt)}` : undefined,
        `Provided by ${visible(broker.name)}`,
      ),
      spoken: `Add-on ${name}, ${what}, ${price}, ${stale ? 'state unknown' : shown.says}`,
      icon,
      color,
      context: contextOf(addon, binding),
      opens: children.length === 0 ? undefined : 'collapsed',
    },
    binding ? nodeId.addon(binding.channelId, addon.id) : nodeId.unusedAddon(appId, addon.id),
    children,
  );
}

type AddonLook = 'good' | 'busy' | 'usable' | 'failed' | 'attention';

/** Each can be told from the others without colours. */
const LOOKS: Readonly<Record<AddonLook, { icon: string; color: string | undefined }>> = {
  good: { icon: 'pass', color: 'testing.iconPassed' },
  busy: { icon: 'loading~spin', color: undefined },
  usable: { icon: 'warning', color: 'list.warningForeground' },
  failed: { icon: 'error', color: 'testing.iconFailed' },
  attention: { icon: 'bell-dot', color: 'list.warningForeground' },
};
const UNKNOWN = { icon: 'question', color: 'disabledForeground' } as const;

const ADDON_LOOKS: Readonly<Record<AddonItem['state'], AddonLook>> = {
  creating: 'busy',
  ready: 'good',
  changing: 'busy',
  removing: 'busy',
  usable: 'usable',
  failed: 'failed',
  attention: 'attention',
};
const BINDING_LOOKS: Readonly<Record<BindingItem['state'], AddonLook>> = {
  binding: 'busy',
  ready: 'good',
  rotating: 'busy',
  unbinding: 'busy',
  failed: 'failed',
  attention: 'attention',
};

/** How it is for a channel: as the add-on is and, where nothing is to be said of that, as their connection is. */
function conditionOf(
  addon: AddonItem,
  binding: BindingItem | undefined,
): { look: AddonLook; says: string; text: string } {
  const own = ADDON_LOOKS[addon.state];
  const isBindings =
    binding &&
    binding.state !== 'ready' &&
    (own === 'good' || (own === 'usable' && binding.state !== 'failed'));
  const look = isBindings ? BINDING_LOOKS[binding.state] : own;
  const says = isBindings ? bindingText(binding) : stateText(addon);
  return { look, says, text: look === 'busy' ? `${says}…` : says };
}

/** Words for the menus of package.json. */
function contextOf(addon: AddonItem, binding: BindingItem | undefined): string {
  const { state, plan, operation, offering, dashboard, maintenanceVersion } = addon;
  const works = state === 'ready' || state === 'usable';
  const upgrade = plan.maintenance !== null && plan.maintenance.version !== maintenanceVersion;
  const words = {
    bound: binding !== undefined,
    dashboard,
    docs: offering.documentationUrl !== null,
    updatable: works && (plan.updatable || upgrade || plan.schemas.update !== undefined),
    rotatable: works && plan.rotatable && binding?.state === 'ready',
    open: operation !== null || !works || state === 'usable',
    troubled: !works,
  };
  return ['addon', ...Object.entries(words).flatMap(([word, holds]) => (holds ? [word] : []))].join(' ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
