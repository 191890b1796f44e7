// What goes wrong between a client and a Hippo, as one sentence and the next step.

import { connectionFailure, proxyInUse, type Network } from '../bindle/http.ts';
import type { ProblemDetails } from './common.ts';

export type HippoErrorCode =
  | 'BAD_URL'
  | 'UNREACHABLE'
  | 'BROKEN'
  | 'NOT_HIPPO'
  /** Not signed in, or no longer. */
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  /** The request breaks a rule; `fields` says which. */
  | 'INVALID'
  | 'CONFLICT'
  /** Too many attempts; `retryAfter` says when the next one may be. */
  | 'LIMITED'
  /** This server is too old for it. */
  | 'UNSUPPORTED'
  | 'SERVER';

interface More {
  status?: number;
  hint?: string;
  fields?: Record<string, string[]>;
  retryAfter?: number;
  cause?: unknown;
}

export class HippoError extends Error {
  readonly code: HippoErrorCode;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** The next step. */
  readonly hint: string | undefined;
  /** Property of the request, as the server names it → what is wrong with it. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  constructor(code: HippoErrorCode, message: string, more: More = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'HippoError';
    this.code = code;
    this.status = more.status;
    this.hint = more.hint;
    this.fields = more.fields ?? {};
    this.retryAfter = more.retryAfter;
  }
}

/** A request that got no answer, or not all of it. */
export function unanswered(error: unknown, url: URL, network?: Network): HippoError {
  const { kind, reason } = connectionFailure(error);
  const at = url.origin;
  if (kind === 'certificate')
    return new HippoError('UNREACHABLE', `The certificate of ${at} was not accepted (${reason}).`, {
      hint: 'If its authority is your own, give its certificate by --ca-file; -k turns the check off. If the server does not speak TLS, use http://.',
      cause: error,
    });
  const proxy = proxyInUse(url, network);
  if (kind === 'nobody' && proxy !== undefined)
    return new HippoError(
      'UNREACHABLE',
      `${at} cannot be reached by way of the proxy that ${proxy} names (${reason}).`,
      { hint: 'Check that and the address; NO_PROXY lists what needs no proxy.', cause: error },
    );
  if (kind === 'nobody')
    return new HippoError('UNREACHABLE', `No Hippo answers at ${at} (${reason}).`, {
      hint: 'Check the address and that Hippo is running; `hippo platform start` starts a local one.',
      cause: error,
    });
  return new HippoError('BROKEN', `The connection to Hippo at ${at} broke off (${reason}).`, {
    hint: 'Try again.',
    cause: error,
  });
}

export interface Refusal {
  status: number;
  text: string;
  retryAfter?: number;
}

/** An answer that is an error, as one sentence with the names of the fields that are wrong. */
export function refused({ status, text, retryAfter }: Refusal, url: URL): HippoError {
  const problem = problemIn(text);
  const fields = Object.fromEntries(
    Object.entries(problem.errors ?? {}).filter(([, problems]) => Array.isArray(problems)),
  );
  const reason =
    Object.entries(fields)
      .map(([field, problems]) => sayField(field, problems))
      .join('. ') ||
    problem.detail ||
    problem.title ||
    `status ${status}`;
  const more = { status, fields, ...(retryAfter === undefined ? {} : { retryAfter }) };
  const sentence = (start: string): string => `${start}: ${reason.replace(/\.$/, '')}.`;
  const at = url.origin;
  switch (status) {
    case 401:
      return new HippoError('UNAUTHORIZED', `Hippo at ${at} does not know who you are.`, {
        ...more,
        hint: 'Sign in with `hippo login`, or renew the token in HIPPO_TOKEN.',
      });
    case 403:
      return new HippoError('FORBIDDEN', sentence(`Hippo at ${at} does not allow this`), more);
    case 404:
      return new HippoError('NOT_FOUND', sentence(`Hippo at ${at} has no such thing`), more);
    case 409:
      return new HippoError('CONFLICT', sentence(`Hippo at ${at} refuses this`), more);
    case 429:
      return new HippoError('LIMITED', sentence(`Hippo at ${at} asks to wait`), {
        ...more,
        hint: retryAfter === undefined ? 'Try again later.' : `Try again in ${retryAfter} seconds.`,
      });
    default:
      if (status >= 500)
        return new HippoError('SERVER', sentence(`Hippo at ${at} failed`), { ...more, hint: 'Try again.' });
      return new HippoError('INVALID', sentence(`Hippo at ${at} refuses this`), more);
  }
}

/** Other Hippos make an app only of bindles that they can see: this is how they refuse. */
export function isUnknownStorage(error: unknown): boolean {
  return (
    error instanceof HippoError &&
    Object.entries(error.fields).some(
      ([field, problems]) => /^storageid$/i.test(field) && problems.some((text) => /not found/i.test(text)),
    )
  );
}

/** `Name is required`, or the sentence alone where it names the field itself. */
function sayField(field: string, problems: readonly string[]): string {
  const said = problems.map((problem) => String(problem).replace(/\.$/, '')).join(', ');
  return said.toLowerCase().startsWith(field.toLowerCase()) ? said : `${field} ${said}`;
}

function problemIn(text: string): Partial<ProblemDetails> {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
