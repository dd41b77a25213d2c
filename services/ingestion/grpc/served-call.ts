/**
 * The stages of a call, in calling order: admission → token → flags → turn → budget, then message → rate → key → method. A stage
 * passes the call on or ends it with a status. The first stages run before the first byte of the message is read.
 *
 * This file talks to the call itself and not to a handler of the library. So a refused call reads nothing, and an open
 * stream keeps little memory (docs/decisions/0098).
 */
import type { Metadata } from '@grpc/grpc-js';
import type { Caller } from '../../shared/auth/index.ts';
import { hasScope, missingScope } from '../application/common/caller.ts';
import { Failure } from '../application/common/failure.ts';
import { flagFailureOf, type OperationFlag } from '../application/limits/flags.ts';
import { bearerTokenOf, identify, siteOf } from '../application/limits/identify.ts';
import { overloadOf } from '../application/limits/overload.ts';
import { OpenCall, type ServedDeps, type WireCall } from './call.ts';
import type { Method } from './methods/index.ts';
import { Problem, problemOf } from './problem.ts';

/** Serves one call of the method. */
export function serveCall(deps: ServedDeps, method: Method, wire: WireCall): void {
  const call = new OpenCall(deps, method, wire);
  wire.start({
    onReceiveMetadata: (metadata) => admit(deps, method, call, metadata),
    onReceiveMessage: (message: Buffer) => void receive(deps, method, call, message),
    onReceiveHalfClose: () => {
      if (!call.hasMessage) call.fail(noMessage);
    },
    onCancel: () => call.close(),
  });
}

const noMessage = new Problem('MESSAGE_INVALID', { detail: 'The call has no message.' });
const noFlags: readonly OperationFlag[] = [];
const noToken = new Problem('UNAUTHORIZED');

function admit(deps: ServedDeps, method: Method, call: OpenCall, metadata: Metadata): void {
  const field = String(metadata.get('authorization')[0] ?? '');
  // An open stream keeps its metadata, and needs no token.
  metadata.remove('authorization');
  call.startSpan(metadata.get('traceparent')[0]);
  const token = bearerTokenOf(field);
  const known = (): Caller | null => (token === null ? null : deps.verifier.known(token));
  const overload = overloadOf(deps, method.admissionClass, known);
  if (overload !== null) {
    call.fail(problemOf(overload));
    return;
  }
  if (token === null) {
    call.fail(noToken);
    return;
  }
  const { remoteAddress = '' } = call.wire.getConnectionInfo();
  const source = { address: siteOf(remoteAddress), connection: call.wire, isGone: () => call.hasEnded };
  identify(deps, token, source, (result) => {
    if (result instanceof Failure) call.fail(problemOf(result));
    else enter(deps, method, call, result);
  });
}

function enter(deps: ServedDeps, method: Method, call: OpenCall, caller: Caller): void {
  call.caller = caller;
  const { scopes, flags = noFlags } = method;
  if (!hasScope(caller, scopes)) {
    call.fail(new Problem('SCOPE_MISSING', { detail: missingScope(scopes[0]!) }));
    return;
  }
  const off = flagFailureOf(deps, flags);
  if (off !== null) {
    call.fail(problemOf(off));
    return;
  }
  const { customerId } = caller;
  deps.usage.note(customerId);
  const isTaken = deps.entry.come(customerId, () => {
    if (call.hasEnded) return;
    if (call.reserve(method.bytesMax)) call.wire.startRead();
    else call.refuseShare('You send too many messages, or too many invalid ones.');
  });
  if (!isTaken) call.refuseShare('You have the maximum number of open requests.');
}

async function receive(deps: ServedDeps, method: Method, call: OpenCall, message: Buffer): Promise<void> {
  call.received(message.length);
  try {
    const problem = await check(deps, method, call, message);
    if (problem !== null) call.fail(problem);
    else if (!call.hasEnded) await run(method, call, message);
  } catch (cause) {
    call.fail(new Problem('INTERNAL', { cause }));
  }
}

/** The stages size, rate and key. Null if the message may be decoded. */
async function check(
  { customerKeys }: ServedDeps,
  { bytesMax, isCharged, sealsMessage }: Method,
  call: OpenCall,
  message: Buffer,
): Promise<Problem | null> {
  if (message.length > bytesMax) {
    const detail = `The message of this method may have at most ${bytesMax / 1024} KiB.`;
    return new Problem('BODY_TOO_LARGE', { detail });
  }
  const refusal = isCharged === true ? await call.charge(1) : null;
  if (refusal !== null || sealsMessage !== true) return refusal;
  const key = await customerKeys.keyOf(call.caller.customerId);
  if (key instanceof Failure) return problemOf(key);
  call.customerKey = key;
  return null;
}

async function run(method: Method, call: OpenCall, message: Buffer): Promise<void> {
  const answer =
    method.kind === 'unary' ? await method.answer(call, message) : await method.open(call, message);
  if (answer instanceof Failure) call.fail(problemOf(answer));
  else if (answer instanceof Problem) call.fail(answer);
  else if (answer !== null) call.answer(answer);
}
