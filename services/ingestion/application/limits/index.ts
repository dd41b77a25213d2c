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
  /** Checks of the signatures of callbacks, with the same rules as checks of tokens. */
  readonly signatureChecks: TokenChecks;
  /** Calls of payment providers, which may hang. */
  readonly providerTurns: ReadTurns;
}

export interface CallerLimitSettings {
  readonly entry: EntryLimits;
  readonly bodies: BodyLimits;
  readonly reads: ReadLimits;
  readonly refusals: RefusalLimits;
  readonly tokenChecks: TokenCheckLimits;
  readonly signatureChecks: TokenCheckLimits;
  readonly providerTurns: ReadLimits;
}

/** The limits of a service with this many connections to the database. */
export function callerLimitSettings(connections: number): CallerLimitSettings {
  const checks = { badMax: 50, forgivenPerSecond: 10, checkingMs: 1, everyMs: 10, waitingMax: 5_000 };
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
    tokenChecks: checks,
    signatureChecks: checks,
    providerTurns: { runningMax: 64, runningPerCallerMax: 4, waitingPerCallerMax: 100 },
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
    signatureChecks: createTokenChecks(limits.signatureChecks, clock),
    providerTurns: createReadTurns(limits.providerTurns),
  };
}
