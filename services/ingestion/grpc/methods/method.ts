/** One method of the service. It is the source of the stages of a call, and of what the call answers. */
import type { DescMessage, DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import type { Caller } from '../../../shared/auth/index.ts';
import type { CustomerKey } from '../../../shared/personal-data/index.ts';
import type { Scope } from '../../application/common/caller.ts';
import type { Failure } from '../../application/common/failure.ts';
import type { OperationFlag } from '../../application/limits/flags.ts';
import type { Patience } from '../../application/wait/patience.ts';
import { Problem } from '../problem.ts';

/** The call as a method sees it. */
export interface CallContext {
  readonly caller: Caller;
  /** The caller's `traceparent` if it is valid, otherwise null. */
  readonly traceparent: string | null;
  /** The key that seals personal data; null if nothing is sealed. Only methods with `sealsMessage` have it. */
  readonly customerKey: CustomerKey | null;
  /** The requested wait, at most 30 s. It ends before the deadline of the call. No wait while the flag `waits` is off. */
  patience(wait: Duration | undefined): Patience;
  /**
   * Must be called directly before the first effect. False if the call has ended: then there must be no effect. From now
   * on, the end of the deadline says that the outcome is unknown.
   */
  beginEffect(): boolean;
  /** Charges the caller for this many orders in total. The problem is RATE_LIMITED. */
  charge(orders: number): Promise<Problem | null>;
}

/** The rules of a method, before its message is decoded. */
interface MethodRules {
  /** The scopes of which the token needs one. */
  readonly scopes: readonly Scope[];
  /** During overload, writes are refused long before reads. */
  readonly admissionClass: 'read' | 'write';
  /** Flags that must be on. Otherwise the call is refused with a problem of its own. */
  readonly flags?: readonly OperationFlag[];
  /** Whether the caller's rate is charged for one order before the message is decoded. */
  readonly isCharged?: true;
  /** The message has personal data of the caller, so the key of the caller is read before. */
  readonly sealsMessage?: true;
  readonly bytesMax: number;
}

/** A method that answers with one message. */
export interface UnaryMethod extends MethodRules {
  readonly kind: 'unary';
  readonly desc: DescMethod;
  /** The encoded answer, or why there is none. */
  answer(call: CallContext, message: Uint8Array): Promise<Uint8Array | Failure | Problem>;
}

/** The call of a stream, until it has ended. */
export interface StreamCall extends CallContext {
  readonly hasEnded: boolean;
  /** The stream is open. `close` is called once, when it has ended. */
  begin(close: () => void): void;
  /** Sends an encoded message. A client that does not read ends the stream. */
  send(message: Uint8Array): void;
  /** Ends the stream with OK. */
  finish(): void;
  /** Ends the stream with the status of the problem. */
  fail(problem: Problem): void;
}

/** A method that answers with messages until it ends. */
export interface StreamMethod extends MethodRules {
  readonly kind: 'stream';
  readonly desc: DescMethod;
  /** Null if the stream is open, or why it is not. */
  open(call: StreamCall, message: Uint8Array): Promise<Failure | Problem | null>;
}

/** A typed method before its types are erased. */
export interface UnaryMethodOf<I extends DescMessage, O extends DescMessage> extends MethodRules {
  readonly desc: DescMethod & { readonly input: I; readonly output: O };
  run(call: CallContext, request: MessageShape<I>): Promise<MessageInitShape<O> | Failure | Problem>;
}

/** Maximum message of one order, as in the HTTP API. */
export const orderBytesMax = 64 * 1024;
/** Maximum message of a method without an order. */
export const smallBytesMax = 16 * 1024;
/** Maximum message of a batch. */
export const batchBytesMax = 2 * 1024 * 1024;

/** The answer to a call that has ended. Nobody reads it. */
export const callEnded = new Problem('NOT_PRODUCED');
