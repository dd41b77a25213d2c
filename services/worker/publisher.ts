/**
 * Sends committed outcomes, lane by lane in offset order: batch n + 1 of a lane is not sent before batch n is
 * acknowledged, so that first copies are always in order, whatever a zombie adds later. It never gives up: what is
 * committed is going to be published, by this process or by the lane's next owner.
 */
import { failpoint } from '../shared/failpoint/index.ts';
import type { Accumulator, OutMessage } from '../shared/kafka/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Lane } from './lane.ts';
import { decodeMessages } from './outbox-format.ts';

export interface Publication {
  readonly lane: Lane;
  /** The epoch that the outcomes were committed or republished under. */
  readonly epoch: number;
  readonly from: number;
  readonly to: number;
  /** The bytes of its outbox row: what is published is what was stored. */
  readonly blob: Buffer;
}

export interface Publisher {
  /** Queues the publication behind those of its lane. */
  publish(publication: Publication): void;
}

export function createPublisher(deps: {
  accumulator: Accumulator;
  metrics: Metrics;
  log: Logger;
}): Publisher {
  const { accumulator, metrics, log } = deps;
  /** Epochs in which a lane could not publish something: what comes behind it would be out of order. */
  const brokenEpochs = new WeakMap<Lane, number>();

  const send = async (publication: Publication): Promise<void> => {
    const { lane, epoch, from, to, blob } = publication;
    if (lane.state === 'closed' || lane.epoch !== epoch || brokenEpochs.get(lane) === epoch) return;
    const messages = decodeMessages(blob);
    const sent = groupByTarget(messages).map((group) => accumulator.sendBatch(group, { forever: true }));
    await failpoint('publishSent');
    await Promise.all(sent);
    await failpoint('publishAcked');
    metrics.inc('worker_messages_published_total', {}, messages.length);
    if (lane.epoch === epoch) lane.acknowledge(from, to);
  };

  return {
    publish(publication) {
      const { lane, epoch, from, to } = publication;
      lane.handOver();
      lane.published = lane.published
        .then(() => send(publication))
        .catch((error: unknown) => {
          // A refused record or a closed producer: the rows stay in the outbox, so nothing is lost, but this lane must not go on.
          brokenEpochs.set(lane, epoch);
          log.error({ err: error, partition: lane.partition, from, to }, 'outcomes cannot be published');
          lane.stop(`its outcomes ${from}-${to} cannot be published`);
        });
    },
  };
}

/** Messages by topic and partition, each group in order; dead letters go beside the events, not behind them. */
function groupByTarget(messages: readonly OutMessage[]): OutMessage[][] {
  const groups = new Map<string, OutMessage[]>();
  for (const message of messages) {
    const target = `${message.topic}/${message.partition}`;
    const group = groups.get(target);
    if (group === undefined) groups.set(target, [message]);
    else group.push(message);
  }
  return [...groups.values()];
}
