/** All checks, wired to their sources. */
import { isDecided } from '../../domain/index.ts';
import type { Clock } from '../../shared/clock/index.ts';
import type { KafkaAdmin } from '../../shared/kafka/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import type { Mysql } from '../../shared/mysql/index.ts';
import type { Redis } from '../../shared/redis/index.ts';
import type { DeadLetterIndex } from '../following/dead-letter-index.ts';
import type { Follower } from '../following/follower.ts';
import type { ReadOutcomes } from '../following/old-outcomes.ts';
import type { Ledger } from '../matching/outcome-matcher.ts';
import type { Memory } from '../matching/recent-outcomes.ts';
import type { StateBook } from '../matching/snapshot-index.ts';
import { type BookLimits, bookCheck, type WalkedOutcomes } from '../walking/book.ts';
import type { Check } from './check.ts';
import { deadLettersCheck } from './dead-letters.ts';
import { deliveriesCheck } from './deliveries.ts';
import { type LogsDeps, logsCheck } from './logs.ts';
import { offsetsCheck } from './offsets.ts';
import { ordersCheck } from './orders.ts';
import { outcomesCheck } from './outcomes.ts';
import { createPace } from './pace.ts';
import { statesCheck } from './states.ts';

/** A session that walks over all orders pauses between chunks. The server must not end it during a pause. */
const walkWaitTimeoutSeconds = 60;

export interface ChecksDeps {
  mysql: Mysql;
  admin: KafkaAdmin;
  redis: Redis | null;
  ledgers: ReadonlyMap<number, Ledger>;
  memory: Memory;
  deadLetters: DeadLetterIndex;
  states: StateBook;
  follower: Follower;
  clock: Clock;
  metrics: Metrics;
  stuck: BookLimits;
  laneStallMs: number;
  /** Ratio of pause to reading time. */
  restShare: () => number;
  readOutcomes: ReadOutcomes;
  /** Compares the orders of the walk with their outcomes. Absent if outcomes are compared with rows as they arrive. */
  walked?: WalkedOutcomes;
  /** The watch over the logs. Absent for a run on demand, because it reads every log whole. */
  logs?: Omit<LogsDeps, 'admin' | 'follower'>;
}

export function allChecks(deps: ChecksDeps): Check[] {
  const { admin, redis, ledgers, memory, follower, clock, stuck, laneStallMs: stallMs } = deps;
  const mysql = deps.mysql.pool;
  const pace = createPace(clock, deps.restShare);
  const connect = () => deps.mysql.connect({ waitTimeoutSeconds: walkWaitTimeoutSeconds });
  const { reached, lasting } = follower;
  return [
    outcomesCheck({ mysql, admin, ledgers, lasting, reached, readOutcomes: deps.readOutcomes }),
    // The walk may find orders for the check of orders.
    bookCheck({ connect, pace, clock, stuck, isDecided, outcomes: deps.walked }),
    ordersCheck({ mysql, redis, memory, pace }),
    deadLettersCheck({ mysql, admin, index: deps.deadLetters, reached, pace, clock, metrics: deps.metrics }),
    offsetsCheck({ mysql, admin, ledgers, clock, stallMs }),
    deliveriesCheck({ mysql, memory, pace }),
    statesCheck({ mysql, admin, memory, states: deps.states }),
    ...(deps.logs === undefined ? [] : [logsCheck({ ...deps.logs, admin, follower })]),
  ];
}
