// Answers one request without a Hippo, and prints the answer. The request stands in environment variables:
// X_MATCHED_ROUTE=/hello/... PATH_INFO=/World node run.mjs

import { readFile } from 'node:fs/promises';
import { WASI } from 'node:wasi';

const wasi = new WASI({
  version: 'preview1',
  args: ['app'],
  env: process.env,
  preopens: { '/': import.meta.dirname },
});
const module = await WebAssembly.compile(await readFile(new URL('build/app.wasm', import.meta.url)));
wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
