/** The command with which an operator changes the stock of a SKU. */
import { hash } from 'node:crypto';
import type { AdjustStockCommand } from '../../schemas/index.ts';

export interface Adjustment {
  readonly sku: string;
  /** Units that are added; below 0 they are taken away. */
  readonly delta: number;
  readonly reason: string | null;
  /** Visible ASCII characters. With the same key, the same adjustment is applied once. */
  readonly key: string;
  /** Visible ASCII characters, at most 128. */
  readonly actor: string;
  /** Epoch ms. */
  readonly nowMs: number;
}

/** The longest id of a command. */
const commandIdLengthMax = 128;

/** Number of characters that a key of an adjustment of this SKU may have, because the id contains both. */
export function keyLengthMax(sku: string): number {
  return commandIdLengthMax - commandIdOf(sku, '').length;
}

/** The command of an adjustment. Its id follows from SKU and key, so that a repeat gets the same id. */
export function adjustCommand({ sku, delta, reason, key, actor, nowMs }: Adjustment): AdjustStockCommand {
  return {
    ...{ commandId: commandIdOf(sku, key), orderId: null, customerId: null, actor, idempotencyKey: key },
    ...{ fingerprint: hash('sha256', JSON.stringify([delta, reason]), 'buffer'), issuedAt: nowMs },
    ...{ traceparent: null, sealed: null },
    type: 'ADJUST_STOCK',
    payload: { sku, delta, reason, countedTo: null },
  };
}

/** Stock commands have no order, so their ids contain the SKU. Workers require this form. */
function commandIdOf(sku: string, key: string): string {
  return `stock:${sku}:${key}`;
}
