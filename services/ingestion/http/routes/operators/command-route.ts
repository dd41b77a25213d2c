/** What every route shares that sends a command of an operator: key, body, 202 with a ticket, and `Prefer: wait`. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { OperatorChange } from '../../../application/operators/changes.ts';
import {
  type CommandSubject,
  encodeOperatorCommand,
  type OperatorCommand,
} from '../../../application/operators/operator-command.ts';
import { sendCommand } from '../../../application/operators/send-command.ts';
import { orProblem } from '../../failures.ts';
import type { Operation } from '../../operation.ts';
import { traceparentOf } from '../../problems.ts';
import { patienceOf, setPreferenceApplied } from '../../requests/patience.ts';
import { readOrderId } from '../../requests/read-request.ts';
import { requireIdempotencyKey } from '../../requests/require-key.ts';
import { DecidedCommand, QueuedCommand } from '../../schemas/command.ts';
import { commandKeyParameter, preferParameter, traceparentParameter } from '../parameters.ts';
import type { RouteDeps, RouteOf } from '../route.ts';
import { showCommand } from './command-response.ts';

const commandBytesMax = 16 * 1024;

type OwnPart = Pick<Operation, 'id' | 'url' | 'summary' | 'description' | 'parameters' | 'problems'>;

/** The operation of such a route. `schema` is the body, null for none. */
export function commandOperation(
  { parameters, problems, ...own }: OwnPart,
  body: { readonly schema: NonNullable<Operation['body']>['schema']; readonly required: boolean } | null,
): Operation {
  return {
    ...own,
    method: 'POST',
    scope: 'orders:ops',
    tag: 'Operators',
    admissionClass: 'write',
    charge: 'order',
    parameters: [...parameters, commandKeyParameter, preferParameter, traceparentParameter],
    ...(body === null ? {} : { body: { ...body, bytesMax: commandBytesMax } }),
    responses: {
      202: {
        description: 'The command is durable and will get exactly one outcome.',
        schema: QueuedCommand,
        headers: ['Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
      },
      200: {
        description: 'The command with its outcome, also if it was refused (with `Prefer: wait`).',
        schema: DecidedCommand,
        headers: ['Preference-Applied', 'Idempotent-Replayed?', 'RateLimit', 'RateLimit-Policy'],
      },
    },
    problems: [
      ...problems,
      'JSON_INVALID',
      'VALIDATION_FAILED',
      'IDEMPOTENCY_KEY_MISSING',
      'IDEMPOTENCY_KEY_INVALID',
      'BODY_TOO_LARGE',
      'MEDIA_TYPE_UNSUPPORTED',
      'KEY_REUSED',
      'RATE_LIMITED',
      'NOT_PRODUCED',
      'OUTCOME_UNKNOWN',
      'STATE_UNAVAILABLE',
    ],
  };
}

/** A command as the route reads it from its request. */
export interface CommandInput {
  readonly subject: CommandSubject;
  readonly change: OperatorChange;
  /** What the operator sent, for the fingerprint. */
  readonly sent: object;
}

type KeyedInput = CommandInput & { readonly idempotencyKey: string };

/**
 * A route that sends a command. `read` throws a problem for an invalid request. `find` rejects with a problem if the
 * subject does not exist.
 */
export function commandRoute(
  deps: RouteDeps,
  operation: Operation,
  read: (request: FastifyRequest) => CommandInput,
  find: (request: FastifyRequest, input: CommandInput) => Promise<void>,
): RouteOf<KeyedInput> {
  return {
    operation,
    read(request) {
      const idempotencyKey = requireIdempotencyKey(request);
      return { ...read(request), idempotencyKey };
    },
    async handler(request, reply, input) {
      await find(request, input);
      const { subject, change, sent, idempotencyKey } = input;
      const { customerId: operator } = request.caller;
      const traceparent = traceparentOf(request);
      const command = encodeOperatorCommand(deps, {
        ...{ subject, change, request: sent, idempotencyKey, operator, traceparent },
      });
      return submit(deps, request, reply, command);
    },
  };
}

async function submit(
  deps: RouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  command: OperatorCommand,
): Promise<FastifyReply> {
  const patience = patienceOf(request, reply);
  const state = orProblem(await sendCommand(deps, command, request.caller.customerId, patience));
  if (state.kind === 'decided') {
    setPreferenceApplied(reply, patience);
    if (state.replayed) reply.header('idempotent-replayed', 'true');
  }
  return showCommand(deps, reply, command, state, 202);
}

/**
 * The route of a command about the order in the path. An unknown order is the problem NOT_FOUND. `findMore` rejects with a problem if
 * something else in the path does not exist.
 */
export function orderCommandRoute(
  deps: RouteDeps,
  operation: Operation,
  read: (request: FastifyRequest) => Omit<CommandInput, 'subject'>,
  findMore: (request: FastifyRequest) => Promise<void> = async () => undefined,
): RouteOf<KeyedInput> {
  return commandRoute(
    deps,
    operation,
    (request) => ({ subject: { orderId: readOrderId(request) }, ...read(request) }),
    async (request) => {
      const { customerId } = request.caller;
      const orderId = readOrderId(request);
      orProblem(await deps.readStatus({ orderId, customerId, isOperator: true, ticket: null }));
      await findMore(request);
    },
  );
}
