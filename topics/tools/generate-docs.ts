import { bringUpToDate } from '../../schemas/tools/generated-files.ts';
import { EVENTS, STATE, topicCatalogue } from '../catalogue.ts';
import { PARTITIONS } from '../partition.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { topicIndex, topicPage } from './topic-page.ts';

/** What holds for every topic, told once. */
const READING_GUIDE = [
  '## Reading a value',
  'Values with a schema are in the wire format of the Confluent serialisers: one zero byte, the schema id as four bytes big-endian, then the Avro body. Ask the registry for the schema of the id (`GET /schemas/ids/{id}`) and keep the answer; read with your own copy of the schema as the reader and the fetched one as the writer. Any Avro library with schema resolution does.',
  'Unknown symbols of an enum read as its default, unknown fields are skipped, and new fields have defaults: a reader that is left alone goes on working for as long as the topic lives.',
  '## Reading outcomes without missing or counting one twice',
  `Every command on a partition has one outcome on the partition of the same number of \`${EVENTS}\`. Keep one integer per partition: the highest \`sourceOffset\` that you have taken effect of, -1 at the start.`,
  [
    '1. `sourceOffset` is not above it: a repeat, drop it.',
    '2. `prevSourceOffset` equals it: the next one, take its effect and then store `sourceOffset`.',
    '3. Else outcomes are missing between the two: stop and look, they are not merely late.',
  ].join('\n'),
  'Start from the beginning of the partition, or take the first record that you see as your start: the check is armed from there. Store the integer in the same transaction as the effect where you can; where you cannot, store it behind the effect and make the effect repeatable by `eventId`.',
  '## Starting from the snapshot',
  `A team that starts late need not read all outcomes: \`${STATE}\` has the latest state of each order. For each partition:`,
  [
    '1. Ask for the end of the partition and read from its beginning to there, committed records only (`isolation.level=read_committed`). Of each order the last record counts.',
    '2. Records without an order id are position markers; the last one counts. It holds three numbers: `sourceOffset`, up to which outcomes are covered; `coversFrom`, above which they are covered without a hole (-1: from the first outcome on); `eventsOffset`, where to go on. No marker: nothing was decided yet, take -1, -1 and 0.',
    `3. Take \`sourceOffset\` as the integer of the partition and read \`${EVENTS}\` from the offset \`eventsOffset\` on, by the three rules above. The check is armed: the first outcome that is new must name the marker’s \`sourceOffset\` as its \`prevSourceOffset\`.`,
    '4. A state may be newer than the marker, where the end that you asked for lay inside of a batch. So of an outcome that changes an order (`ACCEPTED`, `REJECTED`, `APPLIED`) take effect only where its `version` is above the one that you have.',
  ].join('\n'),
  'The marker is written behind the states of its batch in one transaction, and only one writer at a time can commit on a partition: a writer that was replaced is refused by the brokers. So a marker never promises more than the records before it hold, also while the projector is killed, frozen or moved. Compaction keeps the last record of every key, hence the last marker too.',
  '## Where a key goes',
  `Each topic has ${PARTITIONS} partitions for ever; growth would be a new topic version. An order id (a UUID) goes to the partition \`first 4 bytes, big-endian, modulo ${PARTITIONS}\`; a SKU to \`first 4 bytes of SHA-256 of its UTF-8 form, big-endian, modulo ${PARTITIONS}\`. Kafka's own partitioners give other numbers.`,
];

/** Path from the repository → text, of the pages and the AsyncAPI document. */
export function topicDocs(): Map<string, string> {
  return new Map([
    ['docs/topics/README.md', topicIndex(topicCatalogue, READING_GUIDE)],
    ...topicCatalogue.map((topic): [string, string] => [`docs/topics/${topic.name}.md`, topicPage(topic)]),
    ['docs/topics/asyncapi.json', `${JSON.stringify(asyncApiDocument(topicCatalogue), null, 2)}\n`],
  ]);
}

if (import.meta.main) {
  process.exitCode = bringUpToDate(topicDocs(), { check: process.argv.includes('--check') });
}
