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

/** Maximum wait of a stopping worker for acknowledgements. The next owners publish the other outcomes. */
const publishMs = 1_500;
/**
 * Maximum wait for the clean-up, which is one packet. If it fails, the next owners publish acknowledged outcomes
 * again.
 */
const cleanUpMs = 1_500;
const commitMs = 500;

/**
 * Runs after the last batch. Waits for acknowledgements, cleans up the outbox, moves the offsets and releases the
 * lanes.
 */
export async function drainLanes({ topic, assignment, commits, loop, db, log }: DrainDeps): Promise<void> {
  const lanes = [...assignment.lanes.values()].filter((lane) => lane.isHeld);
  await within(publishMs, Promise.all(lanes.map((lane) => lane.published)));
  await within(cleanUpMs, loop.cleanUp());
  await within(commitMs, commits.commit());
  commits.stop();
  await leaveLanes({ topic, db, log }, lanes);
  assignment.closeAll();
}

/** Releases lanes without a batch in flight. Never rejects. */
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
    // Without a release, the next owner assumes a crash and begins with small batches.
    log.warn({ err: error }, 'the worker cannot release its lanes; their next owners start on probation');
  }
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, limitMs).unref())]);
}
