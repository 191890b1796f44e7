// Who may import whom (design.md): the code itself, and the check.

import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checkRooms, importsOf } from './rooms.ts';

const SRC = fileURLToPath(new URL('../../../src', import.meta.url));

function readSources(): Map<string, string> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  return new Map(files.map((file) => [file.replaceAll(sep, '/'), readFileSync(join(SRC, file), 'utf8')]));
}

test('the code keeps to the rules', () => {
  const sources = readSources();
  expect(sources.size).toBeGreaterThan(20);
  expect(checkRooms(sources)).toEqual([]);
});

/** A tree in which `file` imports `specifier` and nothing else is wrong. */
function tree(file: string, specifier: string, form = (name: string) => `import { x } from '${name}';`) {
  return new Map([[file, form(specifier)]]);
}

describe('allowed', () => {
  test.each([
    ['extension.ts', 'vscode'],
    ['extension.ts', './editor/activate.ts'],
    ['cli.ts', './terminal/main.ts'],
    ['platform.ts', './platform/gateway/gateway.ts'],
    ['platform.ts', './platform/brokers/postgres/broker.ts'],
    ['platform.ts', './session/places.ts'],
    ['editor/tree/view.ts', 'vscode'],
    ['editor/marketplace/panel.ts', '../../webview/protocol.ts'],
    ['editor/publish/button.ts', '../../publish/run.ts'],
    ['editor/publish/button.ts', '../tree/view.ts'],
    ['terminal/commands/push.ts', '../../publish/run.ts'],
    ['terminal/main.ts', '../../package.json'],
    ['publish/run.ts', '../bindle/push.ts'],
    ['session/login.ts', '../hippo/client.ts'],
    ['hippofacts/read.ts', '../bindle/id.ts'],
    ['hippofacts/read.ts', './parse.ts'],
    ['hippofacts/language/hover.ts', '../parse.ts'],
    ['hippofacts/language/hover.ts', './place.ts'],
    ['editor/language/hovers.ts', '../../hippofacts/language/hover.ts'],
    ['bindle/media-type.ts', './overrides.json'],
    ['platform/bindle/server.ts', '../store/database.ts'],
    ['platform/bindle/server.ts', '../../bindle/api.ts'],
    ['platform/gateway/gateway.ts', '../runtime/runtime.ts'],
    ['platform/gateway/gateway.ts', '../store/database.ts'],
    ['platform/brokers/redis/broker.ts', '../kit/frame.ts'],
    ['platform/brokers/redis/broker.ts', '../../../addons/wire.ts'],
    ['platform/brokers/redis/broker.ts', './plans/small.ts'],
    ['platform/brokers/kit/frame.ts', '../../../addons/wire.ts'],
    ['webview/marketplace/list.ts', '../protocol.ts'],
    ['webview/marketplace/list.ts', 'lit'],
  ])('%s imports %s', (file, specifier) => {
    expect(checkRooms(tree(file, specifier))).toEqual([]);
  });
});

describe('refused', () => {
  test.each([
    ['cli.ts', 'vscode'],
    ['terminal/main.ts', 'vscode'],
    ['publish/run.ts', 'vscode'],
    ['webview/marketplace/list.ts', 'vscode'],
    ['webview/marketplace/list.ts', 'node:fs'],
    ['cli.ts', './editor/activate.ts'],
    ['cli.ts', './platform/gateway/gateway.ts'],
    ['extension.ts', './terminal/main.ts'],
    ['terminal/main.ts', '../platform/runtime/runtime.ts'],
    ['terminal/main.ts', '../platform.ts'],
    ['terminal/main.ts', '../webview/protocol.ts'],
    ['editor/tree/view.ts', '../../webview/marketplace/list.ts'],
    ['editor/tree/view.ts', '../../terminal/main.ts'],
    ['webview/marketplace/list.ts', '../../editor/tree/view.ts'],
    ['platform/gateway/gateway.ts', '../../terminal/main.ts'],
    ['publish/run.ts', '../terminal/screen.ts'],
    ['hippofacts/read.ts', './language/hover.ts'],
    ['hippofacts/language/hover.ts', '../../hippo/rules.ts'],
    ['publish/run.ts', '../platform/bindle/server.ts'],
    ['session/login.ts', '../publish/run.ts'],
    ['bindle/push.ts', '../hippo/client.ts'],
    ['bindle/push.ts', '../hippofacts/read.ts'],
    ['hippo/client.ts', '../session/login.ts'],
    ['hippofacts/read.ts', '../bindle/invoice.ts'],
    ['hippofacts/read.ts', '../hippo/client.ts'],
    ['platform/store/database.ts', '../bindle/server.ts'],
    ['platform/bindle/server.ts', '../hippo/server.ts'],
    ['platform/runtime/runtime.ts', '../gateway/gateway.ts'],
    ['platform/gateway/gateway.ts', '../hippo/state.ts'],
    ['platform/addons/platform.ts', '../brokers/redis/broker.ts'],
    ['platform/brokers/redis/broker.ts', '../postgres/broker.ts'],
    ['platform/brokers/redis/broker.ts', '../../store/database.ts'],
    ['platform/brokers/redis/broker.ts', '../../../bindle/id.ts'],
    ['platform/brokers/kit/frame.ts', '../redis/broker.ts'],
    ['platform/brokers/kit/frame.ts', '../../../hippo/api.ts'],
    ['bindle/id.ts', '../../test/unit/fixtures.ts'],
  ])('%s imports %s', (file, specifier) => {
    expect(checkRooms(tree(file, specifier))).toEqual([
      expect.stringContaining(`${file} imports ${specifier}: `),
    ]);
  });
});

test.each([
  ['utils/strings.ts', 'utils/'],
  ['helpers.ts', 'neither'],
  ['platform/start.ts', 'platform/'],
  ['platform/scheduler/run.ts', 'platform/scheduler/'],
  ['editor/misc/thing.ts', 'editor/misc/'],
  ['webview/shop/list.ts', 'webview/shop/'],
])('%s is in no room', (file, place) => {
  expect(checkRooms(new Map([[file, '']]))).toEqual([expect.stringContaining(place)]);
});

test.each([
  ['a side effect', (name: string) => `import '${name}';`],
  ['types', (name: string) => `import type { X } from '${name}';`],
  ['a re-export', (name: string) => `export * from '${name}';`],
  ['a dynamic import', (name: string) => `async function f() { await import('${name}'); }`],
  ['a type in place', (name: string) => `let x: import('${name}').X;`],
  ['require', (name: string) => `const x = require('${name}');`],
  ['import =', (name: string) => `import x = require('${name}');`],
])('%s is an import', (_, form) => {
  expect(checkRooms(tree('bindle/id.ts', '../hippo/client.ts', form))).toHaveLength(1);
});

test('what only looks like an import is none', () => {
  const text = `// import '../hippo/client.ts'\nconst text = "import('vscode')";\nobject.import('vscode');`;
  expect(importsOf('bindle/id.ts', text)).toEqual([]);
});

describe('circles', () => {
  const file = (...targets: string[]) => targets.map((target) => `import { x } from '${target}';`).join('\n');

  test('of two files, of three, of one', () => {
    expect(
      checkRooms(
        new Map([
          ['bindle/a.ts', file('./b.ts')],
          ['bindle/b.ts', file('./a.ts')],
        ]),
      ),
    ).toEqual(['bindle/a.ts → bindle/b.ts → bindle/a.ts is a circle.']);
    expect(
      checkRooms(
        new Map([
          ['bindle/a.ts', file('./b.ts')],
          ['bindle/b.ts', file('./c.ts')],
          ['bindle/c.ts', file('./b.ts')],
        ]),
      ),
    ).toEqual(['bindle/b.ts → bindle/c.ts → bindle/b.ts is a circle.']);
    expect(checkRooms(tree('bindle/a.ts', './a.ts'))).toEqual(['bindle/a.ts → bindle/a.ts is a circle.']);
  });

  test('a diamond is none, nor is a type that points back', () => {
    expect(
      checkRooms(
        new Map([
          ['bindle/a.ts', file('./b.ts', './c.ts')],
          ['bindle/b.ts', file('./d.ts')],
          ['bindle/c.ts', file('./d.ts')],
          ['bindle/d.ts', `import type { A } from './a.ts';`],
        ]),
      ),
    ).toEqual([]);
  });
});
