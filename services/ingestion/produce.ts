/** Commands to the log. What comes back is where the command stands there; nothing is accepted before that. */
import type { OrderCommand } from '../../schemas/index.ts';
import { COMMANDS, partitionOfOrder } from '../../topics/index.ts';
import type { Clock } from '../shared/clock/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../shared/codec/index.ts';
import { AppError } from '../shared/errors/index.ts';
import type { Accumulator } from '../shared/kafka/index.ts';
import type { Lanes } from './lanes.ts';
import { HttpProblem } from './problems.ts';
import type { LogPosition } from './ticket.ts';

export interface ProduceDeps {
  readonly accumulator: Pick<Accumulator, 'send'>;
  readonly commands: Pick<Codec<OrderCommand>, 'encode'>;
  readonly lanes: Pick<Lanes, 'produced'>;
  readonly clock: Clock;
}

/** Produces one command with acks=all. Throws the problem NOT_PRODUCED (certain) or OUTCOME_UNKNOWN. */
export type Produce = (command: OrderCommand & { orderId: string }) => Promise<LogPosition>;

const retryAfterSeconds = '2';

export function createProduce({ accumulator, commands, lanes, clock }: ProduceDeps): Produce {
  return async (command) => {
    const value = commands.encode(command);
    const message = {
      topic: COMMANDS,
      partition: partitionOfOrder(command.orderId),
      key: Buffer.from(command.orderId, 'latin1'),
      value,
      headers: { [CHECKSUM_HEADER]: checksumOf(value) },
      timestampMs: clock.nowMs(),
    };
    try {
      const { partition, offset } = await accumulator.send(message);
      const position = { partition, offset: Number(offset) };
      lanes.produced(position);
      return position;
    } catch (error) {
      throw produceProblem(error);
    }
  };
}

function produceProblem(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code !== 'NOT_PRODUCED' && error.code !== 'OUTCOME_UNKNOWN') return error;
  return new HttpProblem(error.code, undefined, {
    headers: { 'retry-after': retryAfterSeconds },
    cause: error,
  });
}
