/**
 * The lanes that this process owns. They follow the group assignment. Gained lanes are claimed, kept lanes continue
 * through a rebalance, and lost lanes are closed. A claim waits for the first heartbeat after the join. Without this
 * wait, a member that the group has removed could fence the real owner.
 */
import type { GroupConsumer, GroupHandlers, GroupJoin } from '../../shared/kafka/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import { sleep } from '../../shared/retry/index.ts';
import { Lane } from './lane.ts';
import type { LaneEvents, LaneLimits } from './lane-types.ts';

export interface PartitionAssignmentDeps {
  readonly topic: string;
  readonly log: Logger;
  readonly limits?: LaneLimits;
  /** Claims lanes until each runs or has ended. */
  claim(lanes: readonly Lane[], signal: AbortSignal): Promise<void>;
  /** Called when a lane starts in this process; `onLost` when it ends. */
  onGained(lane: Lane): void;
  onLost(lane: Lane): void | Promise<void>;
  onWork(): void;
}

/** Maximum wait before a fenced owner claims again, so that two owners do not fence each other in turn. */
const reclaimJitterMs = 500;
/** Delay before a failed claim is retried. */
const refusedClaimMs = 5_000;

export class PartitionAssignment {
  readonly lanes = new Map<number, Lane>();
  readonly #deps: PartitionAssignmentDeps;
  readonly #stopping = new AbortController();
  readonly #toClaim = new Set<Lane>();
  #consumer: GroupConsumer | null = null;
  #claiming = false;

  constructor(deps: PartitionAssignmentDeps) {
    this.#deps = deps;
  }

  /**
   * Sets the consumer whose assignment counts. The constructor cannot take it, because the consumer needs `handlers`
   * first.
   */
  attach(consumer: GroupConsumer): void {
    this.#consumer = consumer;
  }

  handlers(onCrash: GroupHandlers['onCrash'], onFetched: () => void): GroupHandlers {
    return {
      onAssigned: (join) => this.#follow(join),
      onRecords: (_topic, partition, records) => {
        onFetched();
        this.lanes.get(partition)?.fetched(records);
      },
      onHeartbeat: () => this.#claimWaiting(),
      onOutOfRange: (_topic, partition, position) => {
        this.lanes
          .get(partition)
          ?.stop(
            `the log has no offset ${position}: it was deleted by retention or recreated; \`orderstream recover status\` names the way on`,
            'outOfRange',
          );
      },
      onCrash,
    };
  }

  /** Claims a lane again after a lost fence, if the lane is still assigned. */
  async reclaim(lane: Lane): Promise<void> {
    if (this.lanes.get(lane.partition) !== lane) return;
    lane.fenceLost();
    await sleep(Math.random() * reclaimJitterMs, this.#stopping.signal).catch(() => undefined);
    this.#toClaim.add(lane);
  }

  /** Retries a failed claim later. Meanwhile the partition may move to a worker that can claim it. */
  retryLater(lane: Lane): void {
    const timer = setTimeout(() => {
      if (this.lanes.get(lane.partition) === lane) this.#toClaim.add(lane);
    }, refusedClaimMs);
    timer.unref();
  }

  /** Claims a stopped lane again once it matches its logs. */
  retryStopped(lane: Lane): void {
    if (this.lanes.get(lane.partition) !== lane) return;
    lane.causeGone();
    this.#toClaim.add(lane);
  }

  /** Makes the consumer fetch a claimed lane from its own position. */
  opened(lane: Lane): void {
    this.#consumer?.seek(this.#deps.topic, lane.partition, BigInt(lane.fetchOffset));
    // A lane that was fenced with a full buffer keeps it. The buffer resumes the partition when it has room.
    if (!lane.isFull) this.#consumer?.resume(this.#deps.topic, lane.partition);
  }

  /** Stops claiming lanes. They stay unchanged until `closeAll`. */
  stop(): void {
    this.#stopping.abort();
  }

  closeAll(): void {
    for (const lane of this.lanes.values()) lane.close();
  }

  #follow({ generation, gained, lost }: GroupJoin): void {
    const { log, topic, onGained, onLost } = this.#deps;
    for (const { partition } of lost) {
      const lane = this.lanes.get(partition);
      if (lane === undefined) continue;
      this.lanes.delete(partition);
      this.#toClaim.delete(lane);
      lane.close();
      void onLost(lane);
    }
    for (const { partition } of gained) {
      this.#consumer?.pause(topic, partition);
      const lane = new Lane({ partition, log, limits: this.#deps.limits, events: this.#eventsOf(partition) });
      lane.claimFailed('the group has not confirmed its assignment yet');
      this.lanes.set(partition, lane);
      this.#toClaim.add(lane);
      onGained(lane);
    }
    log.info(
      { generation, gained: gained.length, lost: lost.length, lanes: this.lanes.size },
      'the group assigned lanes to the worker',
    );
  }

  #claimWaiting(): void {
    if (this.#claiming || this.#toClaim.size === 0 || this.#stopping.signal.aborted) return;
    const lanes = [...this.#toClaim];
    this.#toClaim.clear();
    this.#claiming = true;
    void this.#deps.claim(lanes, this.#stopping.signal).finally(() => {
      this.#claiming = false;
    });
  }

  #eventsOf(partition: number): LaneEvents {
    const { topic, log, onWork } = this.#deps;
    return {
      onFull: () => this.#consumer?.pause(topic, partition),
      onRoom: () => this.#consumer?.resume(topic, partition),
      onWork,
      onGap: (expected, offset) => {
        log.error({ partition, expected, offset }, 'the log skipped offsets; the worker fetches them again');
        this.#consumer?.seek(topic, partition, BigInt(expected));
      },
    };
  }
}
