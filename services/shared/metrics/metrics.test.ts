import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMetrics, metricPrefix, metricTable } from './index.ts';
import type { MetricSpec } from './spec.ts';

const rows = Object.entries(metricTable as Record<string, MetricSpec>);

describe('createMetrics', () => {
  it('counts, sets and observes the metrics of the table, with the service as a label', async () => {
    const metrics = createMetrics({ service: 'worker', defaults: false });
    metrics.inc('redis_calls_total', { result: 'ok' });
    metrics.inc('redis_calls_total', { result: 'ok' }, 2);
    metrics.inc('mysql_query_timeouts_total');
    metrics.set('mysql_pool_waiting', 4);
    metrics.observe('mysql_pool_wait_seconds', 0.003);
    const text = await metrics.text();
    expect(text).toContain('orderstream_redis_calls_total{result="ok",service="worker"} 3');
    expect(text).toContain('orderstream_mysql_query_timeouts_total{service="worker"} 1');
    expect(text).toContain('orderstream_mysql_pool_waiting{service="worker"} 4');
    expect(text).toContain('orderstream_mysql_pool_wait_seconds_bucket{le="0.005",service="worker"} 1');
  });

  it('starts the counters of its service at 0, for all values of their labels', async () => {
    const text = await createMetrics({ service: 'worker', defaults: false }).text();
    expect(text).toContain('orderstream_worker_lanes_refused_total{why="outcomesCut",service="worker"} 0');
    expect(text).toContain('orderstream_redis_calls_total{result="timeout",service="worker"} 0');
    expect(text).toContain('orderstream_worker_batch_seconds_count{service="worker"} 0');
    expect(text, 'a counter of another service').not.toContain('projector_claims_total{');
    expect(text, 'the group is not known yet').not.toContain('kafka_consumer_restarts_total{');
  });

  it('starts a counter with an open label at 0 once its value is known', async () => {
    const metrics = createMetrics({ service: 'worker', defaults: false });
    metrics.zero('kafka_consumer_restarts_total', { group: 'orders-worker' });
    metrics.inc('kafka_consumer_restarts_total', { group: 'orders-worker', reason: 'crash' });
    metrics.zero('kafka_consumer_restarts_total', { group: 'orders-worker' });
    const text = await metrics.text();
    expect(text).toMatch(/restarts_total\{group="orders-worker",reason="crash",service="worker"\} 1/);
    expect(text).toMatch(/restarts_total\{group="orders-worker",reason="silence",service="worker"\} 0/);
  });

  it('includes the lag of the event loop', async () => {
    const metrics = createMetrics({ service: 'worker' });
    expect(await metrics.text()).toContain('nodejs_eventloop_lag_p99_seconds');
    metrics.close();
  });

  it('refuses names and labels that the table does not have', () => {
    const metrics = createMetrics({ service: 'worker', defaults: false });
    // @ts-expect-error a gauge is not counted
    expect(() => metrics.inc('mysql_pool_waiting')).not.toThrow();
    // @ts-expect-error a value that the table does not have
    metrics.inc('redis_calls_total', { result: 'slow' });
    // @ts-expect-error the label is missing
    expect(() => metrics.inc('redis_calls_total')).not.toThrow();
    // @ts-expect-error no such label
    expect(() => metrics.inc('redis_calls_total', { orderId: 'x' })).toThrow();
  });
});

describe('the table', () => {
  it.each(rows)('%s follows the naming rules', (name, spec) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(name.startsWith(metricPrefix), 'the prefix is added, not written in the table').toBe(false);
    expect(name.endsWith('_total'), 'counters and only they end in _total').toBe(spec.type === 'counter');
    expect(spec.help).toMatch(/^\S.*\.$/);
    for (const label of Object.keys(spec.labels)) {
      expect(label).toMatch(/^[a-z][a-z_]*$/);
      expect(label, 'no ids in labels').not.toMatch(/(^|_)(id|key|order|customer|sku|offset|token)$/);
    }
    expect(spec.buckets === undefined || spec.type === 'histogram').toBe(true);
    expect(spec.buckets ?? []).toEqual([...(spec.buckets ?? [])].sort((a, b) => a - b));
  });

  it('has each name in one table only', async () => {
    const folder = new URL('./tables/', import.meta.url);
    const modules = await Promise.all(readdirSync(folder).map((file) => import(new URL(file, folder).href)));
    const names = modules.flatMap((module) =>
      Object.values(module).flatMap((table) => Object.keys(table as object)),
    );
    expect(names.sort()).toEqual(Object.keys(metricTable).sort());
  });
});
