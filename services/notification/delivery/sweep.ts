/**
 * Searches the table for due deliveries, one page of endpoints at a time. With very many endpoints, one
 * search of all would delay all sending. This process remembers its own retries, so they are on time.
 */
import type { Settlement } from './delivery-queue.ts';
import type { SenderDeps } from './sender-types.ts';

/** Endpoints of one page. If there are fewer, every search covers all. */
const pageEndpoints = 5_000;
/** The maximum number of receivers whose next attempt is remembered. The sweep finds the others in the table. */
const rememberedMax = 50_000;
/** How often to look for deliveries of deleted endpoints, and the number of receivers in one query. */
const straysEveryMs = 5_000;
const straysPage = 100;

export interface Sweep {
  /** Adds the receivers with due deliveries to `wanted`. */
  run(wanted: Set<string>): Promise<void>;
  /** Remembers when to retry the receivers of pending results. */
  remember(settlements: readonly Settlement[]): void;
}

type Deps = Pick<SenderDeps, 'queue' | 'channelOf' | 'hosts' | 'clock' | 'metrics'>;

export function createSweep(deps: Deps): Sweep {
  const { queue, clock, metrics } = deps;
  const dueAtMs = new Map<string, number>();
  let after = '';
  let pass = { receivers: 0, oldestMs: Number.POSITIVE_INFINITY };
  let strayAfter = '';
  let nextStraysMs = 0;

  const page = async (wanted: Set<string>, nowMs: number): Promise<void> => {
    const { due, next } = await queue.dueReceivers(nowMs, after, pageEndpoints);
    for (const { endpointId, oldestDueAtMs } of due) {
      wanted.add(endpointId);
      pass.receivers += 1;
      pass.oldestMs = Math.min(pass.oldestMs, oldestDueAtMs);
    }
    after = next ?? '';
    if (next !== null) return;
    metrics.set('notification_receivers_due', pass.receivers);
    metrics.set('notification_oldest_due_seconds', (nowMs - Math.min(nowMs, pass.oldestMs)) / 1000);
    pass = { receivers: 0, oldestMs: Number.POSITIVE_INFINITY };
  };

  /** Deliveries of a deleted endpoint stay due, and the search by endpoint does not find them. */
  const dropStrays = async (): Promise<void> => {
    const ids = await queue.receivers(strayAfter, straysPage);
    for (const id of ids) {
      if ((await deps.channelOf(id)) === 'gone') await queue.shelve(id, 'DROPPED', clock.nowMs());
    }
    strayAfter = ids.length < straysPage ? '' : ids.at(-1)!;
  };

  return {
    async run(wanted) {
      const nowMs = clock.nowMs();
      await page(wanted, nowMs);
      for (const [endpointId, atMs] of dueAtMs) {
        if (atMs > nowMs) continue;
        wanted.add(endpointId);
        dueAtMs.delete(endpointId);
      }
      metrics.set('notification_breakers_open', deps.hosts.openBreakers());
      if (clock.monotonicMs() < nextStraysMs) return;
      nextStraysMs = clock.monotonicMs() + straysEveryMs;
      await dropStrays();
    },
    remember(settlements) {
      for (const { leased, verdict } of settlements) {
        if (verdict.status !== 'PENDING') continue;
        const known = dueAtMs.get(leased.endpointId);
        if (known === undefined && dueAtMs.size >= rememberedMax) continue;
        dueAtMs.set(leased.endpointId, Math.min(known ?? Number.POSITIVE_INFINITY, verdict.dueAtMs));
      }
    },
  };
}
