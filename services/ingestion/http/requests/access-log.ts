/**
 * One log line for each answered request, up to a rate. Beyond the rate, lines are skipped, and the next line says how
 * many. Server errors have a rate of their own, so many good answers never hide them.
 */
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../../../shared/clock/index.ts';
import type { Logger } from '../../../shared/log/index.ts';
import { traceFieldsOf } from '../problems.ts';

export type AccessLog = (request: FastifyRequest, reply: FastifyReply, route: string) => void;

export interface AccessLogDeps {
  readonly log: Logger;
  /**
   * Maximum number of lines per second for good answers, and as many for server errors. 0 turns the log off. It is
   * read every second.
   */
  readonly linesPerSecond: () => number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** Long enough to tell callers apart, too short to find a customer by trying ids of all lengths. */
const callerCharacters = 8;

export function createAccessLog({ log, clock, linesPerSecond }: AccessLogDeps): AccessLog {
  const good = createBudget(linesPerSecond, clock.monotonicMs);
  const failed = createBudget(linesPerSecond, clock.monotonicMs);
  return (request, reply, route) => {
    const skipped = (reply.statusCode >= 500 ? failed : good).take();
    if (skipped === null) return;
    log.info(
      {
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        ...traceFieldsOf(request),
        caller: callerOf(request),
        ...(skipped > 0 && { skipped }),
      },
      'ingestion answered a request',
    );
  };
}

interface Budget {
  /** The lines that were skipped since the last one; null if this line must be skipped too. */
  take(): number | null;
}

function createBudget(perSecond: () => number, monotonicMs: () => number): Budget {
  let second = -1;
  let left = 0;
  let skipped = 0;
  return {
    take() {
      const now = Math.floor(monotonicMs() / 1_000);
      if (now !== second) {
        second = now;
        left = perSecond();
      }
      if (left === 0) {
        skipped += 1;
        return null;
      }
      left -= 1;
      const before = skipped;
      skipped = 0;
      return before;
    },
  };
}

/** A short hash of the customer; null before the token is checked. */
function callerOf({ caller }: FastifyRequest): string | null {
  return caller ? hash('sha256', caller.customerId, 'hex').slice(0, callerCharacters) : null;
}
