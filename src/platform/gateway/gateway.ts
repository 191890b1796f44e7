// Brings a visitor's request to the channel that its Host names.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BindleId } from '../../bindle/id.ts';
import type { StringMap } from '../../bindle/invoice.ts';
import type { Runtime } from '../runtime/runtime.ts';

export interface GatewayChannel {
  readonly id: string;
  readonly name: string;
  readonly appName: string;
  /** What it runs; undefined as long as no revision satisfies it. */
  readonly bindle: BindleId | undefined;
  readonly environment: StringMap;
}

export interface GatewayOptions {
  readonly channelAt: (domain: string) => GatewayChannel | undefined;
  readonly runtime: Pick<Runtime, 'handle'>;
  /** Told of failures that are the gateway's own; the visitor hears nothing of their cause. */
  readonly report: (error: unknown) => void;
}

export interface Gateway {
  /** Answers a request for `domain`; never rejects. */
  handle(domain: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function createGateway({ channelAt, runtime, report }: GatewayOptions): Gateway {
  async function answer(domain: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const channel = channelAt(domain);
    if (channel === undefined) return reply(response, 404, 'No channel is served under this name.');
    const { id, name, appName, bindle, environment } = channel;
    if (bindle === undefined)
      return reply(
        response,
        503,
        `The channel ${name} of the app ${appName} has no revision yet: publish one that it takes.`,
      );
    const defaultHost = `${domain}:${request.socket.localPort ?? 80}`;
    await runtime.handle({ id, bindle, environment }, { scheme: 'http', defaultHost }, request, response);
  }

  return {
    async handle(domain, request, response) {
      try {
        await answer(domain, request, response);
      } catch (error) {
        report(error);
        if (response.headersSent) response.destroy();
        else reply(response, 500, 'The gateway could not answer.');
      }
    },
  };
}

function reply(response: ServerResponse, status: number, sentence: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${sentence}\n`);
}
