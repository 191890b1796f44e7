// The Marketplace inside a real extension host: its view is resolved, and its panels are there once.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { commands, extensions, TabInputWebview, window, type Tab } from 'vscode';

/** Waits until it is true. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what} has not come true.`);
}

function tabs(): Tab[] {
  return window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => input instanceof TabInputWebview && input.viewType.endsWith('hippo.bill'));
}

describe('the Marketplace', function () {
  this.timeout(60_000);

  before(async () => {
    await extensions.getExtension('hippo-tools.hippo-tools')?.activate();
  });
  after(async () => {
    await window.tabGroups.close(tabs());
  });

  it('has a view that comes to the front', async () => {
    await commands.executeCommand('hippo.marketplace.browse');
    await commands.executeCommand('hippo.marketplace.refresh');
  });

  it('has one panel of the bill, however often it is asked for', async () => {
    await Promise.all([
      commands.executeCommand('hippo.bill.show'),
      commands.executeCommand('hippo.bill.show'),
    ]);
    await commands.executeCommand('hippo.bill.show');
    await until('Its title', () => tabs().some(({ label }) => label === 'Bill of Local Hippo'));
    assert.deepEqual(
      tabs().map(({ label, isActive }) => ({ label, isActive })),
      [{ label: 'Bill of Local Hippo', isActive: true }],
    );
  });

  it('opens another one when that was closed', async () => {
    await window.tabGroups.close(tabs());
    assert.equal(tabs().length, 0);
    await commands.executeCommand('hippo.bill.show');
    await until('The panel', () => tabs().length === 1);
  });
});
