/** One order as a trace: real services send their spans as OTLP, and the test puts its way together again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOrderstreamClient } from '../../../cli/client/index.ts';
import { type Receiver, startReceiver } from '../../../services/notification/testing/receiver.ts';
import { createLocalIssuer } from '../../../services/shared/auth/index.ts';
import { COMMANDS, EVENTS } from '../../../topics/index.ts';
import { apiEnv, orderOf, placeHeaders } from '../../support/api/api-env.ts';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { spawnService, type WorkerProcess } from '../../support/arena/processes/worker-process.ts';
import { readWholeTopic } from '../../support/arena/reading/whole-topic.ts';
import { useArena } from '../../support/arena/use-arena.ts';
import { plantedSecretKeys } from '../../support/records/planted.ts';
import { until } from '../../support/servers/stack.ts';
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from '../../support/traces/otlp-receiver.ts';

const world = useArena('traces');
const customerId = 'traced-customer';
const secret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;

let dir: string;
let otlp: OtlpReceiver;
let receiver: Receiver;
let api: ApiProcess;
let notification: WorkerProcess;
/** Number of orders. */
let placed = 0;
let client: ReturnType<typeof createOrderstreamClient>;

beforeAll(async () => {
  const { arena } = world();
  dir = await mkdtemp(path.join(tmpdir(), 'traces-'));
  const issuer = await createLocalIssuer(dir);
  otlp = await startOtlpReceiver();
  receiver = await startReceiver();
  await arena.mysql.pool.write(
    `INSERT INTO webhook_endpoints (endpoint_id, customer_id, url, event_types, secret, created_at_ms, updated_at_ms)
     VALUES ('own', ?, ?, NULL, ?, 0, 0)`,
    [customerId, receiver.url, secret],
  );
  const env = { WEBHOOK_SECRET_KEYS: plantedSecretKeys, WEBHOOK_ALLOW_ADDRESSES: '127.0.0.0/8' };
  [api, notification] = await Promise.all([
    spawnApi({ ...apiEnv(arena, issuer), ...otlp.env }),
    spawnService('notification', { ...arena.env, ...env, ...otlp.env, INSTANCE_ID: 'notification' }),
  ]);
  const token = () => issuer.sign({ customerId, scopes: ['orders:write', 'orders:read'] });
  client = createOrderstreamClient({ baseUrl: api.url, token, timeoutMs: 30_000 });
});
afterEach(() => world().arena.killWorkers());
afterAll(async () => {
  await notification?.stop();
  await api?.end('SIGTERM');
  await receiver?.close();
  await otlp?.close();
  await rm(dir, { recursive: true, force: true });
});

/** Places an order. Returns its id and the ids of the trace, which the access log has. */
async function place(key: string): Promise<{ orderId: string; traceId: string; spanId: string }> {
  const { data, response } = await client.POST('/v1/orders', {
    params: placeHeaders(key),
    body: orderOf(1, 'SKU-1'),
  });
  expect(response.status).toBe(202);
  placed += 1;
  const lines = (): string[] => api.lines.filter((line) => line.includes('"route":"placeOrder"'));
  await expect.poll(() => lines().length).toBe(placed);
  const { traceId, spanId } = JSON.parse(lines().at(-1)!);
  return { orderId: data!.id, traceId, spanId };
}

/** The spans of a trace, once those with these names have arrived. */
async function spansOf(traceId: string, names: readonly string[]): Promise<ReceivedSpan[]> {
  const found = (): ReceivedSpan[] => otlp.spans.filter((span) => span.traceId === traceId);
  await until(() => names.every((name) => found().some((span) => span.name === name)), {
    what: `the spans ${names.join(', ')}`,
  });
  return found();
}

const startWorker = (env: Record<string, string> = {}): Promise<WorkerProcess> =>
  world().arena.startWorker({ ...otlp.env, ...env });

describe('the trace of an order', () => {
  test('leads from the response 202 to the webhook', async () => {
    const worker = await startWorker();
    const { orderId, traceId, spanId } = await place('traced');
    await expect.poll(() => receiver.received.map(({ body }) => JSON.parse(body).data.id)).toEqual([orderId]);
    const packets = ['open the batch', 'write the batch', 'commit the batch'];
    const kafka = [`send ${COMMANDS}`, `process ${COMMANDS}`, `send ${EVENTS}`];
    const names = ['POST /v1/orders', ...kafka, ...packets, 'POST'];
    const spans = await spansOf(traceId, names);
    const one = (name: string): ReceivedSpan => {
      const named = spans.filter((span) => span.name === name);
      expect(named, name).toHaveLength(1);
      return named[0]!;
    };

    const request = one('POST /v1/orders');
    expect(request).toMatchObject({ service: 'orderstream-ingestion', kind: 'SPAN_KIND_SERVER', spanId });
    expect(request).toMatchObject({ parentSpanId: '', isError: false });
    expect(request.attributes).toMatchObject({
      'http.route': '/v1/orders',
      'http.response.status_code': 202,
    });

    const sent = one(`send ${COMMANDS}`);
    expect(sent).toMatchObject({ service: 'orderstream-ingestion', kind: 'SPAN_KIND_PRODUCER' });
    expect(sent.parentSpanId).toBe(request.spanId);
    expect(sent.attributes).toMatchObject({ 'messaging.system.name': 'kafka', 'kafka.offset': 0 });

    const batch = one(`process ${COMMANDS}`);
    expect(batch).toMatchObject({ service: 'orderstream-worker', kind: 'SPAN_KIND_CONSUMER' });
    expect(batch.links).toEqual([{ traceId, spanId: sent.spanId }]);
    expect(batch.parentSpanId).toBe(sent.spanId);
    const { traceId: logged, spanId: loggedSpan } = await worker.logged(
      ({ msg }) => msg === 'the writer committed a batch',
      'the batch in the log',
    );
    expect([logged, loggedSpan]).toEqual([traceId, batch.spanId]);

    for (const name of packets) {
      expect(one(name)).toMatchObject({ kind: 'SPAN_KIND_CLIENT', parentSpanId: batch.spanId });
      expect(one(name).attributes).toMatchObject({ 'db.system.name': 'mysql', 'db.query.summary': name });
    }
    const published = one(`send ${EVENTS}`);
    expect(published).toMatchObject({ kind: 'SPAN_KIND_PRODUCER', parentSpanId: batch.spanId });

    const delivery = one('POST');
    expect(delivery).toMatchObject({ service: 'orderstream-notification', kind: 'SPAN_KIND_CLIENT' });
    expect(delivery.parentSpanId).toBe(sent.spanId);
    expect(delivery.attributes).toMatchObject({
      'server.address': '127.0.0.1',
      'http.response.status_code': 200,
    });
    const others = new Set(spans.map(({ name }) => name)).difference(new Set(names));
    expect([...others].filter((name) => name !== 'read missing rows')).toEqual([]);
    // It removes its outbox rows, so the next worker sends none of them again.
    expect((await worker.stop()).code).toBe(0);
  });

  test('is the same in an outcome that another worker sends again', async () => {
    const { arena } = world();
    const victim = await startWorker({ FAILPOINTS: 'publishAcked=kill', INSTANCE_ID: 'victim' });
    const { orderId, traceId } = await place('sent-again');
    expect((await victim.exited).signal).toBe('SIGKILL');
    await startWorker({ INSTANCE_ID: 'successor' });
    await arena.quiesce();

    const copies: Buffer[] = [];
    const headers: string[] = [];
    const noteOf = (record: { value: Buffer | null; headers: object }): Buffer =>
      Buffer.concat([record.value!, Buffer.from(JSON.stringify(record.headers))]);
    await readWholeTopic(arena, EVENTS, (record) => {
      if (record.key?.toString() !== orderId) return;
      copies.push(noteOf(record));
      headers.push(String(record.headers['traceparent']));
    });
    expect(copies).toHaveLength(2);
    expect(copies[1]).toEqual(copies[0]);
    const [sent] = (await spansOf(traceId, [`send ${COMMANDS}`])).filter(({ name }) =>
      name.startsWith('send'),
    );
    expect(headers[1]).toBe(`00-${traceId}-${sent!.spanId}-01`);
  });
});
