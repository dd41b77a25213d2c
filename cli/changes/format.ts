/** The outcome of a change in words. */
import { amountText } from '../../services/domain/index.ts';
import type { OrderChange } from './change.ts';
import type { LineUnits, ReturnedUnits } from './options.ts';
import type { ChangeOutcome } from './outcome.ts';

/** What did not happen, if the command has no effect. */
const notDone: Readonly<Record<OrderChange['type'], string>> = {
  SHIP: 'nothing was shipped',
  DELIVER: 'no delivery was recorded',
  RETURN: 'no return was recorded',
  REQUEST_REFUND: 'no refund was requested',
};

/** What an applied change did, and the state of the order after it. */
export function appliedText(type: OrderChange['type'], outcome: ChangeOutcome): string {
  const { isRepeat, status, version } = outcome;
  const before = isRepeat ? 'done before with this key: ' : '';
  return `${before}${effectText(type, outcome)}; the order is ${status} (version ${version})`;
}

/** Why the change has no effect. */
export function refusedText(type: OrderChange['type'], { isRepeat, outcome, reason }: ChangeOutcome): string {
  const before = isRepeat && outcome === 'REFUSED' ? 'refused before with this key: ' : '';
  return `${before}${notDone[type]} (${reason?.code ?? outcome}): ${reason?.message ?? 'no reason is stored'}`;
}

function effectText(type: OrderChange['type'], { shipment, returned, refund }: ChangeOutcome): string {
  const requested = refund === null ? null : `refund ${refund.refundId} of ${amountOf(refund)} is requested`;
  switch (type) {
    case 'SHIP':
      return shipment === null
        ? 'shipped'
        : `shipped as parcel ${shipment.shipment}: ${unitsText(shipment.lines)}`;
    case 'DELIVER':
      return 'the delivery is recorded';
    case 'RETURN': {
      const units = returned === null ? 'returned' : `return ${returned.return}: ${backText(returned.lines)}`;
      return `${units}; ${requested ?? 'no refund is requested'}`;
    }
    case 'REQUEST_REFUND':
      return requested ?? 'a refund is requested';
  }
}

/** Such as `2 of line 1, 1 of line 3`. */
export function unitsText(lines: readonly LineUnits[]): string {
  return lines.map(({ line, quantity }) => `${quantity} of line ${line}`).join(', ');
}

/** Such as `2 of line 1 (1 restocked)`. */
export function backText(lines: readonly ReturnedUnits[]): string {
  return lines
    .map(({ line, quantity, restock }) => `${quantity} of line ${line} (${restock} restocked)`)
    .join(', ');
}

function amountOf({ amount, currency }: NonNullable<ChangeOutcome['refund']>): string {
  return amountText(amount, currency) ?? `${amount} ${currency}`;
}
