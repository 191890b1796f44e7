// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { HippoEvent } from './events.ts';

/** The events of a stream with their ids; what is not an event of ours is passed over. */
export async function* readEvents(body: Readable): AsyncGenerator<{ id: string; event: HippoEvent }> {
  let id = '';
  let data: string[] = [];
  // A stream that fails fails the loop below as well.
  const lines = createInterface({ input: body, crlfDelay: Infinity });
  let failure: Error | undefined;
  body.once('error', (error: Error) => {
    failure = error;
    lines.close();
  });
  try {
    for await (const line of lines) {
      if (line === '') {
        const event = parse(data.join('\n'));
        data = [];
        if (event) yield { id, event };
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === 'id') id = value;
      else if (field === 'data') data.push(value);
    }
    if (failure !== undefined) throw failure;
  } finally {
    body.destroy();
  }
}

function parse(text: string): HippoEvent | undefined {
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as HippoEvent;
  } catch {
    return undefined;
  }
}
