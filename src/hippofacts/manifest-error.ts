// A HIPPOFACTS that cannot be found, read or made.

export type ManifestErrorCode =
  'NOT_FOUND' | 'SEVERAL_FOUND' | 'NO_SUCH_FILE' | 'NOT_UTF8' | 'EXISTS' | 'INVALID_NAME';

export class ManifestError extends Error {
  readonly code: ManifestErrorCode;
  constructor(code: ManifestErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ManifestError';
    this.code = code;
  }
}
