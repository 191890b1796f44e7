// A channel's runtime process: gets the app by message, compiles each module once, runs guests on request, and
// ends with its parent. Its argument is the worker's file; V8's flags are set by whoever starts it.

import { pathToFileURL } from 'node:url';
import type { FromProcess, ToProcess } from './messages.ts';
import { Threads } from './threads.ts';

const [, , workerFile = ''] = process.argv;
const threads = new Threads(pathToFileURL(workerFile), send);

// Not `exit`, which waits for every thread: one may be where it cannot be ended.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (message: ToProcess) => {
  switch (message.type) {
    case 'file':
      return threads.addFile(message.paths, message.content);
    case 'compile':
      return threads.compile(message.id, message.sha256, message.bytes);
    case 'run':
      return threads.run(message.id, message.run);
    case 'stdin':
      return threads.pass(message, message.chunk);
    case 'response':
      return threads.pass(message, message.response);
    case 'credit':
      return threads.credit(message.id, message.bytes);
    case 'cancel':
      return threads.cancel(message.id);
  }
});

function send(message: FromProcess): void {
  // An error means that the parent is gone, which `disconnect` reports.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
