/**
 * The stages between headers and body of a request. They check the load of the process and the caller's share of
 * it.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bodies } from '../../application/limits/body-budget.ts';
import type { Entry } from '../../application/limits/entry.ts';
import { type OverloadDeps, overloadOf } from '../../application/limits/overload.ts';
import type { Refusals } from '../../application/limits/refusals.ts';
import { type AuthDeps, knownCaller, senderOf } from '../auth.ts';
import { sendFailure } from '../failures.ts';
import type { Operation } from '../operation.ts';
import { sendProblem } from '../problems.ts';
import { receiveBody } from './receive-body.ts';

export interface AdmitDeps extends AuthDeps, OverloadDeps {
  readonly entry: Entry;
  readonly bodies: Bodies;
  readonly refusals: Refusals;
}

/** Refuses with OVERLOADED while the process is overloaded. */
export function admit(
  deps: AdmitDeps,
  { admissionClass, scope }: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const overload = overloadOf(deps, admissionClass, () =>
    scope === null ? senderOf(request) : knownCaller(deps, request),
  );
  if (overload === null) done();
  else sendFailure(request, reply, overload);
}

/** Waits for the caller's turn. Refuses with SHARE_USED_UP when too many of its requests wait. */
export function takeTurn(
  deps: AdmitDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  const { customerId } = request.caller;
  deps.usage.note(customerId);
  const isTaken = deps.entry.come(customerId, () => {
    // The client may have disconnected while it waited.
    if (!request.raw.socket.destroyed) done();
  });
  if (!isTaken) refuseShare(deps, request, reply, 'You have the maximum number of open requests.');
}

/** Refuses a body with SHARE_USED_UP if it exceeds the caller's share of the bytes in transit. */
export function budgetBody(
  deps: AdmitDeps,
  operation: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
  done: () => void,
): void {
  if (receiveBody(deps.bodies, operation, request, reply)) done();
  else refuseShare(deps, request, reply, 'You send too many request bodies, or too many invalid ones.');
}

function refuseShare(deps: AdmitDeps, request: FastifyRequest, reply: FastifyReply, detail: string): void {
  deps.metrics.inc('ingestion_refusals_total', { reason: 'share' });
  refuseCaller(deps, request, () =>
    sendProblem(request, reply, 'SHARE_USED_UP', { detail, headers: { 'retry-after': '1' } }),
  );
}

/** Refuses now, or with a delay for a caller that keeps sending refused requests. */
export function refuseCaller(
  { refusals }: Pick<AdmitDeps, 'refusals'>,
  request: FastifyRequest,
  refuse: () => void,
): void {
  const delayMs = refusals.delayMs(request.caller.customerId);
  if (delayMs === 0) refuse();
  else setTimeout(refuse, delayMs);
}
