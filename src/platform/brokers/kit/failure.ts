// A refusal or failure as a platform gets it.

import { osbErrors, type OsbError } from '../../../addons/osb.ts';

/** The message is the `description`: it is shown to users and holds no secret. */
export class BrokerFailure extends Error {
  readonly status: number;
  /** One word in CamelCase. */
  readonly code: string;
  readonly details: Pick<OsbError, 'instance_usable' | 'update_repeatable'>;

  constructor(
    status: number,
    code: string,
    description: string,
    options: ErrorOptions & { details?: BrokerFailure['details'] } = {},
  ) {
    super(description, options);
    this.name = 'BrokerFailure';
    this.status = status;
    this.code = code;
    this.details = options.details ?? {};
  }

  get body(): OsbError {
    return { error: this.code, description: this.message, ...this.details };
  }
}

export function badRequest(description: string): BrokerFailure {
  return new BrokerFailure(400, 'BadRequest', description);
}

export function notFound(description: string): BrokerFailure {
  return new BrokerFailure(404, 'NotFound', description);
}

export function conflict(description: string): BrokerFailure {
  return new BrokerFailure(409, 'Conflict', description);
}

/** Something else is being done to it: the platform tries again later. */
export function busy(description: string): BrokerFailure {
  return new BrokerFailure(422, osbErrors.concurrency, description);
}

/** It cannot be done, now or at all, and nothing has changed. */
export function refused(code: string, description: string): BrokerFailure {
  return new BrokerFailure(422, code, description);
}
