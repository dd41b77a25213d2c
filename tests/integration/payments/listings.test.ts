/** What services/payments stores about the lists of providers, on a real database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListedProvider, startLister, visit } from '../../../services/payments/listings/lister.ts';
import { createListings } from '../../../services/payments/listings/listings.ts';
import { noMetrics } from '../../../services/shared/metrics/index.ts';
import { createMysql, type Mysql } from '../../../services/shared/mysql/index.ts';
import type { ProviderRecord } from '../../../services/shared/payment-provider/index.ts';
import {
  adapterOf,
  type CallbackReceiver,
  control,
  type ProviderProcess,
  receiveCallbacks,
  spawnProvider,
} from '../../support/programs/payment-provider.ts';
import { quietLog } from '../../support/records/kafka.ts';
import { until, useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('listings');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const startMs = 100 * dayMs;
const everyMs = 15 * minuteMs;
let mysql: Mysql;
let nowMs: number;
let counted: string[];

beforeAll(() => {
  mysql = createMysql({ url: database().url, log: quietLog });
});
afterAll(() => mysql.close());
beforeEach(async () => {
  await mysql.pool.write('DELETE FROM provider_records');
  await mysql.pool.write('DELETE FROM provider_listings');
  nowMs = startMs;
  counted = [];
});

const metrics = {
  ...noMetrics,
  inc(name: string, { result = '' }: { result?: string } = {}, by = 1) {
    counted.push(`${name} ${result} ${by}`);
  },
} as typeof noMetrics;

function depsOf() {
  const listings = createListings({ pool: mysql.pool, everyMs, keptMs: 10 * dayMs });
  return { listings, everyMs, nowMs: () => nowMs, log: quietLog, metrics };
}

const visitNow = (provider: ListedProvider): Promise<void> =>
  visit(depsOf(), provider, new AbortController().signal);

const payment = (id: string, atMs: number, amount = 500): ProviderRecord => ({
  ...{ kind: 'payment', atMs, providerPaymentId: id, reference: 'r', amount, currency: 'EUR' },
});
const refund = (id: string, atMs: number, status: 'pending' | 'succeeded' | 'failed'): ProviderRecord => ({
  ...{
    kind: 'refund',
    atMs,
    providerPaymentId: 'p',
    providerRefundId: id,
    status,
    amount: 5,
    currency: 'EUR',
  },
});

/** A provider with these records. `asked` has the range of each question, in minutes since the start of the test. */
function fakeProvider(records: readonly ProviderRecord[], onRecord: (n: number) => void = () => undefined) {
  const asked: string[] = [];
  const minutes = (atMs: number): number => (atMs - startMs) / minuteMs;
  return {
    name: 'fake',
    asked,
    async *list(fromMs: number, toMs: number) {
      asked.push(`${minutes(fromMs)} to ${minutes(toMs)}`);
      let n = 0;
      for (const record of records.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)) {
        onRecord(n++);
        yield record;
      }
    },
  };
}

interface Row {
  provider_id: string;
  status: string;
  changed_at_ms: number;
}

const storedRows = (): Promise<Row[]> =>
  mysql.pool.rows<Row>(
    'SELECT provider_id, status, changed_at_ms FROM provider_records ORDER BY provider_id',
  );
const storedIds = async (): Promise<string[]> => (await storedRows()).map(({ provider_id }) => provider_id);
/** The complete range, in minutes since the start of the test. */
async function listed(): Promise<[number, number]> {
  const [row] = await mysql.pool.rows<{ listed_from_ms: number; listed_to_ms: number }>(
    'SELECT listed_from_ms, listed_to_ms FROM provider_listings',
  );
  return [(row!.listed_from_ms - startMs) / minuteMs, (row!.listed_to_ms - startMs) / minuteMs];
}

describe('the local provider', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'listings-'));
  let receiver: CallbackReceiver;
  let provider: ProviderProcess;

  beforeAll(async () => {
    receiver = await receiveCallbacks();
    provider = await spawnProvider({ file: path.join(dir, 'state.sqlite'), callbackUrl: receiver.url });
  });
  afterAll(async () => {
    await provider.end();
    await receiver.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is listed with its captures and refunds', async () => {
    const body = { reference: 'no order', amount: 700, currency: 'EUR' };
    const { payment: id } = (await control(provider.url, 'POST', '/v1/transfers', body)) as {
      payment: string;
    };
    const desk = { ...body, key: null, payment: id, amount: 200 };
    const { id: refundId } = (await control(provider.url, 'POST', '/v1/refunds', desk)) as { id: string };
    const adapter = adapterOf(provider.url);
    nowMs = Date.now() + 2 * minuteMs;
    await visitNow(adapter).finally(adapter.close);
    expect(
      await mysql.pool.rows(
        'SELECT provider, kind, provider_id, provider_payment_id, amount, currency, status FROM provider_records ORDER BY kind',
      ),
    ).toEqual([
      {
        ...{ provider: 'local', kind: 'payment', provider_id: id, provider_payment_id: id },
        ...{ amount: 700, currency: 'EUR', status: 'captured' },
      },
      {
        ...{ provider: 'local', kind: 'refund', provider_id: refundId, provider_payment_id: id },
        ...{ amount: 200, currency: 'EUR', status: 'succeeded' },
      },
    ]);
  });
});

describe('a provider', () => {
  it('is listed once in each interval, with one hour of overlap', async () => {
    const provider = fakeProvider([payment('p', startMs - hourMs)]);
    await visitNow(provider);
    expect(await listed()).toEqual([-14_400, -1]);
    nowMs += everyMs - 1;
    await visitNow(provider);
    nowMs += 1;
    await visitNow(provider);
    expect(provider.asked).toEqual(['-14400 to -1', '-61 to 14', '-14385 to -14235']);
    expect(await storedIds()).toEqual(['p']);
  });

  it('is listed by one instance at a time', async () => {
    const provider = fakeProvider([]);
    await Promise.all([visitNow(provider), visitNow(provider), visitNow(provider)]);
    expect(provider.asked).toHaveLength(1);
  });

  it('is listed by another instance once the lease of a dead one has ended', async () => {
    await depsOf().listings.lease('fake', nowMs);
    const provider = fakeProvider([]);
    nowMs += 10 * minuteMs - 1;
    await visitNow(provider);
    nowMs += 1;
    await visitNow(provider);
    expect(provider.asked).toEqual(['-14390 to 9']);
  });

  it('lists a record late, and the record is found by the overlap', async () => {
    const records = [payment('p', startMs - hourMs)];
    const provider = fakeProvider(records);
    await visitNow(provider);
    records.push(payment('late', startMs - 50 * minuteMs));
    nowMs += everyMs;
    await visitNow(provider);
    expect(await storedIds()).toEqual(['late', 'p']);
  });

  it('changes or forgets an old record, and this is seen within a day', async () => {
    const old = startMs - 9 * dayMs;
    const records = [payment('gone', old), refund('r', old, 'pending'), refund('same', old, 'succeeded')];
    const provider = fakeProvider(records);
    await visitNow(provider);
    records.splice(0, 2, refund('r', old, 'failed'));
    for (let n = 0; n < 96; n++) {
      nowMs += everyMs;
      await visitNow(provider);
    }
    const rows = await storedRows();
    expect(rows).toMatchObject([
      { provider_id: 'r', status: 'failed' },
      { provider_id: 'same', status: 'succeeded', changed_at_ms: startMs },
    ]);
    expect(rows[0]!.changed_at_ms).toBeGreaterThan(startMs);
  });

  it('keeps no record that is older than the limit', async () => {
    const provider = fakeProvider([payment('old', startMs - 10 * dayMs), payment('p', startMs - hourMs)]);
    await visitNow(provider);
    expect(await storedIds()).toEqual(['old', 'p']);
    nowMs += everyMs;
    await visitNow(provider);
    expect(await storedIds()).toEqual(['p']);
    expect(await listed()).toEqual([-14_385, 14]);
  });
});

describe('a list that ends early', () => {
  /** One record per second. */
  const many = Array.from({ length: 1_200 }, (_, n) => payment(`p${n}`, startMs - dayMs + n * 1_000));

  it('is continued after its last stored record', async () => {
    let isBroken = true;
    const provider = fakeProvider(many, (n) => {
      if (isBroken && n === 1_100) throw new Error('the provider does not answer');
    });
    await visitNow(provider);
    // The 1,000th record is 999 s after the first one.
    expect(await listed()).toEqual([-14_400, -1_440 + 999 / 60]);
    expect(await storedRows()).toHaveLength(1_000);
    expect(counted.at(-1)).toBe('payments_listings_total failed 1');
    [isBroken, nowMs] = [false, nowMs + everyMs];
    await visitNow(provider);
    expect(provider.asked[1]).toBe(`${-1_440 + 999 / 60} to 14`);
    expect(await storedRows()).toHaveLength(1_200);
    expect(await listed()).toEqual([-14_385, 14]);
  });

  it('is continued at once if the time of the visit is over', async () => {
    const provider = fakeProvider(many, (n) => {
      if (n === 700 && nowMs === startMs) nowMs += 9 * minuteMs;
    });
    await visitNow(provider);
    expect(await storedRows()).toHaveLength(701);
    expect(counted.at(-1)).toBe('payments_listings_total partial 1');
    await visitNow(provider);
    expect(await storedRows()).toHaveLength(1_200);
    expect(counted.at(-1)).toBe('payments_listings_total done 1');
  });
});

describe('a list in a wrong form', () => {
  it.each<[string, ProviderRecord[]]>([
    ['is in no order', [payment('p1', startMs - hourMs), payment('p2', startMs - hourMs - 1)]],
    ['has a record without a time', [payment('p1', Number.NaN)]],
    ['has a record of another time', [payment('p1', startMs)]],
  ])('that %s is given up, and proves nothing', async (_what, records) => {
    const list = async function* () {
      yield* records;
    };
    await visitNow({ name: 'fake', list });
    expect(await listed()).toEqual([-14_400, -14_400]);
    expect(counted).toEqual(['payments_listings_total failed 1']);
  });

  it('has records that no row can match, which are counted', async () => {
    const wrong: ProviderRecord[] = [
      payment('with space', startMs - hourMs),
      { ...payment('p2', startMs - hourMs), currency: 'euro' },
      payment('p3', startMs - hourMs, 0.5),
      payment('p4', startMs - hourMs),
    ];
    await visitNow(fakeProvider(wrong));
    expect(await storedIds()).toEqual(['p4']);
    expect(counted).toEqual([
      'payments_listed_records_total stored 1',
      'payments_listed_records_total unusable 3',
      'payments_listings_total done 1',
    ]);
  });
});

it('a provider that hangs delays no other one, and no stop', async () => {
  const asked = Promise.withResolvers<void>();
  const hanging: ListedProvider = {
    name: 'hanging',
    async *list() {
      asked.resolve();
      await new Promise(() => undefined);
    },
  };
  const provider = fakeProvider([payment('p', startMs - hourMs)]);
  const lister = startLister({ ...depsOf(), providers: [hanging, provider] });
  await asked.promise;
  await until(async () => (await storedIds()).length === 1, { what: 'the other provider is listed' });
  await lister.stop(100);
  expect(await storedIds()).toEqual(['p']);
});
