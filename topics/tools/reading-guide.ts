import { EVENTS, STATE } from '../catalogue.ts';
import { PARTITIONS } from '../partition.ts';

/** What holds for every topic, told once. */
export const READING_GUIDE: readonly string[] = [
  '## What to ask its operators for',
  [
    '- **Brokers**, with what they ask for to let you in. Reading needs no more than that: any group name of your own will do.',
    '- **The prefix of the topics.** Several installations may share a cluster; then each topic is called `<prefix>orders.events.v1` there. Subjects of the registry have no prefix.',
    '- **The base URL of the schema registry**, which speaks the API of Confluent’s. A local stack has `http://127.0.0.1:18081/apis/ccompat/v7`.',
  ].join('\n'),
  'A local stack (`npm start`) has brokers at `127.0.0.1:19092` and no prefix.',
  '## Reading a value',
  'Values with a schema are in the wire format of the Confluent serialisers: one zero byte, the schema id as four bytes big-endian, then the Avro body. Ask the registry for the schema of the id (`GET <base>/schemas/ids/<id>`, answered with `{"schema": "<the schema as a JSON text>"}`) and keep the answer; read with your own copy of the schema as the reader and the fetched one as the writer. Any Avro library with schema resolution does. Your own copy is the file that the page of the topic names, or `GET <base>/subjects/<subject>/versions/latest` on the day you begin; it may leave out fields that you do not need.',
  'Unknown symbols of an enum read as its default, unknown fields are skipped, and new fields have defaults: a reader that is left alone goes on working for as long as the topic lives.',
  '## What an outcome says',
  [
    '| `outcome` | meaning | version of the order |',
    '| --- | --- | --- |',
    '| `ACCEPTED` | The order is placed: priced, its stock taken. `order` has lines and totals. | 1 |',
    '| `REJECTED` | The order is refused for good, `reason` says why. Nothing is held. | 1 |',
    '| `APPLIED` | A later change of the order, to `status` from `previousStatus`; or a change of a stock level, with `stock` and without an order. | one more |',
    '| `REFUSED` | A change that is not possible now; the order stays as it is, `reason` says why. | as it was |',
    '| `DUPLICATE` | The command had been decided before; nothing happened again. | as it was |',
    '| `KEY_CONFLICT` | Another order under an idempotency key that is taken; nothing happened. | as it was |',
    '| `DEAD_LETTERED` | The command could not be read or carried out and was set aside. An operator may send it again; that is a new command with an outcome of its own. `orderId` may be null, or no order id. | as it was, or 0 |',
    '| `UNKNOWN` | Never written: what your copy of the schema reads where ours has a new symbol. Take it like `REFUSED`: it changed no order that you know how to change. | – |',
  ].join('\n'),
  'So an order has exactly one outcome `ACCEPTED` or `REJECTED`, and its state changes by these and `APPLIED` alone. The others matter for completeness only, and to whoever sent the command. Statuses: `PENDING_PAYMENT` after `ACCEPTED`, then `PAID`, `SHIPPED`, `DELIVERED`, `CLOSED`; out of `PENDING_PAYMENT` also `CANCELLED`, `EXPIRED` or `PAYMENT_FAILED`; out of `PAID` also `CANCELLED`; after `SHIPPED` also `RETURNED`. Statuses, types and reason codes are texts, and later versions may add some: take one that you do not know for news that you do not use.',
  'Reason codes of today: `UNKNOWN_SKU`, `CURRENCY_MISMATCH`, `PRICE_CHANGED`, `OUT_OF_STOCK`, `COUPON_UNKNOWN`, `AMOUNT_TOO_LARGE` for orders; `KEY_CONFLICT`, `ORDER_UNKNOWN`, `ILLEGAL_CHANGE`, `VERSION_MISMATCH` for other commands; any other for dead letters.',
  '## Reading outcomes without missing or counting one twice',
  `Every command on a partition has one outcome on the partition of the same number of \`${EVENTS}\`. Keep one integer per partition: the highest \`sourceOffset\` that you have taken effect of, -1 at the start.`,
  [
    '1. `sourceOffset` is not above it: a repeat, drop it.',
    '2. `prevSourceOffset` equals it: the next one, take its effect and then store `sourceOffset`.',
    '3. Else outcomes are missing between the two: stop and look, they are not merely late.',
  ].join('\n'),
  'Tell your client to begin at the earliest record where the group has no offset (`auto.offset.reset=earliest`; most begin at the end), and commit by yourself, behind the effect. What counts is the integer, not the group’s offset: it only says where reading goes on, and may lie too far back at any time.',
  'These rules show that nothing is missing up to your integers. Whether there is more to come, the end of each partition tells: once you have dealt with the record before the end that you asked for, you have every outcome that was published until then.',
  'Several processes of one group share the partitions, and hand them over at any time: keep the integers where all of them see them, and move each only from the value that you have read (`UPDATE … SET position = :new WHERE … AND position = :old`), so that a process that has lost a partition without knowing it changes nothing.',
  'Start from the beginning of the partition, or take the first record that you see as your start: the check is armed from there. Store the integer in the same transaction as the effect where you can; where you cannot, store it behind the effect and make the effect repeatable by `eventId`.',
  '## Starting from the snapshot',
  `A team that starts late need not read all outcomes: \`${STATE}\` has the latest state of each order. For each partition:`,
  [
    '1. Ask for the end of the partition and read from its beginning to there, committed records only (`isolation.level=read_committed`). Of each order the last record counts.',
    '2. Records without an order id are position markers; the last one counts. It holds three numbers: `sourceOffset`, up to which outcomes are covered; `coversFrom`, above which they are covered without a hole (-1: from the first outcome on); `eventsOffset`, where to go on. No marker: nothing was decided yet, take -1, -1 and 0.',
    `3. Take \`sourceOffset\` as the integer of the partition and read \`${EVENTS}\` from the offset \`eventsOffset\` on, by the three rules above. The check is armed: the first outcome that is new must name the marker’s \`sourceOffset\` as its \`prevSourceOffset\`. Where \`eventsOffset\` lies before the first record that is still kept, outcomes are lost to you: read the snapshot again.`,
    '4. A state may be newer than the marker, where the end that you asked for lay inside of a batch. So of an outcome that changes an order (`ACCEPTED`, `REJECTED`, `APPLIED`) take effect only where its `version` is above the one that you have.',
  ].join('\n'),
  'The marker is written behind the states of its batch in one transaction, and only one writer at a time can commit on a partition: a writer that was replaced is refused by the brokers. So a marker never promises more than the records before it hold, also while the projector is killed, frozen or moved. Compaction keeps the last record of every key, hence the last marker too.',
  '## Where a key goes',
  `Each topic has ${PARTITIONS} partitions for ever; growth would be a new topic version. An order id (a UUID) goes to the partition \`first 4 bytes, big-endian, modulo ${PARTITIONS}\`; a SKU to \`first 4 bytes of SHA-256 of its UTF-8 form, big-endian, modulo ${PARTITIONS}\`. Kafka's own partitioners give other numbers.`,
];
