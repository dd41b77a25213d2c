/** Releases the lanes cleanly, so that their next owners begin at full speed. */
import type { Logger } from '../../shared/log/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Loop } from '../batching/loop.ts';
import type { Lane } from '../lanes/lane.ts';
import type { PartitionAssignment } from '../lanes/partition-assignment.ts';
import type { OffsetCommits } from '../publishing/offset-commits.ts';
import { releaseLanes } from '../store/positions.ts';

export interface DrainDeps {
  readonly topic: string;
  readonly assignment: PartitionAssignment;
  readonly commits: OffsetCommits;
  readonly loop: Pick<Loop, 'cleanUp'>;
  readonly db: Queryable;
  readonly log: Logger;
}

/** How long a worker that stops waits for acknowledgements. The next owner publishes the rest. */
const publishMs = 1_500;
/** One packet to the database. If it does not arrive, the next owner publishes outcomes again that are acknowledged. */
const cleanUpMs = 1_500;
const commitMs = 500;

/** Called after the last batch: waits for acknowledgements, cleans up the outbox, moves the offsets, releases the lanes. */
export async function drainLanes({ topic, assignment, commits, loop, db, log }: DrainDeps): Promise<void> {
  const lanes = [...assignment.lanes.values()].filter((lane) => lane.isHeld);
  await within(publishMs, Promise.all(lanes.map((lane) => lane.published)));
  await within(cleanUpMs, loop.cleanUp());
  await within(commitMs, commits.commit());
  commits.stop();
  await leaveLanes({ topic, db, log }, lanes);
  assignment.closeAll();
}

/** Releases lanes with nothing in flight. Never rejects. */
export async function leaveLanes(
  { topic, db, log }: Pick<DrainDeps, 'topic' | 'db' | 'log'>,
  lanes: readonly Lane[],
): Promise<void> {
  try {
    await releaseLanes(
      db,
      topic,
      lanes.map(({ partition, position }) => ({ partition, epoch: position.epoch })),
    );
  } catch (error) {
    // Then the next owner assumes a crash and begins with small batches.
    log.warn({ err: error }, 'lanes could not be released');
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitMs).unref())]);
}
