/** The writers of a process: each works a fixed share of the lanes on a session of its own. */
import type { Codecs } from '../shared/codec/index.ts';
import type { Logger } from '../shared/log/index.ts';
import type { Metrics } from '../shared/metrics/index.ts';
import type { Mysql } from '../shared/mysql/index.ts';
import type { BatchLimits } from './batch.ts';
import { createIsolation } from './isolation.ts';
import type { Lane } from './lane.ts';
import type { Committed } from './pipeline.ts';
import type { Publisher } from './publisher.ts';
import { createScarcity } from './scarcity.ts';
import { createSessionKeeper } from './session-keeper.ts';
import type { Verdicts } from './stages/decode.ts';
import type { StatusCache } from './status-cache.ts';
import { createCatalogue } from './store/catalogue.ts';
import { Writer } from './writer.ts';

export interface EngineDeps {
  readonly topic: string;
  /** How many writers, each with one transaction at a time. */
  readonly writers: number;
  readonly limits: BatchLimits;
  readonly paymentWindowMs: number;
  readonly mysql: Mysql;
  readonly codecs: Codecs;
  readonly publisher: Publisher;
  readonly statusCache: Pick<StatusCache, 'entriesOf'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  onFenceLost(lane: Lane): void;
  onAcknowledged(batch: Committed): void;
}

export interface Engine {
  /** Gives the lane to its writer, which works it as soon as it runs. */
  add(lane: Lane): void;
  /** Resolves when nothing of the lane is in flight any more. */
  remove(lane: Lane): Promise<void>;
  wake(lane: Lane): void;
  /** Ends every writer after its transaction in flight. */
  stop(): Promise<void>;
  /** Records that are to be set aside whatever their bytes say. */
  readonly verdicts: Verdicts;
}

export function createEngine(deps: EngineDeps): Engine {
  const { mysql, log } = deps;
  const verdicts: Verdicts = new Map();
  const scarcity = createScarcity();
  const isolation = createIsolation();
  const keepers = Array.from({ length: deps.writers }, () => createSessionKeeper({ mysql, log }));
  const writers = keepers.map(
    (sessions, index) =>
      new Writer({
        ...deps,
        sessions,
        catalogue: createCatalogue(),
        scarcity,
        isolation,
        verdicts,
        log: log.child({ writer: index }),
      }),
  );
  const writerOf = (lane: Lane) => writers[lane.partition % writers.length]!;
  return {
    verdicts,
    add: (lane) => writerOf(lane).add(lane),
    remove: (lane) => writerOf(lane).remove(lane),
    wake: (lane) => writerOf(lane).wake(),
    async stop() {
      await Promise.all(writers.map((writer) => writer.stop()));
      await Promise.all(keepers.map((keeper) => keeper.close()));
    },
  };
}
