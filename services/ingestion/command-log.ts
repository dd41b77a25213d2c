/** The command log, to write to. What comes back is where a command stands in it; nothing is accepted before that. */
import type { OrderCommand } from '../../schemas/index.ts';
import { COMMANDS, partitionOfOrder } from '../../topics/index.ts';
import type { Clock } from '../shared/clock/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../shared/codec/index.ts';
import { AppError } from '../shared/errors/index.ts';
import type { Accumulator, OutMessage } from '../shared/kafka/index.ts';
import type { Lanes } from './lanes.ts';
import { HttpProblem } from './problems.ts';
import type { LogPosition } from './ticket.ts';

export interface CommandLog {
  /** The message that carries the command. Made while the request is read, so that only bytes are kept of what waits. */
  encode(command: OrderCommand & { orderId: string }): OutMessage;
  /**
   * Appends messages with acks=all. Tells the end of each as it comes: its position, or the problem NOT_PRODUCED (it is
   * certainly not in the log) or OUTCOME_UNKNOWN.
   */
  append(messages: readonly OutMessage[], onEnd: (index: number, end: LogPosition | Error) => void): void;
}

export interface CommandLogDeps {
  readonly accumulator: Pick<Accumulator, 'sendEach'>;
  readonly commands: Pick<Codec<OrderCommand>, 'encode'>;
  readonly lanes: Pick<Lanes, 'produced'>;
  readonly clock: Clock;
}

const retryAfterSeconds = '2';

export function createCommandLog({ accumulator, commands, lanes, clock }: CommandLogDeps): CommandLog {
  return {
    encode(command) {
      const value = commands.encode(command);
      return {
        topic: COMMANDS,
        partition: partitionOfOrder(command.orderId),
        key: Buffer.from(command.orderId, 'latin1'),
        value,
        headers: { [CHECKSUM_HEADER]: checksumOf(value) },
        timestampMs: clock.nowMs(),
      };
    },
    append(messages, onEnd) {
      accumulator.sendEach(messages, (index, end) => {
        if (typeof end !== 'bigint') return onEnd(index, problemOf(end));
        const position = { partition: messages[index]!.partition, offset: Number(end) };
        lanes.produced(position);
        onEnd(index, position);
      });
    },
  };
}

/** Appends one command. Rejects with the problem NOT_PRODUCED (certain) or OUTCOME_UNKNOWN. */
export function appendOne(
  log: CommandLog,
  command: OrderCommand & { orderId: string },
): Promise<LogPosition> {
  return new Promise((resolve, reject) => {
    log.append([log.encode(command)], (_index, end) => (end instanceof Error ? reject(end) : resolve(end)));
  });
}

function problemOf(error: Error): Error {
  if (!(error instanceof AppError)) return error;
  if (error.code !== 'NOT_PRODUCED' && error.code !== 'OUTCOME_UNKNOWN') return error;
  return new HttpProblem(error.code, undefined, {
    headers: { 'retry-after': retryAfterSeconds },
    cause: error,
  });
}
