/** What every method shares that sends a command of an operator. */
import type { DescMessage, DescMethod, MessageShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../application/common/failure.ts';
import type { OperatorChange } from '../../application/operators/changes.ts';
import { encodeOperatorCommand } from '../../application/operators/operator-command.ts';
import { sendCommand } from '../../application/operators/send-command.ts';
import type { CommandResponseSchema } from '../generated/orderstream/v1/orders_pb.ts';
import { orderIdOf } from '../messages/address.ts';
import { readRequestId } from '../messages/new-order.ts';
import { showCommand } from '../messages/show-command.ts';
import { Problem } from '../problem.ts';
import type { GrpcDeps } from './deps.ts';
import { callEnded, smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

/** The members that every such request has. */
interface CommandRequest {
  readonly id: string;
  readonly requestId: string;
  readonly wait?: Duration | undefined;
}

export interface CommandInput {
  readonly change: OperatorChange;
  /** What the operator sent, as the JSON of the HTTP API has it, for the fingerprint. */
  readonly sent: object;
}

/** `read` returns the command, or the problem of an invalid request. */
export function operatorMethod<I extends DescMessage>(
  deps: GrpcDeps,
  desc: DescMethod & { readonly input: I; readonly output: typeof CommandResponseSchema },
  read: (request: MessageShape<I>) => CommandInput | Problem,
): UnaryMethod {
  return unary({
    desc,
    scopes: ['orders:ops'],
    admissionClass: 'write',
    isCharged: true,
    bytesMax: smallBytesMax,
    async run(call, message) {
      const { id, requestId, wait } = message as MessageShape<I> & CommandRequest;
      const { key, problem } = readRequestId(requestId);
      if (problem !== null) return problem;
      const orderId = orderIdOf(id);
      if (orderId instanceof Failure) return orderId;
      const input = read(message);
      if (input instanceof Problem) return input;
      const { customerId: operator } = call.caller;
      const order = await deps.readStatus({
        ...{ orderId, customerId: operator, isOperator: true, ticket: null },
      });
      if (order instanceof Failure) return order;
      const { change, sent } = input;
      const command = encodeOperatorCommand(deps, {
        ...{ subject: { orderId }, change, request: sent, idempotencyKey: key, operator },
        traceparent: call.traceparent,
      });
      if (!call.beginEffect()) return callEnded;
      const state = await sendCommand(deps, command, operator, call.patience(wait));
      return state instanceof Failure ? state : showCommand(deps, command, state);
    },
  });
}
