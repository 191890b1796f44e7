// What goes wrong, as a person meets it: one sentence, and the buttons that help.

import type { SettingKey } from './ids.ts';

/** Somebody has closed a question: nothing to say about. */
export class Cancelled extends Error {
  readonly code = 'CANCELLED';
  constructor() {
    super('Cancelled.');
    this.name = 'Cancelled';
  }
}

export type Remedy = 'retry' | 'signIn' | 'editConnection' | 'openSettings' | 'manageTrust' | 'viewOutput';

/** A button for one failure alone. */
export interface Help {
  readonly label: string;
  /** True: what failed may now be tried again. */
  readonly run: () => boolean | Promise<boolean>;
}

/** A refusal of the editor itself; the message is one sentence for people. */
export class EditorError extends Error {
  readonly code: string;
  readonly remedies: readonly Remedy[];
  /** The one to be opened where `openSettings` is a remedy. */
  readonly setting: SettingKey | undefined;
  /** Before the remedies. */
  readonly help: readonly Help[];
  constructor(
    code: string,
    message: string,
    more: {
      help?: readonly Help[];
      remedies?: readonly Remedy[];
      setting?: SettingKey;
      cause?: unknown;
    } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'EditorError';
    this.code = code;
    this.remedies = more.remedies ?? [];
    this.setting = more.setting;
    this.help = more.help ?? [];
  }
}

export interface Failure {
  readonly message: string;
  readonly help?: readonly Help[];
  /** The most helpful first. */
  readonly remedies: readonly Remedy[];
  readonly setting: string | undefined;
}

const RETRY = [
  'BROKEN',
  'SERVER',
  'LIMITED',
  'REFUSED',
  'STUCK',
  'PLATFORM_FAILED',
  'PLATFORM_BUSY',
  'PLATFORM_IN_USE',
  'PARCEL_REFUSED',
  'FILE_CHANGED',
  'NOT_REGISTERED',
  'NOT_RUNNING',
];
const BY_CODE: Readonly<Record<string, readonly Remedy[]>> = {
  ...Object.fromEntries(RETRY.map((code) => [code, ['retry', 'viewOutput'] as const])),
  UNREACHABLE: ['retry', 'editConnection', 'viewOutput'],
  UNAUTHORIZED: ['signIn', 'editConnection', 'viewOutput'],
  UNENCRYPTED: ['signIn', 'editConnection'],
  NOT_ALLOWED: ['signIn', 'viewOutput'],
  NOT_HIPPO: ['editConnection', 'viewOutput'],
  NOT_BINDLE: ['editConnection', 'viewOutput'],
  BAD_URL: ['editConnection', 'viewOutput'],
  BAD_CONNECTION: ['editConnection', 'viewOutput'],
};

/**
 * Errors of every room by their `code`, never by class: lazy bundles have classes of their own.
 * @returns undefined for what was cancelled
 */
export function describeFailure(error: unknown): Failure | undefined {
  if (isCancelled(error)) return undefined;
  if (!(error instanceof Error))
    return { message: `Unexpected failure: ${String(error)}`, remedies: ['viewOutput'], setting: undefined };
  const {
    code,
    message,
    help = [],
    remedies,
    setting,
    path,
    syscall,
  } = error as Error & Partial<EditorError> & Partial<NodeJS.ErrnoException>;
  if (code === 'ENOSPC') return { message: 'The disk is full.', remedies: ['retry'], setting: undefined };
  if (syscall !== undefined && path !== undefined)
    return {
      message: `${path} cannot be used (${code}, ${syscall}).`,
      remedies: ['retry', 'viewOutput'],
      setting: undefined,
    };
  if (code === undefined)
    return { message: `Unexpected failure: ${message}`, remedies: ['viewOutput'], setting: undefined };
  const known = remedies && remedies.length > 0 ? remedies : BY_CODE[code];
  return {
    message: firstSentence(message),
    ...(help.length === 0 ? {} : { help }),
    remedies: known ?? ['viewOutput'],
    setting,
  };
}

/** Ours, an aborted signal, or VS Code's own. */
export function isCancelled(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, name } = error as Error & { code?: unknown };
  return code === 'CANCELLED' || name === 'AbortError' || name === 'Canceled' || code === 'ABORT_ERR';
}

/** A notification is one line; the rest is in the output channel. */
function firstSentence(message: string): string {
  const [line = ''] = message.split('\n', 1);
  return line.length > 300 ? `${line.slice(0, 297)}…` : line;
}
