// Choosing the rule that a channel follows; what it would run is shown before.

import type { ChannelItem } from '../../hippo/api.ts';
import type { App, Choice, Separator } from '../app.ts';
import type { Core } from '../connections/connections.ts';

export interface RuleQuestion {
  readonly title: string;
  /** Of the app, in the order in which they were registered. */
  readonly numbers: readonly string[];
  /** Undefined for one that is yet to be made. */
  readonly channel:
    Pick<ChannelItem, 'activeRevision' | 'rangeRule' | 'revisionSelectionStrategy'> | undefined;
  /** The server looks at a rule that has changed only when the next revision comes. */
  readonly late: boolean;
  readonly steps?: { readonly step: number; readonly of: number };
}

/** @returns a rule that can be read @throws Cancelled */
export async function chooseRule(
  core: Core,
  { prompts }: Pick<App, 'prompts'>,
  question: RuleQuestion,
): Promise<string> {
  let value = '';
  for (;;) {
    const answer = await prompts.search<{ rule: string } | { unreadable: string }>({
      title: question.title,
      placeholder: 'A rule, such as ^1.2, ~1.2.3 or >=1 <3; each shows what would run',
      value,
      steps: question.steps,
      search: (text) => offer(core, text.trim(), question),
    });
    if ('rule' in answer) return answer.rule;
    // There is nothing else to do with it than to go on typing.
    value = answer.unreadable;
  }
}

function offer(
  core: Core,
  text: string,
  question: RuleQuestion,
): (Choice<{ rule: string } | { unreadable: string }> | Separator)[] {
  const usual = usualRules(core, question.numbers);
  const present = question.channel?.rangeRule ?? undefined;
  const follows = question.channel?.revisionSelectionStrategy === 'UseRangeRule';
  const rules = new Map([
    ...(present === undefined ? [] : ([[present, follows ? 'its rule now' : 'its rule before']] as const)),
    ...usual,
  ]);
  const choice = (rule: string, says: string | undefined): Choice<{ rule: string }> => ({
    label: rule,
    description: [effect(core, rule, question), says].filter((part) => part !== undefined).join(' • '),
    value: { rule },
  });
  const proposals = [...rules].filter(([rule]) => rule !== text).map(([rule, says]) => choice(rule, says));
  if (text === '') return proposals;
  try {
    core.parseRule(text);
  } catch (error) {
    const { message } = error as Error;
    return [{ label: `$(error) ${message}`, value: { unreadable: text } }];
  }
  return [choice(text, rules.get(text)), { separator: 'or' }, ...proposals];
}

/** What the channel would run, and what it runs now. */
export function effect(
  core: Pick<Core, 'parseRule'>,
  rule: string,
  { numbers, channel, late }: Pick<RuleQuestion, 'numbers' | 'channel' | 'late'>,
): string {
  const now = channel?.activeRevision?.revisionNumber;
  let picked: string | undefined;
  try {
    picked = core.parseRule(rule).select(numbers);
  } catch {
    return 'cannot be read, and picks nothing';
  }
  if (picked === undefined)
    return now === undefined ? 'runs nothing until a revision fits' : `no revision fits: stays on ${now}`;
  if (picked === now) return `runs ${picked}, as now`;
  const runs = late && channel ? `would run ${picked} with the next release` : `would run ${picked}`;
  return now === undefined ? runs : `${runs} instead of ${now}`;
}

function usualRules(core: Core, numbers: readonly string[]): [string, string][] {
  const newest = core.parseRule('*').select(numbers);
  const [major, minor] = newest?.split('.') ?? [];
  const user = core.publisher(process.env);
  return [
    ['*', 'every release'],
    ...(major === undefined
      ? []
      : ([
          [`^${major}`, `releases of ${major}`],
          [`~${major}.${minor}`, `releases of ${major}.${minor}`],
        ] satisfies [string, string][])),
    [`P:*-${user}-*`, `development builds of ${user}`],
  ];
}
