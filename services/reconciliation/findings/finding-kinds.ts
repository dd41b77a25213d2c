/** Every kind of finding, and its remedy. */
import type { Kind } from './kind.ts';

export const kinds = {
  OUTCOME_MISSING: {
    group: 'outcomes',
    subject: 'offset',
    remedy:
      'The command was decided but its outcome is not on the outcome topic. Restart the worker of this partition: a worker that claims a lane publishes its outbox again. If the outbox has no such row, compare with `orderstream explain`.',
  },
  OUTCOME_UNEXPECTED: {
    group: 'outcomes',
    subject: 'offset',
    remedy:
      'An outcome names a command offset that the command topic never had. The command topic was truncated or recreated. Stop the workers, and compare positions before anything else is written.',
  },
  OUTCOME_KEY_DIFFERS: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'Command and outcome of one offset have different keys. Find out who else writes to the outcome topic.',
  },
  OUTCOME_CHANGED: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'A repeat of an outcome is not byte-equal to its first copy. Find the worker version that wrote it. Subscribers kept the first copy.',
  },
  OUTCOME_UNREADABLE: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'A record on the outcome topic cannot be decoded. Find out who wrote it. Notification counts and skips it; other subscribers may have stopped before it.',
  },
  ORDER_MISSING: {
    group: 'orders',
    subject: 'order',
    remedy:
      'An outcome was published for an order that has no row. The database lost a commit, or the row was deleted. Restore the row from the outcome, which `orderstream peek orders.events.v1 --order` shows.',
  },
  ORDER_DIFFERS: {
    group: 'orders',
    subject: 'order',
    remedy:
      'The row and the newest outcome of the order disagree. `orderstream explain` shows both. Something other than a worker wrote the row. Correct the row, because subscribers have acted on the outcome.',
  },
  STOCK_DIFFERS: {
    group: 'stock',
    subject: 'sku',
    remedy:
      'The stock row does not fit the live orders. initial + added - available must be their units without cancelled and restocked ones. shipped must be their shipped units without restocked ones. Find the write that bypassed the workers and undo it. A stock adjustment does not help: it changes added and available by the same number.',
  },
  DEAD_LETTER_UNPUBLISHED: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'A dead letter is recorded but its bytes are not on the dead-letter topic. Copy them from the command topic before its retention ends.',
  },
  DEAD_LETTER_UNRECORDED: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'A record on the dead-letter topic has no row in dead_letters, so it is not listed for a redrive. Insert the row from its headers.',
  },
  DEAD_LETTER_DIFFERS: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'The bytes on the dead-letter topic differ from the recorded bytes. Do not redrive it. Compare with the command topic.',
  },
  CACHE_DIFFERS: {
    group: 'cache',
    subject: 'order',
    remedy:
      'Redis has another state than the database. Run `redis-cli DEL "os:{order id}"` (with KAFKA_TOPIC_PREFIX in front of os). The next read fills it again.',
  },
  OFFSET_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'The group offset of the workers is ahead of the position in the database. No order is lost, because workers use next_offset, but lag looks smaller than it is. Find out who set the offset. The lane corrects it with its next commands.',
  },
  PUBLISHED_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy: 'published_offset is ahead of next_offset. Something other than a worker wrote lane_positions.',
  },
  LOG_SHORT: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'The database has decided commands that the command topic does not have: the topic was truncated or recreated. Stop the workers.',
  },
  POSITION_BACK: {
    group: 'offsets',
    subject: 'partition',
    lasting: true,
    remedy:
      'next_offset went back: the database was restored or lost commits. The published outcomes are correct.',
  },
  LANE_STALLED: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'Commands are pending but the position does not move. `orderstream lag` names the owner of the partition and what it waits for. Then read the log of that worker.',
  },
  NOTIFICATION_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'Notification stored deliveries of outcomes that belong to no command: its position belongs to another topic. Reset its row in notification_positions.',
  },
  DELIVERY_MISSING: {
    group: 'deliveries',
    subject: 'delivery',
    remedy:
      'An event that an endpoint should get has no delivery row. The subject begins with two numbers: partition and offset. Stop notification. Set last_source_offset of this partition in notification_positions below this offset. Start notification. It does not create existing rows twice.',
  },
  ORDER_STUCK: {
    group: 'stuck',
    subject: 'order',
    remedy:
      'The order has been in this state for too long. `orderstream explain` says what it waits for, such as a payment, a shipment or a delivery.',
  },
  TIMER_LATE: {
    group: 'stuck',
    subject: 'order',
    remedy:
      'The timer of the order is due, but nothing happened. Check `/readyz` and the log of the scheduler, and `orderstream lag`. If commands of the scheduler are refused, `orderstream explain` shows the reason.',
  },
  MONEY_DIFFERS: {
    group: 'money',
    subject: 'order',
    remedy:
      'The amounts of the order do not add up: lines against subtotal, or subtotal, discount, shipping and tax against total.',
  },
  PAYMENT_DIFFERS: {
    group: 'payments',
    subject: 'order',
    remedy:
      'The sums received, refund_pending, refunded or disputed of the order do not equal its rows in payments and refunds. `foreignRows` counts rows of another order or of no payment. Something other than a worker wrote these tables. The outcomes (`orderstream explain`) have the right sums.',
  },
  PAID_UNPAID: {
    group: 'payments',
    subject: 'order',
    remedy:
      'The status says that the order is paid, but not exactly one payment of its total settles it. Do not ship it. `orderstream payments show` shows its money. Correct what was written outside the workers.',
  },
  MONEY_STRANDED: {
    group: 'payments',
    subject: 'payment',
    remedy:
      'The customer paid money that settles no order, and it is not refunded. `orderstream refunds list` shows its refunds. If one failed: `orderstream refunds retry`, or pay it by bank and record it with `refunds settle`. Without a refund, something other than a worker changed the rows.',
  },
  REFUND_ABOVE: {
    group: 'payments',
    subject: 'payment',
    remedy:
      'More was refunded than was paid. A provider made a refund that it had denied, and the retry paid again. Compare with the account of the provider, and claim the difference from the customer or the provider.',
  },
  REFUND_STUCK: {
    group: 'refunds',
    subject: 'refund',
    remedy:
      'A refund has no result for too long. `calls` counts the calls of the provider. With 0 calls: check `services/payments`, its settings, and the flag autoRefund. Otherwise ask the provider. If it cannot pay the refund, pay by bank and record it with `orderstream refunds settle`.',
  },
  REFUND_FAILED: {
    group: 'refunds',
    subject: 'refund',
    remedy:
      'The refund failed, and nobody retried it. Run `orderstream refunds retry`, or pay it by bank and record it with `orderstream refunds settle`.',
  },
  COUPON_DIFFERS: {
    group: 'coupons',
    subject: 'coupon',
    remedy:
      'A counter of the coupon does not equal the orders that took it. The subject is the code, with the customer for the limit per customer. Find the write that bypassed the workers and undo it. An import of coupons does not help: it changes the limit, not what was taken.',
  },
  PROVIDER_DIFFERS: {
    group: 'providers',
    subject: 'record',
    remedy:
      'The provider lists a payment or refund that our tables do not have like this, or the other way round. The subject is the provider with its id. No payment: its callback never came, so ask the provider to send it again. No refund: a person made it at the provider, so do not refund again. If our refund fails because of it, run `orderstream refunds settle` with the id of the provider as reference. Not listed: `orderstream payments show`, and ask the provider where the money is.',
  },
  UNITS_DIFFER: {
    group: 'units',
    subject: 'order',
    remedy:
      'The units of the lines do not equal those of the shipments and returns. Or the status does not fit the units. Something other than a worker wrote these tables. `orderstream explain` shows the outcomes, which have the right units. Ship and refund nothing of this order before the rows are correct.',
  },
  UNPAID_DIFFERS: {
    group: 'unpaid',
    subject: 'customer',
    remedy:
      'The units in unpaid_customers do not equal the unpaid_units of the unpaid orders of this customer. If the counter is too high, new orders of the customer are rejected too early. Find the write that bypassed the workers and undo it.',
  },
  STATE_MISSING: {
    group: 'states',
    subject: 'order',
    remedy:
      'orders.state.v1 claims to cover this outcome, but has no state of the order. A team that starts now would not get this order. Look for errors in the log of the projector, then rebuild the snapshot (docs/operating.md, "The snapshot").',
  },
  STATE_DIFFERS: {
    group: 'states',
    subject: 'order',
    remedy:
      'The state of the order on orders.state.v1 differs from its newest outcome. Find out who else writes to the topic. The next change of the order corrects its state. To correct it now, rebuild the snapshot (docs/operating.md, "The snapshot").',
  },
  STATE_AHEAD: {
    group: 'states',
    subject: 'partition',
    remedy:
      'The snapshot claims to cover more than was decided and published: it belongs to other logs. Stop the projector and rebuild the snapshot (docs/operating.md, "The snapshot").',
  },
  STATE_BACK: {
    group: 'states',
    subject: 'partition',
    lasting: true,
    remedy:
      'A position marker of the snapshot went back: two projectors wrote one partition although brokers fence them. Find the second writer. Readers that started in between may have old states. Ask them to start again.',
  },
  STATE_UNREADABLE: {
    group: 'states',
    subject: 'offset',
    lasting: true,
    remedy:
      'A record on orders.state.v1 cannot be decoded. Find out who wrote it: the projector is the only writer of this topic.',
  },
  TOPIC_REPLACED: {
    group: 'logs',
    subject: 'topic',
    lasting: true,
    remedy:
      'The topic was deleted and recreated, so positions in the tables do not belong to its offsets. Reconciliation reads it from its beginning. Check `orderstream lag` and `orderstream verify` before you resolve this.',
  },
  LOG_GAP: {
    group: 'logs',
    subject: 'offset',
    lasting: true,
    remedy:
      'A part of this log could not be compared. It was truncated at its end, deleted before it was read, or has other records than before. The subject is topic, partition and offset. `orderstream verify` compares the rest.',
  },
  FINDINGS_UNLISTED: {
    group: 'findings',
    subject: 'kind',
    remedy:
      'There are more differences of this kind than the table lists (FINDINGS_PER_KIND). Fix the listed differences. Others take their place. `orderstream reconcile` counts all of them.',
  },
} as const satisfies Record<string, Kind>;

export type FindingKind = keyof typeof kinds;
export const findingKinds = Object.keys(kinds) as FindingKind[];

export function isLasting(kind: FindingKind): boolean {
  return (kinds[kind] as Kind).lasting === true;
}

/** One difference that a check found. Both sides are short texts, as JSON if they have parts. */
export interface Difference {
  kind: FindingKind;
  /**
   * One of: `<partition>-<offset>`, order id, payment id, refund id, customer id, SKU, partition.
   * A coupon code (with ` <customer id>`). `<provider>/<id at the provider>`.
   * `<event id>/<endpoint id>`, topic (with `/<partition>-<offset>`), or kind.
   */
  subject: string;
  expected: string;
  actual: string;
  /**
   * Absent: the difference is certain. Otherwise it may be in flight. It counts if it is unchanged after the
   * outcomes of this partition have been read up to `offset`.
   */
  until?: { partition: number; offset: number };
}

export function keyOf({ kind, subject }: Pick<Difference, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}
