/** A problem as data. Methods return it, and `send-status.ts` makes the status of the call from it. */
import type { Failure } from '../application/common/failure.ts';
import type { RequestFault } from '../application/requests/fault.ts';
import type { ProblemCode } from '../problems/problem-table.ts';
import { fieldOf } from './messages/field-path.ts';

/** One invalid field of a request. */
export interface FieldFault {
  /** Path of the field, for example `order.items[0].sku`. */
  readonly field: string;
  readonly description: string;
}

interface ProblemDetails {
  /** A sentence with details that the code does not give. */
  readonly detail?: string | null;
  readonly fields?: readonly FieldFault[];
  readonly retryAfterMs?: number | null;
  /** The underlying error, only for the log. */
  readonly cause?: unknown;
}

const noFields: readonly FieldFault[] = [];

export class Problem {
  readonly code: ProblemCode;
  /** Null: the meaning of the code says enough. */
  readonly detail: string | null;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | null;
  readonly cause: unknown;

  constructor(
    code: ProblemCode,
    { detail = null, fields = noFields, retryAfterMs = null, cause }: ProblemDetails = {},
  ) {
    this.code = code;
    this.detail = detail;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
    this.cause = cause;
  }
}

/** The problem of a failure of the application. */
export function problemOf({ code, detail, retryAfterMs, cause }: Failure): Problem {
  return new Problem(code, { detail, retryAfterMs, cause });
}

/**
 * The problem of an invalid request. The pointers of the faults begin at the field `at`, for example `order`; '' for the
 * request itself.
 */
export function invalid(faults: readonly RequestFault[], at = ''): Problem {
  const fields = faults.map(({ pointer, detail }) => ({ field: fieldOf(pointer, at), description: detail }));
  const [first] = fields;
  const where = first === undefined || first.field === '' ? 'The request' : first.field;
  return new Problem('VALIDATION_FAILED', {
    detail: `${where} ${first?.description ?? 'is invalid'}.`,
    fields,
  });
}
