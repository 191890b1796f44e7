// What keeps a front door from knowing whom to talk to, or about what.

export type SessionErrorCode =
  | 'NO_SUCH_CONNECTION'
  | 'CONNECTION_EXISTS'
  | 'BAD_CONNECTION'
  /** Credentials would go over http to another machine. */
  | 'UNENCRYPTED'
  | 'NO_SUCH_APP'
  | 'NO_SUCH_CHANNEL'
  /** There are several, or none, and nothing says which one is meant. */
  | 'WHICH_APP'
  | 'WHICH_CHANNEL';

/** One sentence; `hint` is the next step. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;
  readonly hint: string | undefined;
  constructor(code: SessionErrorCode, message: string, hint?: string) {
    super(message);
    this.name = 'SessionError';
    this.code = code;
    this.hint = hint;
  }
}
