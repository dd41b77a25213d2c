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

/**
 * The command of an adjustment. Its id follows from SKU and key, so that a repeat gets the same id. Workers require that it
 * begins with the SKU. A request to the API with the same key is the same command.
 */
export function adjustCommand({ sku, delta, reason, key, actor, nowMs }: Adjustment): AdjustStockCommand {
  const id = hash('sha256', `${sku}\0ADJUST_STOCK\0${key}`, 'hex').slice(0, 32);
  // In canonical JSON (RFC 8785), as the API hashes it: names are sorted, and absent members are left out.
  const request = JSON.stringify({ delta, reason: reason ?? undefined });
  return {
    ...{ commandId: `stock:${sku}:${id}`, orderId: null, customerId: null, actor, idempotencyKey: key },
    ...{ fingerprint: hash('sha256', request, 'buffer'), issuedAt: nowMs },
    ...{ traceparent: null, sealed: null },
    type: 'ADJUST_STOCK',
    payload: { sku, delta, reason, countedTo: null },
  };
}
