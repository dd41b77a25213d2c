import { Command } from 'commander';
import { orderId, pointInTime } from '../../arguments.ts';
import { type ChangeOptions, shipmentNumber, withChangeOptions } from '../../changes/options.ts';
import { requestChange } from '../../changes/request.ts';
import { usageError } from '../../errors.ts';

interface DeliverOptions extends ChangeOptions {
  readonly shipment?: number;
  readonly at?: number;
}

/** `orderstream deliver ORDER`: parcels of an order reached the customer. */
export function deliverCommand(): Command {
  const command = new Command('deliver')
    .description('record that parcels reached the customer; without --shipment all that are on their way')
    .argument('<order>', 'order id', orderId)
    .option('--shipment <number>', 'number of the parcel, from 1', shipmentNumber)
    .option('--at <time>', 'when it was delivered: ISO 8601, or a time before now such as 2h', pointInTime);
  return withChangeOptions(command).action(deliver);
}

async function deliver(id: string, options: DeliverOptions): Promise<void> {
  const { shipment = null, at } = options;
  await requestChange(
    id,
    (nowMs) => {
      if (at !== undefined && (at < 0 || at > nowMs))
        throw usageError('--at must be a time from 1970 to now');
      return { type: 'DELIVER', payload: { deliveredAt: at ?? nowMs, shipment } };
    },
    options,
  );
}
