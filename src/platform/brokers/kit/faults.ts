// Places at which tests let a broker die.

/**
 * Dies as by kill -9 if a test has asked for it here: `HIPPO_FAULT` names the point, and `NODE_ENV` is `test`.
 * Points are `<verb>.<what has just happened>`.
 */
export function faultPoint(name: string): void {
  if (process.env['NODE_ENV'] === 'test' && process.env['HIPPO_FAULT'] === name)
    process.kill(process.pid, 'SIGKILL');
}
