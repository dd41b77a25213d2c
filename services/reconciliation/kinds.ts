/** Every kind of difference that is looked for, and what a person does about it. */

interface Kind {
  /** Where it is looked for: the groups of docs/reconciliation.md. */
  group:
    | 'outcomes'
    | 'orders'
    | 'stock'
    | 'deadLetters'
    | 'cache'
    | 'offsets'
    | 'deliveries'
    | 'stuck'
    | 'money'
    | 'states'
    | 'logs'
    | 'findings';
  subject: 'offset' | 'order' | 'sku' | 'partition' | 'delivery' | 'topic' | 'kind';
  /** Written in a log that cannot be mended: it stays until a person resolves it. */
  lasting?: true;
  remedy: string;
}

export const kinds = {
  OUTCOME_MISSING: {
    group: 'outcomes',
    subject: 'offset',
    remedy:
      'The command was decided but its outcome is not on the result topic. Restart the worker of this partition: a lane publishes its outbox again when it is claimed. If the outbox has no such row, compare with `orderstream explain`.',
  },
  OUTCOME_UNEXPECTED: {
    group: 'outcomes',
    subject: 'offset',
    remedy:
      'An outcome names a command offset that the command topic never had. The command topic was truncated or recreated: stop the workers and compare positions before anything else is written.',
  },
  OUTCOME_KEY_DIFFERS: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'Command and outcome of one offset have different keys. Find who else writes to the result topic.',
  },
  OUTCOME_CHANGED: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'A repeat of an outcome is not byte-equal to its first copy. Find the worker version that wrote it; subscribers kept the first copy.',
  },
  OUTCOME_UNREADABLE: {
    group: 'outcomes',
    subject: 'offset',
    lasting: true,
    remedy:
      'A record on the result topic cannot be decoded. Find who wrote it; subscribers have left it out.',
  },
  ORDER_MISSING: {
    group: 'orders',
    subject: 'order',
    remedy:
      'An outcome was published for an order that has no row: the database lost a commit or the row was deleted. `orderstream peek orders.events.v1 --order` shows the outcome to restore it from.',
  },
  ORDER_DIFFERS: {
    group: 'orders',
    subject: 'order',
    remedy:
      'The row and the newest outcome of the order disagree. `orderstream explain` shows both; something other than a worker has written the row. Put the row right: subscribers have acted on the outcome.',
  },
  STOCK_DIFFERS: {
    group: 'stock',
    subject: 'sku',
    remedy:
      'initial + added - available is not what live orders hold. Find the write that bypassed the workers and undo it; a stock adjustment would leave the difference as it is, for it moves added and available alike.',
  },
  DEAD_LETTER_UNPUBLISHED: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'A dead letter is recorded but its bytes are not on the dead-letter topic. Copy them from the command topic while it still keeps them.',
  },
  DEAD_LETTER_UNRECORDED: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'A record on the dead-letter topic has no row in dead_letters: it will not be listed for a redrive. Insert the row from its headers.',
  },
  DEAD_LETTER_DIFFERS: {
    group: 'deadLetters',
    subject: 'offset',
    remedy:
      'The bytes on the dead-letter topic are not those that were recorded. Do not redrive it; compare with the command topic.',
  },
  CACHE_DIFFERS: {
    group: 'cache',
    subject: 'order',
    remedy:
      'Redis tells another state than the database. `redis-cli DEL "os:{order id}"` (with KAFKA_TOPIC_PREFIX in front of os); reads fill it again.',
  },
  OFFSET_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'The group offset of the workers is ahead of what the database decided. No order is lost, as workers go by next_offset, but lag looks smaller than it is. Find who has set the offset; the lane puts it right with its next commands.',
  },
  PUBLISHED_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'published_offset is ahead of next_offset: something other than a worker has written lane_positions.',
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
      'next_offset went back: the database was restored or lost commits. Take the published outcomes as the truth.',
  },
  LANE_STALLED: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'Commands wait and the position does not move. `orderstream lag` names the owner of the partition and what it waits for; then look at what that worker logs.',
  },
  NOTIFICATION_AHEAD: {
    group: 'offsets',
    subject: 'partition',
    remedy:
      'Notification has stored deliveries of outcomes that no command has led to: its position is of another topic. Reset its row in notification_positions.',
  },
  DELIVERY_MISSING: {
    group: 'deliveries',
    subject: 'delivery',
    remedy:
      'An event that an endpoint should get has no delivery row. Stop notification, set last_source_offset of the partition (the first number of the subject) in notification_positions to below the second number, and start it: rows that are there are not made twice.',
  },
  ORDER_STUCK: {
    group: 'stuck',
    subject: 'order',
    remedy:
      'The order has been in this state for longer than its time. Look for the command that should have ended it: expiry, payment, shipment.',
  },
  MONEY_DIFFERS: {
    group: 'money',
    subject: 'order',
    remedy:
      'The amounts of the order do not add up: lines against subtotal, or subtotal, discount, shipping and tax against total.',
  },
  STATE_MISSING: {
    group: 'states',
    subject: 'order',
    remedy:
      'orders.state.v1 says that it covers this outcome, but has no state of the order: a new team would start without it. Look for errors in the log of the projector, then make the states anew (docs/operating.md, "The snapshot").',
  },
  STATE_DIFFERS: {
    group: 'states',
    subject: 'order',
    remedy:
      'The state of the order on orders.state.v1 is not what its newest outcome says. Find who else writes to the topic; the next change of the order puts its state right, or make the states anew (docs/operating.md, "The snapshot").',
  },
  STATE_AHEAD: {
    group: 'states',
    subject: 'partition',
    remedy:
      'The states claim to cover more than was decided and published: they are of other logs. Stop the projector, and make the states anew (docs/operating.md, "The snapshot").',
  },
  STATE_BACK: {
    group: 'states',
    subject: 'partition',
    lasting: true,
    remedy:
      'A position marker of the states went back: two projectors have written one partition, past the fence of the brokers. Find the second writer; readers that started in between may have old states, tell them to start anew.',
  },
  STATE_UNREADABLE: {
    group: 'states',
    subject: 'offset',
    lasting: true,
    remedy:
      'A record on orders.state.v1 cannot be decoded. Find who wrote it: the projector is the only writer of that topic.',
  },
  TOPIC_REPLACED: {
    group: 'logs',
    subject: 'topic',
    lasting: true,
    remedy:
      'The topic was deleted and recreated: its offsets are not those that positions in the tables were taken from. Reconciliation reads it from its beginning. Look at `orderstream lag` and `orderstream verify` before you resolve this.',
  },
  LOG_GAP: {
    group: 'logs',
    subject: 'offset',
    lasting: true,
    remedy:
      'A part of this log could not be compared: it was cut at its end, deleted before it was read, or holds other records than before. The subject is topic, partition and offset. `orderstream verify` compares what is there.',
  },
  FINDINGS_UNLISTED: {
    group: 'findings',
    subject: 'kind',
    remedy:
      'More differences of this kind were found than the table lists (FINDINGS_PER_KIND). Mend those that are listed: others take their place. `orderstream reconcile` counts all of them.',
  },
} as const satisfies Record<string, Kind>;

export type FindingKind = keyof typeof kinds;
export const findingKinds = Object.keys(kinds) as FindingKind[];

export function isLasting(kind: FindingKind): boolean {
  return (kinds[kind] as Kind).lasting === true;
}

/** One difference as a check sees it. Both sides are short texts, JSON where they have parts. */
export interface Difference {
  kind: FindingKind;
  /** `<partition>-<offset>`, order id, SKU, partition, `<event id>/<endpoint id>`, topic (with `/<partition>-<offset>`), or kind. */
  subject: string;
  expected: string;
  actual: string;
  /**
   * Absent: it is so, whatever is in flight. Else it may be only "not yet": it counts once the outcomes of this
   * partition have been followed up to `offset` and it is still the same.
   */
  until?: { partition: number; offset: number };
}

export function keyOf({ kind, subject }: Pick<Difference, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}
