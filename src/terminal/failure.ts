// Errors as a person at a terminal meets them: one sentence, a next step, an exit code.

import { CommanderError } from 'commander';
import { PushError } from '../bindle/push.ts';
import { ManifestError } from '../hippofacts/manifest-error.ts';
import { paint, say, visible, type Screen } from './screen.ts';

/** Documented in the README: scripts depend on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  project: 3,
  server: 4,
  denied: 5,
  cancelled: 130,
} as const;

/** A refusal of the command itself: wrong words, nothing to do, something missing. */
export class CommandError extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;
  constructor(message: string, more: { hint?: string; exitCode?: number } = {}) {
    super(message);
    this.name = 'CommandError';
    this.hint = more.hint;
    this.exitCode = more.exitCode ?? EXIT.failed;
  }
}

/** What was wrong has been said already, in detail. */
export class AlreadySaid extends Error {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super('already said');
    this.exitCode = exitCode;
  }
}

const BY_CODE: Record<string, number> = {
  CANCELLED: EXIT.cancelled,
  UNAUTHORIZED: EXIT.denied,
  FORBIDDEN: EXIT.denied,
  UNREACHABLE: EXIT.server,
  BROKEN: EXIT.server,
  NOT_BINDLE: EXIT.server,
  SERVER: EXIT.server,
  REFUSED: EXIT.server,
  STUCK: EXIT.server,
  PARCEL_REFUSED: EXIT.server,
  BAD_URL: EXIT.usage,
  BAD_ID: EXIT.usage,
  STORAGE_ID: EXIT.project,
  CONTENT_DIFFERS: EXIT.project,
  VERSION_TAKEN: EXIT.project,
  NO_VERSION: EXIT.project,
  READ_ONLY: EXIT.project,
  DECLINED: EXIT.cancelled,
  UNSIGNED: EXIT.denied,
  UNKNOWN_KEY: EXIT.denied,
  NOT_VIA_HIPPO: EXIT.usage,
  NOT_REGISTERED: EXIT.server,
  NOT_ALLOWED: EXIT.denied,
  NOT_RUNNING: EXIT.server,
  FILE_CHANGED: EXIT.project,
  FILE_UNREADABLE: EXIT.project,
  NO_SUCH_FILE: EXIT.project,
  SEVERAL_FOUND: EXIT.project,
  NOT_UTF8: EXIT.project,
  INVALID_NAME: EXIT.usage,
  NO_SUCH_TEMPLATE: EXIT.usage,
  NOT_HIPPO: EXIT.server,
  INVALID: EXIT.server,
  CONFLICT: EXIT.server,
  LIMITED: EXIT.server,
  UNSUPPORTED: EXIT.server,
  PLATFORM_FAILED: EXIT.server,
  PLATFORM_IN_USE: EXIT.server,
  PLATFORM_BUSY: EXIT.server,
  BAD_CONNECTION: EXIT.usage,
  NO_SUCH_CONNECTION: EXIT.usage,
  CONNECTION_EXISTS: EXIT.usage,
  UNENCRYPTED: EXIT.usage,
  WHICH_APP: EXIT.usage,
  WHICH_CHANNEL: EXIT.usage,
  CHANNEL_NAME: EXIT.usage,
  NO_ADDONS: EXIT.server,
  ADDON_FAILED: EXIT.server,
  NO_SUCH_OFFERING: EXIT.usage,
  NO_SUCH_PLAN: EXIT.usage,
  WHICH_OFFERING: EXIT.usage,
  WHICH_ADDON: EXIT.usage,
};

/** Says what went wrong on stderr and gives the exit code. */
export function report(screen: Screen, error: unknown): number {
  if (error instanceof AlreadySaid) return error.exitCode;
  // commander has printed its own message; help and version end that way too, with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const { message, hint, code, exitCode } = describe(error);
  say(screen, `${paint(screen, 'red', 'error:')} ${visible(message)}`);
  if (hint !== undefined) say(screen, hint);
  if (screen.env['HIPPO_DEBUG'] && error instanceof Error) say(screen, error.stack ?? '');
  if (exitCode !== undefined) return exitCode;
  // A HIPPOFACTS that is not found and a bindle that is not found have the same code.
  if (error instanceof ManifestError && code === 'NOT_FOUND') return EXIT.project;
  // What is yanked cannot be read, and its version cannot be had again.
  if (error instanceof PushError && code === 'YANKED') return EXIT.project;
  return BY_CODE[code ?? ''] ?? EXIT.failed;
}

interface Description {
  message: string;
  hint?: string | undefined;
  code?: string | undefined;
  exitCode?: number | undefined;
}

/** Our errors have a `code` and are sentences; others are faults of ours, or of the system, and say so. */
function describe(error: unknown): Description {
  if (!(error instanceof Error)) return { message: `Unexpected failure: ${String(error)}` };
  const { message, hint, code, exitCode } = error as Error & Description;
  if (code === undefined && exitCode === undefined)
    return {
      message: `Unexpected failure: ${message}`,
      hint: 'This is a fault of the program. Run it again with HIPPO_DEBUG=1 and report what it prints.',
    };
  const { path, syscall } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return { message: 'The disk is full.', hint: 'Free some space and try again.' };
  if (syscall !== undefined && path !== undefined)
    return { message: `${path} cannot be used (${code}, ${syscall}).` };
  return { message, hint, code, exitCode };
}
