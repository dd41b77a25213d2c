import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../shared/log/index.ts';
import { createMetrics } from '../../../shared/metrics/index.ts';
import type { CustomerKey } from '../../../shared/personal-data/index.ts';
import { createCustomerKeys } from './customer-keys.ts';

const log = createLogger({ service: 'test', level: 'silent', instanceId: 'test' });
const minuteMs = 60_000;

/** Keys from a table that may be away. A key is named after its customer and its generation. */
function keysOf({ isRequired = false } = {}) {
  const table = { generation: 1, isAway: false, reads: [] as (readonly string[])[], nowMs: 0 };
  const metrics = createMetrics({ service: 'ingestion' });
  const keys = createCustomerKeys({
    async load(customerIds) {
      table.reads.push(customerIds);
      if (table.isAway) throw new Error('away');
      return customerIds.map(
        (id): CustomerKey => ({ keyId: `${id}-${table.generation}`, secret: Buffer.alloc(32) }),
      );
    },
    isRequired,
    monotonicMs: () => table.nowMs,
    log,
    metrics,
  });
  return { table, keys, metrics };
}

describe('the key of a customer', () => {
  it('is read once a minute, and needs no promise in between', async () => {
    const { table, keys } = keysOf();
    expect(await keys.keyOf('a')).toMatchObject({ keyId: 'a-1' });
    table.generation = 2;
    table.nowMs = minuteMs - 1;
    expect(keys.keyOf('a')).toMatchObject({ keyId: 'a-1' });
    table.nowMs = minuteMs;
    expect(await keys.keyOf('a')).toMatchObject({ keyId: 'a-2' });
    expect(table.reads).toEqual([['a'], ['a']]);
  });

  it('shares its read with the keys of other customers', async () => {
    const { table, keys } = keysOf();
    const found = await Promise.all(['a', 'b', 'c'].map((id) => keys.keyOf(id)));
    expect(found).toMatchObject([{ keyId: 'a-1' }, { keyId: 'b-1' }, { keyId: 'c-1' }]);
    expect(table.reads).toEqual([['a', 'b', 'c']]);
  });

  it('is the last known one while the database is away', async () => {
    const { table, keys } = keysOf({ isRequired: true });
    await keys.keyOf('a');
    table.isAway = true;
    table.nowMs = 10 * minuteMs;
    expect(await keys.keyOf('a')).toMatchObject({ keyId: 'a-1' });
  });

  it('is null for an unknown customer while the database is away, and a metric counts this', async () => {
    const { table, keys, metrics } = keysOf();
    table.isAway = true;
    expect(await keys.keyOf('a')).toBeNull();
    expect(await metrics.text()).toMatch(/ingestion_unsealed_total(\{[^}]*\})? 1\b/);
  });

  it('is a failure instead if commands must be sealed', async () => {
    const { table, keys, metrics } = keysOf({ isRequired: true });
    table.isAway = true;
    expect(await keys.keyOf('a')).toMatchObject({ code: 'NOT_PRODUCED', retryAfterMs: 2_000 });
    expect(await metrics.text()).not.toMatch(/ingestion_unsealed_total(\{[^}]*\})? [1-9]/);
  });
});
