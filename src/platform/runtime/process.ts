// A channel's runtime process: gets the app by message, compiles each module once, runs guests on request, and
// ends with its parent. Its argument is the worker's file; V8's flags are set by whoever starts it.

import { pathToFileURL } from 'node:url';
import type { AppContents, FromProcess, RuntimeLimits, ToProcess } from './messages.ts';
import { WorkerPool } from './pool.ts';

const [, , workerFile = ''] = process.argv;
let pool: WorkerPool | undefined;

process.on('disconnect', () => process.exit());
process.on('message', (message: ToProcess) => void answer(message));

async function answer(message: ToProcess): Promise<void> {
  if (message.type === 'load') {
    const { loaded, exports } = await load(message.contents, message.limits);
    pool = loaded;
    send({ type: 'loaded', exports });
  } else if (pool !== undefined) {
    send({ type: 'outcome', id: message.id, outcome: await pool.run(message.run) });
  }
}

function send(message: FromProcess): void {
  if (process.connected) process.send?.(message);
}

async function load(
  { modules, files }: AppContents,
  limits: RuntimeLimits,
): Promise<{ loaded: WorkerPool; exports: Map<string, string[]> }> {
  const compiled = new Map<string, WebAssembly.Module | string>(
    await Promise.all([...modules].map(async ([sha256, bytes]) => [sha256, await compile(bytes)] as const)),
  );
  const exports = new Map(
    [...compiled].map(([sha256, module]) => [sha256, typeof module === 'string' ? [] : functionsOf(module)]),
  );
  const shared = new Map([...files].map(([path, content]) => [path, toShared(content)]));
  const data = { modules: compiled, files: shared, limits };
  return { loaded: new WorkerPool(pathToFileURL(workerFile), data, limits), exports };
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module | string> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function functionsOf(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
}

function toShared(content: Uint8Array): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(content.byteLength);
  new Uint8Array(shared).set(content);
  return shared;
}
