// Runs tests with mocha inside an extension host; the result goes to the file that HIPPO_HOST_REPORT names, since
// nobody sees what an extension host prints.

import Mocha from 'mocha';

/** @param load imports the files of tests. @throws if a test fails, after all of them */
export async function runMocha(load: () => Promise<void>): Promise<void> {
  const { HIPPO_HOST_REPORT: output, HIPPO_HOST_GREP: grep } = process.env;
  const mocha = new Mocha({
    timeout: 20_000,
    // CI alone tries again, and `npm test` names what has passed only then.
    retries: process.env['HIPPO_TEST'] === 'all' ? 1 : 0,
    reporter: 'json',
    ...(output === undefined ? {} : { reporterOptions: { output } }),
    ...(grep === undefined ? {} : { grep }),
  });
  mocha.suite.emit('pre-require', globalThis, '', mocha);
  await load();
  const failures = await new Promise<number>((resolve) => {
    const errors = new Map<string, Error>();
    mocha
      .run(resolve)
      .on('retry', (test, error) => errors.set(test.fullTitle(), error))
      // Where it passes in the end, the report holds what went wrong before.
      .on('pass', (test) => Object.assign(test, { err: errors.get(test.fullTitle()) }));
  });
  if (failures > 0) throw new Error(`${failures} tests failed`);
}
