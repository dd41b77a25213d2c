/** Runs each check repeatedly and turns its differences into findings. */
import type { Clock } from '../../shared/clock/index.ts';
import { classify, errorMessage } from '../../shared/errors/index.ts';
import type { Logger } from '../../shared/log/index.ts';
import type { Metrics } from '../../shared/metrics/index.ts';
import { sleep } from '../../shared/retry/index.ts';
import type { Check } from '../checks/check.ts';
import type { FindingChange, Findings } from '../findings/findings.ts';
import { createTally } from '../findings/tally.ts';
import type { Suspects } from '../matching/unconfirmed-differences.ts';
import type { Health } from './health.ts';

export interface RoundsDeps {
  checks: readonly Check[];
  /** Interval from the end of one round of a check to the start of the next. */
  everyMs: () => number;
  suspects: Suspects;
  /** Maximum number of findings of one kind in the table. */
  perKindMax: number;
  findings: Findings;
  publish(changes: readonly FindingChange[]): Promise<void>;
  clock: Clock;
  health: Pick<Health, 'failed' | 'done'>;
  log: Logger;
  metrics: Metrics;
}

export interface Rounds {
  stop(): Promise<void>;
}

/** Runs each check in its own loop, so that neither a long walk nor a failing check delays the others. */
export function startRounds(deps: RoundsDeps): Rounds {
  const abort = new AbortController();
  for (const { name } of deps.checks) deps.metrics.zero('reconciliation_checks_total', { check: name });
  const loops = deps.checks.map(async (check) => {
    while (!abort.signal.aborted) {
      await runRound(deps, check, abort.signal);
      await sleep(deps.everyMs(), abort.signal).catch(() => undefined);
    }
  });
  return {
    async stop() {
      abort.abort();
      await Promise.all(loops);
    },
  };
}

/**
 * Runs one round. Never rejects. After any error the round has no result, and the next round checks again. One
 * failing check must not end the process, because this would also stop the others. After a restart the check would
 * fail again.
 */
async function runRound(deps: RoundsDeps, check: Check, signal: AbortSignal): Promise<void> {
  const { suspects, findings, clock, health, log, metrics } = deps;
  const trouble = `the check ${check.name} fails`;
  const startedMs = clock.monotonicMs();
  try {
    await findings.reload();
    const open = findings.open(check.kinds);
    const tally = createTally(open, deps.perKindMax);
    const seen = await check.run(open, tally, signal);
    const confirmed = suspects.confirm(check.name, tally.kept());
    const changes = await findings.apply(check.kinds, { ...seen, tally }, confirmed);
    seen.whenKept?.();
    for (const change of changes)
      log.warn(
        { finding: change },
        change.status === 'OPEN' ? 'reconciliation opened a finding' : 'reconciliation closed a finding',
      );
    await deps.publish(changes);
    health.done(trouble);
    metrics.inc('reconciliation_checks_total', { check: check.name, result: 'done' });
    metrics.observe('reconciliation_check_seconds', (clock.monotonicMs() - startedMs) / 1000, {
      check: check.name,
    });
    metrics.set('reconciliation_suspects', suspects.size());
  } catch (error) {
    if (signal.aborted) return;
    health.failed(trouble, errorMessage(error));
    metrics.inc('reconciliation_checks_total', { check: check.name, result: 'failed' });
    const level = classify(error) === 'retry' ? 'warn' : 'error';
    log[level]({ err: error, check: check.name }, 'a check failed; its next round checks again');
  }
}
