// The options and the words that `hippo publish`, `push`, `ship` and `release` share.

import { Option, type Command } from 'commander';
import { formatId } from '../bindle/id.ts';
import { describeStep, type FileChange, type Plan, type Step } from '../publish/plan.ts';
import { release, type Released, type ReleaseEvent } from '../publish/release.ts';
import type { HippoClient } from '../hippo/client.ts';
import { openSession, type OpenSession } from '../session/open-session.ts';
import { canAsk, confirm } from './ask.ts';
import type { Cancel } from './cancel.ts';
import { CommandError, EXIT } from './failure.ts';
import { sessionPorts, sessionWish } from './hippo.ts';
import { bytesText, count, paint, say, visible, warn, type Screen } from './screen.ts';
import type { ServerOptions } from './server.ts';

export interface ReleaseOptions extends ServerOptions {
  hippoUrl?: string;
  hippoUsername?: string;
  hippoPassword?: string;
  connection?: string;
  app?: string;
  channel?: string;
  yes?: boolean;
  wait: boolean;
}

export function addReleaseOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--hippo-url <url>', 'the Hippo (default: the one in use, else the local one)').env(
        'HIPPO_URL',
      ),
    )
    .addOption(new Option('--hippo-username <name>', 'user name on the Hippo').env('HIPPO_USERNAME'))
    .addOption(new Option('--hippo-password <password>', 'password on the Hippo').env('HIPPO_PASSWORD'))
    .option('--connection <name>', 'the Hippo of this connection')
    .addOption(new Option('--app <app>', 'the app, where several have these bindles').env('HIPPO_APP'))
    .addOption(new Option('--channel <channel>', 'publish to this channel').env('HIPPO_CHANNEL'))
    .option('-y, --yes', 'do what is missing and change channels without asking')
    .option('--no-wait', 'do not wait until the channels answer');
}

export function openHippo(screen: Screen, options: ReleaseOptions): Promise<OpenSession> {
  const wish = sessionWish(screen, {
    ...(options.connection === undefined ? {} : { connection: options.connection }),
    ...(options.hippoUrl ? { url: options.hippoUrl } : {}),
    ...(options.insecure === undefined ? {} : { insecure: options.insecure }),
    ...(options.caFile === undefined ? {} : { caFile: options.caFile }),
  });
  return openSession(
    {
      ...wish,
      userName: options.hippoUsername || wish.userName,
      password: options.hippoPassword || wish.password,
    },
    sessionPorts(screen),
  );
}

/** What the plan says, for people. */
export function sayPlan(screen: Screen, plan: Plan): void {
  const { id, files, takers, steps, app } = plan;
  const sum = (...changes: FileChange['change'][]): FileChange[] =>
    files.filter(({ change }) => changes.includes(change));
  const bytes = (some: FileChange[]): string => bytesText(some.reduce((total, { size }) => total + size, 0));
  say(screen, `${paint(screen, 'bold', formatId(id))}${app ? ` for the app ${app.name}` : ''}`);
  for (const [word, some] of [
    ['new', sum('new')],
    ['changed', sum('changed')],
    ['already there', sum('same')],
    ['no longer there', sum('gone')],
  ] as const)
    if (some.length > 0) say(screen, `  ${count(some.length, 'file')} ${word} (${bytes(some)})`);
  for (const { channel, runs, app: of } of takers)
    say(
      screen,
      `  ${of.name}:${channel.name} ${runs === id.version ? 'runs it already' : `will run it, after ${runs ?? 'nothing'}`}`,
    );
  for (const step of steps) say(screen, `  first: ${describeStep(step)}`);
  if (!plan.appKnown) say(screen, '  this Hippo is too old to say which channels will run it');
}

export function planJson(plan: Plan): Record<string, unknown> {
  return {
    id: formatId(plan.id),
    app: plan.app ? { id: plan.app.id, name: plan.app.name } : null,
    appKnown: plan.appKnown,
    registered: plan.registered,
    comparedWith: plan.comparedWith ? formatId(plan.comparedWith) : null,
    files: plan.files,
    channels: plan.takers.map(({ channel, app, runs, own }) => ({
      id: channel.id,
      app: app.name,
      name: channel.name,
      runs,
      own,
    })),
    steps: plan.steps.map((step) => ({ type: step.type, what: describeStep(step) })),
  };
}

/**
 * The steps that are agreed to: all on the local Hippo and with --yes, else those that a person says yes to. What
 * changes for others is asked for on a terminal, or named where nobody is asked.
 * @param asks false for `push` and `ship`, which go on as the original does
 * @throws CommandError if something that is needed is not agreed to
 */
export async function agree(
  screen: Screen,
  plan: Plan,
  options: { yes?: boolean; local: boolean; asks: boolean },
): Promise<Step[]> {
  const others = plan.takers.filter(({ own, runs }) => !own && runs !== plan.id.version);
  const names = others.map(({ app, channel }) => `${app.name}:${channel.name}`).join(', ');
  const mayAsk = options.asks && canAsk(screen);
  if (others.length > 0 && !options.yes && !options.local) {
    if (
      mayAsk &&
      !(await confirm(
        screen,
        `This changes what ${names} ${others.length === 1 ? 'runs' : 'run'}. Go on?`,
        'Give --yes.',
      ))
    )
      throw new CommandError('Nothing was published.', { exitCode: EXIT.cancelled });
    if (!mayAsk) say(screen, `This changes what ${names} ${others.length === 1 ? 'runs' : 'run'}.`);
  }
  const agreed: Step[] = [];
  for (const step of plan.steps) {
    const unasked =
      options.yes ||
      options.local ||
      (step.type === 'change-rule' && step.own) ||
      step.type === 'choose-revision';
    if (unasked) agreed.push(step);
    else if (mayAsk) {
      if (await confirm(screen, `Shall I ${describeStep(step)}?`, 'Give --yes.')) agreed.push(step);
      else if (step.type === 'create-app')
        throw new CommandError('Nothing was published.', { exitCode: EXIT.cancelled });
    } else if (step.type === 'create-app')
      throw new CommandError(`There is no app for the bindles of ${plan.id.name}, and nothing was sent.`, {
        hint: `Give --yes to ${describeStep(step)}, or make it with \`hippo create\`.`,
      });
    else warn(screen, `No channel will run ${plan.id.version}; --yes would ${describeStep(step)}.`);
  }
  return agreed;
}

export async function releaseWithWords(
  screen: Screen,
  plan: Plan,
  steps: readonly Step[],
  hippo: HippoClient,
  options: { cancel: Cancel; wait: boolean; quiet: boolean },
): Promise<Released> {
  const onEvent = (event: ReleaseEvent): void => {
    if (event.type === 'retry')
      say(screen, paint(screen, 'yellow', `Trying again: ${visible(event.reason)}`));
    else if (options.quiet) return;
    else if (event.type === 'made')
      say(
        screen,
        `Done: ${describeStep(event.step)}${event.step.type === 'create-app' && event.step.name !== event.name ? ` (as ${event.name})` : ''}`,
      );
    else if (event.type === 'waiting') say(screen, `Waiting for ${event.channels.join(', ')}`);
  };
  return release({
    plan,
    hippo,
    steps,
    signal: options.cancel.signal,
    onEvent,
    ...(options.wait ? {} : { patience: 0 }),
  });
}
