/** Writes the command log and returns the position of each command. No order is accepted before that. */
import type { OrderCommand } from '../../../../schemas/index.ts';
import type { Clock } from '../../../shared/clock/index.ts';
import type { Codec } from '../../../shared/codec/index.ts';
import { commandMessage, type KeyedCommand, startSend } from '../../../shared/command-log/index.ts';
import type { AppError } from '../../../shared/errors/index.ts';
import type { Accumulator, OutMessage } from '../../../shared/kafka/index.ts';
import { noTraces, type TraceSpan, type Traces } from '../../../shared/trace/index.ts';
import { Failure, type FailureCode } from '../common/failure.ts';
import type { LogPosition } from '../common/ticket.ts';
import type { Admission } from '../limits/admission.ts';
import type { PartitionProgress } from '../read/partition-progress.ts';
import type { ProduceHealth } from './produce-health.ts';

export interface CommandLog {
  /**
   * The message of the command. The caller encodes a command while it reads the request, so that a waiting command
   * keeps only bytes.
   */
  encode(command: KeyedCommand): OutMessage;
  /**
   * Appends messages with acks=all. Calls `onEnd` with the result of each message as soon as it is known. The
   * result is the position or a failure: NOT_PRODUCED (not in the log), OUTCOME_UNKNOWN, or OVERLOADED (the
   * partition is behind). Resolves when each message has its result.
   */
  append(
    messages: readonly OutMessage[],
    onEnd: (index: number, end: LogPosition | Failure) => void,
  ): Promise<void>;
}

export interface CommandLogDeps {
  readonly accumulator: Pick<Accumulator, 'sendEach'>;
  readonly commands: Pick<Codec<OrderCommand>, 'encode'>;
  readonly progress: Pick<PartitionProgress, 'produced'>;
  readonly admission: Pick<Admission, 'isBehind'>;
  readonly health: Pick<ProduceHealth, 'written' | 'refused'>;
  readonly clock: Clock;
  readonly traces?: Traces;
}

const retryAfterMs = 2_000;
/** For an order whose partition is behind. Orders of other partitions are still accepted. */
const behindRetryAfterMs = 10_000;

export function createCommandLog(deps: CommandLogDeps): CommandLog {
  const { accumulator, commands, admission, clock, traces = noTraces } = deps;
  /** The spans of encoded messages. A message that is never appended takes its span with it. */
  const spans = new WeakMap<OutMessage, TraceSpan>();
  const endSend = (message: OutMessage, result: LogPosition | Failure): void => {
    const span = spans.get(message);
    if (span === undefined) return;
    if (!(result instanceof Failure)) span.set({ 'kafka.offset': result.offset });
    span.end(result instanceof Failure ? result.code : null);
  };
  return {
    encode(command) {
      const span = startSend(traces, command);
      const message = commandMessage(commands, command, clock.nowMs(), span);
      if (span !== null) spans.set(message, span);
      return message;
    },
    append: (messages, onEnd) =>
      new Promise((resolve) => {
        let open = messages.length;
        const end = (index: number, result: LogPosition | Failure): void => {
          if (traces.isOn) endSend(messages[index]!, result);
          onEnd(index, result);
          open -= 1;
          if (open === 0) resolve();
        };
        const taken: number[] = [];
        for (let i = 0; i < messages.length; i++) {
          if (admission.isBehind(messages[i]!.partition)) end(i, behind);
          else taken.push(i);
        }
        if (taken.length === 0) return;
        accumulator.sendEach(
          taken.map((index) => messages[index]!),
          (i, result) => {
            const index = taken[i]!;
            end(index, noteResult(deps, messages[index]!.partition, result));
          },
        );
      }),
  };
}

/** Appends one encoded command. The failure is NOT_PRODUCED (certain), OUTCOME_UNKNOWN or OVERLOADED. */
export function appendOne(
  log: Pick<CommandLog, 'append'>,
  message: OutMessage,
): Promise<LogPosition | Failure> {
  return new Promise((resolve) => {
    void log.append([message], (_index, end) => resolve(end));
  });
}

const behind = new Failure('OVERLOADED', {
  detail: 'The partition of this order gets no outcomes at the moment. Nothing was placed.',
  retryAfterMs: behindRetryAfterMs,
});

function noteResult(
  { health, progress }: CommandLogDeps,
  partition: number,
  result: bigint | AppError,
): LogPosition | Failure {
  if (typeof result !== 'bigint') {
    health.refused(result);
    return failureOf(result);
  }
  const position = { partition, offset: Number(result) };
  health.written();
  progress.produced(position);
  return position;
}

/** A record that the broker refuses is certainly not in the log. For the client, the cause makes no difference. */
const failureCodes: Readonly<Record<string, FailureCode>> = {
  NOT_PRODUCED: 'NOT_PRODUCED',
  RECORD_REFUSED: 'NOT_PRODUCED',
  OUTCOME_UNKNOWN: 'OUTCOME_UNKNOWN',
};

function failureOf(error: AppError): Failure {
  const code = failureCodes[error.code];
  return code === undefined
    ? new Failure('INTERNAL', { cause: error })
    : new Failure(code, { retryAfterMs, cause: error });
}
