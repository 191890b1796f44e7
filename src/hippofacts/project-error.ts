// A new project that cannot be made.

/** `NOT_A_FOLDER`: something else has that name. */
export type ProjectErrorCode = 'NO_SUCH_TEMPLATE' | 'NOT_EMPTY' | 'NOT_A_FOLDER' | 'INVALID_NAME';

export class ProjectError extends Error {
  readonly code: ProjectErrorCode;
  constructor(code: ProjectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProjectError';
    this.code = code;
  }
}
