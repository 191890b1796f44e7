// What an app from a template does: it is made by `hippo new`, built, published to the local Hippo and visited.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HippoClient } from '../../src/hippo/client.ts';
import { cleanEnv, hippo } from './cli.ts';
import { ask, startedPlatform, type Page, type RunningPlatform } from './platform.ts';
import { temporaryFolder } from './temporary.ts';

/** @param make makes the project in a folder that is not there, and builds it; its bindle is called `hello` */
export function testTemplateApp(make: (folder: string) => Promise<unknown>): void {
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
    const project = join(folder, 'project');
    await make(project);
    const { code, stdout, stderr } = await hippo(
      ['publish', project, '-v', 'production', '-y', '-o', 'json'],
      {
        env: cleanEnv(join(folder, 'home'), {
          HIPPO_URL: platform.ready.hippoUrl,
          BINDLE_URL: platform.ready.bindleUrl,
          HIPPO_TOKEN: platform.token,
          BINDLE_TOKEN: platform.token,
        }),
      },
    );
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const published = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      id: string;
      channels: [{ id: string }];
    };
    expect(published.id).toBe('hello/0.1.0');
    channelId = published.channels[0].id;
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
    await client.patchChannel(channelId, {
      environmentVariables: [{ key: 'GREETING', value: 'Grüß <Gott>' }],
    });
    expect((await visit('/')).text).toContain('<h1>Grüß &lt;Gott&gt;</h1>');
  });
}
