// Runs a pipeline of GitLab as a runner does, as far as files in this repository have it: rules, variables, scripts.
// Images are not there; tests put the programs that they would have on the PATH.
// https://docs.gitlab.com/ci/yaml/ and https://docs.gitlab.com/ci/jobs/job_rules/

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';

interface Rule {
  if?: string;
}

interface Job {
  stage: string;
  rules?: Rule[];
  script: string[];
}

export interface JobRan {
  name: string;
  code: number;
  stdout: string;
  stderr: string;
}

type Pipeline = Record<string, Job> & { stages: string[]; workflow?: { rules: Rule[] } };

/** Stage by stage, until a job fails. Nothing is run where the pipeline's own rules say so. */
export async function runPipeline(
  file: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; variables: Record<string, string> },
): Promise<JobRan[]> {
  const { stages, workflow, ...jobs } = parse(readFileSync(file, 'utf8')) as Pipeline;
  const { cwd, env, variables } = options;
  const ran: JobRan[] = [];
  if (!applies(workflow?.rules, variables)) return ran;
  for (const stage of stages)
    for (const [name, job] of Object.entries(jobs)) {
      if (job.stage !== stage || !applies(job.rules, variables)) continue;
      const child = spawn('bash', ['-eo', 'pipefail', '-c', job.script.join('\n')], {
        cwd,
        env: { ...env, CI: 'true', GITLAB_CI: 'true', ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const [stdout, stderr, [code]] = await Promise.all([
        text(child.stdout),
        text(child.stderr),
        once(child, 'exit') as Promise<[number | null]>,
      ]);
      ran.push({ name, code: code ?? -1, stdout, stderr });
      if (code !== 0) return ran;
    }
  return ran;
}

function applies(rules: Rule[] | undefined, variables: Record<string, string>): boolean {
  return rules?.some((rule) => rule.if === undefined || isTrue(rule.if, variables)) ?? true;
}

/** Comparisons joined by `&&`. */
function isTrue(condition: string, variables: Record<string, string>): boolean {
  return condition.split('&&').every((part) => {
    const [, left = '', operator, right = ''] = /^\s*(\S+)(?:\s+(==|!=|=~)\s+(.+?))?\s*$/.exec(part) ?? [];
    const value = valueOf(left, variables);
    if (operator === undefined) return Boolean(value);
    if (operator !== '=~') return (value === valueOf(right, variables)) === (operator === '==');
    return new RegExp(right.slice(1, -1)).test(value ?? '');
  });
}

function valueOf(word: string, variables: Record<string, string>): string | null {
  if (word === 'null') return null;
  if (word.startsWith('$')) return variables[word.slice(1)] ?? null;
  if (/^".*"$/.test(word)) return word.slice(1, -1);
  throw new Error(`"${word}" is nothing that a rule compares.`);
}
