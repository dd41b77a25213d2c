/** A command log in memory, for tests that inspect it and make it fail. */
import type { OrderCommand } from '../../../schemas/index.ts';
import { bundledCodecs } from '../../shared/codec/index.ts';
import { type KeyedCommand, partitionOf } from '../../shared/command-log/index.ts';
import type { Failure } from '../application/common/failure.ts';
import type { LogPosition } from '../application/common/ticket.ts';
import type { PartitionProgress } from '../application/read/partition-progress.ts';
import type { CommandLog } from '../application/submit/command-log.ts';

export interface FakeLog {
  readonly commands: OrderCommand[];
  /** Next offset to produce, by partition. */
  readonly offsets: number[];
  /** Number of appends that have begun. */
  appends: number;
  /** Set to make appends fail or wait. */
  produceProblem: Failure | null;
  holdProduce: Promise<void> | null;
}

const codecs = bundledCodecs({ commandsId: 1, eventsId: 2 });

/** The log, with the interface that ingestion writes to. */
export function createFakeCommandLog(
  controls: FakeLog,
  progress: Pick<PartitionProgress, 'produced'>,
): CommandLog {
  const append = (command: KeyedCommand): LogPosition => {
    const partition = partitionOf(command);
    const position = { partition, offset: controls.offsets[partition]! };
    controls.offsets[partition]! += 1;
    controls.commands.push(command);
    progress.produced(position);
    return position;
  };
  return {
    encode: (command) => ({
      topic: 'c',
      partition: partitionOf(command),
      key: null,
      // Encodes the command, so that an order that the real log refuses is not accepted here.
      value: codecs.commands.encode(command),
      headers: {},
      timestampMs: 0,
    }),
    async append(messages, onEnd) {
      controls.appends += 1;
      await controls.holdProduce;
      messages.forEach(({ value }, index) => {
        const command = codecs.commands.decode(value) as KeyedCommand;
        onEnd(index, controls.produceProblem ?? append(command));
      });
    },
  };
}
