#!/usr/bin/env node
// The terminal's front door. Only what every Node can load stands before the check of its version.

import * as module from 'node:module';
import { findPlaces } from './session/places.ts';
import { nodeProblem } from './terminal/node-version.ts';

// VS Code's program is Node because of it; those that we start are to be what they are.
delete process.env['ELECTRON_RUN_AS_NODE'];

const problem = nodeProblem(process.versions.node);
if (problem === undefined) {
  // Compiled code is kept between runs: what follows is a program of its own for this reason.
  module.enableCompileCache(findPlaces(process.env).compileCache);
  void import('./terminal/main.ts').then(async ({ run }) => {
    process.exitCode = await run(process.argv.slice(2));
  });
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
