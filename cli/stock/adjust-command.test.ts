import { describe, expect, test } from 'vitest';
import { commandProblem } from '../../services/domain/index.ts';
import { encodeOperatorCommand } from '../../services/ingestion/application/operators/operator-command.ts';
import type { OutMessage } from '../../services/shared/kafka/index.ts';
import { type Adjustment, adjustCommand } from './adjust-command.ts';

const adjustment: Adjustment = {
  ...{ sku: 'MUG-BLUE', delta: 40, reason: 'counted', key: 'k1', actor: 'operator:anna', nowMs: 5 },
};

describe('the command of an adjustment', () => {
  test.each([
    adjustment,
    { ...adjustment, sku: '~'.repeat(64), key: 'k'.repeat(255), delta: -1_000_000_000, reason: null },
  ])('is one that workers decide: %j', (given) => {
    const { sku, delta, reason } = given;
    const command = adjustCommand(given);
    expect(commandProblem(command)).toBeNull();
    expect(command).toMatchObject({
      ...{ type: 'ADJUST_STOCK', orderId: null, actor: 'operator:anna', issuedAt: 5 },
      payload: { sku, delta, reason, countedTo: null },
    });
  });

  test('has an id for each SKU and key, and a fingerprint for each request', () => {
    const ids = [
      adjustment,
      { ...adjustment, key: 'k2' },
      { ...adjustment, sku: 'MUG-RED' },
      { ...adjustment, delta: 41, reason: null },
    ].map((given) => adjustCommand(given).commandId);
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[0]);
    const prints = [adjustment, { ...adjustment, delta: -40 }, { ...adjustment, reason: null }].map((given) =>
      adjustCommand(given).fingerprint!.toString('hex'),
    );
    expect(new Set(prints).size).toBe(3);
  });

  test('is the command of a request to the API with this key', () => {
    const { sku, delta, reason, key } = adjustment;
    const payload = { sku, delta, reason, countedTo: null };
    const { commandId, fingerprint } = encodeOperatorCommand(
      { commandLog: { encode: () => ({}) as OutMessage }, nowMs: () => 5 },
      {
        ...{ subject: { sku }, change: { type: 'ADJUST_STOCK', payload }, request: { reason, delta } },
        ...{ idempotencyKey: key, operator: 'anna', traceparent: null },
      },
    );
    const command = adjustCommand(adjustment);
    expect([command.commandId, command.fingerprint!.toString('base64url')]).toEqual([commandId, fingerprint]);
  });
});
