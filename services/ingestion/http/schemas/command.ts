/** What happened to a command, as operators see it. */
import Type from 'typebox';
import { orderStatuses } from '../../../domain/index.ts';
import { Queue, Reason } from './order-resource.ts';

const decidedOutcomes = ['APPLIED', 'REFUSED', 'DEAD_LETTERED'] as const;

const commandId = () => Type.String({ description: 'The same for each request with this idempotency key.' });
const commandType = () => Type.String({ description: 'For example SHIP. New types may be added.' });

export const QueuedCommand = Type.Object(
  {
    id: commandId(),
    type: commandType(),
    outcome: Type.Literal('QUEUED'),
    statusUrl: Type.String({ description: 'URL of the command, with its ticket.' }),
    queue: Queue,
  },
  { $id: 'QueuedCommand', description: 'A durable command that is not processed yet.' },
);

export const DecidedCommand = Type.Object(
  {
    id: commandId(),
    type: commandType(),
    outcome: Type.String({
      enum: [...decidedOutcomes],
      description: 'A refused command changed nothing, and `reason` says why.',
    }),
    version: Type.Integer({
      minimum: 0,
      description: 'Version of the order after the command. 0 if it is about no order.',
    }),
    status: Type.Optional(
      Type.String({ enum: [...orderStatuses], description: 'Status of the order after the command.' }),
    ),
    reason: Type.Optional(Reason),
    decidedAt: Type.Optional(Type.String({ format: 'date-time', description: 'Absent for a dead letter.' })),
  },
  { $id: 'DecidedCommand', description: 'A command with its outcome.' },
);

/** `outcome` determines which of the two schemas applies. */
export const Command = Type.Unsafe<Type.Static<typeof QueuedCommand> | Type.Static<typeof DecidedCommand>>({
  $id: 'Command',
  description: 'One of two schemas, depending on `outcome`.',
  oneOf: [QueuedCommand, DecidedCommand],
  discriminator: {
    propertyName: 'outcome',
    mapping: Object.fromEntries([
      ['QUEUED', '#/components/schemas/QueuedCommand'],
      ...decidedOutcomes.map((outcome) => [outcome, '#/components/schemas/DecidedCommand']),
    ]),
  },
});
