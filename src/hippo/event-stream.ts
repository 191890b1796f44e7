// Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface ServerSentEvent {
  /** Of this event or, if it has none, of the last one that had. */
  readonly id: string;
  readonly data: string;
}

export async function* readEventStream(body: Readable): AsyncGenerator<ServerSentEvent> {
  const lines = createInterface({ input: body, crlfDelay: Infinity });
  let failure: Error | undefined;
  // The lines only end when what they come from fails.
  body.once('error', (error: Error) => {
    failure = error;
    lines.close();
  });
  let id = '';
  let data: string[] = [];
  try {
    for await (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { id, data: data.join('\n') };
        data = [];
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === 'id') id = value;
      else if (field === 'data') data.push(value);
    }
    if (failure !== undefined) throw failure;
  } finally {
    // Both tell of their end as an error, also when nobody listens any more.
    lines.on('error', () => undefined);
    body.destroy();
  }
}
