/** A problem of one order of a batch, as a message. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import { problemTable } from '../../problems/problem-table.ts';
import type { ProblemSchema } from '../generated/orderstream/v1/orders_pb.ts';
import type { Problem } from '../problem.ts';
import { durationOf } from './times.ts';

export function showProblem({
  code,
  detail,
  fields,
  retryAfterMs,
}: Problem): MessageInitShape<typeof ProblemSchema> {
  return {
    code,
    message: detail ?? problemTable[code].meaning,
    fieldViolations: [...fields],
    ...(retryAfterMs !== null && { retryDelay: durationOf(retryAfterMs) }),
  };
}
