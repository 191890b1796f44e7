// Places at which tests let the control process die.

/** What has just happened when a request to a broker is under way. */
export const FAULT_MOMENTS = ['recorded', 'answered', 'settled'] as const;

/**
 * Dies as by kill -9 if a test has asked for it here: `HIPPO_PLATFORM_FAULT` names the point, `<what>.<moment>`,
 * and `NODE_ENV` is `test`. What is a verb of OSB, `poll` or `fetch`.
 */
export function faultPoint(name: string): void {
  if (process.env['NODE_ENV'] === 'test' && process.env['HIPPO_PLATFORM_FAULT'] === name)
    process.kill(process.pid, 'SIGKILL');
}
