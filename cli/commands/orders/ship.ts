import { Command } from 'commander';
import { orderId } from '../../arguments.ts';
import {
  type ChangeOptions,
  type LineUnits,
  lineUnits,
  shortName,
  withChangeOptions,
} from '../../changes/options.ts';
import { requestChange } from '../../changes/request.ts';

interface ShipOptions extends ChangeOptions {
  readonly line?: LineUnits[];
  readonly carrier?: string;
  readonly tracking?: string;
}

/** `orderstream ship ORDER`: one parcel of a paid order leaves the warehouse. */
export function shipCommand(): Command {
  const command = new Command('ship')
    .description('record that a parcel of a paid order left; without --line it has all units that are left')
    .argument('<order>', 'order id', orderId)
    .option(
      '--line <line:quantity>',
      'units of one line in the parcel, such as 1:2; repeat it per line',
      lineUnits,
    )
    .option('--carrier <name>', 'who carries the parcel', shortName)
    .option('--tracking <number>', 'tracking number of the carrier', shortName);
  return withChangeOptions(command).action(ship);
}

async function ship(id: string, options: ShipOptions): Promise<void> {
  const { line: lines = [], carrier = null, tracking: trackingNumber = null } = options;
  await requestChange(id, () => ({ type: 'SHIP', payload: { carrier, trackingNumber, lines } }), options);
}
