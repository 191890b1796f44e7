// Runs the steps of a GitHub workflow or composite action as a runner does: conditions, variables, outputs, the shell.
// What `uses:` names is not there; tests put the programs that it would install on the PATH.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { isTrue, substitute, type Contexts, type Value } from './expressions.ts';

type Variables = Record<string, string | number | boolean>;

export interface Step {
  name?: string;
  id?: string;
  if?: string;
  uses?: string;
  with?: Variables;
  run?: string;
  shell?: string;
  env?: Variables;
  'working-directory'?: string;
}

export interface Job {
  if?: string;
  env?: Variables;
  steps: Step[];
}

export interface Workflow {
  env?: Variables;
  jobs: Record<string, Job>;
}

export interface StepRan {
  name: string;
  code: number;
  stdout: string;
  stderr: string;
}

export interface JobRan {
  /** True if no step failed. */
  ok: boolean;
  /** Those that ran a command, in order. */
  steps: StepRan[];
  outputs: { [step: string]: { outputs: { [name: string]: string } } };
  /** What the steps show on the page of the run. */
  summary: string;
}

export function readWorkflow(file: string): Workflow {
  return parse(readFileSync(file, 'utf8')) as Workflow;
}

/** A whole job; undefined if its condition says no. */
export async function runJob(
  workflow: Workflow,
  job: Job,
  options: { cwd: string; env: NodeJS.ProcessEnv; contexts: Contexts },
): Promise<JobRan | undefined> {
  const { contexts } = options;
  if (job.if !== undefined && !isTrue(job.if, contexts)) return undefined;
  const outer = evaluated(workflow.env, contexts);
  const inner = evaluated(job.env, { ...contexts, env: outer });
  return runSteps(job.steps, { ...options, env: { ...options.env, ...outer, ...inner } });
}

/** Steps one after the other, until one fails. */
export async function runSteps(
  steps: readonly Step[],
  { cwd, env, contexts }: { cwd: string; env: NodeJS.ProcessEnv; contexts: Contexts },
): Promise<JobRan> {
  const files = mkdtempSync(join(tmpdir(), 'hippo-test-runner-'));
  const variables: NodeJS.ProcessEnv = { ...env };
  const ran: JobRan = { ok: true, steps: [], outputs: {}, summary: '' };
  const summary = join(files, 'summary.md');
  writeFileSync(summary, '');
  const names: Value = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  try {
    for (const [index, step] of steps.entries()) {
      const known: Contexts = { runner: { os: 'Linux' }, env: names, steps: ran.outputs, ...contexts };
      if (step.run === undefined || (step.if !== undefined && !isTrue(step.if, known))) continue;
      const script = join(files, `${index}.sh`);
      const [outputs, exported] = [join(files, `${index}.outputs`), join(files, `${index}.env`)];
      for (const file of [outputs, exported]) writeFileSync(file, '');
      writeFileSync(script, substitute(step.run, known));
      const child = spawn('bash', [...bashOptions(step.shell), script], {
        cwd: join(cwd, substitute(step['working-directory'] ?? '.', known)),
        env: {
          ...variables,
          ...evaluated(step.env, known),
          GITHUB_OUTPUT: outputs,
          GITHUB_ENV: exported,
          GITHUB_STEP_SUMMARY: summary,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<[number | null]>,
      ]);
      ran.steps.push({ name: step.name ?? step.run, code: code ?? -1, stdout, stderr });
      ran.summary = readFileSync(summary, 'utf8');
      Object.assign(variables, readAssignments(exported));
      if (step.id !== undefined) ran.outputs[step.id] = { outputs: readAssignments(outputs) };
      if (code !== 0) return { ...ran, ok: false };
    }
    return ran;
  } finally {
    rmSync(files, { recursive: true, force: true });
  }
}

/** As the runner calls it, with and without `shell: bash`. */
function bashOptions(shell: string | undefined): string[] {
  if (shell === undefined) return ['-e'];
  if (shell === 'bash') return ['--noprofile', '--norc', '-eo', 'pipefail'];
  throw new Error(`Steps for the shell ${shell} are not run here.`);
}

function evaluated(variables: Variables | undefined, contexts: Contexts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables ?? {}).map(([key, value]) => [key, substitute(String(value), contexts)]),
  );
}

/** `name=value` on a line, or `name<<END`, lines and `END`. */
function readAssignments(file: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = readFileSync(file, 'utf8').split('\n');
  for (let line = lines.shift(); line !== undefined; line = lines.shift()) {
    const [, name = '', end] = /^([^=]+?)<<(.+)$/.exec(line) ?? [];
    if (end !== undefined)
      values[name] = lines
        .splice(0, lines.indexOf(end) + 1)
        .slice(0, -1)
        .join('\n');
    else if (line.includes('=')) values[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
  }
  return values;
}
