import { Command } from 'commander';
import { orderId, positiveNumber } from '../../arguments.ts';
import {
  type ChangeOptions,
  type LineUnits,
  lineUnits,
  reasonText,
  withChangeOptions,
} from '../../changes/options.ts';
import { requestChange } from '../../changes/request.ts';
import { usageError } from '../../errors.ts';

interface RefundOptions extends ChangeOptions {
  readonly amount?: number;
  readonly line?: LineUnits[];
  readonly shipping?: boolean;
  readonly reason?: string;
}

/** `orderstream refund ORDER`: pays back a part of the payment of an order, or all that is left of it. */
export function refundCommand(): Command {
  const command = new Command('refund')
    .description('request a refund; without --amount, --line and --shipping all that is left of the payment')
    .argument('<order>', 'order id', orderId)
    .option(
      '--amount <minor>',
      'amount in minor units; not together with --line or --shipping',
      positiveNumber,
    )
    .option(
      '--line <line:quantity>',
      'refund the price of units of one line, such as 1:2; repeat it per line',
      lineUnits,
    )
    .option('--shipping', 'refund the shipping too')
    .option('--reason <text>', 'why; the history of the order shows it', reasonText);
  return withChangeOptions(command).action(refund);
}

async function refund(id: string, options: RefundOptions): Promise<void> {
  const { amount = null, line: lines = [], shipping = false, reason = null } = options;
  if (amount !== null && (lines.length > 0 || shipping))
    throw usageError('give --amount, or --line and --shipping, but not both');
  await requestChange(
    id,
    () => ({ type: 'REQUEST_REFUND', payload: { amount, reason, lines, shipping } }),
    options,
  );
}
