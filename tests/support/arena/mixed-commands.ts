import { createHash, randomUUID } from 'node:crypto';
import type { OrderCommand } from '../../../schemas/generated/types.ts';
import { partitionOfOrder } from '../../../topics/index.ts';
import { cancelCommand, placeCommand } from './load.ts';

/**
 * One scarce SKU for each lane, sold on that lane only. So the buyer of the last unit does not depend on
 * time.
 */
export const laneSkus = Array.from({ length: 12 }, (_, partition) => `LANE-${partition}`);

/**
 * PLACE commands for scarce and plentiful products, repeats, conflicts and cancels, as many as requested;
 * `skus` are the plentiful ones.
 */
export function mixedCommands(count: number, skus: readonly string[]): OrderCommand[] {
  const commands: OrderCommand[] = [];
  const orders: string[] = [];
  while (commands.length < count) {
    const n = commands.length;
    const old = orders[(n * 7) % Math.max(1, orders.length)];
    if (n % 5 === 4 && old !== undefined) commands.push(cancelCommand(old, `cancel:${n % 3}`));
    else if (n % 11 === 10 && old !== undefined) {
      const place = placeCommand(old, [skus[0]!]);
      commands.push({
        ...place,
        fingerprint: createHash('sha256')
          .update(`${n % 2 === 0 ? old : n}`)
          .digest(),
      });
    } else {
      const orderId = randomUUID();
      orders.push(orderId);
      commands.push(placeCommand(orderId, [laneSkus[partitionOfOrder(orderId)]!, skus[n % skus.length]!]));
    }
  }
  return commands;
}
