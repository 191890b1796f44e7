// `/api/platform`: administrators look at the process, keep it and end it, on every operating system.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { platformPaths, type PlatformStatus } from '../../hippo/platform-api.ts';

export interface ControlOptions {
  /** Whether an administrator sends a request. */
  readonly isAdministrator: (request: IncomingMessage) => boolean | Promise<boolean>;
  readonly status: () => PlatformStatus;
  readonly keep: () => void;
  /** Called when the answer has gone out. */
  readonly stop: () => void;
}

/** Answers a request to `/api/platform`; gives false, with nothing done, for any other. */
export function createControl(
  options: ControlOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const routes: Record<string, (response: ServerResponse) => void> = {
    [`GET ${platformPaths.status}`]: (response) => send(response, 200, options.status()),
    [`POST ${platformPaths.keep}`]: (response) => {
      options.keep();
      send(response, 204);
    },
    [`POST ${platformPaths.stop}`]: (response) => {
      response.once('close', options.stop);
      send(response, 202, {});
    },
  };
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const route = routes[`${request.method} ${path}`];
    if (route === undefined) return false;
    request.resume();
    void Promise.resolve()
      .then(() => options.isAdministrator(request))
      .catch(() => false)
      .then((allowed) => {
        if (allowed) route(response);
        else {
          response.setHeader('www-authenticate', 'Bearer');
          const status = request.headers.authorization === undefined ? 401 : 403;
          const detail = 'Only administrators may look after the process of this Hippo.';
          send(response, status, { title: status === 401 ? 'Unauthorized' : 'Forbidden', status, detail });
        }
      });
    return true;
  };
}

function send(response: ServerResponse, status: number, body?: object): void {
  response.statusCode = status;
  // The process may be about to end: no peer should come back on this connection.
  response.setHeader('connection', 'close');
  if (body === undefined) return void response.end();
  response.setHeader('content-type', status < 300 ? 'application/json' : 'application/problem+json');
  response.end(JSON.stringify(body));
}
