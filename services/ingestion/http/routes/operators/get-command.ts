import type { FastifyRequest } from 'fastify';
import { type CommandTicket, readCommandTicket } from '../../../application/operators/command-ticket.ts';
import type { CommandSubject } from '../../../application/operators/operator-command.ts';
import { type CommandAddress, getCommand as read } from '../../../application/operators/send-command.ts';
import { orProblem } from '../../failures.ts';
import type { Operation } from '../../operation.ts';
import { HttpProblem } from '../../problems.ts';
import { patienceOf, setPreferenceApplied } from '../../requests/patience.ts';
import { openQuery, readOrderId } from '../../requests/read-request.ts';
import { Command } from '../../schemas/command.ts';
import { commandIdParameter, orderIdParameter, preferParameter, ticketParameter } from '../parameters.ts';
import type { Route, RouteDeps } from '../route.ts';
import { showCommand } from './command-response.ts';

export const getCommandOperation: Operation = {
  id: 'getCommand',
  method: 'GET',
  url: '/v1/orders/:id/commands/:commandId',
  summary: 'Get a command and its outcome',
  description:
    'The `Location` of an accepted command points here. Without its ticket, a queued command is not found. With the ticket, 422 says that another request had the idempotency key first. `Prefer: wait` waits for the outcome.',
  scope: 'orders:ops',
  tag: 'Operators',
  admissionClass: 'read',
  parameters: [orderIdParameter, commandIdParameter, ticketParameter, preferParameter],
  responses: {
    200: {
      description: 'The command, queued or with its outcome.',
      schema: Command,
      headers: ['Retry-After?', 'Preference-Applied?'],
    },
  },
  problems: ['NOT_FOUND', 'COMMAND_NOT_FOUND', 'COMMAND_LOST', 'KEY_REUSED', 'STATE_UNAVAILABLE'],
};

export function getCommand(deps: RouteDeps): Route {
  return commandReader(deps, getCommandOperation, (request) => ({ orderId: readOrderId(request) }));
}

/** A route that reads commands of one kind of subject. */
export function commandReader(
  deps: RouteDeps,
  operation: Operation,
  subjectOf: (request: FastifyRequest) => CommandSubject,
): Route {
  return {
    operation,
    async handler(request, reply) {
      const address = { subject: subjectOf(request), commandId: readCommandId(request) };
      const ticket = readTicket(deps, request, address);
      const { customerId: callerId } = request.caller;
      const patience = patienceOf(request, reply);
      const { state, waited } = orProblem(await read(deps, { address, ticket, callerId }, patience));
      if (waited) setPreferenceApplied(reply, patience);
      // Only a ticket shows a queued command.
      const fingerprint = ticket?.fingerprint ?? '';
      return showCommand(deps, reply, { ...address, fingerprint }, state, 200);
    },
  };
}

const commandIdForm = /^[!-~]{1,128}$/;

/** An id of another form is unknown without a lookup. */
function readCommandId(request: FastifyRequest): string {
  const { commandId } = request.params as { commandId: string };
  if (!commandIdForm.test(commandId)) throw new HttpProblem('COMMAND_NOT_FOUND');
  return commandId;
}

function readTicket(
  deps: Pick<RouteDeps, 'tickets'>,
  request: FastifyRequest,
  address: CommandAddress,
): CommandTicket | null {
  const query = openQuery(request);
  const text = query.read<string | null>('t', null, (value) => value);
  query.check();
  return text === null ? null : readCommandTicket(deps.tickets, text, address);
}
