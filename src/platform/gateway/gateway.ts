// Brings a visitor's request to the channel that its Host, or the port it came by, stands for.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BindleId } from '../../bindle/id.ts';
import type { StringMap } from '../../bindle/invoice.ts';
import type { RunningChannel, Runtime } from '../runtime/runtime.ts';
import type { AccessLog } from './access-log.ts';

export interface GatewayChannel {
  readonly id: string;
  readonly name: string;
  readonly appName: string;
  /** What it runs; undefined as long as no revision satisfies it. */
  readonly bindle: BindleId | undefined;
  /** Its owner's variables, and those of its add-ons. */
  readonly environment: StringMap;
  /** What its handlers reach by host calls. */
  readonly addons?: RunningChannel['addons'];
  /** Its owner wants it not to run. */
  readonly stopped?: boolean;
}

export interface GatewayOptions {
  readonly channelAt: (domain: string) => GatewayChannel | undefined;
  readonly channelById: (id: string) => GatewayChannel | undefined;
  readonly runtime: Pick<Runtime, 'handle'>;
  readonly accessLog: Pick<AccessLog, 'watch'>;
  /** Told of failures that are the gateway's own; the visitor hears nothing of their cause. */
  readonly report: (error: unknown) => void;
}

/** A name that is served, or the channel whose port it is. */
export type Target = { readonly domain: string } | { readonly channelId: string };

export interface Gateway {
  /** Answers a request; never rejects. */
  handle(target: Target, request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  async function answer(
    target: Target,
    channel: GatewayChannel | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (channel === undefined) return reply(response, 404, 'No channel is served under this name.');
    const { id, name, appName, bindle, environment, addons } = channel;
    if (channel.stopped === true)
      return reply(response, 503, `The channel ${name} of the app ${appName} is stopped: start it again.`);
    if (bindle === undefined)
      return reply(
        response,
        503,
        `The channel ${name} of the app ${appName} has no revision yet: publish one that it takes.`,
      );
    // It would end the value of an environment variable before its end.
    if (/^[^?]*%00/.test(request.url ?? ''))
      return reply(response, 400, 'The path has a character that no path has.');
    const defaultName = 'domain' in target ? target.domain : 'localhost';
    const defaultHost = `${defaultName}:${request.socket.localPort ?? 80}`;
    await options.runtime.handle(
      { id, bindle, environment, ...(addons && { addons }) },
      { scheme: 'http', defaultHost },
      request,
      response,
    );
  }

  return {
    async handle(target, request, response) {
      try {
        const channel =
          'domain' in target ? options.channelAt(target.domain) : options.channelById(target.channelId);
        options.accessLog.watch(request, response, channel ? `${channel.appName}:${channel.name}` : '-');
        await answer(target, channel, request, response);
      } catch (error) {
        options.report(error);
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
