import { Failure } from '../../application/common/failure.ts';
import { readCommandTicket } from '../../application/operators/command-ticket.ts';
import { getCommand as read } from '../../application/operators/send-command.ts';
import { Orders } from '../generated/orderstream/v1/orders_pb.ts';
import { orderIdOf } from '../messages/address.ts';
import { showCommand } from '../messages/show-command.ts';
import type { GrpcDeps } from './deps.ts';
import { smallBytesMax, type UnaryMethod } from './method.ts';
import { unary } from './unary.ts';

export function getCommand(deps: GrpcDeps): UnaryMethod {
  return unary({
    desc: Orders.method.getCommand,
    scopes: ['orders:ops'],
    admissionClass: 'read',
    bytesMax: smallBytesMax,
    async run(call, { orderId: id, commandId, ticket: text, wait }) {
      const orderId = orderIdOf(id);
      if (orderId instanceof Failure) return orderId;
      if (!commandIdForm.test(commandId)) return unknownCommand;
      const address = { subject: { orderId }, commandId };
      const ticket = text === '' ? null : readCommandTicket(deps.tickets, text, address);
      const { customerId: callerId } = call.caller;
      const found = await read(deps, { address, ticket, callerId }, call.patience(wait));
      if (found instanceof Failure) return found;
      // Only a ticket shows a queued command.
      return showCommand(deps, { ...address, fingerprint: ticket?.fingerprint ?? '' }, found.state);
    },
  });
}

const commandIdForm = /^[!-~]{1,128}$/;
const unknownCommand = new Failure('COMMAND_NOT_FOUND');
