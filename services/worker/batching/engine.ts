/** The engine of a worker process: its lanes, its writers, and their shared state. */
import type { Codecs } from '../../shared/codec/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Mysql, Session } from '../../shared/mysql/index.ts';
import type { BatchLimits } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';
import type { Committed } from '../pipeline.ts';
import type { Publisher } from '../publishing/publisher.ts';
import type { StatusCache } from '../publishing/status-cache.ts';
import type { Verdicts } from '../stages/quarantine.ts';
import { createCatalogue } from '../store/catalogue.ts';
import { createDispatcher, type Dispatcher } from './dispatcher.ts';
import { createIsolation } from './exclusive-run.ts';
import { createScarcity } from './low-stock.ts';
import { createSessionKeeper } from './session-keeper.ts';
import { createWriter } from './writer.ts';

export interface EngineDeps {
  readonly topic: string;
  /** Number of writers. Each writer has one transaction at a time. */
  readonly writers: number;
  readonly limits: BatchLimits;
  readonly paymentWindowMs: number;
  /** Whether acknowledged outcomes stay in the database for a while; false by default. */
  readonly keepOutcomes?: boolean;
  readonly mysql: Mysql;
  readonly codecs: Codecs;
  readonly publisher: Publisher;
  readonly statusCache: Pick<StatusCache, 'entriesOf'>;
  readonly metrics: Metrics;
  readonly log: Logger;
  onFenceLost(lane: Lane): void;
  onWentBack?(lane: Lane): void;
  /** Runs before a writer uses a new session: after a broken connection, the database may have been restored. */
  beforeUse?(session: Session): Promise<void>;
  /** A batch is committed and its outcomes are being published. */
  onCommitted(batch: Committed): void;
}

export interface Engine extends Dispatcher {
  /** Records to dead-letter whatever their bytes contain. */
  readonly verdicts: Verdicts;
  /** Ends the writers' sessions. */
  close(): Promise<void>;
}

export function createEngine(deps: EngineDeps): Engine {
  const { mysql, log } = deps;
  const verdicts: Verdicts = new Map();
  const scarcity = createScarcity();
  const isolation = createIsolation();
  const keepers = Array.from({ length: deps.writers }, () =>
    createSessionKeeper({ mysql, log, beforeUse: deps.beforeUse }),
  );
  const writers = keepers.map((sessions, index) =>
    createWriter({
      ...deps,
      sessions,
      catalogue: createCatalogue(),
      scarcity,
      isolation,
      verdicts,
      log: log.child({ writer: index }),
    }),
  );
  const dispatcher = createDispatcher(writers, deps.limits);
  return {
    ...dispatcher,
    verdicts,
    async close() {
      await Promise.all(keepers.map((keeper) => keeper.close()));
    },
  };
}
