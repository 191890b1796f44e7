// The sample in scaffold/, published to the local Hippo and visited.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo } from '../support/cli.ts';
import { ask, startedPlatform, type Page, type RunningPlatform } from '../support/platform.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
let platform: RunningPlatform;
let client: HippoClient;
let channelId: string;

beforeAll(async () => {
  platform = await startedPlatform('--ephemeral', '--port', '0');
  client = new HippoClient({
    url: platform.ready.hippoUrl,
    credentials: { type: 'bearer', token: platform.token },
  });
  const builder = new URL('../../.dev/sample.mjs', import.meta.url).href;
  const { buildSample } = (await import(builder)) as { buildSample: (folder: string) => Promise<string> };
  const sample = await buildSample(join(folder, 'sample'));
  const args = ['bindle', sample, '-s', platform.ready.bindleUrl, '-v', 'production', '-o', 'id'];
  const { code, stdout } = await hippo(args, {
    env: cleanEnv(join(folder, 'home'), { BINDLE_TOKEN: platform.token }),
  });
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello/0.1.0\n' });
  const appId = await client.createApp({ name: 'hello', storageId: 'hello' });
  channelId = await client.createChannel({
    appId,
    name: 'production',
    revisionSelectionStrategy: 'UseRangeRule',
  });
});
afterAll(() => platform.stop());

function visit(path: string): Promise<Page> {
  return ask(platform.ready.hippoUrl + path, { headers: { host: 'hello.localhost' } });
}

test('has a page', async () => {
  expect(await visit('/')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    text: expect.stringContaining('<h1>Hello</h1>'),
  });
});

test.each([
  ['/hello', 'Hello, World!'],
  ['/hello/', 'Hello, World!'],
  ['/hello/Ana', 'Hello, Ana!'],
  ['/hello/Zo%C3%AB', 'Hello, Zoë!'],
  ['/hello?name=Ana+Maria', 'Hello, Ana Maria!'],
  ['/hello?x=1&name=%E2%82%AC', 'Hello, €!'],
  ['/hello?name=100%', 'Hello, 100%!'],
  ['/hello?name=', 'Hello, !'],
  ['/hello?name=%3Cscript%3E%26%22%27', 'Hello, &lt;script&gt;&amp;&quot;&#39;!'],
])('%s says %s', async (path, heading) => {
  expect((await visit(path)).text).toContain(`<h1>${heading}</h1>`);
});

test('serves a file of its bindle, and no other', async () => {
  expect(await visit('/static/style.css')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/css; charset=utf-8' },
    text: expect.stringMatching(/^:root \{[\s\S]*\}\n$/),
  });
  for (const path of [
    '/static/',
    '/static/none.css',
    '/static/..%2Fbuild/app.wasm',
    '/static/..%2F..%2F..%2Fetc/passwd',
  ])
    expect((await visit(path)).status).toBe(404);
});

test('shows a variable of its channel', async () => {
  await client.patchChannel(channelId, { environmentVariables: [{ key: 'GREETING', value: 'Grüß <Gott>' }] });
  expect((await visit('/')).text).toContain('<h1>Grüß &lt;Gott&gt;</h1>');
});
