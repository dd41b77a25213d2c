/** The writer of the command log. It returns the position of a command; nothing is accepted before that. */
import type { OrderCommand } from '../../../../schemas/index.ts';
import { COMMANDS, partitionOfOrder } from '../../../../topics/index.ts';
import type { Clock } from '../../../shared/clock/index.ts';
import { CHECKSUM_HEADER, type Codec, checksumOf } from '../../../shared/codec/index.ts';
import type { AppError } from '../../../shared/errors/index.ts';
import type { Accumulator, OutMessage } from '../../../shared/kafka/index.ts';
import { HttpProblem } from '../../http/problems.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { Admission } from '../limits/admission.ts';
import type { Lanes } from '../read/partition-progress.ts';
import type { ProduceHealth } from './produce-health.ts';

export interface CommandLog {
  /** The message of the command. Encoded while the request is read, so that a waiting command keeps only bytes. */
  encode(command: OrderCommand & { orderId: string }): OutMessage;
  /**
   * Appends messages with acks=all. Reports the result of each: its position, or the problem NOT_PRODUCED (not in the
   * log), OUTCOME_UNKNOWN, or OVERLOADED for a partition whose outcomes are late.
   */
  append(messages: readonly OutMessage[], onEnd: (index: number, end: LogPosition | Error) => void): void;
}

export interface CommandLogDeps {
  readonly accumulator: Pick<Accumulator, 'sendEach'>;
  readonly commands: Pick<Codec<OrderCommand>, 'encode'>;
  readonly lanes: Pick<Lanes, 'produced'>;
  readonly admission: Pick<Admission, 'isBehind'>;
  readonly health: Pick<ProduceHealth, 'written' | 'refused'>;
  readonly clock: Clock;
}

const retryAfterSeconds = '2';

/** For an order whose partition is behind. Orders of other partitions are accepted. */
const behindRetrySeconds = '10';

export function createCommandLog(deps: CommandLogDeps): CommandLog {
  const { accumulator, commands, lanes, admission, health, clock } = deps;
  const send = (
    messages: readonly OutMessage[],
    onEnd: (index: number, end: LogPosition | Error) => void,
  ): void =>
    accumulator.sendEach(messages, (index, end) => {
      if (typeof end !== 'bigint') {
        health.refused(end);
        return onEnd(index, problemOf(end));
      }
      const position = { partition: messages[index]!.partition, offset: Number(end) };
      health.written();
      lanes.produced(position);
      onEnd(index, position);
    });
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
      const isBehind = messages.map(({ partition }) => admission.isBehind(partition));
      if (!isBehind.includes(true)) return send(messages, onEnd);
      const taken: number[] = [];
      for (let i = 0; i < messages.length; i++) {
        if (isBehind[i] === true) onEnd(i, behindProblem());
        else taken.push(i);
      }
      send(
        taken.map((index) => messages[index]!),
        (i, end) => onEnd(taken[i]!, end),
      );
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

function behindProblem(): HttpProblem {
  const detail = 'Orders of this one’s partition get no outcome at the moment; nothing was placed.';
  return new HttpProblem('OVERLOADED', detail, { headers: { 'retry-after': behindRetrySeconds } });
}

/** A record that the broker refuses is certainly not in the log: to the client that is the same as any other reason. */
const problemCodes: Readonly<Record<string, 'NOT_PRODUCED' | 'OUTCOME_UNKNOWN'>> = {
  NOT_PRODUCED: 'NOT_PRODUCED',
  RECORD_REFUSED: 'NOT_PRODUCED',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
};

function problemOf(error: AppError): Error {
  const code = problemCodes[error.code];
  if (code === undefined) return error;
  return new HttpProblem(code, undefined, {
    headers: { 'retry-after': retryAfterSeconds },
    cause: error,
  });
}
