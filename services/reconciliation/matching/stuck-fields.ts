import { durationMs } from '../../shared/config/index.ts';

const DAY_MS = 24 * 3_600_000;

/** The times after which an order, a timer, a refund or a record of a provider is stuck. The service and the run on demand share them. */
export const stuckFields = {
  pendingGraceMs: durationMs('STUCK_PENDING_GRACE', {
    default: 5 * 60_000,
    help: 'How long an unpaid order may stay open after its due time.',
  }),
  paidMaxMs: durationMs('STUCK_PAID', { default: 14 * DAY_MS, help: 'How long an order may be PAID.' }),
  shippedMaxMs: durationMs('STUCK_SHIPPED', {
    default: 30 * DAY_MS,
    help: 'How long an order may be SHIPPED.',
  }),
  deliveredMaxMs: durationMs('STUCK_DELIVERED', {
    default: 60 * DAY_MS,
    help: 'How long an order may be DELIVERED before it is closed.',
  }),
  timerMaxMs: durationMs('STUCK_TIMER', {
    default: 5 * 60_000,
    help: 'How long the timer of an order may be due before its command is decided.',
  }),
  refundMaxMs: durationMs('STUCK_REFUND', {
    default: DAY_MS,
    help: 'How long a refund may be open that the provider has not accepted.',
  }),
  refundPendingMaxMs: durationMs('STUCK_REFUND_PENDING', {
    default: 10 * DAY_MS,
    help: 'How long a refund may be open that the provider works on.',
  }),
  providerGraceMs: durationMs('STUCK_PROVIDER', {
    default: 3_600_000,
    help: 'How long the list of a provider and our payments and refunds may differ.',
  }),
};
