// `hippo addons code`: code of the project that uses an add-on, printed or written.

import { relative, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { applyPlan } from '../../bindings/apply.ts';
import { boundAddon } from '../../bindings/bound.ts';
import { DiskTexts } from '../../bindings/disk-texts.ts';
import { guess, likelyGuess } from '../../bindings/guess.ts';
import { planBinding } from '../../bindings/plan-binding.ts';
import { bindingSnippet } from '../../bindings/snippet.ts';
import type { BindingPlan, BindingStyle, BindingWish, FileChange } from '../../bindings/plan.ts';
import {
  findLanguage,
  languages,
  loadTemplates,
  stylesFor,
  type BindingTemplates,
} from '../../bindings/templates.ts';
import { findManifest } from '../../hippofacts/find.ts';
import { listOf } from '../../hippofacts/text.ts';
import { addonOf, bindingOf, withAddons, type AddonChannelOptions } from '../addons.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addChannelOptions } from '../hippo.ts';
import { addOutputOption } from '../output.ts';
import { scaffoldFolder } from '../scaffold.ts';
import { count, print, say, visible, type Screen } from '../screen.ts';

interface CodeOptions extends AddonChannelOptions {
  lang?: string;
  write?: string;
  style?: BindingStyle;
  dryRun?: boolean;
}

export function configureCode(command: Command, screen: Screen): void {
  const code = command
    .command('code')
    .description('print code that uses an add-on, or write it into the project')
    .argument('<addon>', 'name or id')
    .option(
      '--lang <language>',
      'rust, assemblyscript, c, typescript, python … (default: that of the project)',
    )
    .option('--write <file>', 'put it into this file, with all that it needs in others')
    .addOption(
      new Option(
        '--style <style>',
        'host-call: for a handler of HIPPOFACTS; environment: for a program that runs natively (default: what fits)',
      ).choices(['host-call', 'environment']),
    )
    .option('--dry-run', 'with --write: say what would change, and change nothing');
  addOutputOption(addChannelOptions(code), ['message', 'none', 'json']).action(
    (named: string, options: CodeOptions) => {
      if (options.dryRun && options.write === undefined)
        throw new CommandError('--dry-run says what --write would change.', {
          hint: 'Give --write FILE, or leave --dry-run away: without --write nothing is changed.',
          exitCode: EXIT.usage,
        });
      return withAddons(screen, options, async (hippo) => {
        const { addon } = await addonOf(hippo, named);
        const bound = boundAddon(addon, await bindingOf(screen, hippo, addon, options));
        const templates = await loadTemplates(scaffoldFolder());
        const wish = await wishOf(screen, options, { addon: bound }, templates);
        const plan = await planBinding(wish, new DiskTexts(), templates);
        if (options.write === undefined) await printCode(screen, options, wish, plan, templates);
        else await writeCode(screen, options, wish, plan);
      });
    },
  );
}

async function wishOf(
  screen: Screen,
  options: CodeOptions,
  { addon }: Pick<BindingWish, 'addon'>,
  templates: BindingTemplates,
): Promise<BindingWish> {
  const manifest = await findManifest(screen.cwd).catch(() => undefined);
  const hippofacts = manifest?.kind === 'manifest' ? manifest.file : undefined;
  const file = options.write === undefined ? undefined : resolve(screen.cwd, options.write);
  const project = { folder: screen.cwd, hippofacts };
  const texts = new DiskTexts();
  const likely =
    file === undefined
      ? await likelyGuess(project, texts, templates)
      : await guess({ ...project, path: file }, texts, templates);
  const language = options.lang === undefined ? likely?.language : findLanguage(templates, options.lang)?.id;
  if (language === undefined) throw noLanguage(options.lang, templates);
  const handler = likely?.language === language ? likely.handler : hippofacts !== undefined;
  const styles = languages(templates).find(({ id }) => id === language)?.styles ?? [];
  const [usual] = stylesFor(templates, language, addon, handler);
  return {
    addon,
    // Where nothing fits, the plan says why.
    style: options.style ?? usual?.style ?? styles[0] ?? 'environment',
    language,
    place: { kind: 'file', path: file },
    ...project,
  };
}

function noLanguage(wanted: string | undefined, templates: BindingTemplates): CommandError {
  const all = listOf(languages(templates).map(({ id }) => id));
  return new CommandError(
    wanted === undefined
      ? 'What language the code is to be in cannot be told from the files here.'
      : `There is no binding code in ${visible(wanted)}.`,
    { hint: `Give --lang: there is ${all}.`, exitCode: EXIT.usage },
  );
}

async function printCode(
  screen: Screen,
  { output }: CodeOptions,
  wish: BindingWish,
  plan: BindingPlan,
  templates: BindingTemplates,
): Promise<void> {
  const code = await bindingSnippet(wish, templates);
  const others = plan.changes.filter((change) => change.path !== plan.reveal?.path);
  if (output === 'json')
    return print(
      screen,
      JSON.stringify({ ...said(wish), code, changes: changesJson(screen, others), notes: plan.notes }),
    );
  if (output === 'none') return;
  print(screen, code.trimEnd());
  if (others.length > 0) say(screen, 'It needs besides:');
  for (const line of others.map((change) => summary(screen, change))) say(screen, `  ${line}`);
  for (const note of plan.notes) say(screen, visible(note));
  say(screen, '--write FILE puts it into a file, with all that it needs.');
}

async function writeCode(
  screen: Screen,
  { output, dryRun }: CodeOptions,
  wish: BindingWish,
  plan: BindingPlan,
): Promise<void> {
  if (!dryRun) await applyPlan(plan);
  if (output === 'json')
    return print(
      screen,
      JSON.stringify({ ...said(wish), changes: changesJson(screen, plan.changes), notes: plan.notes }),
    );
  if (output === 'none') return;
  const { name } = wish.addon;
  if (plan.changes.length === 0)
    print(screen, `The code for ${name} is there already, and what it needs: nothing was changed.`);
  for (const change of plan.changes) {
    print(screen, summary(screen, change));
    for (const line of addedLines(change)) print(screen, visible(`  + ${line}`));
  }
  if (dryRun && plan.changes.length > 0) say(screen, 'Nothing was changed (--dry-run).');
  for (const note of plan.notes) say(screen, visible(note));
}

function said({ addon, language, style }: BindingWish): Record<string, string> {
  return { addon: addon.name, app: addon.app, channel: addon.channel, language, style };
}

function changesJson(screen: Screen, changes: readonly FileChange[]): unknown[] {
  return changes.map((change) => ({
    type: change.type,
    path: relative(screen.cwd, change.path),
    why: change.why,
    added: addedTexts(change),
  }));
}

function summary(screen: Screen, change: FileChange): string {
  const name = visible(relative(screen.cwd, change.path));
  const lines = count(addedLines(change, Infinity).length, 'line');
  return `${change.type === 'create' ? 'new' : 'changed'}: ${name} (${change.why}; ${lines})`;
}

/** Long files are libraries, to be read where they lie. */
const SHOWN = 60;

function addedLines(change: FileChange, most = SHOWN): string[] {
  const lines = addedTexts(change).flatMap((text) => text.replace(/^\s*\n|\s+$/g, '').split(/\r?\n/));
  return change.type === 'create' && lines.length > most ? [] : lines;
}

function addedTexts(change: FileChange): string[] {
  return change.type === 'create' ? [change.text] : change.edits.map(({ text }) => text);
}
