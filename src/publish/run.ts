// The pipeline: build, collect, plan, push, release, wait. Button, task and command are these functions with other
// listeners and other answers; nothing here knows a screen.

import type { BindleClient } from '../bindle/client.ts';
import { formatId, type BindleId } from '../bindle/id.ts';
import type { Invoice, Label } from '../bindle/invoice.ts';
import { PushError, type PushEvent } from '../bindle/push.ts';
import { signInvoice, type SigningKey } from '../bindle/signing.ts';
import type { HippoClient } from '../hippo/client.ts';
import type { Problem } from '../hippofacts/problem.ts';
import { makeBindle, type MadeBindle, type MakeOptions } from './make-bindle.ts';
import { describeStep, planPublish, type Plan, type Step } from './plan.ts';
import type { Decide } from './questions.ts';
import { raiseVersion, writeVersion, type RaisedVersion } from './raise-version.ts';
import { release, type Released, type ReleaseEvent } from './release.ts';
import { send, sendThroughHippo } from './send.ts';
import { stage as writeStage } from './stage.ts';
import { bumpVersion, BUMPS, type Bump } from './version.ts';

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
  /** Name or id of the one channel to publish to. */
  channel?: string;
  decide: Decide;
  /** Nothing is asked, and all that is missing is made. */
  yes?: boolean;
  /** The local Hippo, where nobody is asked before something new is made. */
  local?: boolean;
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
  const raised = options.bump && (await raiseVersion(options.path, options.bump));
  const { plan, invoice, close } = await prepare(options, raised);
  await close();
  return { plan, invoice };
}

/**
 * Publishes a project, up to channels that answer. Safe to repeat after a failure at any point.
 * @throws PublishError, VersionError, ManifestError, PlanError, SignatureRefused, PushError, BindleError,
 * ReleaseError, HippoError, the signal's reason
 */
export async function publish(options: PublishOptions): Promise<Published> {
  const { signal, onEvent } = options;
  if (options.viaHippo && (await options.hippo.identify({ signal })).product === undefined)
    throw new PublishError(
      'NOT_VIA_HIPPO',
      `${options.hippo.url.origin} takes no bindles itself.`,
      'Leave --via hippo away, and name its Bindle server.',
    );
  if (options.build) {
    onEvent?.({ type: 'stage', stage: 'build' });
    await options.build();
    signal?.throwIfAborted();
  }
  let raised = options.bump && (await raiseVersion(options.path, options.bump));
  for (let attempt = 1; ; attempt++) {
    const { made, invoice, plan, close } = await prepare(options, raised);
    try {
      if (plan.stored === 'other' || plan.stored === 'yanked') {
        // Somebody else's build of the same user in the same millisecond: the next one has another.
        if (options.versioning === 'dev' && attempt < ATTEMPTS) continue;
        raised = await raiseTaken(options, plan, raised);
        continue;
      }
      const steps = await agree(plan, options);
      const key = await options.signingKey?.();
      const seconds = Math.floor(options.clock().getTime() / 1000);
      const signed = key ? signInvoice(invoice, key, 'creator', seconds) : invoice;
      if (options.directory !== undefined)
        await writeStage(made, signed, options.directory, signal ? { signal } : {});
      onEvent?.({ type: 'stage', stage: 'push' });
      const { created, sent } = await sendBindle(options, made, plan, signed, key);
      if (raised) await keepVersion(raised, onEvent);
      return { id: plan.id, invoice: signed, plan, created, sent, ...(await goLive(plan, steps, options)) };
    } catch (error) {
      // The same, met a moment later.
      const again = error instanceof PushError && error.code === 'CONTENT_DIFFERS';
      if (!again || options.versioning !== 'dev' || attempt >= ATTEMPTS) throw error;
    } finally {
      await close();
    }
  }
}

/**
 * Releases a bindle that is on the server already.
 * @throws PublishError, PlanError, ReleaseError, HippoError, the signal's reason
 */
export async function releaseStored(
  options: Target & { invoice: Invoice; versioning: PreviewOptions['versioning']; user: string },
): Promise<Released & { plan: Plan }> {
  const { onEvent } = options;
  onEvent?.({ type: 'stage', stage: 'plan' });
  const plan = await planPublish(options);
  onEvent?.({ type: 'planned', plan });
  const steps = await agree(plan, options);
  return { plan, ...(await goLive(plan, steps, options)) };
}

const ATTEMPTS = 5;

interface Prepared {
  made: MadeBindle;
  invoice: Invoice;
  plan: Plan;
  close: () => Promise<void>;
}

async function prepare(options: PreviewOptions, raised: RaisedVersion | undefined): Promise<Prepared> {
  const { onEvent } = options;
  onEvent?.({ type: 'stage', stage: 'collect' });
  const { signal } = options;
  const made = await makeBindle({
    ...options,
    now: options.clock(),
    ...(raised ? { text: raised.text } : {}),
  });
  try {
    onEvent?.({ type: 'problems', file: made.file, problems: made.problems });
    if (made.lookupFailure) throw made.lookupFailure;
    const { invoice } = made;
    if (!invoice) {
      const errors = made.problems.filter(({ severity }) => severity === 'error').length;
      throw new PublishError(
        'PROBLEMS',
        `${made.file} has ${errors === 1 ? 'an error' : `${errors} errors`}: nothing was made or sent.`,
      );
    }
    signal?.throwIfAborted();
    onEvent?.({ type: 'stage', stage: 'plan' });
    const plan = await planPublish({ ...options, invoice });
    onEvent?.({ type: 'planned', plan });
    return { made, invoice, plan, close: () => made.close() };
  } catch (error) {
    await made.close();
    throw error;
  }
}

/** Another version instead of one that others may have got already. */
async function raiseTaken(
  { decide, path }: PublishOptions,
  plan: Plan,
  raised: RaisedVersion | undefined,
): Promise<RaisedVersion> {
  const { version } = plan.id;
  const how = plan.stored === 'yanked' ? 'and yanked' : 'with other content';
  const taken = new PublishError(
    'VERSION_TAKEN',
    `${formatId(plan.id)} is on the server already, ${how}, and nothing was sent.`,
    'A published version never changes: raise it in HIPPOFACTS, or let --bump patch do that.',
  );
  // A version that was raised on demand is one that the person must look at.
  if (raised) throw taken;
  const proposals = BUMPS.flatMap((bump) => {
    const next = bumpVersion(version, bump);
    return next === undefined ? [] : [{ bump, version: next }];
  });
  const bump = await decide({ type: 'bump', version, proposals });
  if (bump === undefined) throw taken;
  return raiseVersion(path, bump);
}

/**
 * The steps that are agreed to. What changes for others is asked first.
 * @throws PublishError `DECLINED`, `NO_APP`
 */
async function agree(plan: Plan, { decide, yes, local, onEvent }: Target): Promise<Step[]> {
  const chosen = plan.steps.flatMap((step) =>
    step.type === 'choose-revision' && plan.app
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
  for (const step of plan.steps) {
    const unasked =
      yes || local || step.type === 'choose-revision' || (step.type === 'change-rule' && step.own);
    if (unasked || (await decide({ type: 'take-step', step }))) agreed.push(step);
    else if (step.type === 'create-app')
      throw new PublishError(
        'NO_APP',
        `There is no app for the bindles of ${plan.id.name}, and nothing was sent.`,
        `Give --yes to ${describeStep(step)}, or make it with \`hippo create\`.`,
      );
    else
      onEvent?.({
        type: 'warning',
        message: `No channel will run ${plan.id.version}; --yes would ${describeStep(step)}.`,
      });
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

async function goLive(plan: Plan, steps: readonly Step[], options: Target): Promise<Released> {
  const { hippo, wait = true, signal, onEvent } = options;
  onEvent?.({ type: 'stage', stage: 'release' });
  return release({
    plan,
    hippo,
    steps,
    onEvent: (event) => {
      if (event.type === 'waiting') onEvent?.({ type: 'stage', stage: 'wait' });
      onEvent?.({ type: 'release', event });
    },
    ...(signal ? { signal } : {}),
    ...(wait ? {} : { patience: 0 }),
  });
}
