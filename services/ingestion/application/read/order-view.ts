/** What every protocol shows of an order beside its data. */
import { canChange, type OrderResource } from '../../../domain/index.ts';

/** What the customer can do with an order. */
export interface OrderActions {
  readonly canCancel: boolean;
  readonly canPay: boolean;
}

/** The actions of a queued order. */
export const queuedActions: OrderActions = { canCancel: true, canPay: false };

/**
 * From the state alone: responses of one version are the same, also after the deadline. A customer cannot cancel an order
 * of which a part was shipped.
 */
export function actionsOf({ status, units }: OrderResource): OrderActions {
  return {
    canCancel: canChange('CANCEL', status) && units.shipped === 0,
    canPay: canChange('CONFIRM_PAYMENT', status),
  };
}

/** The reason of an order whose command was dead-lettered. */
export const orderDeadLettered = {
  code: 'DEAD_LETTERED',
  message:
    'The order could not be processed and was dead-lettered. Nothing was reserved or charged. An operator investigates it.',
};

/** The reason of a command that was dead-lettered. */
export const commandDeadLettered = {
  code: 'DEAD_LETTERED',
  message: 'The command could not be processed and was dead-lettered. It changed nothing.',
};
