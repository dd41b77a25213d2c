/** Responses about commands of operators: queued with a ticket, or with the outcome. */
import type { FastifyReply } from 'fastify';
import type { CommandTicket } from '../../../application/operators/command-ticket.ts';
import { issueCommandTicket } from '../../../application/operators/command-ticket.ts';
import { commandTypeOf } from '../../../application/operators/operator-command.ts';
import type { CommandState } from '../../../application/operators/operator-commands.ts';
import type { CommandAddress } from '../../../application/operators/send-command.ts';
import { commandDeadLettered } from '../../../application/read/order-view.ts';
import { retryAfterOf } from '../../../application/read/partition-progress.ts';
import { jsonMediaType, publicReason, type ResponseDeps, shownQueue } from '../../responses.ts';

/** Sends the command. A queued command has the status `queuedStatus`. */
export function showCommand(
  deps: ResponseDeps,
  reply: FastifyReply,
  address: CommandAddress & Pick<CommandTicket, 'fingerprint'>,
  state: CommandState,
  queuedStatus: 200 | 202,
): FastifyReply {
  reply.header('content-type', jsonMediaType);
  if (state.kind === 'decided') return reply.code(200).send(JSON.stringify(showDecided(state)));
  const { commandId: id } = address;
  const queue = deps.progress.queueOf(state.position);
  const ticket = issueCommandTicket(deps.tickets, address, state.position);
  const statusUrl = `${urlOf(address)}?t=${ticket}`;
  if (queuedStatus === 202) reply.header('location', statusUrl);
  const body = { id, type: commandTypeOf(id), outcome: 'QUEUED', statusUrl, queue: shownQueue(queue) };
  return reply
    .code(queuedStatus)
    .header('retry-after', String(retryAfterOf(queue.etaMs)))
    .send(JSON.stringify(body));
}

function showDecided({ command }: Extract<CommandState, { kind: 'decided' }>): object {
  const { commandId, type, outcome, version, status, reason, atMs } = command;
  return {
    id: commandId,
    ...{ type, outcome, version },
    ...(status === null ? {} : { status }),
    ...(outcome === 'DEAD_LETTERED' ? { reason: commandDeadLettered } : publicReason(reason)),
    ...(atMs === null ? {} : { decidedAt: new Date(atMs).toISOString() }),
  };
}

/** Ids have colons, which need no escape in a path. A SKU may have any visible character. */
function urlOf({ subject, commandId }: CommandAddress): string {
  const of = 'orderId' in subject ? `orders/${subject.orderId}` : `stock/${encodeURIComponent(subject.sku)}`;
  return `/v1/${of}/commands/${encodeURIComponent(commandId).replaceAll('%3A', ':')}`;
}
