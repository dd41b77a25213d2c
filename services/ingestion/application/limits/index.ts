/** The resources that callers share, with limits for each caller: docs/decisions/0050. */
import type { Clock } from '../../../shared/clock/index.ts';
import { type Bodies, type BodyLimits, createBodies } from './body-budget.ts';
import { createEntry, type Entry, type EntryLimits } from './entry.ts';
import { createReadTurns, type ReadLimits, type ReadTurns } from './reads.ts';
import { createRefusals, type RefusalLimits, type Refusals } from './refusals.ts';
import { createTokenChecks, type TokenCheckLimits, type TokenChecks } from './token-checks.ts';
import { createUsage, type Usage } from './usage.ts';

export interface CallerLimits {
  readonly usage: Usage;
  readonly entry: Entry;
  readonly bodies: Bodies;
  readonly reads: ReadTurns;
  readonly refusals: Refusals;
  readonly tokenChecks: TokenChecks;
}

export interface CallerLimitSettings {
  readonly entry: EntryLimits;
  readonly bodies: BodyLimits;
  readonly reads: ReadLimits;
  readonly refusals: RefusalLimits;
  readonly tokenChecks: TokenCheckLimits;
}

/** The limits of a service with this many connections to the database. */
export function callerLimitSettings(connections: number): CallerLimitSettings {
  return {
    // About a millisecond of work in each turn of the event loop.
    entry: { perTurn: 16, waitingPerCallerMax: 2_000 },
    bodies: {
      receivingBytesMax: 32 * 1024 * 1024,
      wastedBytesMax: 8 * 1024 * 1024,
      wastedBytesPerSecond: 1024 * 1024,
    },
    // One connection is reserved for reads of single orders. A few statements serve many of them.
    reads: { runningMax: Math.max(1, connections - 1), runningPerCallerMax: 2, waitingPerCallerMax: 100 },
    refusals: { atOnceMax: 50, perSecond: 50, delayMsMax: 1_000 },
    tokenChecks: { badMax: 50, forgivenPerSecond: 10, checkingMs: 1, everyMs: 10, waitingMax: 5_000 },
  };
}

export function createCallerLimits(
  limits: CallerLimitSettings,
  clock: Pick<Clock, 'monotonicMs'>,
): CallerLimits {
  return {
    usage: createUsage(clock),
    entry: createEntry(limits.entry),
    bodies: createBodies(limits.bodies, clock),
    reads: createReadTurns(limits.reads),
    refusals: createRefusals(limits.refusals, clock),
    tokenChecks: createTokenChecks(limits.tokenChecks, clock),
  };
}
