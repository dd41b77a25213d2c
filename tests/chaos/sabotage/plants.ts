/**
 * Bugs that lose or double orders. Each is a change of the source. Sabotage makes one change at a time in a
 * copy of the tree.
 */
import { checkerPlants } from './checker-plants.ts';
import { goodsPlants } from './goods-plants.ts';
import { moneyPlants } from './money-plants.ts';
import { operatorPlants } from './operator-plants.ts';
import type { Plant } from './plant.ts';

const crash = { project: 'integration', tests: ['tests/integration/worker/crash.test.ts'] } as const;
const zombie = {
  project: 'integration',
  tests: ['tests/integration/worker/zombie.test.ts'],
  only: 'replaced while it was frozen',
} as const;
const robbed = {
  project: 'integration',
  tests: ['tests/integration/worker/zombie.test.ts'],
  only: 'loses one lane',
} as const;
const database = { project: 'integration', tests: ['tests/integration/worker/database.test.ts'] } as const;
const outcomes = { project: 'integration', tests: ['tests/integration/worker/outcomes.test.ts'] } as const;
const poison = {
  project: 'integration',
  tests: ['tests/integration/worker/poison.test.ts'],
  only: 'dead letters with their bytes',
} as const;

export const plants: readonly Plant[] = [
  {
    bug: 'the group offset runs ahead of the COMMIT',
    file: 'services/worker/publishing/offset-commits.ts',
    good: '      offset: lane.position.ackedOffset,',
    bad: '      offset: lane.fetchOffset,',
    project: 'unit',
    tests: ['services/worker/publishing/offset-commits.test.ts'],
  },
  {
    bug: 'no fence',
    file: 'services/worker/store/positions.ts',
    good: "'WHERE l.epoch = d.e AND l.next_offset = d.f',",
    bad: "'WHERE d.e = d.e',",
    ...zombie,
  },
  {
    bug: 'a fence without the epoch',
    file: 'services/worker/store/positions.ts',
    good: "'WHERE l.epoch = d.e AND l.next_offset = d.f',",
    bad: "'WHERE l.next_offset = d.f',",
    ...robbed,
  },
  {
    bug: 'a batch commits although one of its lanes was lost',
    file: 'services/worker/stages/open.ts',
    good: '!== moves.length) return',
    bad: '=== 0) return',
    ...robbed,
  },
  {
    bug: 'no ROLLBACK after a failed statement',
    file: 'services/worker/batching/batch-retry.ts',
    good: 'if (session.alive) await session.rollback();',
    bad: 'if (!session.alive) await session.rollback();',
    ...database,
    only: 'locked for longer than the lock wait',
  },
  {
    bug: 'a lost answer to COMMIT counts as a failure',
    file: 'services/worker/batching/remedies.ts',
    good: "error.code === 'COMMIT_UNKNOWN') return 'reclaim';",
    bad: "error.code === 'COMMIT_UNKNOWN') return 'reconnect';",
    ...database,
    only: 'reads the result of a COMMIT',
  },
  {
    bug: 'no timeout of a query',
    file: 'services/shared/mysql/session.ts',
    good: "        die(appError('MYSQL_TIMEOUT', { timeoutMs }));",
    bad: '',
    project: 'integration',
    tests: ['tests/integration/servers/mysql-faults.test.ts'],
  },
  {
    bug: 'random event ids',
    file: 'services/domain/events.ts',
    good: 'eventId: eventIdOf(record.partition, record.offset),',
    bad: 'eventId: String(Math.random()),',
    project: 'unit',
    tests: ['services/domain'],
  },
  {
    bug: 'outcomes are published before the COMMIT',
    file: 'services/worker/pipeline.ts',
    good: "  const commit = trace.over(session, 'commit the batch').commit();",
    bad:
      '  for (const part of draft.writes.parts) (deps as any).publisher.publish(part);\n' +
      '  await new Promise((resolve) => setTimeout(resolve, 5));\n' +
      "  const commit = trace.over(session, 'commit the batch').commit();",
    ...crash,
  },
  {
    bug: 'outbox rows are deleted before they are acknowledged',
    file: 'services/worker/lanes/lane.ts',
    good: '    this.#unpublishedBatches += 1;',
    bad:
      '    this.#unpublishedBatches += 1;\n' +
      '    const { nextOffset } = this.#position;\n' +
      '    this.#ackedRows = [...this.#ackedRows, nextOffset];\n' +
      '    this.#position = { ...this.#position, ackedOffset: nextOffset };',
    project: 'unit',
    tests: ['services/worker'],
  },
  {
    bug: 'outbox rows of a dead owner are not published',
    file: 'services/worker/takeover/claims.ts',
    good: '    deps.publisher.publish({ lane, epoch, provenAtMs, ...row });',
    bad: '',
    ...crash,
  },
  {
    bug: 'a lane begins at the group offset',
    file: 'services/worker/takeover/claims.ts',
    good: 'const { partition, epoch, nextOffset, record, outcome, prevOffset } = claim;',
    bad: 'const { partition, epoch, record, outcome, prevOffset } = claim;\n  const nextOffset = facts.groupOffset ?? claim.nextOffset;',
    project: 'integration',
    tests: ['tests/integration/worker/zombie.test.ts'],
  },
  {
    bug: 'one poison record drops those after it in its batch',
    file: 'services/worker/stages/decode.ts',
    good: "    if ('code' in content) {\n      deadLetters.push(content);",
    bad:
      '    if (deadLetters.length > 0 && !("code" in content)) content = deadLetter(record, "EMPTY", "", null);\n' +
      "    if ('code' in content) {\n      deadLetters.push(content);",
    ...poison,
  },
  {
    bug: 'a dead letter without its bytes',
    file: 'services/worker/stages/outcomes.ts',
    good: '    key: record.key,\n    value: record.value,',
    bad: '    key: record.key,\n    value: null,',
    project: 'unit',
    tests: ['services/worker/stages/outcomes.test.ts'],
  },
  {
    bug: 'trailing bytes are ignored',
    file: 'services/shared/codec/avro-decoder.ts',
    good: "    if (this.pos !== this.buf.length) this.refuse('TRAILING_BYTES');",
    bad: '',
    project: 'unit',
    tests: ['services/shared/codec/codec.test.ts'],
  },
  {
    bug: 'no checksum is compared',
    file: 'services/worker/stages/read-record.ts',
    good: '    verifyChecksum(record.value, headerOf(record, CHECKSUM_HEADER));',
    bad: '    void verifyChecksum;',
    ...poison,
  },
  {
    bug: 'stock without its guard',
    file: 'services/worker/counters/stock.ts',
    good: ' WHERE s.available >= d.peak`,',
    bad: '`,',
    ...outcomes,
    only: 'a sale that sells out',
  },
  {
    bug: 'locks in the order of the batch',
    file: 'services/domain/stock-ledger.ts',
    good: '[...entries.keys()].sort()',
    bad: '[...entries.keys()]',
    project: 'unit',
    tests: ['services/domain'],
  },
  {
    bug: 'a transient error makes a dead letter',
    file: 'services/worker/batching/remedies.ts',
    good: "    case 'readOnly':\n      return 'reconnect';",
    bad: "    case 'readOnly':\n      return 'bisect';",
    project: 'unit',
    tests: ['services/worker/batching/remedies.test.ts'],
  },
  {
    bug: 'a group without offsets begins at the end of the log',
    file: 'services/shared/kafka/consumer/consumer-session.ts',
    good: 'fromBeginning: true',
    bad: 'fromBeginning: false',
    project: 'integration',
    tests: ['tests/integration/kafka/group-consumer.test.ts'],
  },
  {
    bug: 'a lane buffers without a limit',
    file: 'services/shared/consuming/partition-buffer.ts',
    good: 'return this.length >= recordsHigh || this.#bytes >= bytesHigh;',
    bad: 'return recordsHigh < 0 || bytesHigh < 0;',
    project: 'unit',
    tests: [
      'services/shared/consuming/partition-buffer.test.ts',
      'services/worker/lanes/lane-buffer.test.ts',
    ],
  },
  {
    bug: 'unacknowledged outcomes count as published',
    file: 'services/worker/publishing/publisher.ts',
    good: '    await Promise.all(sent);\n',
    bad: '    void Promise.allSettled(sent);\n',
    project: 'unit',
    tests: ['services/worker/publishing/publisher.test.ts'],
  },
  {
    bug: 'a repeated order is not looked up',
    file: 'services/domain/commands/place.ts',
    good: 'if (readExisting) needs.orderIds.add(orderId!);',
    bad: 'void readExisting;',
    ...outcomes,
    only: 'of repeats',
  },
  {
    bug: 'the known state of an order depends on the batch of its command',
    file: 'services/worker/store/existing-orders.ts',
    good: 'fingerprint: row.fingerprint,',
    bad: 'fingerprint: Buffer.alloc(32),',
    ...outcomes,
    only: 'small batches and large ones',
  },
  {
    bug: 'heartbeats use the wall clock',
    file: 'services/shared/kafka/consumer/consumer-session.ts',
    good: '    if (group.lastRequest > Date.now()) group.lastRequest = 0;',
    bad: '',
    project: 'integration',
    tests: ['tests/integration/worker/clock.test.ts'],
  },
  {
    bug: 'processes use the wall clock of their machine',
    file: 'services/shared/clock/server-clock.ts',
    good: '    if (offsetMs === null) return local.nowMs();',
    bad: '    if (stopped || offsetMs !== Number.NaN) return local.nowMs();',
    project: 'unit',
    tests: ['services/shared/clock/server-clock.test.ts'],
  },
  {
    bug: 'a replaced owner claims although the group does not answer it',
    file: 'services/worker/lanes/partition-assignment.ts',
    good: '      onHeartbeat: () => this.#claimWaiting(),',
    bad: '      onHeartbeat: () => undefined,\n      onRebalancing: () => this.#claimWaiting(),',
    project: 'unit',
    tests: ['services/worker/lanes/partition-assignment.test.ts'],
  },
  {
    bug: 'SIGTERM without draining',
    file: 'services/worker/takeover/drain.ts',
    good: '  const lanes = [...assignment.lanes.values()].filter((lane) => lane.isHeld);',
    bad: '  if (topic !== "") return;\n  const lanes = [...assignment.lanes.values()].filter((lane) => lane.isHeld);',
    project: 'integration',
    tests: ['tests/integration/worker/stop.test.ts'],
  },
  ...moneyPlants,
  ...goodsPlants,
  ...operatorPlants,
  ...checkerPlants,
];
