// How often a random test is run: `npm run test:long` runs each many times more.

const LONGER = process.env['HIPPO_TEST_LONG'] ? 25 : 1;

/** @param usual runs in `npm test` */
export function runs(usual: number): number {
  return usual * LONGER;
}
