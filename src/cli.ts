// The terminal's front door. Only what every Node can load stands before the check of its version.

import { nodeProblem } from './terminal/node-version.ts';

const problem = nodeProblem(process.versions.node);
if (problem === undefined) {
  void import('./terminal/main.ts').then(async ({ run }) => {
    process.exitCode = await run(process.argv.slice(2));
  });
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
