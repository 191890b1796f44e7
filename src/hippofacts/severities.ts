// How loudly each problem is told, where somebody has a wish of his own.

import type { Problem, Severity } from './problem.ts';

/** By code. Codes that do not exist, and values that are none of these, change nothing: people write settings by hand. */
export type Severities = Readonly<Record<string, SeverityWish>>;
export type SeverityWish = Severity | 'off';

export const SEVERITY_WISHES: readonly SeverityWish[] = ['error', 'warning', 'information', 'hint', 'off'];

/**
 * For what is shown only, in the editor and by `hippo check`, where a module may not be built yet and that is no
 * news. A publish never asks for wishes: what it refuses, it refuses.
 */
export function applySeverities(problems: readonly Problem[], wishes: Severities = {}): Problem[] {
  return problems.flatMap((problem) => {
    const wish = Object.hasOwn(wishes, problem.code) ? wishes[problem.code] : undefined;
    if (wish === undefined || !SEVERITY_WISHES.includes(wish)) return problem;
    return wish === 'off' ? [] : { ...problem, severity: wish };
  });
}
