// The options and the words that `hippo publish`, `push`, `ship` and `release` share.

import { Option, type Command } from 'commander';
import { relative } from 'node:path';
import type { BindleClient } from '../bindle/client.ts';
import { formatId } from '../bindle/id.ts';
import type { HippoClient } from '../hippo/client.ts';
import { describeStep, type Plan } from '../publish/plan.ts';
import { unattended, type Answer, type Decide, type Question } from '../publish/questions.ts';
import { PublishError, type PublishEvent } from '../publish/run.ts';
import { listOf } from '../hippofacts/text.ts';
import { eventLines, planLines } from '../publish/words.ts';
import { openSession, type OpenSession } from '../session/open-session.ts';
import { findPlaces } from '../session/places.ts';
import { ProjectChoices } from '../session/project-choice.ts';
import { ask, canAsk, confirm } from './ask.ts';
import { orCancelled, type Cancel } from './cancel.ts';
import { AlreadySaid, EXIT } from './failure.ts';
import { sessionPorts, sessionWish } from './hippo.ts';
import { sayProblems } from './project.ts';
import { pushProgress } from './push-progress.ts';
import { say, sayLine, type Screen } from './screen.ts';
import { connect, type ServerOptions } from './server.ts';

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
  return (
    command
      // Not by commander's env(): a connection that is named goes before an address that is always there.
      .option('--hippo-url <url>', 'the Hippo (default: the one in use, else the local one) (env: HIPPO_URL)')
      .addOption(new Option('--hippo-username <name>', 'user name on the Hippo').env('HIPPO_USERNAME'))
      .addOption(new Option('--hippo-password <password>', 'password on the Hippo').env('HIPPO_PASSWORD'))
      .option('--connection <name>', 'the Hippo of this connection')
      .addOption(new Option('--app <app>', 'the app, where several have these bindles').env('HIPPO_APP'))
      .addOption(new Option('--channel <channel>', 'publish to this channel').env('HIPPO_CHANNEL'))
      .option('-y, --yes', 'do what is missing and change channels without asking')
      .option('--no-wait', 'do not wait until the channels answer')
  );
}

/** The servers of a publish. */
export interface Servers {
  session: OpenSession;
  hippo: HippoClient;
  bindle: BindleClient;
}

/** Opens the Hippo and its Bindle server, and closes them when the work is done. */
export async function withServers<T>(
  screen: Screen,
  options: ReleaseOptions,
  cancel: Cancel,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  const session = await orCancelled(cancel, openHippo(screen, options));
  const { client: hippo } = session;
  const connecting = connect(screen, options, session);
  try {
    const bindle = await orCancelled(cancel, connecting);
    return await work({ session, hippo, bindle });
  } finally {
    const closed = Promise.allSettled([hippo.close(), connecting.then((bindle) => bindle.close())]);
    // What was cancelled may never come back.
    if (!cancel.signal.aborted) await closed;
  }
}

function openHippo(screen: Screen, options: ReleaseOptions): Promise<OpenSession> {
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

/** What `hippo use` has chosen for the folder. */
export async function chosenApp(screen: Screen, hippo: HippoClient): Promise<{ chosenApp?: string }> {
  const choices = new ProjectChoices(findPlaces(screen.env).projects);
  const choice = await choices.get(screen.cwd, hippo.url.origin);
  return choice ? { chosenApp: choice.app.id } : {};
}

/** What the plan says, for people. */
export function sayPlan(screen: Screen, plan: Plan): void {
  for (const line of planLines(plan)) sayLine(screen, line);
}

export function planJson(plan: Plan): Record<string, unknown> {
  return {
    id: formatId(plan.id),
    app: plan.app ? { id: plan.app.id, name: plan.app.name } : null,
    appKnown: plan.appKnown,
    stored: plan.stored,
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
    addons: plan.addons.map(({ message = null, ...need }) => ({ ...need, message })),
  };
}

/**
 * Asks a person at the terminal. Where nobody can be asked, and for `push` and `ship`, what rules say goes on, and the
 * channels that change are named.
 */
export function decideAt(screen: Screen, options: { asks: boolean }): Decide {
  const mayAsk = options.asks && canAsk(screen);
  const decide = async (question: Question): Promise<Answer<Question>> => {
    if (question.type === 'change-channels') {
      const { takers } = question;
      const names = listOf(takers.map(({ app, channel }) => `${app.name}:${channel.name}`));
      const change = `This changes what ${names} ${takers.length === 1 ? 'runs' : 'run'}.`;
      if (mayAsk) return confirm(screen, `${change} Go on?`, 'Give --yes.');
      say(screen, change);
      return unattended(question);
    }
    if (!mayAsk) return unattended(question);
    if (question.type === 'take-step') {
      const agreed = await confirm(screen, `Shall I ${describeStep(question.step)}?`, 'Give --yes.');
      // Without an app there is nothing to go on with, and whoever says no knows why.
      if (!agreed && question.step.type === 'create-app')
        throw new PublishError('DECLINED', 'Nothing was published.');
      return agreed;
    }
    say(
      screen,
      `Version ${question.version} is on the server already, and what you publish is not the same.`,
    );
    const choices = question.proposals.map(({ bump, version }) => `${bump} (${version})`).join(', ');
    const answer = await ask(screen, `Raise it? ${choices}, or Enter to stop: `, { instead: 'Give --bump.' });
    const chosen = answer.trim().toLowerCase();
    return question.proposals.find(({ bump, version }) => bump === chosen || version === chosen)?.bump;
  };
  return decide as Decide;
}

/** Says what happens in a publish, as it happens. */
export function publishWords(
  screen: Screen,
  options: { quiet: boolean; plan: boolean; server: URL },
): { onEvent: (event: PublishEvent) => void; clear: () => void } {
  const { quiet, server } = options;
  let progress = pushProgress(screen, server, quiet);
  const nameOf = (file: string): string => relative(screen.cwd, file);
  const onEvent = (event: PublishEvent): void => {
    if (event.type === 'push') return progress.onEvent(event.event);
    progress.clear();
    // Each push counts from the beginning.
    if (event.type === 'stage' && event.stage === 'push') progress = pushProgress(screen, server, quiet);
    if (event.type === 'problems') sayProblems(screen, event.file, event.problems);
    else if (event.type === 'planned') {
      if (options.plan && !quiet) sayPlan(screen, event.plan);
    } else
      for (const line of eventLines(event, { server, nameOf }))
        if (line.matters || !quiet) sayLine(screen, line);
  };
  return { onEvent, clear: () => progress.clear() };
}

/** The errors of the pipeline that were said in detail by its events. */
export function said(error: unknown): unknown {
  return error instanceof PublishError && error.code === 'PROBLEMS' ? new AlreadySaid(EXIT.project) : error;
}
