// The heap of the extension host before and after many publishes: for test/bench/editor-publish.ts, which reads what is
// written here. Skipped otherwise.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, it } from 'mocha';
import { commands, Uri, workspace } from 'vscode';
import { helloModule } from './hello-module.ts';

const { HIPPO_BENCH_REPORT: report, HIPPO_HOST_ROOT: root = '' } = process.env;
const PUBLISHES = 50;

describe('the heap', function () {
  this.timeout(600_000);

  it(`of ${PUBLISHES} publishes`, async function () {
    if (report === undefined) return this.skip();
    const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file('/');
    writeFileSync(join(folder.fsPath, 'app.wasm'), helloModule());
    await workspace.getConfiguration().update('hippo.publish.buildTask', 'none');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const publish = (): Thenable<unknown> =>
      commands.executeCommand('hippo.publish', Uri.joinPath(folder, 'HIPPOFACTS'));
    // What is loaded on first use is no part of it.
    await publish();
    const before = heap();
    const began = performance.now();
    for (let number = 0; number < PUBLISHES; number++) await publish();
    const milliseconds = (performance.now() - began) / PUBLISHES;
    writeFileSync(report, JSON.stringify({ publishes: PUBLISHES, before, after: heap(), milliseconds }));
    const cli = [join(root, 'dist/cli.cjs'), 'revision', 'list', '--app', 'weather', '-o', 'json'];
    const revisions = JSON.parse(execFileSync(process.execPath, cli, { encoding: 'utf8' })) as unknown[];
    assert.ok(revisions.length > PUBLISHES);
    execFileSync(process.execPath, [join(root, 'dist/cli.cjs'), 'platform', 'stop']);
  });
});
