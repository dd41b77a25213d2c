import { Command } from 'commander';
import { orderId } from '../../arguments.ts';
import {
  type ChangeOptions,
  type ReturnedUnits,
  reasonText,
  returnedUnits,
  withChangeOptions,
} from '../../changes/options.ts';
import { requestChange } from '../../changes/request.ts';

interface ReturnOptions extends ChangeOptions {
  readonly line?: ReturnedUnits[];
  readonly refund: boolean;
  readonly reason?: string;
}

/** `orderstream return ORDER`: goods of an order came back. */
export function returnCommand(): Command {
  const command = new Command('return')
    .description('record goods that came back, and refund them; without --line all units that were shipped')
    .argument('<order>', 'order id', orderId)
    .option(
      '--line <line:quantity:restock>',
      'units of one line, and how many of them can be sold again, such as 1:2:1; 1:2 means all. Repeat it per line',
      returnedUnits,
    )
    .option('--no-refund', 'request no refund')
    .option('--reason <text>', 'why they came back; the history of the order shows it', reasonText);
  return withChangeOptions(command).action(returnGoods);
}

async function returnGoods(id: string, options: ReturnOptions): Promise<void> {
  const { line: lines = [], refund, reason = null } = options;
  await requestChange(id, () => ({ type: 'RETURN', payload: { reason, lines, refund } }), options);
}
