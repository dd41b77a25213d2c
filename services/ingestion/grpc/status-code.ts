/** The gRPC status of each problem. https://grpc.io/docs/guides/status-codes/ says what each status means. */
import { status } from '@grpc/grpc-js';
import { type ProblemCode, problemTable } from '../problems/problem-table.ts';

/** The status of the HTTP statuses; the table below has the exceptions. */
const byHttpStatus: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
  403: status.PERMISSION_DENIED,
  404: status.NOT_FOUND,
  408: status.DEADLINE_EXCEEDED,
  409: status.FAILED_PRECONDITION,
  410: status.DATA_LOSS,
  412: status.ABORTED,
  413: status.RESOURCE_EXHAUSTED,
  422: status.ALREADY_EXISTS,
  429: status.RESOURCE_EXHAUSTED,
  503: status.UNAVAILABLE,
  504: status.DEADLINE_EXCEEDED,
};

/** INTERNAL for a problem that only HTTP has. */
export function statusCodeOf(code: ProblemCode): status {
  return byHttpStatus[problemTable[code].status] ?? status.INTERNAL;
}
