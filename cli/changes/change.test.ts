import { describe, expect, test } from 'vitest';
import { commandProblem } from '../../services/domain/index.ts';
import { encodeOperatorCommand } from '../../services/ingestion/application/operators/operator-command.ts';
import type { OutMessage } from '../../services/shared/kafka/index.ts';
import { changeCommand, type OrderChange } from './change.ts';

const orderId = '0c9f7f0e-0000-8000-8000-000000000000';
const request = { orderId, key: 'k1', actor: 'operator:anna', nowMs: 5 };
const lines = [{ line: 1, quantity: 2 }];
const ship = (carrier: string | null = null): OrderChange => ({
  type: 'SHIP',
  payload: { carrier, trackingNumber: null, lines },
});
const deliver = (deliveredAt: number, shipment: number | null = null): OrderChange => ({
  type: 'DELIVER',
  payload: { deliveredAt, shipment },
});
const changes: OrderChange[] = [
  ship(),
  deliver(4, 100),
  {
    type: 'RETURN',
    payload: { reason: null, lines: [{ line: 100, quantity: 1, restock: 0 }], refund: true },
  },
  { type: 'REQUEST_REFUND', payload: { amount: null, reason: 'late', lines, shipping: true } },
];

describe('the command of a change', () => {
  test.each(changes)('is one that workers decide: $type', (change) => {
    const command = changeCommand(change, request);
    expect(commandProblem(command)).toBeNull();
    expect(command).toMatchObject({
      orderId,
      actor: 'operator:anna',
      customerId: null,
      issuedAt: 5,
      ...change,
    });
  });

  test('has an id for each order, kind of change and key', () => {
    const ids = [
      ...changes.map((change) => changeCommand(change, request)),
      changeCommand(ship(), { ...request, key: 'k2' }),
      changeCommand(ship(), { ...request, orderId: '0c9f7f0e-0000-8000-8000-000000000001' }),
    ].map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(6);
    expect(changeCommand(ship(), { ...request, nowMs: 9 }).commandId).toBe(ids[0]);
  });

  test.each<[OrderChange, object]>([
    [ship('Post'), { carrier: 'Post', lines }],
    [deliver(5), {}],
    [deliver(5, 2), { shipment: 2 }],
    [
      { type: 'RETURN', payload: { reason: 'torn', lines: [], refund: false } },
      { refund: false, reason: 'torn' },
    ],
    [
      {
        type: 'RETURN',
        payload: { reason: null, lines: [{ line: 1, quantity: 2, restock: 1 }], refund: true },
      },
      { lines: [{ quantity: 2, restock: 1, line: 1 }] },
    ],
    [
      { type: 'REQUEST_REFUND', payload: { amount: null, reason: null, lines, shipping: true } },
      { shipping: true, lines },
    ],
    [
      { type: 'REQUEST_REFUND', payload: { amount: 7, reason: null, lines: [], shipping: false } },
      { amount: 7 },
    ],
  ])('is the command of a request to the API with this key: %j', (change, body) => {
    const { commandId, fingerprint } = encodeOperatorCommand(
      { commandLog: { encode: () => ({}) as OutMessage }, nowMs: () => 5 },
      {
        ...{ subject: { orderId }, change, request: body, idempotencyKey: request.key },
        ...{ operator: 'anna', traceparent: null },
      },
    );
    const command = changeCommand(change, request);
    expect(command.commandId).toBe(commandId);
    expect(command.fingerprint!.toString('base64url')).toBe(fingerprint);
  });

  test('has another fingerprint for another change with the same key', () => {
    const of = (change: OrderChange) => changeCommand(change, request).fingerprint?.toString('hex');
    expect(of(ship('Post'))).not.toBe(of(ship()));
    expect(of(deliver(4, 1))).not.toBe(of(deliver(4)));
  });

  test('has the same fingerprint when a delivery is reported again later', () => {
    const of = (atMs: number) => changeCommand(deliver(atMs), { ...request, nowMs: atMs });
    expect(of(7).fingerprint).toEqual(of(4).fingerprint);
    expect(of(7).payload).toEqual({ deliveredAt: 7, shipment: null });
  });
});
