// The pipeline: build, collect, plan, push, release, wait. Button, task and command are these functions with other
// listeners and other answers; nothing here knows a screen.

import type { BindleClient } from '../bindle/client.ts';
import type { Network } from '../bindle/http.ts';
import { formatId, type BindleId } from '../bindle/id.ts';
import type { Invoice, Label } from '../bindle/invoice.ts';
import { PushError, type PushEvent } from '../bindle/push.ts';
import { signInvoice, type SigningKey } from '../bindle/signing.ts';
import type { HippoClient } from '../hippo/client.ts';
import { bumpVersion, BUMPS, type Bump } from '../hippofacts/bump.ts';
import type { Problem } from '../hippofacts/problem.ts';
import { makeBindle, type MadeBindle, type MakeOptions } from './make-bindle.ts';
import { describeStep, planPublish, type Plan, type Step } from './plan.ts';
import type { Decide } from './questions.ts';
import { raiseVersion, VersionError, writeVersion, type RaisedVersion } from './raise-version.ts';
import { untilCancelled, type Reached } from './reached.ts';
import { release, type Released, type ReleaseEvent } from './release.ts';
import { send, sendThroughHippo } from './send.ts';
import { stage as writeStage } from './stage.ts';
import { timeOf } from './version.ts';

export type Stage = 'build' | 'collect' | 'plan' | 'push' | 'release' | 'wait';

export type PublishEvent =
  | { type: 'stage'; stage: Stage }
  /** All that is wrong with the project; none may be an error for it to go on. */
  | { type: 'problems'; file: string; problems: readonly Problem[] }
  | { type: 'planned'; plan: Plan }
  /** It goes on, but somebody should know. */
  | { type: 'warning'; message: string }
  | { type: 'push'; event: PushEvent }
  /** The whole bindle is uploaded through Hippo; `bytes` of its files. */
  | { type: 'upload'; files: number; bytes: number }
  /** The version in HIPPOFACTS is another now. */
  | { type: 'version'; file: string; from: string; to: string }
  | { type: 'release'; event: ReleaseEvent };

/** Who is published to, and what has been decided before. */
export interface Target {
  hippo: HippoClient;
  bindle: BindleClient;
  /** Name or id of the app, where several have these bindles. */
  app?: string;
  /** Id of the app that was chosen for the project before, for where several have these bindles. */
  chosenApp?: string;
  /** Name or id of the one channel to publish to. */
  channel?: string;
  decide: Decide;
  /** Nothing is asked, and all that is missing is made. */
  yes?: boolean;
  /** The local Hippo, where nobody is asked before something new is made. */
  local?: boolean;
  /** The way to the pages of channels, where the environment does not say it all. */
  network?: Network | undefined;
  /** False: does not wait until the channels answer. */
  wait?: boolean;
  onEvent?: (event: PublishEvent) => void;
  signal?: AbortSignal;
}

export interface PreviewOptions extends Omit<MakeOptions, 'now' | 'text' | 'signal'>, Target {
  clock: () => Date;
  /** Raises the version in HIPPOFACTS. */
  bump?: Bump;
}

export interface PublishOptions extends PreviewOptions {
  /** Runs before files are collected; what it throws ends the publish. */
  build?: () => Promise<void>;
  /** What invoices are signed with; undefined leaves them unsigned. */
  signingKey?: () => Promise<SigningKey | undefined>;
  /** Uploads through Hippo instead of the Bindle server. */
  viaHippo?: boolean;
  /** A folder that gets the bindle in standalone form, too. */
  directory?: string;
  /** Drops uploads in flight after a cancel (see `push`). */
  abort?: AbortSignal;
}

export interface Published extends Released {
  id: BindleId;
  /** As it was sent. */
  invoice: Invoice;
  plan: Plan;
  /** False if the server had it already. */
  created: boolean;
  /** What was sent; through Hippo all is. */
  sent: readonly Label[];
}

/** A publish that ended before anything was sent. */
export class PublishError extends Error {
  readonly code: 'PROBLEMS' | 'NO_APP' | 'VERSION_TAKEN' | 'DECLINED' | 'NOT_VIA_HIPPO';
  readonly hint: string | undefined;
  constructor(code: PublishError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'PublishError';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * What a publish would do; nothing is asked, sent or changed.
 * @throws PublishError `PROBLEMS` after the event that has them, and what `publish` throws up to its plan
 */
export async function preview(options: PreviewOptions): Promise<{ plan: Plan; invoice: Invoice }> {
  return untilCancelled(options, async () => {
    const { plan, invoice, close } = await prepare(options, new Tries());
    await close();
    return { plan, invoice };
  });
}

/**
 * Publishes a project, up to channels that answer. Safe to repeat after a failure at any point.
 * @throws PublishError, PublishCancelled, VersionError, ManifestError, PlanError, SignatureRefused, PushError,
 * BindleError, ReleaseError, NotServedError, HippoError
 */
export async function publish(options: PublishOptions): Promise<Published> {
  return untilCancelled(options, async (reached) => {
    const { hippo, signal, onEvent } = options;
    if (options.viaHippo && (await hippo.identify({ signal })).product === undefined)
      throw new PublishError(
        'NOT_VIA_HIPPO',
        `${hippo.url.origin} takes no bindles itself.`,
        'Leave --via hippo away, and name its Bindle server.',
      );
    if (options.build) {
      onEvent?.({ type: 'stage', stage: 'build' });
      await options.build();
      signal?.throwIfAborted();
    }
    const tries = new Tries();
    for (;;) {
      const prepared = await prepare(options, tries, options.decide);
      try {
        return await carryOut(prepared, options, reached);
      } catch (error) {
        // Somebody else has taken the version a moment ago.
        const taken = error instanceof PushError && error.code === 'CONTENT_DIFFERS';
        const other = options.versioning === 'dev' || options.bump !== undefined;
        if (!taken || !other || !tries.more()) throw error;
      } finally {
        await prepared.close();
      }
    }
  });
}

/**
 * Releases a bindle that is on the server already.
 * @throws PublishError, PublishCancelled, PlanError, ReleaseError, NotServedError, HippoError
 */
export async function releaseStored(
  options: Target & { invoice: Invoice; versioning: PreviewOptions['versioning']; user: string },
): Promise<Released & { plan: Plan }> {
  return untilCancelled(options, async (reached) => {
    reached.at('stored', options.invoice.bindle);
    const { onEvent } = options;
    onEvent?.({ type: 'stage', stage: 'plan' });
    const plan = await planPublish(options);
    planned(plan, onEvent);
    const steps = await agree(plan, options);
    return { plan, ...(await goLive(plan, steps, options, reached)) };
  });
}

/** A bindle under a version that it can have, and what is to be done with it. */
interface Prepared {
  made: MadeBindle;
  invoice: Invoice;
  plan: Plan;
  raised: RaisedVersion | undefined;
  close: () => Promise<void>;
}

/** How often a publish begins anew because of others who publish at the same time. */
class Tries {
  #left = 20;

  more(): boolean {
    return --this.#left > 0;
  }
}

/**
 * Finds out what would be sent, under which version.
 * @param decide asked for another version if this one is taken; without it, the plan says that it is
 */
async function prepare(options: PreviewOptions, tries: Tries, decide?: Decide): Promise<Prepared> {
  const { path, bump, onEvent, signal } = options;
  let raised = bump && (await raiseVersion(path, bump));
  let now = options.clock();
  onEvent?.({ type: 'stage', stage: 'collect' });
  for (let first = true; ; first = false) {
    const made = await makeBindle({ ...options, now, ...(raised ? { text: raised.text } : {}) });
    try {
      if (first || !made.invoice) onEvent?.({ type: 'problems', file: made.file, problems: made.problems });
      const invoice = sound(made);
      signal?.throwIfAborted();
      if (first) onEvent?.({ type: 'stage', stage: 'plan' });
      const plan = await planPublish({ ...options, invoice });
      const taken = plan.stored === 'other' || plan.stored === 'yanked';
      if (options.versioning === 'dev' && (taken || plan.later !== undefined) && tries.more()) {
        now = later(options.clock(), plan);
      } else if (taken && bump !== undefined && tries.more()) {
        raised = await raiseVersion(path, bump, plan.id.version);
      } else if (taken && decide) {
        raised = await raiseVersion(path, await askForBump(plan, decide), plan.id.version);
      } else {
        planned(plan, onEvent);
        return { made, invoice, plan, raised, close: () => made.close() };
      }
      await made.close();
    } catch (error) {
      await made.close();
      throw error;
    }
  }
}

function planned(plan: Plan, onEvent: Target['onEvent']): void {
  onEvent?.({ type: 'planned', plan });
  for (const { message } of plan.addons) if (message !== undefined) onEvent?.({ type: 'warning', message });
}

function sound({ invoice, file, problems, lookupFailure }: MadeBindle): Invoice {
  if (lookupFailure) throw lookupFailure;
  if (invoice) return invoice;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  throw new PublishError(
    'PROBLEMS',
    `${file} has ${errors === 1 ? 'an error' : `${errors} errors`}: nothing was made or sent.`,
  );
}

/** A time by which this build follows those of the same user that came from machines with another clock. */
function later(now: Date, plan: Plan): Date {
  const times = [plan.id.version, plan.later ?? ''].map((version) => timeOf(version)?.getTime() ?? 0);
  return new Date(Math.max(now.getTime(), ...times.map((time) => time + 1)));
}

/** @throws PublishError `VERSION_TAKEN` if there is to be no other */
async function askForBump({ id, stored }: Plan, decide: Decide): Promise<Bump> {
  const { version } = id;
  const proposals = BUMPS.flatMap((bump) => {
    const next = bumpVersion(version, bump);
    return next === undefined ? [] : [{ bump, version: next }];
  });
  const bump = await decide({ type: 'bump', version, proposals });
  if (bump !== undefined) return bump;
  throw new PublishError(
    'VERSION_TAKEN',
    `${formatId(id)} is on the server already, ${stored === 'yanked' ? 'and yanked' : 'with other content'}, and nothing was sent.`,
    'A published version never changes: raise it in HIPPOFACTS, or let --bump patch do that.',
  );
}

async function carryOut(
  { made, invoice, plan, raised }: Prepared,
  options: PublishOptions,
  reached: Reached,
): Promise<Published> {
  const { signal, onEvent } = options;
  const steps = await agree(plan, options);
  const key = await options.signingKey?.();
  const seconds = Math.floor(options.clock().getTime() / 1000);
  const signed = key ? signInvoice(invoice, key, 'creator', seconds) : invoice;
  if (options.directory !== undefined)
    await writeStage(made, signed, options.directory, signal ? { signal } : {});
  onEvent?.({ type: 'stage', stage: 'push' });
  reached.at('sending', plan.id);
  const { created, sent } = await sendBindle(options, made, plan, signed, key);
  reached.at('stored', plan.id);
  try {
    const released = await goLive(plan, steps, options, reached);
    // Only now: until then, the same publish again goes on with the same version.
    if (raised) await keepVersion(raised, onEvent);
    return { id: plan.id, invoice: signed, plan, created, sent, ...released };
  } catch (error) {
    if (raised && !(error instanceof VersionError))
      onEvent?.({
        type: 'warning',
        message: `${raised.file} still says version ${raised.from}; the same publish again goes on with ${raised.to}.`,
      });
    throw error;
  }
}

/**
 * The steps that are agreed to. What changes for others is asked first.
 * @throws PublishError `DECLINED`, `NO_APP`
 */
async function agree(plan: Plan, { decide, yes, local, onEvent }: Target): Promise<Step[]> {
  // On the local Hippo nothing else asks before a rule is changed.
  const chosen = plan.steps.flatMap((step) =>
    (step.type === 'choose-revision' || (step.type === 'change-rule' && local && !step.own)) && plan.app
      ? [{ app: plan.app, channel: step.channel, runs: runsNow(step.channel), own: false }]
      : [],
  );
  const takers = [...plan.takers.filter(({ own }) => !own), ...chosen].filter(
    ({ runs }) => runs !== plan.id.version,
  );
  if (takers.length > 0 && !yes) {
    const goesOn = await decide({ type: 'change-channels', version: plan.id.version, takers });
    if (!goesOn) throw new PublishError('DECLINED', 'Nothing was published.');
  }
  const agreed: Step[] = [];
  /** Names of channels that are not made, and of add-ons. */
  const without = new Set<string>();
  const unmade = new Set<string>();
  for (const step of plan.steps) {
    const isAddon = step.type === 'add-addon' || step.type === 'attach-addon';
    if (isAddon && (without.has(step.channel) || unmade.has(step.name))) continue;
    const unasked =
      yes || local || step.type === 'choose-revision' || (step.type === 'change-rule' && step.own);
    if (unasked || (await decide({ type: 'take-step', step }))) agreed.push(step);
    else if (step.type === 'create-app')
      throw new PublishError(
        'NO_APP',
        `There is no app for the bindles of ${plan.id.name}, and nothing was sent.`,
        `Give --yes to ${describeStep(step)}, or make it with \`hippo create\`.`,
      );
    else {
      if (step.type === 'create-channel') without.add(step.name);
      // Nor can another channel share it.
      if (step.type === 'add-addon') unmade.add(step.name);
      const lacks = isAddon
        ? `The channel ${step.channel} goes without ${step.name}`
        : `No channel will run ${plan.id.version}`;
      onEvent?.({ type: 'warning', message: `${lacks}; --yes would ${describeStep(step)}.` });
    }
  }
  return agreed;
}

function runsNow({ activeRevision }: { activeRevision: { revisionNumber: string } | null }): string | null {
  return activeRevision?.revisionNumber ?? null;
}

async function sendBindle(
  { bindle, hippo, viaHippo, signal, abort, onEvent }: PublishOptions,
  made: MadeBindle,
  plan: Plan,
  invoice: Invoice,
  key: SigningKey | undefined,
): Promise<{ created: boolean; sent: readonly Label[] }> {
  if (viaHippo) {
    const labels = new Map((invoice.parcel ?? []).map(({ label }) => [label.sha256, label]));
    const sent = [...labels.values()];
    onEvent?.({ type: 'upload', files: sent.length, bytes: sent.reduce((sum, { size }) => sum + size, 0) });
    await sendThroughHippo(hippo, made, invoice, signal);
    return { created: plan.stored !== 'same', sent };
  }
  return send(
    {
      client: bindle,
      invoice,
      open: made.open,
      onEvent: (event) => onEvent?.({ type: 'push', event }),
      ...(signal ? { signal } : {}),
      ...(abort ? { abort } : {}),
    },
    key,
  );
}

async function keepVersion(raised: RaisedVersion, onEvent: Target['onEvent']): Promise<void> {
  const { file, from, to } = raised;
  if (await writeVersion(raised)) onEvent?.({ type: 'version', file, from, to });
  else
    onEvent?.({
      type: 'warning',
      message: `${file} has another version than ${from} by now, which was left as it is; ${to} is published.`,
    });
}

async function goLive(
  plan: Plan,
  steps: readonly Step[],
  options: Target,
  reached: Reached,
): Promise<Released> {
  const { hippo, wait = true, network, signal, onEvent } = options;
  onEvent?.({ type: 'stage', stage: 'release' });
  const released = await release({
    plan,
    hippo,
    steps,
    network,
    onEvent: (event) => {
      if (event.type === 'waiting') {
        reached.at('released', plan.id);
        onEvent?.({ type: 'stage', stage: 'wait' });
      }
      onEvent?.({ type: 'release', event });
    },
    ...(signal ? { signal } : {}),
    ...(wait ? {} : { patience: 0 }),
  });
  for (const { name, status = 0 } of released.channels)
    if (status >= 500)
      onEvent?.({
        type: 'warning',
        message: `${name} answers, but with ${status}; \`hippo channel logs ${name}\` may say why.`,
      });
  return released;
}
