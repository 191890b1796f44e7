// The sample, a new app from scaffold/assemblyscript, published to the local Hippo and visited.

import { testTemplateApp } from '../support/template-app.ts';

testTemplateApp(async (folder) => {
  const builder = new URL('../../.dev/sample.mjs', import.meta.url).href;
  const { buildSample } = (await import(builder)) as { buildSample: (folder: string) => Promise<string> };
  await buildSample(folder);
});
