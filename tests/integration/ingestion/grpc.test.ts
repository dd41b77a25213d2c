/** The gRPC API of a real process, as clients in other languages use it. */
import path from 'node:path';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiProcess, spawnApi } from '../../support/api/api-process.ts';
import { type ApiWorld, openApiWorld, orderOf, placeHeaders } from '../../support/api/api-world.ts';
import { grpcSamples, grpcurl, runClient } from '../../support/programs/grpc-clients.ts';
import { isMissing, skipOrFail } from '../../support/programs/missing.ts';
import { unique, useDatabase, useTopicPrefix } from '../../support/servers/stack.ts';

const prefix = useTopicPrefix('grpc');
const database = useDatabase('grpc');
let world: ApiWorld;
let api: ApiProcess;
let token: string;
let operator: string;
const started: ApiProcess[] = [];

beforeAll(async () => {
  world = await openApiWorld({ topicPrefix: prefix, mysqlUrl: database().url });
  await world.arena.startWorker();
  api = await spawnApi({ ...world.env, INSTANCE_ID: unique('grpc') });
  started.push(api);
  token = await world.token('c1');
  operator = await world.token('ops', ['orders:ops']);
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.end('SIGKILL')));
  await world?.close();
});

describe.each(Object.keys(grpcSamples))('the sample in %s', (language) => {
  test('places an order and follows it to its outcome', async (context) => {
    const client = await grpcSamples[language]!();
    if (isMissing(client)) skipOrFail(context, client);
    const key = unique('grpc-');
    const more = ['--address', api.grpcAddress, '--token', token, '--key', key, '--sku', 'SKU-1'];
    const placed = JSON.parse(await runClient(client, more));
    expect(placed).toMatchObject({ version: 1, status: 'ORDER_STATUS_PENDING_PAYMENT' });
    const http = world.clientOf(api, 'c1');
    const { data } = await http.GET('/v1/orders/{id}', { params: { path: { id: placed.id } } });
    expect(data).toMatchObject({ id: placed.id, status: 'PENDING_PAYMENT' });
    expect(JSON.parse(await runClient(client, more)).id).toBe(placed.id);
  });
});

test('a client of the generated Python code reads the problem code and the fields of an error', async (context) => {
  const client = await grpcSamples['Python']!();
  if (isMissing(client)) skipOrFail(context, client);
  const more = [
    '--address',
    api.grpcAddress,
    '--token',
    token,
    '--key',
    'k',
    '--sku',
    'SKU-1',
    '--quantity',
    '0',
  ];
  expect(JSON.parse(await runClient(client, more))).toEqual({
    status: 'INVALID_ARGUMENT',
    problem: 'VALIDATION_FAILED',
    fields: ['order.items[0].quantity'],
  });
});

describe('grpcurl', () => {
  const call = async (method: string, body: object, bearer: string): Promise<string> => {
    const client = await grpcurl();
    if (isMissing(client)) throw new Error(client.missing);
    const header = ['-H', `authorization: Bearer ${bearer}`];
    return runClient(client, [...header, '-d', JSON.stringify(body), api.grpcAddress, method]);
  };

  test('learns the service by reflection, and the health of the process', async (context) => {
    const client = await grpcurl();
    if (isMissing(client)) skipOrFail(context, client);
    const services = await runClient(client, [api.grpcAddress, 'list']);
    expect(services).toContain('orderstream.v1.Orders');
    const described = await runClient(client, [
      api.grpcAddress,
      'describe',
      'orderstream.v1.Orders.CreateOrder',
    ]);
    expect(described).toContain('orderstream.v1.CreateOrderRequest');
    const file = ['-import-path', path.dirname(healthProto), '-proto', path.basename(healthProto)];
    const health = await runClient(client, [...file, api.grpcAddress, 'grpc.health.v1.Health/Check']);
    expect(JSON.parse(health)).toEqual({ status: 'SERVING' });
  });

  test('calls every method', async (context) => {
    const client = await grpcurl();
    if (isMissing(client)) skipOrFail(context, client);
    const methods = (await runClient(client, [api.grpcAddress, 'list', 'orderstream.v1.Orders']))
      .trim()
      .split('\n');
    const key = unique('grpcurl-');
    const order = orderOf(2);
    const http = world.clientOf(api, 'c1');
    const { data } = await http.POST('/v1/orders', { params: placeHeaders(key, 20), body: order });
    const id = data!.id;
    const requests: Record<string, [object, string]> = {
      CreateOrder: [{ requestId: key, order, wait: '5s' }, token],
      CreateOrders: [{ orders: [{ requestId: unique('b-'), order }] }, token],
      QuoteOrder: [{ order }, token],
      GetOrder: [{ id, includeDetails: true }, token],
      ListOrders: [{ requestId: key }, token],
      CancelOrder: [{ id, wait: '10s' }, token],
      WatchOrder: [{ id }, token],
      ShipOrder: [{ id, requestId: 'r', wait: '10s' }, operator],
      DeliverOrder: [{ id, requestId: 'r', wait: '10s' }, operator],
      ReturnOrder: [{ id, requestId: 'r', wait: '10s' }, operator],
      RequestRefund: [{ id, requestId: 'r', wait: '10s' }, operator],
      RetryRefund: [{ id, requestId: 'r', refundId: id, wait: '10s' }, operator],
    };
    const answers: Record<string, string> = {};
    for (const [method, [body, bearer]] of Object.entries(requests))
      answers[method] = await call(`orderstream.v1.Orders/${method}`, body, bearer);
    expect(JSON.parse(answers['CreateOrder']!)).toMatchObject({ replayed: true, order: { id } });
    expect(JSON.parse(answers['QuoteOrder']!).totals.total).toBe(
      JSON.parse(answers['GetOrder']!).order.totals.total,
    );
    expect(JSON.parse(answers['ListOrders']!).orders).toMatchObject([{ id }]);
    expect(JSON.parse(answers['CancelOrder']!)).toMatchObject({
      processed: true,
      order: { status: 'ORDER_STATUS_CANCELLED' },
    });
    expect(JSON.parse(answers['WatchOrder']!).order).toMatchObject({ id, version: 2 });
    const shipped = JSON.parse(answers['ShipOrder']!).command;
    expect(shipped).toMatchObject({ type: 'SHIP', outcome: 'COMMAND_OUTCOME_REFUSED' });
    const command = { orderId: id, commandId: shipped.id };
    expect(JSON.parse(await call('orderstream.v1.Orders/GetCommand', command, operator)).command).toEqual(
      shipped,
    );
    // A cancelled order takes no payment. grpcurl exits with the status of the call.
    const session = call('orderstream.v1.Orders/OpenPaymentSession', { id }, token);
    await expect(session).rejects.toThrow('The order is CANCELLED');
    const called = [...Object.keys(requests), 'GetCommand', 'OpenPaymentSession'].map(
      (name) => `orderstream.v1.Orders.${name}`,
    );
    expect(called.sort()).toEqual(methods.sort());
  });
});

test('a stop with open streams takes less than 5 s', async (context) => {
  const client = await grpcurl();
  if (isMissing(client)) skipOrFail(context, client);
  const stopping = await spawnApi({ ...world.env, INSTANCE_ID: unique('grpc-stop') });
  started.push(stopping);
  const http = world.clientOf(stopping, 'c1');
  const placed = await http.POST('/v1/orders', {
    params: placeHeaders(unique('stop-'), 20),
    body: orderOf(),
  });
  const args = ['-H', `authorization: Bearer ${token}`, '-d', JSON.stringify({ id: placed.data!.id })];
  const watch = runClient(client, [...args, stopping.grpcAddress, 'orderstream.v1.Orders/WatchOrder']);
  const ended = expect(watch).rejects.toThrow('Unavailable');
  await expect
    .poll(async () =>
      (await (await fetch(`${stopping.adminUrl}/metrics`)).text()).match(
        /ingestion_waiting_clients\{?[^\n]* 1/,
      ),
    )
    .not.toBeNull();
  const startedMs = performance.now();
  expect(await stopping.end('SIGTERM')).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  await ended;
});

test('HTTP and gRPC can each be switched off', async () => {
  const [http, grpc] = await Promise.all([
    world.startApi({ GRPC_ENABLED: 'false' }),
    world.startApi({ HTTP_ENABLED: 'false' }),
  ]);
  expect(http.grpcAddress).toBe('');
  expect((await fetch(`${http.url}/openapi.json`)).status).toBe(200);
  expect(grpc.url).toBe('');
  const client = new Client(grpc.grpcAddress, credentials.createInsecure());
  const same = (bytes: Buffer): Buffer => bytes;
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest('/orderstream.v1.Orders/ListOrders', same, same, Buffer.alloc(0), resolve);
  });
  expect(error).toMatchObject({ code: status.UNAUTHENTICATED });
  client.close();
  await Promise.all([http.stop(), grpc.stop()]);
});
