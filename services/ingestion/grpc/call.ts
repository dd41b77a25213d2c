/** One open call: what the stages know of it, and how it ends. */

import type { Duration } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServerInterceptingCallInterface, status } from '@grpc/grpc-js';
import type { Caller } from '../../shared/auth/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { CustomerKey } from '../../shared/personal-data/index.ts';
import { callSpec, noTraces, type TraceSpan, type Traces } from '../../shared/trace/index.ts';
import { readTraceparent, traceIdFrom } from '../application/common/trace-ids.ts';
import type { Bodies } from '../application/limits/body-budget.ts';
import type { Entry } from '../application/limits/entry.ts';
import type { FlagDeps } from '../application/limits/flags.ts';
import type { IdentifyDeps } from '../application/limits/identify.ts';
import type { OverloadDeps } from '../application/limits/overload.ts';
import type { RateLimiter } from '../application/limits/rate-limit.ts';
import type { Refusals } from '../application/limits/refusals.ts';
import type { CustomerKeys } from '../application/sealing/customer-keys.ts';
import type { Patience } from '../application/wait/patience.ts';
import { problemTable } from '../problems/problem-table.ts';
import { encodeStatus } from './error-details.ts';
import { msOf } from './messages/times.ts';
import type { GrpcDeps } from './methods/deps.ts';
import type { Method, StreamCall } from './methods/index.ts';
import { Problem } from './problem.ts';
import { statusCodeOf } from './status-code.ts';

/** A call as the library has it. */
export type WireCall = ServerInterceptingCallInterface;

export interface ServedDeps extends GrpcDeps, IdentifyDeps, OverloadDeps, FlagDeps {
  readonly entry: Entry;
  readonly bodies: Bodies;
  readonly refusals: Refusals;
  readonly rates: RateLimiter;
  readonly customerKeys: CustomerKeys;
  readonly log: Logger;
  readonly traces?: Traces;
}

/** Smaller messages arrive in a few reads. To count them would cost more than to receive them. */
const countedFromBytes = 32 * 1024;
const waitMsMax = 30_000;
/** An answer leaves this long before the deadline, so that it still arrives. */
const answerMarginMs = 100;
/** The status of a late call leaves this long before the deadline. At the deadline the library sends its own. */
const statusMarginMs = 5;

/** Maximum bytes of a stream that the client has not read. A version has about a kilobyte. */
const unreadBytesMax = 64 * 1024;
const readsTooSlowly = new Problem('SHARE_USED_UP', { detail: 'The client does not read its stream.' });

/** The caller of a call until its token is checked. */
const nobody: Caller = { customerId: '', scopes: new Set(), expiresAtMs: 0 };

/** A class, because ten thousand open streams should not have a set of functions each. */
export class OpenCall implements StreamCall {
  readonly wire: WireCall;
  caller = nobody;
  customerKey: CustomerKey | null = null;
  traceparent: string | null = null;
  hasMessage = false;
  hasEnded = false;
  private span: TraceSpan | null = null;
  private readonly deps: ServedDeps;
  private readonly method: Method;
  private readonly startedMs = performance.now();
  /** Epoch milliseconds; infinite without a deadline. */
  private readonly deadlineMs: number;
  private deadlineTimer: NodeJS.Timeout | undefined;
  private reservedBytes = 0;
  private chargedOrders = 0;
  private mayHaveEffect = false;
  private unreadBytes = 0;
  private mode: 'plain' | 'wait' | 'stream' = 'plain';
  private onGone: (() => void) | null = null;

  constructor(deps: ServedDeps, method: Method, wire: WireCall) {
    this.deps = deps;
    this.method = method;
    this.wire = wire;
    const deadline = wire.getDeadline();
    this.deadlineMs = typeof deadline === 'number' ? deadline : deadline.getTime();
    if (this.deadlineMs === Number.POSITIVE_INFINITY) return;
    const leftMs = Math.max(0, this.deadlineMs - Date.now() - statusMarginMs);
    this.deadlineTimer = setTimeout(() => this.failLate(), leftMs);
  }

  /** Starts the span of the call, in the trace that the caller names. */
  startSpan(field: unknown): void {
    const { traces = noTraces } = this.deps;
    const { parent, name } = this.method.desc;
    const callers = readTraceparent(field);
    if (traces.isOn) this.span = traces.startRoot(callSpec(`${parent.typeName}/${name}`), callers);
    this.traceparent = this.span?.traceparent ?? callers;
  }

  /** Reserves the bytes of a message that is not received yet. False if the caller has too many. */
  reserve(bytes: number): boolean {
    if (bytes < countedFromBytes) return true;
    if (this.deps.bodies.begin(this.caller.customerId, bytes) !== null) return false;
    this.reservedBytes = bytes;
    return true;
  }

  /** The message has arrived. A small one needs no reservation any more. */
  received(bytes: number): void {
    this.hasMessage = true;
    if (bytes < countedFromBytes) this.release(false);
  }

  patience(wait: Duration | undefined): Patience {
    const isWanted = wait !== undefined && this.deps.flags.waits;
    if (isWanted) this.mode = 'wait';
    const wantedMs = isWanted ? Math.min(waitMsMax, msOf(wait)) : 0;
    const leftMs = this.deadlineMs - Date.now() - answerMarginMs;
    return {
      waitMs: Math.max(0, Math.min(wantedMs, leftMs)),
      onGone: (close) => {
        this.onGone = close;
      },
    };
  }

  beginEffect(): boolean {
    this.mayHaveEffect = true;
    return !this.hasEnded;
  }

  async charge(orders: number): Promise<Problem | null> {
    const { rates } = this.deps;
    const rest = orders - this.chargedOrders;
    if (rest <= 0) return null;
    const { allowed, waitMs } = await rates.take(this.caller.customerId, rest);
    // A retry is charged for all orders again.
    if (!allowed)
      return new Problem('RATE_LIMITED', { retryAfterMs: waitMs + rates.refillMs(this.chargedOrders) });
    this.chargedOrders = orders;
    return null;
  }

  /** Ends the call with a message. */
  answer(message: Uint8Array): void {
    if (this.hasEnded) return;
    this.end(status.OK, false);
    this.wire.sendMessage(message, () => undefined);
    this.wire.sendStatus({ code: status.OK, details: '' });
  }

  begin(close: () => void): void {
    this.mode = 'stream';
    this.onGone = close;
  }

  send(message: Uint8Array): void {
    if (this.hasEnded) return;
    this.unreadBytes += message.length;
    if (this.unreadBytes > unreadBytesMax) {
      this.sendProblem(readsTooSlowly, statusCodeOf(readsTooSlowly.code));
      return;
    }
    this.wire.sendMessage(message, () => {
      this.unreadBytes -= message.length;
    });
  }

  finish(): void {
    if (this.hasEnded) return;
    this.end(status.OK, false);
    this.wire.sendStatus({ code: status.OK, details: '' });
  }

  /** Ends the call with the status of the problem. A caller that keeps sending refused calls gets it later. */
  fail(problem: Problem): void {
    const { code } = problem;
    const isRefusal = code === 'RATE_LIMITED' || code === 'SHARE_USED_UP';
    const delayMs = isRefusal ? this.deps.refusals.delayMs(this.caller.customerId) : 0;
    if (delayMs === 0) this.sendProblem(problem, statusCodeOf(code));
    else setTimeout(() => this.sendProblem(problem, statusCodeOf(code)), delayMs);
  }

  /** Ends the call with SHARE_USED_UP. */
  refuseShare(detail: string): void {
    this.deps.metrics.inc('ingestion_refusals_total', { reason: 'share' });
    this.fail(new Problem('SHARE_USED_UP', { detail, retryAfterMs: 1_000 }));
  }

  /** The client has gone, or the library has ended the call. */
  close(): void {
    this.end(status.CANCELLED, true);
  }

  private failLate(): void {
    const isRead = this.method.admissionClass === 'read';
    const code = isRead ? 'DEADLINE_EXCEEDED' : this.mayHaveEffect ? 'OUTCOME_UNKNOWN' : 'NOT_PRODUCED';
    this.sendProblem(new Problem(code), status.DEADLINE_EXCEEDED);
  }

  private sendProblem(problem: Problem, code: status): void {
    if (this.hasEnded) return;
    const { code: reason, fields, retryAfterMs, cause } = problem;
    const traceId = traceIdFrom(this.traceparent);
    if (reason === 'INTERNAL') {
      const { name: method } = this.method.desc;
      this.deps.log.error({ err: cause, method, traceId }, 'a call failed unexpectedly');
    }
    const message = problem.detail ?? problemTable[reason].meaning;
    const details = encodeStatus({ status: code, message, reason, traceId, fields, retryAfterMs });
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from(details));
    this.end(code, !isFault(code));
    this.wire.sendStatus({ code, details: message, metadata });
  }

  private release(isWasted: boolean): void {
    if (this.reservedBytes > 0) this.deps.bodies.end(this.caller.customerId, this.reservedBytes, isWasted);
    this.reservedBytes = 0;
  }

  private end(code: status, isWasted: boolean): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.deadlineTimer);
    this.release(isWasted);
    const { metrics } = this.deps;
    const { name: method } = this.method.desc;
    metrics.inc('grpc_requests_total', { method, code: status[code] });
    this.span?.set({ 'rpc.response.status_code': status[code] });
    this.span?.end(isFault(code) ? status[code] : null);
    metrics.observe('grpc_request_seconds', (performance.now() - this.startedMs) / 1000, {
      method,
      mode: this.mode,
    });
    this.onGone?.();
  }
}

/** Whether the status is a fault of the service, and not of the caller. */
function isFault(code: status): boolean {
  return code === status.UNAVAILABLE || code === status.INTERNAL;
}
